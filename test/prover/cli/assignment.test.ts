import { expect } from "chai";

import { ANVIL_ADDRESSES, ANVIL_KEYS } from "../../support/anvil.ts";
import { postTinyTask, startTinyMarket, type TinyMarket } from "../../support/tiny-task.ts";
import { Workspace } from "../../support/zkpot.ts";

const ETHER = 10n ** 18n;
/** How long the bid below waits. */
const WAIT_SECONDS = 5;

interface Shown {
  readonly task: { readonly state: string; readonly rewardWei: string };
  readonly auction: { readonly assignee: string; readonly lockId: string };
  readonly priceWei: string;
  readonly draw: {
    readonly drawBlock: number;
    readonly round: number;
    readonly isOpen: boolean;
    readonly drawn: readonly { readonly account: string; readonly round: number }[];
  };
}

interface Bid {
  readonly isTaken: boolean;
  readonly askWei: string;
  readonly askTime: string;
  readonly priceWei?: string;
  readonly cost: { readonly costWei: string; readonly gas: string; readonly provingSeconds: number };
  readonly transactions: readonly unknown[];
}

interface Seat {
  readonly enrolment: { readonly weightWei: string; readonly mayCommit: boolean; readonly round: number };
  readonly draw: { readonly enrolledCount: number; readonly drawBlock: number; readonly drawn: unknown[] };
  readonly transaction?: unknown;
}

let market: TinyMarket;
const workspaces: Workspace[] = [];

/** A folder of account `index` that has the artifacts. */
function folderOf(index: number): Workspace {
  const workspace = new Workspace({ PRIVATE_KEY: ANVIL_KEYS[index]! });
  workspaces.push(workspace);
  workspace.configure(market.anvil.rpcUrl, { addresses: market.addresses });
  workspace.fetchArtifacts(market.poster);
  return workspace;
}

async function show(taskId: string): Promise<Shown> {
  return await market.poster.json<Shown>("task", "show", taskId);
}

async function chainTime(): Promise<bigint> {
  const block = (await market.anvil.request("eth_getBlockByNumber", ["pending", false])) as {
    timestamp: string;
  };
  return BigInt(block.timestamp);
}

async function mine(blocks: number): Promise<void> {
  await market.anvil.request("anvil_mine", [`0x${blocks.toString(16)}`]);
}

before(async () => {
  market = await startTinyMarket();
});

after(async () => {
  await market.anvil.stop();
  market.poster.remove();
  for (const workspace of workspaces) workspace.remove();
});

describe("zkpot task post: who may commit", () => {
  const post = async (...options: string[]): Promise<string> =>
    (
      await market.poster.failure(
        ...["task", "post", "--test-set", "test-set.json", "--instance", "tiny-4-3-3x10"],
        ...["--licence", "CC0-1.0", "--min-correct", "9", "--reward", "1ether", ...options],
      )
    ).code;

  it("refuses an auction and a draw at once", async () => {
    expect(await post("--auction", "--draw")).to.equal("cli.two-assignments");
  });

  it("refuses options of a way that is not asked for", async () => {
    expect(await post("--min-price", "1")).to.equal("cli.stray-option");
    expect(await post("--auction", "--min-price", "1", "--enrol-min", "1")).to.equal("cli.stray-option");
    expect(await post("--draw", "--enrol-min", "1", "--ramp", "1h")).to.equal("cli.stray-option");
  });

  it("refuses an auction without price or collateral, and a draw without stake", async () => {
    expect(await post("--auction", "--collateral", "1")).to.equal("cli.missing-option");
    expect(await post("--auction", "--min-price", "1")).to.equal("cli.missing-option");
    expect(await post("--draw")).to.equal("cli.missing-option");
  });

  it("refuses values out of range, its own limits and the contract's", async () => {
    const auction = ["--auction", "--min-price", "0.5ether", "--collateral", "1"];
    expect(await post(...auction, "--ramp", "soon")).to.equal("cli.invalid-value");
    expect(await post(...auction, "--lock-within", "25h")).to.equal(
      "contract.TaskAuctionInvalidLockDeadline",
    );
    expect(await post(...auction, "--winners", "2")).to.equal("contract.TaskAuctionNotSingleWinner");
    const tooMuch = ["--auction", "--min-price", "2ether", "--collateral", "1"];
    expect(await post(...tooMuch)).to.equal("contract.TaskAuctionInvalidMinPrice");
    const draw = ["--draw", "--enrol-min", "1gwei"];
    for (const more of [
      ["--seats", "9"],
      ["--seats", "8", "--redraws", "2"],
      ["--turn-blocks", "7"],
    ]) {
      expect(await post(...draw, ...more), more.join(" ")).to.equal("cli.invalid-value");
    }
    expect(await post(...draw, "--enrol-cap", "1")).to.equal("contract.DrawPoolInvalidStakeRange");
  });
});

