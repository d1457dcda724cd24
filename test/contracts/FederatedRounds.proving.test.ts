import { expect } from "chai";

import { networkHelpers } from "./support/deployment.ts";
import {
  BASE_CORRECT,
  commitmentOf,
  createFederation,
  federationOfSix,
  joinAs,
  MAX_FACTOR,
  nullifierOf,
  pass,
  proveRound,
  ROUND,
  SAMPLES,
  score,
  startRound,
  TIMING,
  TOLERANCE,
} from "./support/rounds.ts";

const R = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;

describe("FederatedRounds.start", () => {
  it("starts the next round when a member asks for it", async () => {
    const { rounds, members, stranger, id } = await federationOfSix();
    await expect(rounds.connect(stranger).start(id))
      .to.be.revertedWithCustomError(rounds, "RoundNotEligible")
      .withArgs(id, 1n, stranger.address);
    expect(await rounds.stateOf(id, 1n)).to.equal(ROUND.none);
    await expect(rounds.connect(members[0]).start(id))
      .to.emit(rounds, "RoundStarted")
      .withArgs(id, 1n, BASE_CORRECT);
    expect(await rounds.stateOf(id, 1n)).to.equal(ROUND.training);
    expect((await rounds.roundOf(id, 1n)).baseCorrect).to.equal(BASE_CORRECT);
    await expect(rounds.connect(members[0]).start(id))
      .to.be.revertedWithCustomError(rounds, "RoundWrongState")
      .withArgs(id, 1n, ROUND.training);
  });

  it("has as many rounds as the federation, abandoned ones included", async () => {
    const d = await federationOfSix();
    const { rounds, members, id } = d;
    for (let round = 1n; round <= 3n; round++) {
      await startRound(d);
      await pass(1_000n);
      await expect(rounds.advance(id)).to.emit(rounds, "RoundAbandoned").withArgs(id, round);
      expect(await rounds.stateOf(id, round)).to.equal(ROUND.abandoned);
    }
    await expect(rounds.connect(members[0]).start(id))
      .to.be.revertedWithCustomError(rounds, "RoundLimitReached")
      .withArgs(id, 3n);
  });

  it("goes from training to committing and proving by time, to the second", async () => {
    const d = await federationOfSix();
    const { rounds, members, id } = d;
    await rounds.connect(members[0]).start(id);
    const { startedAt } = await rounds.roundOf(id, 1n);
    let end = startedAt + TIMING.trainSeconds;
    const stateAt = async (timestamp: bigint) => {
      await networkHelpers.time.increaseTo(timestamp);
      return await rounds.stateOf(id, 1n);
    };
    expect(await stateAt(end)).to.equal(ROUND.training);
    expect(await stateAt(end + 1n)).to.equal(ROUND.committing);
    end += TIMING.commitSeconds;
    expect(await stateAt(end)).to.equal(ROUND.committing);
    expect(await stateAt(end + 1n)).to.equal(ROUND.proving);
    end += TIMING.proveSeconds;
    expect(await stateAt(end + 1_000n)).to.equal(ROUND.proving);
  });
});

describe("FederatedRounds.commit", () => {
  it("records model and factor, once", async () => {
    const d = await federationOfSix();
    const { rounds, members, id } = d;
    const alice = members[0]!;
    await startRound(d);
    await expect(rounds.connect(alice).commit(id, 5n, MAX_FACTOR))
      .to.emit(rounds, "LocalModelCommitted")
      .withArgs(id, 1n, alice.address, 5n, MAX_FACTOR);
    const stored = await rounds.contributionOf(id, 1n, alice);
    expect([stored.modelCommitment, stored.factor]).to.deep.equal([5n, MAX_FACTOR]);
    expect((await rounds.memberOf(id, alice)).lastRound).to.equal(1n);
    await expect(rounds.connect(alice).commit(id, 6n, 1n))
      .to.be.revertedWithCustomError(rounds, "RoundAlreadyCommitted")
      .withArgs(id, 1n, alice.address);
  });

  it("takes factors from one to the limit, and commitments in the field", async () => {
    const d = await federationOfSix();
    const { rounds, members, stranger, id } = d;
    await startRound(d);
    for (const factor of [0n, MAX_FACTOR + 1n, 255n]) {
      await expect(rounds.connect(members[0]).commit(id, 5n, factor))
        .to.be.revertedWithCustomError(rounds, "RoundInvalidFactor")
        .withArgs(factor, MAX_FACTOR);
    }
    for (const commitment of [0n, R]) {
      await expect(rounds.connect(members[0]).commit(id, commitment, 1n))
        .to.be.revertedWithCustomError(rounds, "FederationNotInField")
        .withArgs(commitment);
    }
    await expect(rounds.connect(stranger).commit(id, 5n, 1n))
      .to.be.revertedWithCustomError(rounds, "RoundNotEligible")
      .withArgs(id, 1n, stranger.address);
  });

  it("is for its time only", async () => {
    const d = await federationOfSix();
    const { rounds, members, id } = d;
    const refused = async (round: bigint, state: bigint) =>
      await expect(rounds.connect(members[0]).commit(id, 5n, 1n))
        .to.be.revertedWithCustomError(rounds, "RoundWrongState")
        .withArgs(id, round, state);
    await refused(0n, ROUND.none);
    await rounds.connect(members[0]).start(id);
    await refused(1n, ROUND.training);
    await pass(TIMING.trainSeconds + TIMING.commitSeconds);
    await refused(1n, ROUND.proving);
  });
});

