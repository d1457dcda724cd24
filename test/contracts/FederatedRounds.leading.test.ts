import { expect } from "chai";

import { ethers, NATIVE, networkHelpers } from "./support/deployment.ts";
import {
  aggregateRound,
  averaged,
  BASE_CORRECT,
  BOND_WEI,
  deliver,
  digestOf,
  elect,
  electLeader,
  EMPTY_DIGEST,
  federationOfSix,
  finishRound,
  GLOBAL,
  globalScore,
  joinAs,
  lead,
  leaderOf,
  maskAs,
  MIN_STAKE_WEI,
  nullifierOf,
  pass,
  POOL_WEI,
  reportsEnd,
  ROUND,
  ROUND_REWARD_WEI,
  startMasking,
  TIMING,
  URI,
} from "./support/rounds.ts";

const COUNTS = [150n, 140n, 130n];

describe("Election of a leader", () => {
  it("waits for the block fixed when the masking was complete", async () => {
    const d = await federationOfSix();
    const { rounds, members, id } = d;
    const peers = await startMasking(d, COUNTS);
    await maskAs(d, [0, 1, 2], peers);
    const { drawBlock } = await rounds.roundOf(id, 1n);
    await networkHelpers.mineUpTo(drawBlock - 1n);
    await expect(rounds.advance(id))
      .to.be.revertedWithCustomError(rounds, "BlockDrawTooEarly")
      .withArgs(drawBlock, drawBlock);
    await networkHelpers.mineUpTo(drawBlock);
    const transaction = rounds.advance(id);
    await expect(transaction).to.emit(rounds, "LeadersDrawn");
    const [drawn] = await rounds.queryFilter(rounds.filters.LeadersDrawn());
    expect(drawn!.args.blockNumber).to.equal(drawBlock);
    const { deadline, seed } = await rounds.roundOf(id, 1n);
    expect(drawn!.args.seed).to.equal(seed);
    await expect(transaction)
      .to.emit(rounds, "LeaderElected")
      .withArgs(id, 1n, members[0]!.address, 1n, deadline);
    expect(deadline).to.equal(BigInt(await networkHelpers.time.latest()) + TIMING.takeSeconds);
  });

  it("takes the best outside of the band of all others, whatever its stake", async () => {
    const d = await federationOfSix();
    await d.rounds.connect(d.members[0]).leave(d.id);
    await joinAs(d, d.id, d.members[0]!, 10n * MIN_STAKE_WEI);
    expect(await electLeader(d, [140n, 146n, 142n])).to.equal(d.members[1]);
  });

  it("draws among those in the band by stake", async () => {
    const d = await federationOfSix();
    const { rounds, members, id } = d;
    await rounds.connect(members[1]).leave(id);
    await joinAs(d, id, members[1]!, 3n * MIN_STAKE_WEI);
    // The band is three: 146 to 149, so the third member cannot lead.
    const peers = await startMasking(d, [149n, 146n, 145n]);
    await maskAs(d, [0, 1, 2], peers);
    const { drawBlock } = await rounds.roundOf(id, 1n);
    const draws = 160;
    const wins = [0, 0, 0];
    const snapshot = await networkHelpers.takeSnapshot();
    for (let i = 0; i < draws; i++) {
      // Another coinbase gives other hashes.
      await networkHelpers.setCoinbase(ethers.toBeHex(1_000_000 + i, 20));
      await networkHelpers.mineUpTo(drawBlock);
      await rounds.advance(id);
      const leader = await leaderOf(d);
      wins[members.indexOf(leader)]!++;
      await snapshot.restore();
    }
    expect(wins[2]).to.equal(0);
    // A quarter and three quarters of the stake: within five standard deviations of 5.5.
    expect(wins[0]).to.be.closeTo(draws / 4, 27);
    expect(wins[0]! + wins[1]!).to.equal(draws);
  }).timeout(120_000);

  it("passes on to the next when the leader does not take the lead, without a slash", async () => {
    const d = await federationOfSix();
    const { rounds, vault, members, id } = d;
    const leader = await electLeader(d, COUNTS);
    const { deadline } = await rounds.roundOf(id, 1n);
    await networkHelpers.time.setNextBlockTimestamp(deadline);
    await expect(rounds.advance(id))
      .to.be.revertedWithCustomError(rounds, "RoundTooEarly")
      .withArgs(id, deadline, deadline);
    await networkHelpers.time.setNextBlockTimestamp(deadline + 1n);
    await expect(rounds.connect(leader).takeLead(id, 1n))
      .to.be.revertedWithCustomError(rounds, "RoundDeadlinePassed")
      .withArgs(id, deadline, deadline + 1n);
    await expect(rounds.advance(id)).to.emit(rounds, "LeaderReplaced").withArgs(id, 1n, leader.address, 0n);
    expect(await leaderOf(d)).to.equal(members[1]);
    // Who comes later need not wait for reports.
    await rounds.connect(members[1]).takeLead.staticCall(id, 1n);
    expect((await vault.balanceOf(leader, NATIVE)).lockedWei).to.equal(MIN_STAKE_WEI);
    for (const _ of [1, 2]) {
      await pass(TIMING.takeSeconds + 1n);
      await rounds.advance(id);
    }
    expect(await rounds.stateOf(id, 1n)).to.equal(ROUND.abandoned);
    const { poolWei, globalCorrect } = await rounds.federation(id);
    expect([poolWei, globalCorrect]).to.deep.equal([POOL_WEI, BASE_CORRECT]);
  });

  it("lets the leader take the lead, and nobody else", async () => {
    const d = await federationOfSix();
    const { rounds, members, id } = d;
    const leader = await electLeader(d, COUNTS);
    await expect(rounds.connect(members[1]).takeLead(id, 1n))
      .to.be.revertedWithCustomError(rounds, "RoundNotLeader")
      .withArgs(id, 1n, members[1]!.address, leader.address);
    await expect(rounds.connect(leader).takeLead(id, 2n))
      .to.be.revertedWithCustomError(rounds, "RoundNotLast")
      .withArgs(id, 2n, 1n);
    const end = await reportsEnd(d);
    await networkHelpers.time.setNextBlockTimestamp(end);
    await expect(rounds.connect(leader).takeLead(id, 1n))
      .to.be.revertedWithCustomError(rounds, "RoundTooEarly")
      .withArgs(id, end, end);
    await networkHelpers.time.setNextBlockTimestamp(end + 1n);
    const transaction = rounds.connect(leader).takeLead(id, 1n);
    await transaction;
    const deadline = BigInt(await networkHelpers.time.latest()) + TIMING.leadSeconds;
    await expect(transaction).to.emit(rounds, "LeadTaken").withArgs(id, 1n, leader.address, deadline);
    await expect(rounds.connect(leader).takeLead(id, 1n))
      .to.be.revertedWithCustomError(rounds, "RoundWrongState")
      .withArgs(id, 1n, ROUND.leading);
  });
});

