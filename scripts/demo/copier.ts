import type { TransactionReceipt, TransactionRequest } from "ethers";

import type { SentTransaction } from "../../prover/src/chain/send.ts";
import { submitProofs } from "../../prover/src/chain/tasks.ts";
import { ProverError } from "../../prover/src/errors.ts";
import type { ProofBundle } from "../../prover/src/proof/bundle.ts";
import {
  attempt,
  broadcastAnyway,
  errorName,
  refusalByContract,
  refusalByToolkit,
  revertedReceipt,
  shardProof,
} from "./attacks.ts";
import type { DemoAttempt } from "./record.ts";
import type { Stage } from "./stage.ts";

const PARTY = "copier";
/** Far above what the others offer: the copy comes first in the block. */
const PRIORITY_FEE_WEI = 50n * 10n ** 9n;
const PENDING_POLL_MS = 50;
const PENDING_TIMEOUT_MS = 30_000;

/** How the race for one block ended. */
export interface Race {
  readonly attempts: readonly DemoAttempt[];
  readonly honest: SentTransaction;
}

/**
 * The prover hands its proof in; the copier, who has committed to the very same model commitment, sees the call
 * waiting, sends a copy with a higher fee and is first in the block. The copy fails, the original is paid.
 */
export async function playCopier(stage: Stage, taskId: bigint, bundle: ProofBundle): Promise<Race> {
  const { story, connection, contracts } = stage;
  const { provider } = connection;
  // As on a public chain, transactions wait for a block and everybody sees them.
  await provider.send("evm_setAutomine", [false]);
  const submission = submitProofs(stage.sender("prover"), contracts, taskId, [shardProof(bundle)]);
  // Its failure is met below; until then it must not end the process.
  submission.catch(() => {});
  const { result: seen } = await story.act(
    PARTY,
    "watching the transactions that wait",
    () => Promise.race([waitingCall(stage), submission.then(() => unexpectedBlock())]),
    () => ({ text: "sees the prover's call waiting for a block and copies it" }),
  );
  const byToolkit = await refusalByToolkit(stage, PARTY, taskId, bundle);
  const byContract = await refusalByContract(stage, PARTY, taskId, bundle);
  const hash = await broadcastAnyway(stage.sender(PARTY), seen, PRIORITY_FEE_WEI);
  await provider.send("evm_mine", []);
  await provider.send("evm_setAutomine", [true]);
  const { result: reverted } = await story.act(
    PARTY,
    "waiting for the block",
    () => revertedReceipt(stage, hash),
    ({ index, gasUsed }) => ({
      text: `pays more and is number ${index + 1} in the block: reverted with ${errorName(byContract)}`,
      gas: gasUsed,
      isRefused: true,
    }),
  );
  stage.note(PARTY, "hand in a copied proof", reverted, errorName(byContract));
  const honest = await stage.transact(
    "prover",
    "hand in the proof",
    () => submission,
    "hands in the proof in the same block: the contract verifies it and credits the reward",
  );
  checkOrder(reverted, honest);
  return {
    honest,
    attempts: [
      attempt(PARTY, "the prover's proof under another account", "toolkit", byToolkit),
      attempt(PARTY, "the prover's proof under another account", "contract", byContract, reverted.gasUsed),
    ],
  };
}

/** The prover's call as any node shows it before it is in a block. */
async function waitingCall(stage: Stage): Promise<TransactionRequest> {
  const deadline = Date.now() + PENDING_TIMEOUT_MS;
  const { connection, contracts } = stage;
  const { taskMarket: to } = contracts.addresses;
  const prover = BigInt(stage.address("prover"));
  while (Date.now() < deadline) {
    const pending = (await connection.provider.send("eth_getBlockByNumber", ["pending", true])) as {
      transactions: readonly { from: string; to: string | null; input: string }[];
    };
    const call = pending.transactions.find(
      (transaction) => BigInt(transaction.from) === prover && BigInt(transaction.to ?? 0) === BigInt(to),
    );
    if (call !== undefined) return { to, data: call.input };
    await new Promise((resolve) => setTimeout(resolve, PENDING_POLL_MS));
  }
  throw new ProverError(
    "demo.no-pending-call",
    `the prover's call was not seen within ${PENDING_TIMEOUT_MS / 1000} s`,
    "Run the demo again.",
  );
}

function unexpectedBlock(): never {
  throw new Error("the prover's call is in a block although none was to be made");
}

function checkOrder(copy: TransactionReceipt, honest: SentTransaction): void {
  if (copy.blockNumber === honest.blockNumber && copy.index < honest.receipt.index) return;
  throw new Error("the copy was not before the original in one block");
}
