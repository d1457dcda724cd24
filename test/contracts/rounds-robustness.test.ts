/** Members and leaders that vanish, sybils, odd receivers and tokens, the largest sizes: nobody else loses by them. */
import { expect } from "chai";

import { ethers, holdings, NATIVE, networkHelpers } from "./support/deployment.ts";
import {
  aggregateRound,
  averaged,
  BOND_WEI,
  commitmentOf,
  createFederation,
  deliver,
  digestOf,
  elect,
  electLeader,
  federationOfSix,
  federationSpec,
  federationsDeployed,
  finishRound,
  joinAs,
  lead,
  leaderOf,
  maskAs,
  MIN_STAKE_WEI,
  pass,
  POOL_WEI,
  proveRound,
  ROUND,
  ROUND_REWARD_WEI,
  SAMPLES,
  score,
  startMasking,
  startRound,
  stubProof,
  KEYS,
  TIMING,
  wordOf,
} from "./support/rounds.ts";
import { g1, proofContext } from "./support/trapdoor-key.ts";

import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";

import type { Federation } from "./support/rounds.ts";

const COUNTS = [150n, 140n, 130n];
/** The most gas of one transaction (EIP-7825). */
const TRANSACTION_GAS = 2n ** 24n;
const REJECT = 1n;

/** A stranger advances a round until it has ended; the number of its calls. */
async function endAsStranger({ rounds, stranger, id }: Federation): Promise<number> {
  const { round } = await rounds.federation(id);
  for (let calls = 0; ; calls++) {
    const state = await rounds.stateOf(id, round);
    if (state === ROUND.final || state === ROUND.abandoned) return calls;
    await networkHelpers.mine(10);
    await pass(TIMING.trainSeconds + TIMING.commitSeconds + TIMING.proveSeconds + TIMING.leadSeconds);
    await rounds.connect(stranger).advance(id);
  }
}

/** All leave; each takes its whole stake out but for these losses. */
async function allLeave(d: Federation, lostWei: ReadonlyMap<HardhatEthersSigner, bigint> = new Map()) {
  for (const member of d.members) {
    await d.rounds.connect(member).leave(d.id);
    const { lockedWei, freeWei } = await d.vault.balanceOf(member, NATIVE);
    expect(lockedWei).to.equal(0n);
    expect(freeWei).to.equal(100n * MIN_STAKE_WEI - (lostWei.get(member) ?? 0n));
  }
}

describe("When all members vanish for good", () => {
  const PHASES: Record<string, (d: Federation) => Promise<unknown>> = {
    "before they commit": startRound,
    "after they committed": async (d) => {
      await startRound(d);
      for (const member of d.members) await d.rounds.connect(member).commit(d.id, commitmentOf(member), 1n);
    },
    "after they proved": async (d) => {
      await proveRound(d, COUNTS);
    },
    "in the middle of a masking": async (d) => {
      await maskAs(d, [0, 1], await startMasking(d, COUNTS));
    },
    "before a leader is drawn": async (d) => {
      await maskAs(d, [0, 1, 2], await startMasking(d, COUNTS));
    },
    "before a leader takes the lead": async (d) => await electLeader(d, COUNTS),
  };
  for (const [phase, play] of Object.entries(PHASES)) {
    it(`${phase}, a stranger ends the round, and nobody loses stake or reward`, async () => {
      const d = await federationOfSix();
      await play(d);
      expect(await endAsStranger(d)).to.be.within(1, 4);
      expect(await d.rounds.stateOf(d.id, 1n)).to.equal(ROUND.abandoned);
      const { poolWei, globalCorrect } = await d.rounds.federation(d.id);
      expect([poolWei, globalCorrect]).to.deep.equal([POOL_WEI, 100n]);
      await allLeave(d);
    });
  }

  it("after the average is accepted, a stranger ends the round, and only the leader loses: its bond", async () => {
    const d = await federationOfSix();
    const leader = await aggregateRound(d, COUNTS);
    await endAsStranger(d);
    expect(await d.rounds.stateOf(d.id, 1n)).to.equal(ROUND.abandoned);
    expect((await d.rounds.federation(d.id)).poolWei).to.equal(POOL_WEI);
    await allLeave(d, new Map([[leader, BOND_WEI]]));
  });
});

