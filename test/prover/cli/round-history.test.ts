import { expect } from "chai";

import type { FederationRecord } from "../../../prover/src/chain/federations.ts";
import { advanceRound } from "../../../prover/src/chain/rounds.ts";
import { ANVIL_KEYS } from "../../support/anvil.ts";
import { FederationStage, POOL_WEI, ROUND_TIMING } from "../../support/federation.ts";
import type { Workspace } from "../../support/zkpot.ts";

const REWARD_WEI = POOL_WEI / 2n;

interface History {
  readonly isVerified: boolean;
  readonly start: { readonly globalCorrect: number };
  readonly rounds: readonly {
    readonly isAbandoned: boolean;
    readonly record: Readonly<Record<string, unknown>> | null;
    readonly maskings: readonly { readonly dropped: readonly string[] }[];
    readonly leaders: readonly Readonly<Record<string, unknown>>[];
    readonly claims: readonly unknown[];
  }[];
}

/** A plain round; one with a member that vanished and a leader that did not deliver; one that too few proved in. */
describe("zkpot round, after some rounds", () => {
  let stage: FederationStage;
  let workspace: Workspace;
  let federation: FederationRecord;
  let id: string;
  let slashed: number;

  before(async () => {
    stage = await FederationStage.start();
    ({ workspace } = stage.market);
    federation = await stage.create({ places: 4, maxRounds: 3 });
    id = String(federation.federationId);
    await stage.play(federation, { 0: 150, 1: 140, 2: 90 }, 160);

    await stage.playToMasking(federation, { 0: 170, 1: 180, 2: 190, 3: 200 });
    await stage.mask(federation, [1, 2, 3]);
    await stage.market.pass(ROUND_TIMING.maskSeconds + 1);
    await advanceRound(stage.sender(0), await stage.round(federation));
    await stage.mask(federation, [1, 2, 3]);
    slashed = await stage.elect(federation);
    await stage.lead(federation, slashed);
    await stage.market.pass(ROUND_TIMING.leadSeconds + 1);
    await advanceRound(stage.sender(0), await stage.round(federation));
    await stage.deliver(federation, await stage.leader(federation), 205);

    await stage.playToMasking(federation, { 0: 210, 1: 210 });
  });

  after(async () => {
    await stage.stop();
  });

  it("tells in its history who led, what was averaged, who dropped out and who was slashed", async () => {
    const { start, rounds, isVerified } = await workspace.json<History>("round", "history", id);
    expect(isVerified).to.equal(true);
    expect(start.globalCorrect).to.equal(100);
    expect(rounds.map(({ isAbandoned }) => isAbandoned)).to.deep.equal([false, false, true]);
    const [first, second, third] = rounds;
    expect(first!.record).to.include({ globalCorrect: 160, rewardWei: String(REWARD_WEI) });
    expect(second!.record).to.include({ globalCorrect: 205, isLeadersOwn: false });
    expect(second!.maskings[0]!.dropped).to.deep.equal([stage.address(0)]);
    expect(second!.leaders.map(({ slashedWei }) => slashedWei)).to.deep.equal([
      String(federation.bondWei),
      "0",
    ]);
    expect(third!.record).to.equal(null);
    const { recordHash } = await stage.federation(federation);
    expect(second!.record!.recordHash).to.equal(recordHash);
  });

  it("prints a line for every round and what went wrong in it", async () => {
    const { stdout } = await workspace.run("round", "history", id);
    const lines = stdout.split("\n").map((line) => line.trim().split(/ {2,}/));
    const [, begin, first, second, third] = lines;
    expect(begin!.slice(0, 4)).to.deep.equal(["0", "start", stage.address(0), "100 of 360"]);
    expect(first!.slice(0, 6)).to.deep.equal([
      ...["1", "final", stage.address(0), "160 of 360", "3 of 3", "0.5 ether"],
    ]);
    expect(second!.slice(3, 5)).to.deep.equal(["205 of 360", "3 of 4"]);
    expect(third!.slice(0, 3)).to.deep.equal(["3", "abandoned", "0 of 2"]);
    expect(stdout).to.include(`round 2: masking 1 dropped ${stage.address(0)}\n`);
    const lost = `round 2: leader ${stage.address(slashed)} did not deliver and lost 0.01 ether of its stake\n`;
    expect(stdout).to.include(lost);
    expect(stdout).to.include(`checked: the records of federation ${id}, the start and 2 rounds, chain up`);
  });

  it("shows an abandoned last round, and that the federation is over", async () => {
    const { stdout } = await workspace.run("round", "status", id, "--member", stage.address(1));
    expect(stdout).to.match(/^round +3, abandoned$/m);
    expect(stdout).to.match(/^own part +210 correct, place 2$/m);
    expect(stdout).to.match(/^next +zkpot round withdraw (\d+), then zkpot round leave \1$/m);
  });

  it("claims all rewards of an account with one call, and pays them out", async () => {
    const before = await stage.market.connection.provider.getBalance(stage.address(1));
    const asMember = { PRIVATE_KEY: workspace.environment.PRIVATE_KEY };
    workspace.environment.PRIVATE_KEY = ANVIL_KEYS[1];
    try {
      const paid = await workspace.json<{ claimedRounds: string[]; withdrawnWei: string }>(
        ...["round", "withdraw", id],
      );
      // 40 of 90 samples in the first round, 20 of 90 in the second.
      const expected = (REWARD_WEI * 40n) / 90n + (REWARD_WEI * 20n) / 90n;
      expect(paid.claimedRounds).to.deep.equal(["1", "2"]);
      expect(BigInt(paid.withdrawnWei) - expected).to.be.within(-2, 2);
      const after = await stage.market.connection.provider.getBalance(stage.address(1));
      expect(after > before).to.equal(true);
      const again = await workspace.failure("round", "withdraw", id);
      expect(again.code).to.equal("chain.nothing-to-claim");
    } finally {
      Object.assign(workspace.environment, asMember);
    }
    const { stdout } = await workspace.run("round", "history", id);
    expect(stdout).to.match(new RegExp(`round 1: ${stage.address(1)} was paid 0\\.22\\d* ether`));
  });

  it("pays what is left of the pool, and its part of a lost bond, to the sponsor who closes", async () => {
    const closed = await workspace.json<{ withdrawnWei: string; bondWei: string }>("round", "close", id);
    expect(BigInt(closed.withdrawnWei)).to.equal(POOL_WEI - 2n * REWARD_WEI);
    expect(BigInt(closed.bondWei)).to.equal(federation.bondWei / 2n);
  });
});