describe("Delivery of a leader", () => {
  it("is the average of all vectors of the peer set, with the sum of their factors", async () => {
    const d = await federationOfSix();
    const { rounds, members, id } = d;
    const leader = await electLeader(d, COUNTS);
    const digests = members.slice(0, 3).map((member) => digestOf(member));
    const right = await averaged(d, leader, 6n, digests);
    await expect(rounds.connect(leader).aggregate(...right))
      .to.be.revertedWithCustomError(rounds, "RoundWrongState")
      .withArgs(id, 1n, ROUND.elected);
    await lead(d, leader);
    for (const wrong of [
      await averaged(d, leader, 5n, digests),
      await averaged(d, leader, 6n, digests.slice(0, 2)),
      await averaged(d, leader, 6n, [digests[0]!, digests[0]!, digests[2]!]),
      await averaged(d, leader, 6n, [...digests, digests[0]!]),
      await averaged(d, leader, 6n, digests, 2n),
      await averaged(d, members[1]!, 6n, digests),
    ]) {
      await expect(rounds.connect(leader).aggregate(...wrong))
        .to.be.revertedWithCustomError(rounds, "RoundInvalidProof")
        .withArgs(id, 1n, leader.address);
    }
    await expect(
      rounds.connect(leader).aggregate(right[0], GLOBAL + 1n, right[2], right[3]),
    ).to.be.revertedWithCustomError(rounds, "RoundInvalidProof");
    await expect(rounds.connect(members[1]).aggregate(...right))
      .to.be.revertedWithCustomError(rounds, "RoundNotLeader")
      .withArgs(id, 1n, members[1]!.address, leader.address);
    await expect(rounds.connect(leader).scoreGlobal(id, await globalScore(d, leader, 160n)))
      .to.be.revertedWithCustomError(rounds, "RoundNotAggregated")
      .withArgs(id, 1n);
    await expect(rounds.connect(leader).aggregate(...right))
      .to.emit(rounds, "AverageAccepted")
      .withArgs(id, 1n, leader.address, GLOBAL, 6n, 120n, URI);
    await expect(rounds.connect(leader).aggregate(...right))
      .to.be.revertedWithCustomError(rounds, "RoundAlreadyAggregated")
      .withArgs(id, 1n);
    expect(EMPTY_DIGEST).to.not.be.oneOf(digests);
  });

  it("leaves out who dropped out, and its improvement", async () => {
    const d = await federationOfSix();
    const { rounds, members, id } = d;
    const peers = await startMasking(d, [150n, 140n, 130n, 90n]);
    await maskAs(d, [0, 2, 3], peers);
    await pass(TIMING.maskSeconds);
    await rounds.advance(id);
    await maskAs(d, [0, 2, 3], 0b1101n, 2n);
    const leader = await elect(d);
    await lead(d, leader);
    const digests = [0, 2, 3].map((i) => digestOf(members[i]!, 2n));
    await expect(rounds.connect(leader).aggregate(...(await averaged(d, leader, 8n, digests))))
      .to.emit(rounds, "AverageAccepted")
      .withArgs(id, 1n, leader.address, GLOBAL, 8n, 80n, URI);
    await rounds.connect(leader).scoreGlobal(id, await globalScore(d, leader, 155n));
    await expect(rounds.claim(id, 1n, members[1]!))
      .to.be.revertedWithCustomError(rounds, "RoundNothingToClaim")
      .withArgs(id, 1n, members[1]!.address);
  });

  it("makes the average the global model with its record, and reserves the reward", async () => {
    const d = await federationOfSix();
    const { rounds, id } = d;
    const leader = await aggregateRound(d, COUNTS);
    const before = (await rounds.federation(id)).recordHash;
    const transaction = rounds.connect(leader).scoreGlobal(id, await globalScore(d, leader, 150n));
    const record = ethers.keccak256(
      ethers.AbiCoder.defaultAbiCoder().encode(
        ["bytes32", "uint256", "uint256", "bytes32", "address", "uint32"],
        [before, 1n, GLOBAL, ethers.id(URI), leader.address, 150n],
      ),
    );
    await expect(transaction).to.emit(rounds, "AverageScored").withArgs(id, 1n, leader.address, 150n);
    await expect(transaction)
      .to.emit(rounds, "RoundFinalised")
      .withArgs(id, 1n, leader.address, GLOBAL, 150n, ethers.id(URI), ROUND_REWARD_WEI, record);
    const f = await rounds.federation(id);
    expect([f.globalCommitment, f.globalCorrect, f.recordHash, f.poolWei]).to.deep.equal([
      GLOBAL,
      150n,
      record,
      POOL_WEI - ROUND_REWARD_WEI,
    ]);
    expect(await rounds.stateOf(id, 1n)).to.equal(ROUND.final);
    await rounds.connect(d.members[5]).start(id);
    expect((await rounds.roundOf(id, 2n)).baseCorrect).to.equal(150n);
  });

  it("with a low count waits for a higher one of any peer", async () => {
    const d = await federationOfSix();
    const { rounds, members, stranger, id } = d;
    const leader = await aggregateRound(d, COUNTS);
    await rounds.connect(leader).scoreGlobal(id, await globalScore(d, leader, 1n));
    expect(await rounds.stateOf(id, 1n)).to.equal(ROUND.leading);
    const bob = members[1]!;
    await expect(rounds.connect(bob).scoreGlobal(id, await globalScore(d, bob, 1n)))
      .to.be.revertedWithCustomError(rounds, "RoundNotBetter")
      .withArgs(1n, 1n);
    await expect(rounds.connect(stranger).scoreGlobal(id, await globalScore(d, stranger, 2n)))
      .to.be.revertedWithCustomError(rounds, "RoundNotInPeerSet")
      .withArgs(id, 1n, stranger.address);
    await rounds.connect(bob).scoreGlobal(id, await globalScore(d, bob, 149n));
    expect(await rounds.stateOf(id, 1n)).to.equal(ROUND.leading);
    const { deadline } = await rounds.roundOf(id, 1n);
    const tooLate = await globalScore(d, bob, 200n);
    await networkHelpers.time.setNextBlockTimestamp(deadline + 1n);
    await expect(rounds.connect(bob).scoreGlobal(id, tooLate))
      .to.be.revertedWithCustomError(rounds, "RoundDeadlinePassed")
      .withArgs(id, deadline, deadline + 1n);
    await expect(rounds.advance(id)).to.emit(rounds, "RoundFinalised");
    expect((await rounds.federation(id)).globalCorrect).to.equal(149n);
  });

  it("that fails costs the bond: half burned, half to the sponsor, and the next leads", async () => {
    const d = await federationOfSix();
    const { rounds, vault, sponsor, members, id } = d;
    const leader = await electLeader(d, COUNTS);
    await lead(d, leader);
    await deliver(d, leader, 3);
    const { deadline } = await rounds.roundOf(id, 1n);
    await networkHelpers.time.setNextBlockTimestamp(deadline);
    await expect(rounds.advance(id))
      .to.be.revertedWithCustomError(rounds, "RoundTooEarly")
      .withArgs(id, deadline, deadline);
    await networkHelpers.time.setNextBlockTimestamp(deadline + 1n);
    await expect(rounds.advance(id))
      .to.emit(rounds, "LeaderReplaced")
      .withArgs(id, 1n, leader.address, BOND_WEI);
    expect(await vault.creditOf(sponsor, NATIVE)).to.equal(BOND_WEI / 2n);
    expect((await vault.balanceOf(leader, NATIVE)).lockedWei).to.equal(MIN_STAKE_WEI - BOND_WEI);
    expect((await rounds.memberOf(id, leader)).weightWei).to.equal(MIN_STAKE_WEI - BOND_WEI);
    const next = await leaderOf(d);
    expect(next).to.equal(members[1]);
    await lead(d, next);
    await deliver(d, next, 3);
    await rounds.connect(next).scoreGlobal(id, await globalScore(d, next, 151n));
    // What is left is less than the least stake: it joins anew before it takes part again.
    await expect(rounds.connect(leader).start(id))
      .to.be.revertedWithCustomError(rounds, "RoundNotEligible")
      .withArgs(id, 2n, leader.address);
    await rounds.connect(leader).leave(id);
    await joinAs(d, id, leader);
    await rounds.connect(leader).start(id);
  });

  it("is due in time, to the second", async () => {
    const d = await federationOfSix();
    const { rounds, members, id } = d;
    const leader = await electLeader(d, COUNTS);
    await lead(d, leader);
    const { deadline } = await rounds.roundOf(id, 1n);
    const digests = members.slice(0, 3).map((member) => digestOf(member));
    const right = await averaged(d, leader, 6n, digests);
    await networkHelpers.time.setNextBlockTimestamp(deadline + 1n);
    await expect(rounds.connect(leader).aggregate(...right))
      .to.be.revertedWithCustomError(rounds, "RoundDeadlinePassed")
      .withArgs(id, deadline, deadline + 1n);
  });
});

