import { expect } from "chai";
import { JsonRpcProvider, Network, ZeroAddress, ZeroHash, zeroPadValue } from "ethers";

import { contractInterface } from "../../../prover/src/chain/abis.ts";
import type { Contracts } from "../../../prover/src/chain/contracts.ts";
import { readRevealUri } from "../../../prover/src/chain/seal.ts";
import type { TaskRecord } from "../../../prover/src/chain/tasks.ts";

const SEAL = "0x00000000000000000000000000000000000000cc";
const URI = "ipfs://bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku";

/** A node that knows one event. */
class OneEvent extends JsonRpcProvider {
  readonly asked: unknown[] = [];
  readonly #logs: readonly object[];

  constructor(logs: readonly object[]) {
    super("http://localhost:1", 31337, { staticNetwork: Network.from(31337) });
    this.#logs = logs;
  }

  override async send(method: string, parameters: unknown[]): Promise<unknown> {
    if (method !== "eth_getLogs") throw new Error(method);
    this.asked.push(parameters[0]);
    return await Promise.resolve(this.#logs);
  }
}

const contractsOf = (runner: JsonRpcProvider) =>
  ({ market: { runner }, firstBlock: 5 }) as unknown as Contracts;
const taskOf = (seal: string) => ({ taskId: 7n, seal }) as TaskRecord;

describe("readRevealUri", () => {
  it("finds where the test set of a task was revealed, by the event of its seal", async () => {
    const seal = contractInterface("ITestSetSeal");
    const { data, topics } = seal.encodeEventLog("TestSetRevealed", [7n, ZeroHash, URI]);
    const node = new OneEvent([
      {
        ...{
          address: SEAL,
          data,
          topics,
          blockNumber: "0x6",
          blockHash: ZeroHash,
          transactionHash: ZeroHash,
        },
        ...{ transactionIndex: "0x0", logIndex: "0x0", removed: false },
      },
    ]);
    expect(await readRevealUri(contractsOf(node), taskOf(SEAL))).to.equal(URI);
    expect(node.asked).to.deep.equal([
      {
        address: SEAL,
        topics: [seal.getEvent("TestSetRevealed")!.topicHash, zeroPadValue("0x07", 32)],
        fromBlock: "0x5",
        toBlock: "latest",
      },
    ]);
    node.destroy();
  });

  it("finds nothing before the reveal", async () => {
    const node = new OneEvent([]);
    expect(await readRevealUri(contractsOf(node), taskOf(SEAL))).to.equal(undefined);
    node.destroy();
  });

  it("asks nobody about a task without seal", async () => {
    const node = new OneEvent([]);
    expect(await readRevealUri(contractsOf(node), taskOf(ZeroAddress))).to.equal(undefined);
    expect(node.asked).to.deep.equal([]);
    node.destroy();
  });
});
