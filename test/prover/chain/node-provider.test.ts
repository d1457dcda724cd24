import { expect } from "chai";
import { isError, type JsonRpcProvider, ZeroAddress } from "ethers";

import { ChainError } from "../../../prover/src/chain/chain-error.ts";
import { connect } from "../../../prover/src/chain/connect.ts";
import { freePort } from "../../support/anvil.ts";
import { errorOf } from "../../support/error-of.ts";
import { FaultyNode, type NodeReply, type NodeRequest, result, rpcError } from "../../support/faulty-node.ts";
import { Workspace } from "../../support/zkpot.ts";

describe("NodeProvider", () => {
  let node: FaultyNode;
  let provider: JsonRpcProvider;
  let reply: (request: NodeRequest) => NodeReply;

  beforeEach(async () => {
    node = await FaultyNode.start((request) => reply(request));
    const profile = { name: "localhost", rpcUrl: node.rpcUrl, chainId: 31337, isLocal: true };
    ({ provider } = await connect({ ...profile, confirmations: 1 }));
  });

  afterEach(async () => {
    provider.destroy();
    await node.stop();
  });

  const failures: readonly (readonly [string, (request: NodeRequest) => NodeReply, string])[] = [
    ["the status 502", () => ({ status: 502, body: "<html>Bad Gateway</html>" }), "502"],
    ["what is no JSON", () => ({ status: 200, body: "<html>Login</html>" }), "not valid JSON"],
    ["nothing that was asked", () => ({ status: 200, body: "{}" }), "no answer to"],
    ["too many requests", (request) => rpcError(request, -32005, "daily request count exceeded"), "daily"],
  ];
  for (const [what, answer, words] of failures) {
    it(`says chain.request-failed, without the URL's secret, of a node that answers ${what}`, async () => {
      reply = answer;
      const reads = [
        provider.getBlockNumber(),
        provider.call({ to: ZeroAddress, data: "0x12345678" }),
        provider.getLogs({ fromBlock: 0 }),
      ];
      for (const error of await Promise.all(reads.map((read) => errorOf(read)))) {
        expect(error).to.be.instanceOf(ChainError);
        expect(error.code).to.equal("chain.request-failed");
        expect(error.message).to.include(words).and.not.include("secret-key");
        expect(error.nextStep).to.include("zkpot doctor");
      }
    });
  }

  it("says chain.unreachable of a node that is gone", async () => {
    await node.stop();
    const error = await errorOf(provider.getBlockNumber());
    expect(error.code).to.equal("chain.unreachable");
    expect(error.message).to.include("ECONNREFUSED").and.not.include("secret-key");
    node = await FaultyNode.start((request) => reply(request));
  });

  it("names the fault when all addresses of a host refuse", async () => {
    const rpcUrl = `http://localhost:${await freePort()}`;
    const profile = { name: "localhost", rpcUrl, chainId: 31337, isLocal: true, confirmations: 1 };
    const error = await errorOf(connect(profile));
    expect(error.code).to.equal("chain.unreachable");
    expect(error.message).to.include("ECONNREFUSED");
  });

  it("leaves refusals of contracts and of transactions to those who can read them", async () => {
    const thrown = async (work: Promise<unknown>): Promise<unknown> =>
      await work.catch((error: unknown) => error);
    const call = provider.call.bind(provider, { to: ZeroAddress, data: "0x12345678" });
    reply = (request) => rpcError(request, 3, "execution reverted", "0x11223344");
    expect(isError(await thrown(call()), "CALL_EXCEPTION")).to.equal(true);
    reply = (request) => rpcError(request, -32000, "execution reverted");
    expect(isError(await thrown(call()), "CALL_EXCEPTION")).to.equal(true);
    reply = (request) => rpcError(request, -32000, "insufficient funds for gas * price + value");
    const estimate = provider.estimateGas({ to: ZeroAddress, value: 1n });
    expect(isError(await thrown(estimate), "INSUFFICIENT_FUNDS")).to.equal(true);
    reply = (request) => rpcError(request, -32000, "nonce too low");
    const sent = provider.send("eth_sendRawTransaction", ["0x"]);
    expect(isError(await thrown(sent), "NONCE_EXPIRED")).to.equal(true);
  });

  it("takes the answer to a question", async () => {
    reply = (request) => result(request, "0x10");
    expect(await provider.getBlockNumber()).to.equal(16);
  });

  it("has commands report a node's failure as one, and not as a defect of theirs", async () => {
    const workspace = new Workspace();
    try {
      reply = () => ({ status: 502, body: "" });
      const addresses = Object.fromEntries(
        ["taskMarket", "stakeVault", "circuitRegistry", "federatedRounds"].map((name) => [name, ZeroAddress]),
      );
      workspace.configure(node.rpcUrl, { addresses });
      const error = await workspace.failure("round", "status", "1");
      expect(error).to.include({ code: "chain.request-failed", exitCode: 1 });
      expect(error.message).to.include("502").and.not.include("secret-key");
    } finally {
      workspace.remove();
    }
  });
});