describe("zkpot bid", () => {
  let taskId: string;
  let bidder: Workspace;

  const auction = async (...options: string[]): Promise<string> =>
    await postTinyTask(
      market,
      ...["--auction", "--min-price", "0.1ether", "--collateral", "0.2ether"],
      ...["--commit-within", "2h", "--lock-within", "1h", "--prove-within", "4h", ...options],
    );

  before(async () => {
    taskId = await auction("--ramp", "1000");
    bidder = folderOf(1);
  });

  it("estimates the cost without an account, and says when it is paid", async () => {
    const reader = new Workspace();
    workspaces.push(reader);
    reader.configure(market.anvil.rpcUrl, { addresses: market.addresses });
    reader.fetchArtifacts(market.poster);
    const prices = ["--hourly-cost", "360ether", "--proving-seconds", "5", "--gas-price", "1gwei"];
    const dry = await reader.json<Bid>("bid", taskId, "--dry-run", ...prices);
    // Five seconds at a tenth of an ether, and gas.
    const gasWei = BigInt(dry.cost.gas) * 10n ** 9n;
    expect(BigInt(dry.cost.costWei)).to.equal(ETHER / 2n + gasWei);
    expect(dry.askWei).to.equal(dry.cost.costWei);
    expect(dry).to.include({ isTaken: false });
    expect(dry.transactions).to.deep.equal([]);
    const { auction: terms } = await show(taskId);
    const { startsAt } = terms as unknown as { startsAt: string };
    // From a tenth to all of it in 1,000 seconds: half of it after 444.4, the gas a little later.
    const seconds = BigInt(dry.askTime) - BigInt(startsAt);
    expect(seconds >= 445n && seconds <= 447n, String(seconds)).to.equal(true);
  });

  it("asks for what zkpot quote says the task costs", async () => {
    const prices = ["--hourly-cost", "1ether", "--proving-seconds", "36", "--gas-price", "1gwei"];
    const quoted = await bidder.json<Bid>("quote", taskId, ...prices);
    expect(BigInt(quoted.cost.costWei)).to.equal(ETHER / 100n + BigInt(quoted.cost.gas) * 10n ** 9n);
    const dry = await bidder.json<Bid>("bid", taskId, "--dry-run", ...prices);
    expect(dry.cost).to.deep.equal(quoted.cost);
  });

  it("asks for the floor when it is above the cost", async () => {
    const dry = await bidder.json<Bid>("bid", taskId, "--dry-run", "--floor", "0.4ether");
    expect(dry.askWei).to.equal(String((4n * ETHER) / 10n));
  });

  it("refuses a price that the auction never pays, and one that is too far away", async () => {
    const never = await bidder.failure("bid", taskId, "--floor", "1.1ether");
    expect(never.code).to.equal("task.price-too-low");
    expect(never.details).to.include({ maxPriceWei: String(ETHER) });
    const far = await bidder.failure("bid", taskId, "--floor", "0.9ether", "--max-wait", "10");
    expect(far.code).to.equal("task.price-too-far");
  });

  it("refuses a bidder whose stake does not cover collateral and the task's stake", async () => {
    await bidder.json("stake", "deposit", "0.25ether");
    const error = await bidder.failure("bid", taskId);
    expect(error.code).to.equal("chain.insufficient-stake");
    expect(error.details).to.include({ neededWei: String((3n * ETHER) / 10n) });
    expect((await show(taskId)).auction.assignee).to.match(/^0x0+$/);
  });

  it("shows the price now, and waits until it covers the bid", async () => {
    await bidder.json("stake", "deposit", "0.75ether");
    const before = BigInt((await show(taskId)).priceWei);
    expect(before >= ETHER / 10n && before < ETHER).to.equal(true);
    const dry = await bidder.json<Bid>("bid", taskId, "--dry-run", "--floor", "0.5ether");
    await market.anvil.request("evm_increaseTime", [
      Number(BigInt(dry.askTime) - (await chainTime())) - WAIT_SECONDS,
    ]);
    const bid = await bidder.json<Bid>("bid", taskId, "--floor", "0.5ether");
    expect(bid.isTaken).to.equal(true);
    expect(bid.transactions).to.have.length(1);
    expect(BigInt(bid.priceWei!) >= ETHER / 2n && BigInt(bid.priceWei!) < (6n * ETHER) / 10n).to.equal(true);
    const { task, auction: locked } = await show(taskId);
    expect(task.rewardWei).to.equal(bid.priceWei);
    expect(locked.assignee).to.equal(ANVIL_ADDRESSES[1]);
  });

  it("does nothing when it has taken the task before", async () => {
    const bid = await bidder.json<Bid>("bid", taskId);
    expect(bid).to.include({ isTaken: true });
    expect(bid.transactions).to.deep.equal([]);
  });

  it("refuses a task that somebody else has taken, or that is not auctioned", async () => {
    const late = await folderOf(2).failure("bid", taskId);
    expect(late.code).to.equal("cli.task-taken");
    expect(late.details.assignee).to.equal(ANVIL_ADDRESSES[1]);
    const open = await postTinyTask(market);
    expect((await bidder.failure("bid", open)).code).to.equal("chain.other-assignment");
    expect((await bidder.failure("bid", "x")).code).to.equal("cli.invalid-value");
    expect((await bidder.failure("bid", "999")).code).to.equal("chain.no-such-task");
  });

  it("gives the poster half of the collateral of an assignee that is late, by claim", async () => {
    await market.anvil.request("evm_increaseTime", [4 * 3_600]);
    await mine(1);
    const claim = await market.poster.json<{ state: string; credits: unknown[] }>("claim", taskId);
    expect(claim.state).to.equal("expired");
    expect(claim.credits).to.deep.equal([{ token: `0x${"0".repeat(40)}`, creditWei: String(ETHER / 10n) }]);
    expect((await bidder.failure("claim", taskId)).code).to.equal("chain.nothing-to-claim");
  });
});