describe("Members that vanish", () => {
  it("one in each part of a round leave the others their average", async () => {
    const d = await federationOfSix({ places: 5n });
    const { rounds, members, id } = d;
    await startRound(d);
    // The last never commits.
    for (const [i, member] of members.slice(0, 5).entries()) {
      await rounds.connect(member).commit(id, commitmentOf(member), BigInt(i + 1));
    }
    await pass(TIMING.commitSeconds);
    // The fifth never proves.
    for (const [i, correct] of [150n, 145n, 140n, 135n].entries()) {
      await rounds.connect(members[i]).prove(id, await score(d, members[i]!, correct));
    }
    await pass(TIMING.proveSeconds);
    await rounds.advance(id);
    // The fourth never masks.
    await maskAs(d, [0, 1, 2], 0b1111n);
    await pass(TIMING.maskSeconds);
    await rounds.advance(id);
    await maskAs(d, [0, 1, 2], 0b0111n, 2n);
    // The first is elected and never takes the lead.
    expect(await elect(d)).to.equal(members[0]);
    await pass(TIMING.takeSeconds + 1n);
    await rounds.advance(id);
    const leader = await leaderOf(d);
    expect(leader).to.equal(members[1]);
    await lead(d, leader);
    const digests = [0, 1, 2].map((i) => digestOf(members[i]!, 2n));
    await rounds.connect(leader).aggregate(...(await averaged(d, leader, 6n, digests)));
    expect((await rounds.roundOf(id, 1n)).improvementSum).to.equal(50n + 45n + 40n);
    await endAsStranger(d);
    await allLeave(d, new Map([[leader, BOND_WEI]]));
  });

  it("and come back with a vector of an earlier masking are not averaged", async () => {
    const d = await federationOfSix();
    const { rounds, members, id } = d;
    const peers = await startMasking(d, [...COUNTS, 120n]);
    await maskAs(d, [0, 1, 2], peers);
    await pass(TIMING.maskSeconds);
    await rounds.advance(id);
    await maskAs(d, [0, 1, 2], 0b0111n, 2n);
    const leader = await elect(d);
    await lead(d, leader);
    const now = members.slice(0, 3).map((member) => digestOf(member, 2n));
    const before = members.slice(0, 3).map((member) => digestOf(member, 1n));
    for (const digests of [before, [...now, digestOf(members[3]!)], [now[0]!, now[1]!, before[2]!]]) {
      const wrong = await averaged(d, leader, digests.length === 4 ? 10n : 6n, digests);
      await expect(rounds.connect(leader).aggregate(...wrong)).to.be.revertedWithCustomError(
        rounds,
        "RoundInvalidProof",
      );
    }
    await rounds.connect(leader).aggregate(...(await averaged(d, leader, 6n, now)));
  });
});

describe("Leaders that vanish", () => {
  it("one after the other, each with the lead, lose a bond each, and the round ends", async () => {
    const d = await federationOfSix();
    const { rounds, vault, sponsor, id } = d;
    await electLeader(d, COUNTS);
    const failed = new Map<HardhatEthersSigner, bigint>();
    for (const _ of COUNTS) {
      const leader = await leaderOf(d);
      await lead(d, leader);
      await deliver(d, leader, 3);
      failed.set(leader, BOND_WEI);
      await pass(TIMING.leadSeconds + 1n);
      await rounds.advance(id);
    }
    expect(failed.size).to.equal(3);
    expect(await rounds.stateOf(id, 1n)).to.equal(ROUND.abandoned);
    expect(await vault.creditOf(sponsor, NATIVE)).to.equal(3n * (BOND_WEI / 2n));
    await allLeave(d, failed);
  });

  it("can leave and join anew when the bond was all their stake", async () => {
    const d = await federationOfSix({ bondWei: MIN_STAKE_WEI });
    const { rounds, vault, id } = d;
    const leader = await aggregateRound(d, COUNTS);
    await endAsStranger(d);
    const { weightWei, lockId } = await rounds.memberOf(id, leader);
    expect(weightWei).to.equal(0n);
    expect((await vault.lockOf(rounds, NATIVE, lockId)).amountWei).to.equal(0n);
    await expect(rounds.connect(leader).start(id)).to.be.revertedWithCustomError(rounds, "RoundNotEligible");
    await rounds.connect(leader).leave(id);
    await joinAs(d, id, leader);
    await rounds.connect(leader).start(id);
  });
});

