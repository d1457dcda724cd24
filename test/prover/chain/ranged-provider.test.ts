import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { expect } from "chai";
import { type Log, toBeHex, ZeroAddress, ZeroHash } from "ethers";

import { RangedProvider } from "../../../prover/src/chain/ranged-provider.ts";
import { errorOf } from "../../support/error-of.ts";

const NEWEST_BLOCK = 25_000;
/** Blocks with a log each. */
const LOGS = [3, 9_999, 10_000, 14_999, 24_999, 25_000];

interface Request {
  readonly id: number;
  readonly method: string;
  readonly params: readonly [{ readonly fromBlock: string; readonly toBlock?: string }];
}

/** A node that takes so many blocks at once, and remembers what ranges it was asked for. */
class LimitedNode {
  readonly asked: (readonly [number, number])[] = [];
  readonly provider: RangedProvider;
  readonly #server: Server;
  readonly #limit: number;
  readonly #status: number;

  private constructor(server: Server, limit: number, status: number) {
    this.#server = server;
    this.#limit = limit;
    this.#status = status;
    const { port } = server.address() as AddressInfo;
    this.provider = new RangedProvider(`http://127.0.0.1:${port}`, 31337n);
  }

  static async start(limit: number, status = 200): Promise<LimitedNode> {
    const server = createServer((request, response) => {
      let text = "";
      request.on("data", (chunk: Buffer) => (text += chunk.toString()));
      request.on("end", () => {
        const asked = JSON.parse(text) as Request;
        const answer = node.#answer(asked);
        response.statusCode = "error" in answer ? node.#status : 200;
        response.end(JSON.stringify({ jsonrpc: "2.0", id: asked.id, ...answer }));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const node = new LimitedNode(server, limit, status);
    return node;
  }

  stop(): void {
    this.provider.destroy();
    this.#server.close();
  }

  #answer({ method, params }: Request): object {
    if (method === "eth_blockNumber") return { result: toBeHex(NEWEST_BLOCK) };
    const [{ fromBlock, toBlock }] = params;
    const first = Number(fromBlock);
    const last = toBlock === undefined ? NEWEST_BLOCK : Number(toBlock);
    this.asked.push([first, last]);
    if (last - first >= this.#limit) {
      return { error: { code: -32600, message: `ranges over ${this.#limit} blocks are not supported` } };
    }
    return { result: LOGS.filter((block) => block >= first && block <= last).map(logOf) };
  }
}

function logOf(block: number): object {
  return {
    ...{ address: ZeroAddress, data: "0x", topics: [ZeroHash], blockNumber: toBeHex(block) },
    ...{ blockHash: ZeroHash, transactionHash: ZeroHash, transactionIndex: "0x0", logIndex: "0x0" },
    removed: false,
  };
}

const blocksOf = (logs: readonly Log[]): number[] => logs.map(({ blockNumber }) => blockNumber);

describe("RangedProvider", () => {
  let node: LimitedNode | undefined;

  afterEach(() => node?.stop());

  it("asks once where the node takes the whole range", async () => {
    node = await LimitedNode.start(100_000);
    expect(blocksOf(await node.provider.getLogs({ fromBlock: 3 }))).to.deep.equal(LOGS);
    expect(node.asked).to.deep.equal([[3, NEWEST_BLOCK]]);
  });

  for (const status of [200, 400]) {
    it(`asks for ranges where the node refuses the whole one with status ${status}, each block once`, async () => {
      node = await LimitedNode.start(10_000, status);
      expect(blocksOf(await node.provider.getLogs({ fromBlock: 0 }))).to.deep.equal(LOGS);
      expect(node.asked).to.deep.equal([
        [0, NEWEST_BLOCK],
        [0, 9_999],
        [10_000, 19_999],
        [20_000, NEWEST_BLOCK],
      ]);
    });
  }

  it("halves ranges until the node takes them, and remembers how many blocks it took", async () => {
    node = await LimitedNode.start(3_000);
    expect(blocksOf(await node.provider.getLogs({ fromBlock: 20_001 }))).to.deep.equal([24_999, 25_000]);
    expect(node.asked).to.deep.equal([
      [20_001, NEWEST_BLOCK],
      [20_001, NEWEST_BLOCK],
      [20_001, NEWEST_BLOCK],
      [20_001, 22_500],
      [22_501, NEWEST_BLOCK],
    ]);
    node.asked.length = 0;
    const range = { fromBlock: 9_000, toBlock: 11_500 };
    expect(blocksOf(await node.provider.getLogs(range))).to.deep.equal([9_999, 10_000]);
    expect(node.asked).to.deep.equal([
      [9_000, 11_499],
      [11_500, 11_500],
    ]);
  });

  it("finds the same limit for questions that are asked at once", async () => {
    node = await LimitedNode.start(5_000);
    const { provider } = node;
    const answers = await Promise.all([1, 2, 3].map((fromBlock) => provider.getLogs({ fromBlock })));
    for (const logs of answers) expect(blocksOf(logs)).to.deep.equal(LOGS);
    const widths = node.asked.map(([first, last]) => last - first + 1);
    expect(widths.filter((width) => width <= 5_000)).to.have.length(15);
  });

  it("gives up on a node that refuses even short ranges, and says what it said", async () => {
    node = await LimitedNode.start(10);
    const error = await errorOf(node.provider.getLogs({ fromBlock: 0 }));
    expect(error.code).to.equal("chain.logs-refused");
    expect(error.message).to.include("ranges over 10 blocks are not supported");
    expect(error.nextStep).to.include("firstBlock");
    expect(node.asked.length).to.be.at.most(10);
  });

  it("does not take a node that is out of order for one that refuses", async () => {
    node = await LimitedNode.start(10, 500);
    const error = await errorOf(node.provider.getLogs({ fromBlock: 0 }));
    expect(error.code).to.equal("chain.request-failed");
    expect(node.asked).to.have.length(1);
  });
});
