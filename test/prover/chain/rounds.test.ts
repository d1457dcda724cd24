import { expect } from "chai";

import { readFederationCredit, readMember, roundsContract } from "../../../prover/src/chain/federations.ts";
import { isRunning, ROUND_STATES, stateAt } from "../../../prover/src/chain/round-state.ts";
import {
  advanceRound,
  claimReward,
  commitLocalModel,
  deliverAverage,
  keepOwnModel,
  maskModel,
  placesOf,
  proveLocalScore,
  readContribution,
  readVectors,
  reportMissing,
  scoreAverage,
  startRound,
  takeLead,
} from "../../../prover/src/chain/rounds.ts";
import { readStake } from "../../../prover/src/chain/stake.ts";
import { errorOf } from "../../support/error-of.ts";
import { FederationStage, MEMBER_STAKE_WEI, POOL_WEI, ROUND_TIMING } from "../../support/federation.ts";

const NATIVE = "0x0000000000000000000000000000000000000000";

let stage: FederationStage;

before(async () => {
  stage = await FederationStage.start();
});

after(async () => {
  await stage.stop();
});

describe("rounds on chain", () => {
  it("go from start to reward, each action once", async () => {
    const { contracts } = stage.market;
    const federation = await stage.create();
    const none = await stage.round(federation);
    expect(none).to.include({ state: "none", endsAt: null, round: 0n });
    expect(isRunning(none)).to.equal(false);

    await startRound(stage.sender(1), federation);
    const training = await stage.round(federation);
    expect(training).to.include({ state: "training", round: 1n, baseCorrect: 100, leaderPlace: null });
    expect(training.endsAt).to.equal(training.startedAt + BigInt(ROUND_TIMING.trainSeconds));
    expect(isRunning(training)).to.equal(true);
    const early = await errorOf(commitLocalModel(stage.sender(1), training, 5n, 1));
    expect(early.code).to.equal("contract.RoundWrongState");
    expect(early.details).to.deep.include({ state: "training" });
    expect(early.nextStep).to.include("zkpot round status");

    await stage.market.pass(ROUND_TIMING.trainSeconds + 1);
    for (const index of [0, 1, 2, 3]) {
      await commitLocalModel(stage.sender(index), training, stage.modelCommitment(index), index + 1);
    }
    const committing = await stage.round(federation, 1);
    expect(committing.state).to.equal("committing");
    expect(committing.own).to.deep.equal({
      modelCommitment: stage.modelCommitment(1),
      factor: 2,
      place: null,
      masking: 0,
      isProven: false,
      isClaimed: false,
      correct: 0,
      vectorDigest: 0n,
    });

    await stage.market.pass(ROUND_TIMING.commitSeconds);
    const counts = [120, 160, 140, 150];
    for (const index of [0, 1, 2, 3]) {
      await proveLocalScore(stage.sender(index), training, stage.score(training, index, counts[index]!));
    }
    const copied = { ...stage.score(training, 3, 150), nullifier: stage.nullifier(1, 1n) };
    expect((await errorOf(proveLocalScore(stage.sender(3), training, copied))).code).to.equal(
      "contract.RoundAlreadyProven",
    );
    const proving = await stage.round(federation, 0);
    expect(proving.state).to.equal("proving");
    // Three places for four: the worst lost its own.
    expect(proving.own).to.include({ place: null, correct: 120, isProven: true });
    expect(proving).to.include({ provenCount: 4, masking: 0 });
    expect(proving.places).to.deep.equal(
      [3, 1, 2].map((index) => ({
        member: stage.address(index),
        correct: counts[index],
        order: index,
        factor: index + 1,
        key: stage.maskKey(index).publicKey,
      })),
    );

    await stage.market.pass(ROUND_TIMING.proveSeconds);
    await advanceRound(stage.sender(0), proving);
    const masking = await stage.round(federation, 1);
    expect(masking).to.deep.include({
      state: "masking",
      masking: 1,
      peers: [0, 1, 2],
      masked: [],
      failed: [],
      rosterDigest: 0n,
    });
    const update = stage.maskedUpdate(masking, federation, 1);
    await maskModel(stage.sender(1), masking, update);
    const once = await stage.round(federation, 1);
    expect(once).to.deep.include({ masked: [1], rosterDigest: update.rosterDigest });
    expect(once.own).to.include({ place: 1, masking: 1, vectorDigest: update.vectorDigest });
    await stage.mask(federation, [2, 3]);
    const electing = await stage.round(federation);
    expect(electing).to.deep.include({ state: "electing", endsAt: null, masked: [0, 1, 2] });
    const { masking: number, rosterDigest, vectorDigest, uri } = update;
    expect((await readVectors(contracts, electing))[0]).to.deep.equal({
      member: stage.address(1),
      masking: number,
      rosterDigest,
      vectorDigest,
      uri,
    });
    const soon = await errorOf(advanceRound(stage.sender(0), electing));
    expect(soon.code).to.equal("contract.BlockDrawTooEarly");

    expect(await stage.elect(federation)).to.equal(1);
    const elected = await stage.round(federation);
    expect(elected).to.include({ state: "elected", leaderPlace: 1 });
    expect((await errorOf(takeLead(stage.sender(2), elected))).code).to.equal("contract.RoundNotLeader");
    expect((await errorOf(takeLead(stage.sender(1), elected))).code).to.equal("contract.RoundTooEarly");
    await stage.lead(federation, 1);
    const leading = await stage.round(federation);
    expect(leading).to.include({ state: "leading", isAggregated: false });
    const average = stage.average(leading, federation, 1);
    await deliverAverage(stage.sender(1), leading, average);
    const delivered = await stage.round(federation);
    expect(delivered).to.include({
      isAggregated: true,
      isScored: false,
      globalCommitment: average.globalCommitment,
      improvementSum: 60 + 40 + 50,
    });
    await scoreAverage(stage.sender(1), delivered, stage.globalScore(delivered, 1, 170));
    const final = await stage.round(federation, 1);
    expect(final).to.include({
      state: "final",
      endsAt: null,
      globalCorrect: 170,
      rewardWei: POOL_WEI / 2n,
      leaderPlace: 1,
    });
    expect((await stage.federation(federation)).globalModel).to.deep.equal({
      round: 1n,
      commitment: average.globalCommitment,
      correct: 170,
      uri: average.uri,
    });
    await claimReward(stage.sender(2), final, stage.address(2));
    expect(await readFederationCredit(contracts, stage.address(2), NATIVE)).to.equal(
      (POOL_WEI / 2n / 150n) * 40n + (((POOL_WEI / 2n) % 150n) * 40n) / 150n,
    );
    expect(await readContribution(contracts, final, stage.address(2))).to.include({ isClaimed: true });
    const twice = await errorOf(claimReward(stage.sender(2), final, stage.address(2)));
    expect(twice.code).to.equal("contract.RoundNothingToClaim");
  });

  it("end with the reports of more than half, and go on without the member that was missed", async () => {
    const { contracts } = stage.market;
    const federation = await stage.create({ places: 4 });
    await stage.playToMasking(federation, { 0: 150, 1: 140, 2: 130, 3: 120 });
    await stage.mask(federation, [0, 1, 2, 3]);
    await stage.elect(federation);
    const elected = await stage.round(federation);
    for (const index of [0, 1]) await reportMissing(stage.sender(index), elected, [3]);
    const reported = await stage.round(federation, 1);
    expect(reported).to.deep.include({ state: "elected", reported: [3] });
    await reportMissing(stage.sender(2), elected, [3]);
    expect((await stage.round(federation)).state).to.equal("abandoned");
    expect((await readMember(contracts, federation, stage.address(3))).firstRound).to.equal(3n);
    const late = await errorOf(reportMissing(stage.sender(1), elected, [2]));
    expect(late.code).to.equal("contract.RoundWrongState");
    await stage.play(federation, { 0: 150, 1: 140, 2: 130 }, 150);
    expect((await stage.round(federation)).state).to.equal("final");
  });

  it("slash the bond of a leader that does not deliver, and take the next one's average", async () => {
    const { contracts } = stage.market;
    const federation = await stage.create();
    await stage.playToMasking(federation, { 0: 150, 1: 140, 2: 130 });
    await stage.mask(federation, [0, 1, 2]);
    expect(await stage.elect(federation)).to.equal(0);
    await stage.lead(federation, 0);
    const leading = await stage.round(federation);
    await deliverAverage(stage.sender(0), leading, stage.average(leading, federation, 0, "unscored"));
    const { lockedWei } = await readStake(contracts, stage.address(0), NATIVE);
    const early = await errorOf(advanceRound(stage.sender(1), leading));
    expect(early.code).to.equal("contract.RoundTooEarly");
    await stage.market.pass(ROUND_TIMING.leadSeconds + 1);
    await advanceRound(stage.sender(1), leading);
    expect((await readStake(contracts, stage.address(0), NATIVE)).lockedWei).to.equal(
      lockedWei - MEMBER_STAKE_WEI / 10n,
    );
    const elected = await stage.round(federation);
    expect(elected).to.deep.include({ state: "elected", failed: [0], isAggregated: false });
    const leader = await stage.leader(federation);
    expect(leader).to.equal(1);
    await stage.deliver(federation, leader, 145);
    expect((await stage.federation(federation)).globalModel.uri).to.equal("ipfs://average-1");
  });

  it("keep the leader's model when it is better", async () => {
    const federation = await stage.create();
    await stage.playToMasking(federation, { 0: 150, 1: 140, 2: 130 });
    await stage.mask(federation, [0, 1, 2]);
    await stage.elect(federation);
    await stage.deliver(federation, 0, 120);
    const low = await stage.round(federation);
    expect(low).to.include({ state: "leading", isScored: true, globalCorrect: 120 });
    const better = await errorOf(scoreAverage(stage.sender(2), low, stage.globalScore(low, 2, 120)));
    expect(better.code).to.equal("contract.RoundNotBetter");
    await scoreAverage(stage.sender(2), low, stage.globalScore(low, 2, 130));
    const score = stage.globalScore(low, 0, 150, 777n, stage.nullifier(0, 1n));
    await stage.market.pass(ROUND_TIMING.leadSeconds / 2 + 1);
    await keepOwnModel(stage.sender(0), low, 777n, "ipfs://own", score);
    const { globalModel } = await stage.federation(federation);
    expect(globalModel).to.deep.equal({ round: 1n, commitment: 777n, correct: 150, uri: "ipfs://own" });
  });

  it("are sent once although the program is killed before it hears of it", async () => {
    const federation = await stage.create();
    await startRound(stage.sender(1), federation);
    await stage.market.pass(ROUND_TIMING.trainSeconds + 1);
    const round = await stage.round(federation);
    const { wallet, connection, journal } = stage.sender(1);
    const stopped = {
      wallet,
      connection,
      journal,
      onProgress: () => {
        throw new Error("killed");
      },
    };
    expect((await errorOf(commitLocalModel(stopped, round, 5n, 1))).message).to.include("killed");
    const resumed = await commitLocalModel(stage.sender(1), round, 5n, 1);
    expect(resumed.isResumed).to.equal(true);
    const other = await errorOf(commitLocalModel(stage.sender(1), round, 6n, 1));
    expect(other.code).to.equal("contract.RoundAlreadyCommitted");
  });
});

