import { expect } from "chai";

import { ethers, networkHelpers } from "./support/deployment.ts";
import {
  BASE_CORRECT,
  digestOf,
  elect,
  electLeader,
  federationOfSix,
  finishRound,
  joinAs,
  maskAs,
  masked,
  pass,
  POOL_WEI,
  proveRound,
  reportsEnd,
  ROSTER,
  ROUND,
  startMasking,
  startRound,
  TIMING,
} from "./support/rounds.ts";

const COUNTS = [150n, 140n, 130n, 120n];

describe("Masking of a round", () => {
  it("starts among all places after the time to prove, to the second", async () => {
    const d = await federationOfSix();
    const { rounds, id } = d;
    await proveRound(d, COUNTS);
    const { startedAt } = await rounds.roundOf(id, 1n);
    const end = startedAt + TIMING.trainSeconds + TIMING.commitSeconds + TIMING.proveSeconds;
    await networkHelpers.time.setNextBlockTimestamp(end);
    await expect(rounds.advance(id))
      .to.be.revertedWithCustomError(rounds, "RoundTooEarly")
      .withArgs(id, end, end);
    await networkHelpers.time.setNextBlockTimestamp(end + 1n);
    await expect(rounds.advance(id))
      .to.emit(rounds, "MaskingStarted")
      .withArgs(id, 1n, 1n, 0b1111n, end + 1n + TIMING.maskSeconds);
    expect(await rounds.stateOf(id, 1n)).to.equal(ROUND.masking);
  });

  it("does not start with fewer than three places: the round is abandoned", async () => {
    const d = await federationOfSix();
    const { rounds, id } = d;
    await proveRound(d, [150n, 140n]);
    await pass(TIMING.proveSeconds);
    await expect(rounds.advance(id)).to.emit(rounds, "RoundAbandoned").withArgs(id, 1n);
    await expect(rounds.advance(id))
      .to.be.revertedWithCustomError(rounds, "RoundWrongState")
      .withArgs(id, 1n, ROUND.abandoned);
    const { globalCommitment, poolWei, lastEndedAt } = await rounds.federation(id);
    expect(globalCommitment).to.equal(11n);
    expect(poolWei).to.be.above(0n);
    expect(lastEndedAt).to.equal(BigInt(await networkHelpers.time.latest()));
  });

  it("is complete with the last vector", async () => {
    const d = await federationOfSix();
    const { rounds, members, id } = d;
    const peers = await startMasking(d, COUNTS);
    await maskAs(d, [3, 1, 0], peers);
    expect(await rounds.stateOf(id, 1n)).to.equal(ROUND.masking);
    const third = members[2]!;
    const call = await masked(d, third, peers, { factor: 3n });
    const transaction = rounds.connect(third).mask(...call);
    await expect(transaction)
      .to.emit(rounds, "VectorMasked")
      .withArgs(id, 1n, third.address, 1n, ROSTER, digestOf(third), `ipfs://${third.address}`);
    const number = BigInt(await ethers.provider.getBlockNumber());
    await expect(transaction)
      .to.emit(rounds, "MaskingCompleted")
      .withArgs(id, 1n, ROSTER, number + 8n);
    expect(await rounds.stateOf(id, 1n)).to.equal(ROUND.electing);
    const r = await rounds.roundOf(id, 1n);
    expect([r.rosterDigest, r.maskedSet, r.masking, r.drawBlock]).to.deep.equal([
      ROSTER,
      0b1111n,
      1n,
      number + 8n,
    ]);
    const c = await rounds.contributionOf(id, 1n, third);
    expect([c.masking, c.vectorDigest]).to.deep.equal([1n, digestOf(third)]);
  });

  it("takes the proven model, times the factor committed to, masked towards just the peer set", async () => {
    const d = await federationOfSix();
    const { rounds, members, id } = d;
    const peers = await startMasking(d, COUNTS);
    const bob = members[1]!;
    const right = await masked(d, bob, peers, { factor: 2n });
    const proofOf = async (...args: Parameters<typeof masked>) => (await masked(...args))[4];
    for (const wrong of [
      await proofOf(d, bob, peers, { factor: 3n }),
      await proofOf(d, bob, 0b0111n, { factor: 2n }),
      await proofOf(d, bob, peers, { factor: 2n, roster: ROSTER + 1n }),
      await proofOf(d, bob, peers, { factor: 2n, masking: 2n }),
      await proofOf(d, bob, peers, { factor: 2n, round: 2n }),
      await proofOf(d, members[0]!, peers, { factor: 2n }),
    ]) {
      await expect(rounds.connect(bob).mask(right[0], right[1], right[2], right[3], wrong))
        .to.be.revertedWithCustomError(rounds, "RoundInvalidProof")
        .withArgs(id, 1n, bob.address);
    }
    await rounds.connect(bob).mask(...right);
    await expect(rounds.connect(bob).mask(...right))
      .to.be.revertedWithCustomError(rounds, "RoundAlreadyMasked")
      .withArgs(id, 1n, bob.address, 1n);
  });

  it("is for the places of the roster", async () => {
    const d = await federationOfSix();
    const { rounds, members, id } = d;
    const peers = await startMasking(d, [120n, 110n, 130n, 125n, 115n]);
    for (const i of [1, 5]) {
      const call = await masked(d, members[i]!, peers, { factor: BigInt(i + 1) });
      await expect(rounds.connect(members[i]).mask(...call))
        .to.be.revertedWithCustomError(rounds, "RoundNotInPeerSet")
        .withArgs(id, 1n, members[i]!.address);
    }
  });

  it("goes on without those that vanished, with the same models and factors", async () => {
    const d = await federationOfSix();
    const { rounds, members, id } = d;
    const peers = await startMasking(d, COUNTS);
    await maskAs(d, [0, 1, 3], peers);
    const { deadline } = await rounds.roundOf(id, 1n);
    await networkHelpers.time.setNextBlockTimestamp(deadline);
    await expect(rounds.advance(id))
      .to.be.revertedWithCustomError(rounds, "RoundTooEarly")
      .withArgs(id, deadline, deadline);
    // The vector of a dropped member is refused, before and after the others mask again.
    const late = await masked(d, members[2]!, peers, { factor: 3n });
    await networkHelpers.time.setNextBlockTimestamp(deadline + 1n);
    await expect(rounds.connect(members[2]).mask(...late))
      .to.be.revertedWithCustomError(rounds, "RoundDeadlinePassed")
      .withArgs(id, deadline, deadline + 1n);
    await networkHelpers.time.setNextBlockTimestamp(deadline + 2n);
    await expect(rounds.advance(id))
      .to.emit(rounds, "MaskingStarted")
      .withArgs(id, 1n, 2n, 0b1011n, deadline + 2n + TIMING.maskSeconds);
    await expect(rounds.connect(members[2]).mask(...late))
      .to.be.revertedWithCustomError(rounds, "RoundNotInPeerSet")
      .withArgs(id, 1n, members[2]!.address);
    const other = await masked(d, members[1]!, 0b1011n, { factor: 5n, masking: 2n });
    await expect(rounds.connect(members[1]).mask(...other)).to.be.revertedWithCustomError(
      rounds,
      "RoundInvalidProof",
    );
    await maskAs(d, [0, 1, 3], 0b1011n, 2n);
    expect(await rounds.stateOf(id, 1n)).to.equal(ROUND.electing);
    expect((await rounds.contributionOf(id, 1n, members[1]!)).vectorDigest).to.equal(
      digestOf(members[1]!, 2n),
    );
  });

  it("is given up when fewer than three are left", async () => {
    const d = await federationOfSix();
    const { rounds, id } = d;
    const peers = await startMasking(d, COUNTS);
    await maskAs(d, [0, 1], peers);
    await pass(TIMING.maskSeconds);
    await expect(rounds.advance(id)).to.emit(rounds, "RoundAbandoned").withArgs(id, 1n);
  });

  it("follows the largest part that names one roster", async () => {
    const d = await federationOfSix();
    const { rounds, members, id } = d;
    const peers = await startMasking(d, COUNTS);
    const poisoner = members[0]!;
    await rounds.connect(poisoner).mask(...(await masked(d, poisoner, peers, { roster: 666n })));
    expect((await rounds.roundOf(id, 1n)).rosterDigest).to.equal(666n);
    await maskAs(d, [1, 2, 3], peers);
    expect(await rounds.stateOf(id, 1n)).to.equal(ROUND.masking);
    expect((await rounds.roundOf(id, 1n)).rosterDigest).to.equal(ROSTER);
    await pass(TIMING.maskSeconds);
    await expect(rounds.advance(id)).to.emit(rounds, "MaskingStarted");
    expect((await rounds.roundOf(id, 1n)).peerSet).to.equal(0b1110n);
  });

  it("remembers a part that was overtaken, and follows it when it is the largest again", async () => {
    const d = await federationOfSix({ places: 5n, maxFactorSum: 35n });
    const { rounds, members, id } = d;
    const peers = await startMasking(d, [150n, 140n, 130n, 120n, 110n]);
    const steps = [
      [0, ROSTER, 0b00001n],
      [1, 7n, 0b00001n],
      [2, 7n, 0b00110n],
      [3, ROSTER, 0b00110n],
      [4, ROSTER, 0b11001n],
    ] as const;
    for (const [i, roster, expected] of steps) {
      const call = await masked(d, members[i]!, peers, { factor: BigInt(i + 1), roster });
      await rounds.connect(members[i]).mask(...call);
      const { maskedSet, rosterDigest } = await rounds.roundOf(id, 1n);
      expect(maskedSet, `after ${i}`).to.equal(expected);
      expect(rosterDigest).to.equal(expected === 0b00110n ? 7n : ROSTER);
    }
    await pass(TIMING.maskSeconds);
    await expect(rounds.advance(id)).to.emit(rounds, "MaskingStarted");
    expect((await rounds.roundOf(id, 1n)).peerSet).to.equal(0b11001n);
  });

  it("is for its time only", async () => {
    const d = await federationOfSix();
    const { rounds, members, id } = d;
    await proveRound(d, COUNTS);
    const call = await masked(d, members[0]!, 0b1111n);
    await expect(rounds.connect(members[0]).mask(...call))
      .to.be.revertedWithCustomError(rounds, "RoundWrongState")
      .withArgs(id, 1n, ROUND.proving);
  });
});