describe("FederatedRounds.prove", () => {
  it("records the count and gives a place", async () => {
    const d = await federationOfSix();
    const { rounds, members, id } = d;
    const alice = members[0]!;
    await startRound(d);
    await rounds.connect(alice).commit(id, commitmentOf(alice), 1n);
    await pass(TIMING.commitSeconds);
    await expect(rounds.connect(alice).prove(id, await score(d, alice, 150n)))
      .to.emit(rounds, "LocalScoreProven")
      .withArgs(
        id,
        1n,
        alice.address,
        150n,
        nullifierOf(alice),
        1n,
        "0x0000000000000000000000000000000000000000",
      );
    const stored = await rounds.contributionOf(id, 1n, alice);
    expect([stored.place, stored.isProven, stored.correct]).to.deep.equal([1n, true, 150n]);
    expect(await rounds.nullifierOwnerOf(id, 1n, nullifierOf(alice))).to.equal(alice.address);
    expect((await rounds.rosterOf(id, 1n)).map((place) => [...place])).to.deep.equal([
      [alice.address, 150n, 0n, 1n],
    ]);
    await expect(rounds.connect(alice).prove(id, await score(d, alice, 150n)))
      .to.be.revertedWithCustomError(rounds, "RoundAlreadyProven")
      .withArgs(id, 1n, alice.address);
  });

  it("takes proofs of just this statement", async () => {
    const d = await federationOfSix();
    const { rounds, members, id } = d;
    const [alice, bob] = members as [(typeof members)[0], (typeof members)[0]];
    await startRound(d);
    for (const member of [alice, bob]) await rounds.connect(member).commit(id, commitmentOf(member), 1n);
    await pass(TIMING.commitSeconds);
    const own = await score(d, alice, 150n);
    for (const wrong of [
      await score(d, bob, 150n, { nullifier: own.nullifier }),
      await score(d, alice, 150n, { commitment: commitmentOf(bob) }),
      await score(d, alice, 150n, { round: 2n }),
      await score(d, alice, 150n, { purpose: "zkpot.global-accuracy.v1" }),
      { ...own, counts: [151n] },
      { ...own, nullifier: 1n },
    ]) {
      await expect(rounds.connect(alice).prove(id, wrong))
        .to.be.revertedWithCustomError(rounds, "RoundInvalidProof")
        .withArgs(id, 1n, alice.address);
    }
    await rounds.connect(alice).prove(id, own);
  });

  it("needs a commitment and a count for each shard that the test set can have", async () => {
    const d = await federationOfSix();
    const { rounds, members, id } = d;
    const [alice, bob] = members as [(typeof members)[0], (typeof members)[0]];
    await startRound(d);
    await rounds.connect(alice).commit(id, commitmentOf(alice), 1n);
    await pass(TIMING.commitSeconds);
    await expect(rounds.connect(bob).prove(id, await score(d, bob, 150n)))
      .to.be.revertedWithCustomError(rounds, "RoundNotCommitted")
      .withArgs(id, 1n, bob.address);
    const own = await score(d, alice, 150n);
    await expect(rounds.connect(alice).prove(id, { ...own, counts: [1n, 2n] }))
      .to.be.revertedWithCustomError(rounds, "RoundCountsLength")
      .withArgs(2n, 1n);
    await expect(rounds.connect(alice).prove(id, await score(d, alice, SAMPLES + 1n)))
      .to.be.revertedWithCustomError(rounds, "RoundCountTooLarge")
      .withArgs(SAMPLES + 1n, SAMPLES);
    await rounds.connect(alice).prove(id, await score(d, alice, SAMPLES));
  });

  it("refuses models that fall short of the last global one by more than the tolerance", async () => {
    const d = await federationOfSix();
    const { rounds, members, id } = d;
    const alice = members[0]!;
    await startRound(d);
    await rounds.connect(alice).commit(id, commitmentOf(alice), 1n);
    await pass(TIMING.commitSeconds);
    const floor = BASE_CORRECT - TOLERANCE;
    await expect(rounds.connect(alice).prove(id, await score(d, alice, floor - 1n)))
      .to.be.revertedWithCustomError(rounds, "RoundBelowFloor")
      .withArgs(floor - 1n, floor);
    await rounds.connect(alice).prove(id, await score(d, alice, floor));
  });

  it("takes the same weights once a round, whoever submits them", async () => {
    const d = await federationOfSix();
    const { rounds, members, id } = d;
    const [alice, bob] = members as [(typeof members)[0], (typeof members)[0]];
    await startRound(d);
    for (const member of [alice, bob]) await rounds.connect(member).commit(id, commitmentOf(member), 1n);
    await pass(TIMING.commitSeconds);
    await rounds.connect(alice).prove(id, await score(d, alice, 150n));
    const same = await score(d, bob, 150n, { nullifier: nullifierOf(alice) });
    await expect(rounds.connect(bob).prove(id, same))
      .to.be.revertedWithCustomError(rounds, "RoundNullifierUsed")
      .withArgs(nullifierOf(alice), alice.address);
  });

  it("is not hindered by a nullifier of another federation, whose circuit may give out any", async () => {
    const d = await federationOfSix();
    const { rounds, members } = d;
    const [alice, bob] = members as [(typeof members)[0], (typeof members)[0]];
    const other = await createFederation(d);
    for (const id of [other, d.id]) {
      const prover = id === other ? bob : alice;
      if (id === other) await joinAs(d, id, prover);
      await rounds.connect(prover).start(id);
      await pass(TIMING.trainSeconds + 1n);
      await rounds.connect(prover).commit(id, commitmentOf(prover), 1n);
      await pass(TIMING.commitSeconds);
      const proof = await score({ ...d, id }, prover, 150n, { nullifier: nullifierOf(alice) });
      await rounds.connect(prover).prove(id, proof);
      expect(await rounds.nullifierOwnerOf(id, 1n, nullifierOf(alice))).to.equal(prover.address);
    }
  });

  it("ends with its time, to the second", async () => {
    const d = await federationOfSix();
    const { rounds, members, id } = d;
    const [alice, bob] = members as [(typeof members)[0], (typeof members)[0]];
    await startRound(d);
    for (const member of [alice, bob]) await rounds.connect(member).commit(id, commitmentOf(member), 1n);
    await expect(rounds.connect(alice).prove(id, await score(d, alice, 150n)))
      .to.be.revertedWithCustomError(rounds, "RoundWrongState")
      .withArgs(id, 1n, ROUND.committing);
    const { startedAt } = await rounds.roundOf(id, 1n);
    const end = startedAt + TIMING.trainSeconds + TIMING.commitSeconds + TIMING.proveSeconds;
    const [first, second] = [await score(d, alice, 150n), await score(d, bob, 150n)];
    await networkHelpers.time.setNextBlockTimestamp(end);
    await rounds.connect(alice).prove(id, first);
    await networkHelpers.time.setNextBlockTimestamp(end + 1n);
    await expect(rounds.connect(bob).prove(id, second))
      .to.be.revertedWithCustomError(rounds, "RoundDeadlinePassed")
      .withArgs(id, end, end + 1n);
  });

  it("keeps the places for the best, the earlier of equals", async () => {
    const d = await federationOfSix();
    const { rounds, members, id } = d;
    await proveRound(d, [120n, 110n, 130n, 110n, 110n, 111n]);
    const [first, second, third, fourth, fifth, sixth] = members.map(({ address }) => address);
    expect((await rounds.rosterOf(id, 1n)).map((place) => [...place])).to.deep.equal([
      [first, 120n, 0n, 1n],
      [second, 110n, 1n, 2n],
      [third, 130n, 2n, 3n],
      [sixth, 111n, 5n, 6n],
    ]);
    const proven = await rounds.queryFilter(rounds.filters.LocalScoreProven());
    const none = "0x0000000000000000000000000000000000000000";
    expect(proven.map(({ args }) => [args.member, args.place, args.evicted])).to.deep.equal([
      [first, 1n, none],
      [second, 2n, none],
      [third, 3n, none],
      [fourth, 4n, none],
      [fifth, 0n, none],
      [sixth, 4n, fourth],
    ]);
    expect((await rounds.contributionOf(id, 1n, fourth!)).place).to.equal(0n);
  });
});