describe("zkpot enrol, draw and leave", () => {
  let taskId: string;
  const provers: Workspace[] = [];

  before(async () => {
    taskId = await postTinyTask(
      market,
      ...["--draw", "--enrol-min", "0.1ether", "--enrol-cap", "0.3ether", "--enrol-blocks", "30"],
      ...["--turn-blocks", "10", "--redraws", "1"],
    );
    for (const index of [1, 2]) {
      const prover = folderOf(index);
      await prover.json("stake", "deposit", "1ether");
      provers.push(prover);
    }
  });

  it("enrols with the most that counts, once", async () => {
    const first = await provers[0]!.json<Seat>("enrol", taskId);
    expect(first.enrolment).to.include({ weightWei: String((3n * ETHER) / 10n), mayCommit: false });
    const again = await provers[0]!.json<Seat>("enrol", taskId);
    expect(again.transaction).to.equal(undefined);
    const second = await provers[1]!.json<Seat>("enrol", taskId, "--stake", "0.2ether");
    expect(second.enrolment.weightWei).to.equal(String(ETHER / 5n));
    expect(second.draw.enrolledCount).to.equal(2);
  });

  it("refuses too little stake, amounts that are none, and tasks that are not drawn", async () => {
    const poor = folderOf(3);
    const missing = await poor.failure("enrol", taskId);
    expect(missing.code).to.equal("chain.insufficient-stake");
    await poor.json("stake", "deposit", "1ether");
    const small = await poor.failure("enrol", taskId, "--stake", "1gwei");
    expect(small.code).to.equal("contract.DrawPoolStakeTooSmall");
    expect((await poor.failure("enrol", taskId, "--stake", "much")).code).to.equal("cli.invalid-value");
    const open = await postTinyTask(market);
    expect((await poor.failure("enrol", open)).code).to.equal("chain.other-assignment");
    expect((await poor.failure("draw", open)).code).to.equal("chain.other-assignment");
    expect((await poor.failure("leave", open)).code).to.equal("chain.other-assignment");
  });

  it("draws after the block that was fixed, and not before", async () => {
    const early = await market.poster.failure("draw", taskId);
    expect(early.code).to.equal("contract.BlockDrawTooEarly");
    await mine(40);
    const drawn = await market.poster.json<Seat>("draw", taskId);
    expect(drawn.draw.drawn).to.have.length(1);
    const { draw } = await show(taskId);
    expect(draw).to.include({ round: 1, isOpen: false });
    expect([ANVIL_ADDRESSES[1], ANVIL_ADDRESSES[2]]).to.include(draw.drawn[0]!.account);
  });

  it("keeps those from leaving that can still be drawn or hold a seat", async () => {
    for (const prover of provers) {
      expect((await prover.failure("leave", taskId)).code).to.equal("contract.TaskDrawStakeInUse");
    }
  });

  it("replaces a holder whose turn has passed; claim frees its stake", async () => {
    await mine(11);
    await market.poster.json("draw", taskId);
    const { draw } = await show(taskId);
    expect(draw.round).to.equal(2);
    const replaced = ANVIL_ADDRESSES.indexOf(draw.drawn[0]!.account as (typeof ANVIL_ADDRESSES)[0]);
    expect(draw.drawn[1]!.account).to.equal(ANVIL_ADDRESSES[3 - replaced]);
    const { transactions } = await provers[replaced - 1]!.json<{ transactions: unknown[] }>("claim", taskId);
    expect(transactions).to.have.length(1);
    expect((await provers[replaced - 1]!.failure("leave", taskId)).code).to.equal(
      "contract.DrawPoolNotEnrolled",
    );
    const holder = provers[2 - replaced]!;
    expect((await holder.failure("claim", taskId)).code).to.equal("chain.nothing-to-claim");
  });

  it("opens the task to those left, who may leave without committing", async () => {
    await mine(11);
    await market.poster.json("draw", taskId);
    const { draw } = await show(taskId);
    expect(draw.isOpen).to.equal(true);
    const holder =
      provers[ANVIL_ADDRESSES.indexOf(draw.drawn[1]!.account as (typeof ANVIL_ADDRESSES)[0]) - 1]!;
    // It may still commit, so claim keeps its place.
    expect((await holder.failure("claim", taskId)).code).to.equal("chain.nothing-to-claim");
    const left = await holder.json<Seat>("leave", taskId);
    expect(left.enrolment.mayCommit).to.equal(false);
  });
});