describe("Reports of missing vectors", () => {
  it("of more than half of the peers end the round, and its member sits out the next", async () => {
    const d = await federationOfSix();
    const { rounds, members, id } = d;
    await electLeader(d, COUNTS);
    const [first, second, third] = members as [(typeof members)[0], (typeof members)[0], (typeof members)[0]];
    await expect(rounds.connect(first).reportMissing(id, 1n, 0b1000n))
      .to.emit(rounds, "VectorsMissing")
      .withArgs(id, 1n, first.address, 0b1000n);
    await rounds.connect(second).reportMissing(id, 1n, 0b1001n);
    expect(await rounds.reportOf(id, 1n, second)).to.equal(0b1001n);
    expect(await rounds.stateOf(id, 1n)).to.equal(ROUND.elected);
    const missed = members[3]!;
    const last = rounds.connect(third).reportMissing(id, 1n, 0b1000n);
    await expect(last).to.emit(rounds, "MemberSuspended").withArgs(id, 1n, missed.address, 3n);
    await expect(last).to.emit(rounds, "RoundAbandoned").withArgs(id, 1n);
    // A single report harms nobody.
    expect((await rounds.memberOf(id, first)).firstRound).to.equal(1n);
    const { poolWei, globalCorrect } = await rounds.federation(id);
    expect([poolWei, globalCorrect]).to.deep.equal([POOL_WEI, BASE_CORRECT]);
    await startRound(d);
    await expect(rounds.connect(missed).commit(id, 5n, 1n))
      .to.be.revertedWithCustomError(rounds, "RoundNotEligible")
      .withArgs(id, 2n, missed.address);
  });

  it("leave a member that sits out free to start the round, so that some round comes in which it does not", async () => {
    const d = await federationOfSix();
    const { rounds, members, id } = d;
    await electLeader(d, COUNTS);
    for (const i of [0, 1, 2]) await rounds.connect(members[i]).reportMissing(id, 1n, 0b1000n);
    await expect(rounds.connect(members[3]).start(id))
      .to.emit(rounds, "RoundStarted")
      .withArgs(id, 2n, BASE_CORRECT);
    await pass(TIMING.trainSeconds + 1n);
    await expect(rounds.connect(members[3]).commit(id, 5n, 1n)).to.be.revertedWithCustomError(
      rounds,
      "RoundNotEligible",
    );
  });

  it("have a member sit out as many rounds as it was missed, whether it leaves or stays", async () => {
    const d = await federationOfSix();
    const { rounds, members, id } = d;
    const missed = members[3]!;
    const miss = async (round: bigint): Promise<void> => {
      await electLeader(d, [150n, 149n, 148n, 147n], round);
      for (const i of [0, 1, 2]) await rounds.connect(members[i]).reportMissing(id, round, 0b1000n);
    };
    await miss(1n);
    await finishRound(d, [150n, 149n, 148n], 150n, 2n);
    await miss(3n);
    await rounds.connect(missed).leave(id);
    await joinAs(d, id, missed);
    const { firstRound, missedCount } = await rounds.memberOf(id, missed);
    expect([firstRound, missedCount]).to.deep.equal([6n, 2n]);
  });

  it("come from peers, about other peers, once", async () => {
    const d = await federationOfSix();
    const { rounds, members, stranger, id } = d;
    const peers = await startMasking(d, [150n, 140n, 130n]);
    await maskAs(d, [0, 1, 2], peers);
    await elect(d);
    await expect(rounds.connect(stranger).reportMissing(id, 1n, 1n))
      .to.be.revertedWithCustomError(rounds, "RoundNotInPeerSet")
      .withArgs(id, 1n, stranger.address);
    await rounds.connect(members[0]).reportMissing(id, 1n, 0b010n);
    for (const missing of [0n, 0b001n, 0b1000n, 0b1010n, 0b010n, 0b110n, 0b101n]) {
      await expect(rounds.connect(members[0]).reportMissing(id, 1n, missing))
        .to.be.revertedWithCustomError(rounds, "RoundInvalidReport")
        .withArgs(id, 1n, missing);
    }
    await rounds.connect(members[0]).reportMissing(id, 1n, 0b100n);
  });

  it("count in the round that they name, from the draw to half of the first leader's time", async () => {
    const d = await federationOfSix();
    const { rounds, members, id } = d;
    const report = (round = 1n) => rounds.connect(members[0]).reportMissing(id, round, 0b10n);
    const peers = await startMasking(d, COUNTS);
    await expect(report())
      .to.be.revertedWithCustomError(rounds, "RoundWrongState")
      .withArgs(id, 1n, ROUND.masking);
    await maskAs(d, [...COUNTS.keys()], peers);
    await expect(report())
      .to.be.revertedWithCustomError(rounds, "RoundWrongState")
      .withArgs(id, 1n, ROUND.electing);
    await elect(d);
    for (const other of [0n, 2n]) {
      await expect(report(other))
        .to.be.revertedWithCustomError(rounds, "RoundNotLast")
        .withArgs(id, other, 1n);
    }
    const end = await reportsEnd(d);
    await networkHelpers.time.setNextBlockTimestamp(end);
    await report();
    await networkHelpers.time.setNextBlockTimestamp(end + 1n);
    await expect(rounds.connect(members[2]).reportMissing(id, 1n, 0b10n))
      .to.be.revertedWithCustomError(rounds, "RoundDeadlinePassed")
      .withArgs(id, end, end + 1n);
    // The next leader has no time for reports.
    await pass(TIMING.takeSeconds);
    await rounds.advance(id);
    await expect(rounds.connect(members[2]).reportMissing(id, 1n, 0b10n)).to.be.revertedWithCustomError(
      rounds,
      "RoundDeadlinePassed",
    );
  });
});