describe("Sybils", () => {
  it("that split a stake lead as often as the stake in one hand", async () => {
    const d = await federationsDeployed();
    const { rounds, members } = d;
    const id = await createFederation(d);
    const federation = { ...d, id };
    // Three parts in one hand, three in three hands, all with the same count.
    await joinAs(d, id, members[0]!, 3n * MIN_STAKE_WEI);
    for (const member of members.slice(1, 4)) await joinAs(d, id, member);
    const peers = await startMasking(federation, [150n, 150n, 150n, 150n]);
    await maskAs(federation, [0, 1, 2, 3], peers);
    const { drawBlock } = await rounds.roundOf(id, 1n);
    const draws = 200;
    let whole = 0;
    const snapshot = await networkHelpers.takeSnapshot();
    for (let i = 0; i < draws; i++) {
      // Another coinbase gives other hashes.
      await networkHelpers.setCoinbase(ethers.toBeHex(2_000_000 + i, 20));
      await networkHelpers.mineUpTo(drawBlock);
      await rounds.advance(id);
      if ((await leaderOf(federation)) === members[0]) whole++;
      await snapshot.restore();
    }
    // Half of the stake: within five standard deviations of 7.1.
    expect(whole).to.be.closeTo(draws / 2, 36);
  }).timeout(120_000);

  it("that submit one model many times are paid for it once", async () => {
    const d = await federationOfSix();
    const { rounds, members, id } = d;
    await startRound(d);
    for (const member of members) await rounds.connect(member).commit(id, commitmentOf(member), 1n);
    await pass(TIMING.commitSeconds);
    const [first, ...others] = members;
    await rounds.connect(first).prove(id, await score(d, first!, 150n, { nullifier: 9n }));
    for (const member of others) {
      await expect(rounds.connect(member).prove(id, await score(d, member, 150n, { nullifier: 9n })))
        .to.be.revertedWithCustomError(rounds, "RoundNullifierUsed")
        .withArgs(9n, first!.address);
    }
    expect((await rounds.roundOf(id, 1n)).provenCount).to.equal(1n);
  });
});

describe("A receiver that refuses coin", () => {
  it("as the sponsor keeps no leader from being slashed, and no member from its reward", async () => {
    const d = await federationsDeployed();
    const { rounds, vault } = d;
    const sponsor = await ethers.deployContract("PuppetAccount");
    const spec = federationSpec();
    const address = await rounds.getAddress();
    await sponsor.execute(address, 0n, rounds.interface.encodeFunctionData("create", [spec]));
    await sponsor.setOnReceive(REJECT, ethers.ZeroAddress, "0x");
    const id = await rounds.federationCount();
    await rounds.connect(d.stranger).fund(id, POOL_WEI, { value: POOL_WEI });
    for (const member of d.members) await joinAs(d, id, member);
    const federation = { ...d, id };
    const failed = await aggregateRound(federation, COUNTS);
    await pass(TIMING.leadSeconds + 1n);
    await rounds.advance(id);
    expect(await vault.creditOf(sponsor, NATIVE)).to.equal(BOND_WEI / 2n);
    expect((await rounds.memberOf(id, failed)).weightWei).to.equal(MIN_STAKE_WEI - BOND_WEI);
    await endAsStranger(federation);

    await rounds.connect(failed).leave(id);
    await joinAs(d, id, failed);
    await finishRound(federation, [190n, 180n, 170n], 200n, 2n);
    await rounds.claim(id, 2n, d.members[1]!);
    const share = (ROUND_REWARD_WEI * 80n) / 240n;
    await expect(rounds.connect(d.members[1]).withdraw(NATIVE)).to.changeEtherBalance(
      ethers,
      d.members[1]!,
      share,
    );
  });
});