describe("FederatedRounds.keepOwn", () => {
  const own = async (
    d: Parameters<typeof globalScore>[0],
    leader: { readonly address: string },
    correct: bigint,
  ) => await globalScore(d, leader, correct, { commitment: 321n, nullifier: nullifierOf(leader) });

  it("replaces an average that is worse by the leader's own model, with the same weights", async () => {
    const d = await federationOfSix({ keepBetter: true });
    const { rounds, id } = d;
    const leader = await aggregateRound(d, COUNTS);
    const better = await own(d, leader, 150n);
    const call = (proof: typeof better) => rounds.connect(leader).keepOwn(id, 321n, "ipfs://own", proof);
    await expect(call(better)).to.be.revertedWithCustomError(rounds, "RoundCannotKeep").withArgs(id, 1n);
    await rounds.connect(leader).scoreGlobal(id, await globalScore(d, leader, 0n));
    const begin = (await rounds.roundOf(id, 1n)).deadline - TIMING.leadSeconds / 2n;
    await networkHelpers.time.setNextBlockTimestamp(begin);
    await expect(call(better))
      .to.be.revertedWithCustomError(rounds, "RoundTooEarly")
      .withArgs(id, begin, begin);
    await rounds.connect(d.members[1]).scoreGlobal(id, await globalScore(d, d.members[1]!, 149n));
    // Above the count of the average, but not what the leader was elected for.
    await expect(call(await own(d, leader, 149n)))
      .to.be.revertedWithCustomError(rounds, "RoundBelowFloor")
      .withArgs(149n, 150n);
    const foreign = await globalScore(d, leader, 150n, { commitment: 321n });
    await expect(call(foreign))
      .to.be.revertedWithCustomError(rounds, "RoundNullifierUsed")
      .withArgs(77n, ethers.ZeroAddress);
    await expect(call({ ...better, counts: [151n] }))
      .to.be.revertedWithCustomError(rounds, "RoundInvalidProof")
      .withArgs(id, 1n, leader.address);
    const other = d.members[1]!;
    await expect(rounds.connect(other).keepOwn(id, 321n, "ipfs://own", better))
      .to.be.revertedWithCustomError(rounds, "RoundNotLeader")
      .withArgs(id, 1n, other.address, leader.address);
    const transaction = call(better);
    await expect(transaction).to.emit(rounds, "LeaderModelKept").withArgs(id, 1n, "ipfs://own");
    await expect(transaction).to.emit(rounds, "RoundFinalised");
    const f = await rounds.federation(id);
    expect([f.globalCommitment, f.globalCorrect]).to.deep.equal([321n, 150n]);
    expect((await rounds.roundOf(id, 1n)).globalUriHash).to.equal(ethers.id("ipfs://own"));
  });

  it("does not come before a peer that shows the average to be as good", async () => {
    const d = await federationOfSix({ keepBetter: true });
    const { rounds, members, id } = d;
    const leader = await aggregateRound(d, COUNTS);
    await rounds.connect(leader).scoreGlobal(id, await globalScore(d, leader, 0n));
    const peer = members[1]!;
    await rounds.connect(peer).scoreGlobal(id, await globalScore(d, peer, 150n));
    expect(await rounds.stateOf(id, 1n)).to.equal(ROUND.final);
    const f = await rounds.federation(id);
    expect([f.globalCommitment, f.globalCorrect]).to.deep.equal([GLOBAL, 150n]);
  });

  it("is a rule of the federation, and ends with the leader's time", async () => {
    const d = await federationOfSix();
    const leader = await aggregateRound(d, COUNTS);
    await d.rounds.connect(leader).scoreGlobal(d.id, await globalScore(d, leader, 149n));
    const better = await own(d, leader, 150n);
    await expect(d.rounds.connect(leader).keepOwn(d.id, 321n, "ipfs://own", better))
      .to.be.revertedWithCustomError(d.rounds, "RoundCannotKeep")
      .withArgs(d.id, 1n);
    await pass(TIMING.leadSeconds);
    await expect(
      d.rounds.connect(leader).keepOwn(d.id, 321n, "ipfs://own", better),
    ).to.be.revertedWithCustomError(d.rounds, "RoundDeadlinePassed");
  });
});

