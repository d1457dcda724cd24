import { expect } from "chai";

import { contractInterface } from "../../../prover/src/chain/abis.ts";
import type { FederationRecord } from "../../../prover/src/chain/federations.ts";
import {
  type FederationEvent,
  readHistory,
  rebuildHistory,
} from "../../../prover/src/chain/round-history.ts";
import { advanceRound, claimReward, keepOwnModel, reportMissing } from "../../../prover/src/chain/rounds.ts";
import { errorOf } from "../../support/error-of.ts";
import { FederationStage, MEMBER_STAKE_WEI, POOL_WEI, ROUND_TIMING } from "../../support/federation.ts";

let stage: FederationStage;
let federation: FederationRecord;

/**
 * Five rounds: plain; with a drop-out, a slashed leader and a kept model; abandoned by vanished members; given up for a missing
 * vector; abandoned early.
 */
before(async () => {
  stage = await FederationStage.start();
  federation = await stage.create({ places: 4, maxRounds: 5 });
  await stage.play(federation, { 0: 150, 1: 140, 2: 130 }, 160);
  await claimReward(stage.sender(3), await stage.round(federation), stage.address(2));

  await stage.playToMasking(federation, { 0: 170, 1: 180, 2: 190, 3: 200 });
  await stage.mask(federation, [1, 2, 3]);
  await stage.market.pass(ROUND_TIMING.maskSeconds + 1);
  await advanceRound(stage.sender(0), await stage.round(federation));
  await stage.mask(federation, [1, 2, 3]);
  await stage.elect(federation);
  await stage.lead(federation, 3);
  await stage.market.pass(ROUND_TIMING.leadSeconds + 1);
  await advanceRound(stage.sender(0), await stage.round(federation));
  await stage.deliver(federation, 2, 165);
  const low = await stage.round(federation);
  const score = stage.globalScore(low, 2, 190, 777n, stage.nullifier(2, 2n));
  await stage.market.pass(ROUND_TIMING.leadSeconds / 2 + 1);
  await keepOwnModel(stage.sender(2), low, 777n, "ipfs://own", score);

  await stage.playToMasking(federation, { 0: 190, 1: 190, 2: 190 });
  await stage.mask(federation, [0, 2]);
  await stage.market.pass(ROUND_TIMING.maskSeconds + 1);
  await advanceRound(stage.sender(0), await stage.round(federation));

  await stage.playToMasking(federation, { 0: 190, 1: 190, 2: 190 });
  await stage.mask(federation, [0, 1, 2]);
  await stage.elect(federation);
  for (const index of [0, 1]) await reportMissing(stage.sender(index), await stage.round(federation), [2]);

  await stage.playToMasking(federation, { 0: 190, 1: 190 });
});

after(async () => {
  await stage.stop();
});

async function eventsOf({ address }: FederationRecord): Promise<FederationEvent[]> {
  const { provider } = stage.market.connection;
  const logs = await provider.getLogs({ address, fromBlock: 0 });
  return logs.map((log) => ({
    blockNumber: log.blockNumber,
    event: contractInterface("IFederatedRounds").parseLog(log)!,
  }));
}

