import { expect } from "chai";

import { submitProofs } from "../../../prover/src/chain/tasks.ts";
import { ANVIL_ADDRESSES, ANVIL_KEYS } from "../../support/anvil.ts";
import { Market, MIN_CORRECT, REWARD_WEI } from "../../support/market.ts";
import { Workspace } from "../../support/zkpot.ts";

interface Task {
  readonly taskId: string;
  readonly state: string;
}

interface Claim {
  readonly state: string;
  readonly rewardWei: string;
  readonly transactions: unknown[];
}

let market: Market;
let poster: Workspace;
let prover: Workspace;

beforeEach(async () => {
  market = await Market.start();
  poster = market.workspace;
  prover = new Workspace({ PRIVATE_KEY: ANVIL_KEYS[1] });
  prover.configure(market.anvil.rpcUrl, { addresses: market.contracts.addresses });
});

afterEach(async () => {
  await market.stop();
  prover.remove();
});

describe("zkpot task list and show", () => {
  it("lists nothing on a new market", async () => {
    expect((await prover.json<{ tasks: Task[] }>("task", "list")).tasks).to.deep.equal([]);
    expect((await prover.run("task", "list")).stdout).to.equal("no tasks\n");
  });

  it("lists tasks, and open ones only with --open", async () => {
    const open = String(await market.post());
    const cancelled = String(await market.post());
    await poster.json("task", "cancel", cancelled);
    const ids = async (...options: string[]): Promise<string[]> =>
      (await prover.json<{ tasks: Task[] }>("task", "list", ...options)).tasks.map(({ taskId }) => taskId);
    expect(await ids()).to.deep.equal([open, cancelled]);
    expect(await ids("--open")).to.deep.equal([open]);
    await market.pass(3_700);
    expect(await ids("--open")).to.deep.equal([]);
  });

  it("shows a task with its submissions", async () => {
    const taskId = await market.post();
    await market.commit(taskId, 1);
    const { task } = await prover.json<{ task: Task & { submissions: { prover: string; state: string }[] } }>(
      ...["task", "show", String(taskId)],
    );
    expect(task).to.include({ state: "committed", rewardWei: String(REWARD_WEI), documentUri: "task.json" });
    expect(task.submissions).to.have.length(1);
    expect(task.submissions[0]).to.include({ prover: ANVIL_ADDRESSES[1], state: "committed" });
  });

  it("refuses ids that are none, and tasks that do not exist", async () => {
    expect((await prover.failure("task", "show", "one")).code).to.equal("cli.invalid-value");
    expect((await prover.failure("task", "show", "7")).code).to.equal("chain.no-such-task");
  });

  it("refuses to check a task whose document has no CID", async () => {
    const taskId = await market.post({ documentUri: "ipfs://somewhere" });
    const error = await prover.failure("task", "show", String(taskId), "--check");
    expect(error.code).to.equal("artifact.invalid-uri");
    expect(error.details.uri).to.equal("ipfs://somewhere");
  });
});

describe("zkpot task cancel", () => {
  it("takes the reward back", async () => {
    const taskId = await market.post();
    const before = await market.connection.provider.getBalance(ANVIL_ADDRESSES[0]);
    const { withdrawnWei } = await poster.json<{ withdrawnWei: string }>("task", "cancel", String(taskId));
    expect(withdrawnWei).to.equal(String(REWARD_WEI));
    const after = await market.connection.provider.getBalance(ANVIL_ADDRESSES[0]);
    expect(after > before).to.equal(true);
  });

  it("refuses anybody but the poster", async () => {
    const taskId = await market.post();
    expect((await prover.failure("task", "cancel", String(taskId))).code).to.equal(
      "contract.TaskMarketNotPoster",
    );
  });

  it("refuses a task that has a commitment", async () => {
    const taskId = await market.post();
    await market.commit(taskId, 1);
    expect((await poster.failure("task", "cancel", String(taskId))).code).to.equal(
      "contract.TaskMarketWrongState",
    );
  });
});

describe("zkpot claim", () => {
  it("frees the stake and withdraws the reward of a settled task", async () => {
    const taskId = await market.post();
    await market.commit(taskId, 1);
    await submitProofs(market.sender(1), market.contracts, taskId, [
      await market.proof(taskId, 1, MIN_CORRECT),
    ]);
    const claim = await prover.json<Claim>("claim", String(taskId));
    expect(claim).to.include({ state: "settled", rewardWei: String(REWARD_WEI) });
    expect(claim.transactions).to.have.length(2);
    expect((await prover.failure("claim", String(taskId))).code).to.equal("chain.nothing-to-claim");
  });

  it("settles a best-score task once its time has come", async () => {
    const taskId = await market.post({ split: "best-score" });
    await market.commit(taskId, 1);
    await submitProofs(market.sender(1), market.contracts, taskId, [
      await market.proof(taskId, 1, MIN_CORRECT),
    ]);
    await market.pass(7_300);
    const claim = await prover.json<Claim>("claim", String(taskId));
    expect(claim).to.include({ state: "settled", rewardWei: String(REWARD_WEI) });
    expect(claim.transactions).to.have.length(3);
  });

  it("claims the share of a pro-rata task", async () => {
    const taskId = await market.post({ split: "pro-rata" });
    for (const index of [1, 2]) {
      await market.commit(taskId, index);
      await submitProofs(market.sender(index), market.contracts, taskId, [
        await market.proof(taskId, index, MIN_CORRECT),
      ]);
    }
    await market.pass(7_300);
    const claim = await prover.json<Claim>("claim", String(taskId));
    expect(claim).to.include({ state: "settled", rewardWei: String(REWARD_WEI / 2n) });
    expect(claim.transactions).to.have.length(4);
  });

  it("gives the poster an expired task's reward back, and the prover its stake", async () => {
    const taskId = await market.post();
    await market.commit(taskId, 1);
    await market.pass(7_300);
    const refund = await poster.json<Claim>("claim", String(taskId));
    expect(refund).to.include({ state: "expired", rewardWei: String(REWARD_WEI) });
    const release = await prover.json<Claim>("claim", String(taskId));
    expect(release).to.include({ state: "expired", rewardWei: "0" });
    expect(release.transactions).to.have.length(1);
  });

  it("says why nothing is due", async () => {
    const taskId = await market.post();
    await market.commit(taskId, 1);
    const error = await prover.failure("claim", String(taskId));
    expect(error.code).to.equal("chain.nothing-to-claim");
    expect(error.details).to.include({ state: "committed", submission: "committed" });
  });
});