describe("stateAt", () => {
  it("says what the contract says, at every boundary", async () => {
    const contract = roundsContract(stage.market.contracts);
    const federation = await stage.create();
    await startRound(stage.sender(1), federation);
    const { startedAt } = await stage.round(federation);
    const stored = { state: "training" as const, startedAt, deadline: 0n };
    const { trainSeconds, commitSeconds, proveSeconds } = ROUND_TIMING;
    const ends = [trainSeconds, trainSeconds + commitSeconds, trainSeconds + commitSeconds + proveSeconds];
    for (const [end, state, next] of [
      [ends[0]!, "training", "committing"],
      [ends[1]!, "committing", "proving"],
      [ends[2]!, "proving", "proving"],
    ] as const) {
      const last = startedAt + BigInt(end);
      expect(stateAt(stored, ROUND_TIMING, last)).to.deep.equal({ state, endsAt: last });
      expect(stateAt(stored, ROUND_TIMING, last + 1n).state).to.equal(next);
      for (const [time, expected] of [
        [last, state],
        [last + 1n, next],
      ] as const) {
        await stage.market.anvil.request("evm_setNextBlockTimestamp", [Number(time)]);
        await stage.market.mine(1);
        const found = ROUND_STATES[Number(await contract.stateOf(federation.federationId, 1n))];
        expect(found).to.equal(expected);
      }
    }
    for (const state of ["masking", "elected", "leading"] as const) {
      expect(stateAt({ ...stored, state, deadline: 9n }, ROUND_TIMING, 99n)).to.deep.equal({
        state,
        endsAt: 9n,
      });
    }
  });
});

describe("placesOf", () => {
  it("lists the bits of a set", () => {
    expect(placesOf(0n)).to.deep.equal([]);
    expect(placesOf(0b1000_0000_0000_1011n)).to.deep.equal([0, 1, 3, 15]);
  });
});