describe("A token whose transfers return nothing", () => {
  it("serves as stake and reward of a federation, to the last unit", async () => {
    const d = await federationsDeployed();
    const { rounds, vault, members, sponsor } = d;
    const token = await ethers.deployContract("NoReturnToken");
    const address = await token.getAddress();
    for (const account of [sponsor, ...members]) {
      await token.mint(account, POOL_WEI);
      for (const spender of [rounds, vault]) await token.connect(account).approve(spender, ethers.MaxUint256);
    }
    const id = await createFederation(d, { stakeToken: address, rewardToken: address, maxRounds: 1n });
    await rounds.connect(sponsor).fund(id, ROUND_REWARD_WEI + 3n);
    for (const member of members) {
      await vault.connect(member).depositAndApprove(address, MIN_STAKE_WEI, rounds, MIN_STAKE_WEI);
      await joinAs(d, id, member);
    }
    await finishRound({ ...d, id }, COUNTS, 200n);
    for (const member of members.slice(0, 3)) {
      await rounds.claim(id, 1n, member);
      await rounds.connect(member).withdraw(address);
    }
    await rounds.connect(sponsor).close(id);
    await rounds.connect(sponsor).withdraw(address);
    expect(await holdings(address, rounds)).to.equal(0n);
    expect(await holdings(address, sponsor.address)).to.equal(POOL_WEI - ROUND_REWARD_WEI);
    for (const member of members) await rounds.connect(member).leave(id);
    expect((await vault.balanceOf(members[0]!, address)).freeWei).to.equal(MIN_STAKE_WEI);
  });
});

describe("A token that takes a fee or lies about failure", () => {
  it("fills no pool", async () => {
    const d = await federationsDeployed();
    for (const name of ["FeeOnTransferToken", "FalseReturnToken"]) {
      const token = await ethers.deployContract(name);
      const rewardToken = await token.getAddress();
      const minted = await ethers.getContractAt("TestToken", rewardToken);
      await minted.mint(d.stranger, POOL_WEI);
      await minted.connect(d.stranger).approve(d.rounds, ethers.MaxUint256);
      const id = await createFederation(d, { rewardToken });
      await expect(d.rounds.connect(d.stranger).fund(id, POOL_WEI)).to.revert(ethers);
      expect((await d.rounds.federation(id)).poolWei).to.equal(0n);
      expect(await minted.balanceOf(d.rounds)).to.equal(0n);
    }
  });
});

describe("The largest federation", () => {
  it("has 16 shards and long URIs: every call stays below the limit of a transaction", async () => {
    const d = await federationsDeployed();
    const { rounds, members } = d;
    const uri = `ipfs://${"b".repeat(20_000)}`;
    const dataPoints = Array.from({ length: 16 }, (_, shard) => g1(BigInt(shard + 2)));
    await createFederation(d, { dataPoints, globalUri: uri, documentUri: uri });
    const creation = await ethers.provider.getBlock((await ethers.provider.getBlockNumber()) - 1);
    expect(creation!.gasUsed).to.be.below(TRANSACTION_GAS);
    const id = await rounds.federationCount();
    const federation = { ...d, id };
    for (const member of members.slice(0, 3)) await joinAs(d, id, member);
    await startRound(federation);
    for (const member of members.slice(0, 3))
      await rounds.connect(member).commit(id, commitmentOf(member), 1n);
    await pass(TIMING.commitSeconds);
    const { chainId } = await ethers.provider.getNetwork();
    const correct = SAMPLES / 16n;
    for (const member of members.slice(0, 3)) {
      const context = proofContext(
        chainId,
        await rounds.getAddress(),
        id,
        1n,
        member.address,
        "zkpot.round-accuracy.v1",
      );
      const nullifier = BigInt(member.address);
      const word = await wordOf(federation);
      const words = [context, commitmentOf(member), correct, word, 1n, nullifier];
      const statements = dataPoints.flatMap(() => words);
      const proof = stubProof(KEYS.score, statements, dataPoints);
      const counts = dataPoints.map(() => correct);
      const sent = await rounds
        .connect(member)
        .prove(id, { counts, nullifier, proofs: dataPoints.map(() => proof) });
      expect((await sent.wait())!.gasUsed).to.be.below(TRANSACTION_GAS);
    }
    expect((await rounds.rosterOf(id, 1n)).map((place) => place.correct)).to.deep.equal([352n, 352n, 352n]);
  });
});
