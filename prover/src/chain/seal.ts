import { Contract, ZeroAddress } from "ethers";

import type { ITestSetSeal } from "../../../types/ethers-contracts/index.ts";
import { contractInterface } from "./abis.ts";
import type { Contracts } from "./contracts.ts";
import type { TaskRecord } from "./tasks.ts";

/** Where the reveal of a task's sealed test set is found; undefined before it, and for public test sets. */
export async function readRevealUri(
  { market, firstBlock }: Contracts,
  { taskId, seal }: TaskRecord,
): Promise<string | undefined> {
  if (seal === ZeroAddress) return undefined;
  const contract = new Contract(
    seal,
    contractInterface("ITestSetSeal"),
    market.runner,
  ) as unknown as ITestSetSeal;
  const [revealed] = await contract.queryFilter(contract.filters.TestSetRevealed(taskId), firstBlock);
  return revealed?.args.revealUri;
}