describe("FederatedRounds.claim", () => {
  it("pays pro rata to improvement, in parts that add up to the reward in any order", async () => {
    for (const order of [
      [0, 1, 2],
      [2, 0, 1],
    ]) {
      const d = await federationOfSix();
      const { rounds, members, id } = d;
      await finishRound(d, [137n, 119n, 110n, 100n], 200n);
      let paidWei = 0n;
      for (const i of order) {
        const member = members[i]!;
        const improvement = [37n, 19n, 10n][i]!;
        const share = (ROUND_REWARD_WEI * improvement) / 66n;
        await expect(rounds.claim(id, 1n, member)).to.emit(rounds, "RoundRewardClaimed");
        const credit = await rounds.creditOf(member, NATIVE);
        expect(credit).to.be.within(share, share + 1n);
        paidWei += credit;
        await expect(rounds.claim(id, 1n, member))
          .to.be.revertedWithCustomError(rounds, "RoundNothingToClaim")
          .withArgs(id, 1n, member.address);
      }
      expect(paidWei).to.equal(ROUND_REWARD_WEI);
      for (const i of [3, 5]) {
        await expect(rounds.claim(id, 1n, members[i]!))
          .to.be.revertedWithCustomError(rounds, "RoundNothingToClaim")
          .withArgs(id, 1n, members[i]!.address);
      }
    }
  });

  it("waits for the end of the round", async () => {
    const d = await federationOfSix();
    const leader = await aggregateRound(d, COUNTS);
    await expect(d.rounds.claim(d.id, 1n, leader))
      .to.be.revertedWithCustomError(d.rounds, "RoundWrongState")
      .withArgs(d.id, 1n, ROUND.leading);
  });

  it("moves nothing for a round without improvement", async () => {
    const d = await federationOfSix();
    const { rounds, members, id } = d;
    await finishRound(d, [100n, 99n, 98n], 100n);
    expect((await rounds.federation(id)).poolWei).to.equal(POOL_WEI);
    await expect(rounds.claim(id, 1n, members[0]!)).to.be.revertedWithCustomError(
      rounds,
      "RoundNothingToClaim",
    );
  });

  it("pays what the pool has left, round by round", async () => {
    const d = await federationOfSix();
    const { rounds, members, id } = d;
    let paidWei = 0n;
    for (const round of [1n, 2n, 3n]) {
      const counts = [150n, 140n, 130n].map((count) => count + 40n * round);
      await finishRound(d, counts, 150n + 40n * round, round);
      for (const member of members.slice(0, 3)) {
        const { correct } = await rounds.contributionOf(id, round, member);
        const { baseCorrect, rewardWei } = await rounds.roundOf(id, round);
        if (correct > baseCorrect && rewardWei > 0n) await rounds.claim(id, round, member);
      }
      paidWei += (await rounds.roundOf(id, round)).rewardWei;
    }
    expect(paidWei).to.equal(POOL_WEI);
    expect((await rounds.federation(id)).poolWei).to.equal(0n);
    expect((await rounds.roundOf(id, 3n)).rewardWei).to.equal(5n);
    const credits = await Promise.all(members.map(async (member) => await rounds.creditOf(member, NATIVE)));
    expect(credits.reduce((sum, credit) => sum + credit, 0n)).to.equal(POOL_WEI);
  });
});