describe("history of a federation", () => {
  it("chains the records of its global models", async () => {
    const { start, rounds } = await readHistory(stage.market.contracts, federation);
    expect(start).to.include({ round: 0n, leader: stage.address(0), globalCorrect: 100 });
    const [first, second, ...others] = rounds;
    expect(first!.record).to.deep.include({
      round: 1n,
      leader: stage.address(0),
      globalCorrect: 160,
      globalUri: "ipfs://average-1",
      isLeadersOwn: false,
      rewardWei: POOL_WEI / 2n,
    });
    expect(second!.record).to.deep.include({
      round: 2n,
      leader: stage.address(2),
      globalCommitment: 777n,
      globalCorrect: 190,
      globalUri: "ipfs://own",
      isLeadersOwn: true,
    });
    const { recordHash } = await stage.federation(federation);
    expect(second!.record!.recordHash).to.equal(recordHash);
    expect(others.map(({ record, isAbandoned }) => [record, isAbandoned])).to.deep.equal([
      [null, true],
      [null, true],
      [null, true],
    ]);
  });

  it("tells who committed, proved, had a place, led and was paid", async () => {
    const { rounds } = await readHistory(stage.market.contracts, federation);
    const [first] = rounds;
    expect(first!.commitments).to.deep.equal(
      [0, 1, 2].map((index) => ({
        member: stage.address(index),
        modelCommitment: stage.modelCommitment(index),
        factor: index + 1,
      })),
    );
    expect(first!.scores).to.deep.equal(
      [150, 140, 130].map((correct, index) => ({
        member: stage.address(index),
        correct,
        nullifier: stage.nullifier(index, 1n),
        place: index,
      })),
    );
    expect(first!.baseCorrect).to.equal(100);
    expect(first!.endedAtBlock).to.be.above(first!.startedAtBlock);
    expect(first!.maskings).to.have.length(1);
    expect(first!.maskings[0]).to.deep.include({
      masking: 1,
      peers: [0, 1, 2].map((index) => stage.address(index)),
      reports: [],
      isComplete: true,
      dropped: [],
    });
    expect(
      first!.maskings[0]!.vectors.map(({ member, vectorDigest, uri }) => [member, vectorDigest, uri]),
    ).to.deep.equal(
      [0, 1, 2].map((index) => [
        stage.address(index),
        stage.vectorDigest(index, 1),
        `ipfs://vector-${index}`,
      ]),
    );
    expect(first!.leaders).to.have.length(1);
    expect(first!.leaders[0]).to.deep.include({
      member: stage.address(0),
      hasTakenLead: true,
      scores: [{ member: stage.address(0), correct: 160 }],
      isReplaced: false,
      slashedWei: 0n,
    });
    expect(first!.leaders[0]!.average).to.deep.include({ factorSum: 6, improvementSum: 120 });
    expect(first!.claims).to.deep.equal([
      { member: stage.address(2), amountWei: ((POOL_WEI / 2n) * 30n) / 120n },
    ]);
  });

  it("tells who was dropped, missed, replaced and slashed", async () => {
    const { rounds } = await readHistory(stage.market.contracts, federation);
    const [, second, third, missing, fourth] = rounds;
    const [one, two] = second!.maskings;
    expect(one!.dropped).to.deep.equal([stage.address(0)]);
    expect(second!.missed).to.deep.equal([]);
    expect(missing).to.deep.include({ isAbandoned: true, record: null, missed: [stage.address(2)] });
    expect(missing!.maskings[0]).to.deep.include({ isComplete: true, dropped: [] });
    expect(missing!.maskings[0]!.reports).to.deep.equal(
      [0, 1].map((index) => ({ member: stage.address(index), missing: [stage.address(2)] })),
    );
    expect(two).to.deep.include({ masking: 2, isComplete: true, dropped: [], reports: [] });
    expect(two!.peers).to.deep.equal([1, 2, 3].map((index) => stage.address(index)));
    expect(
      second!.leaders.map(({ member, hasTakenLead, isReplaced, slashedWei }) => [
        member,
        hasTakenLead,
        isReplaced,
        slashedWei,
      ]),
    ).to.deep.equal([
      [stage.address(3), true, true, MEMBER_STAKE_WEI / 10n],
      [stage.address(2), true, false, 0n],
    ]);
    expect(second!.leaders[0]!.average).to.equal(null);
    // Two are left of three: nobody hides among them.
    expect(third!.maskings[0]).to.deep.include({ isComplete: false });
    expect(third!.maskings[0]!.dropped).to.have.length(3);
    expect(third!.maskings[0]!.vectors).to.have.length(2);
    expect(fourth).to.deep.include({ maskings: [], leaders: [], isAbandoned: true });
    expect(fourth!.scores).to.have.length(2);
  });

  it("names the first round whose record is another than the contract's", async () => {
    const events = await eventsOf(federation);
    const { recordHash } = await stage.federation(federation);
    expect(rebuildHistory(federation.federationId, events, recordHash).rounds).to.have.length(5);
    const without = (name: string): FederationEvent[] => events.filter(({ event }) => event.name !== name);
    const failure = async (
      changed: readonly FederationEvent[],
      hash = recordHash,
    ): Promise<{ readonly code: string; readonly details: unknown }> =>
      await errorOf((async () => await Promise.resolve(rebuildHistory(1n, changed, hash)))());
    // The kept model's URI is missing: the average's is not what was hashed.
    expect(await failure(without("LeaderModelKept"))).to.deep.include({ code: "chain.record-mismatch" });
    expect((await failure(without("LeaderModelKept"))).details).to.deep.equal({ round: 2n });
    expect((await failure(without("AverageAccepted"))).details).to.deep.equal({ round: 1n });
    expect((await failure(without("RoundStarted"))).details).to.deep.equal({ round: 1n });
    expect((await failure(without("RoundFinalised"))).details).to.deep.equal({ round: 0n });
    expect((await failure(events, `0x${"1".repeat(64)}`)).details).to.deep.equal({ round: 2n });
    expect((await failure([])).code).to.equal("chain.no-such-federation");
  });

  it("is that of one federation only", async () => {
    const other = await stage.create({}, []);
    const { rounds, start } = await readHistory(stage.market.contracts, other);
    expect(rounds).to.deep.equal([]);
    expect(start.recordHash).to.equal(other.recordHash);
    expect((await errorOf(readHistory(stage.market.contracts, { federationId: 99n }))).code).to.equal(
      "chain.no-such-federation",
    );
  });
});
