/** The rules of scripts/federation-study/round-rules.ts are those of the contract: the same rounds, played by both. */
import { expect } from "chai";

import { SeededRandom } from "../../prover/src/data/random.ts";
import {
  floorOf,
  leaderOf,
  mayKeepOwn,
  rewardsOf,
  rosterOf,
  type RoundRules,
} from "../../scripts/federation-study/round-rules.ts";
import { ethers } from "./support/deployment.ts";
import {
  aggregateRound,
  averaged,
  BAND,
  BASE_CORRECT,
  commitmentOf,
  digestOf,
  elect,
  federationOfSix,
  globalScore,
  lead,
  maskAs,
  MAX_FACTOR,
  MIN_STAKE_WEI,
  pass,
  PLACES,
  ROUND,
  ROUND_REWARD_WEI,
  score,
  startRound,
  TIMING,
  TOLERANCE,
} from "./support/rounds.ts";

const GAMES = 4;
/** Commitment with salt 0 to a leader's own model. */
const OWN = 321n;
const RULES: RoundRules = {
  places: Number(PLACES),
  toleranceCount: Number(TOLERANCE),
  bandCount: Number(BAND),
  keepBetter: false,
  maxFactor: Number(MAX_FACTOR),
  rewardWei: ROUND_REWARD_WEI,
};

/** Six counts around the last global model's, ties and refusals among them; three pass in any case. */
function drawCounts(seed: string): number[] {
  const random = new SeededRandom(seed, "counts");
  const base = Number(BASE_CORRECT);
  const drawn = Array.from({ length: 3 }, () => base - Number(TOLERANCE) - 3 + random.nextInteger(12));
  return [...drawn, ...Array.from({ length: 3 }, () => base + random.nextInteger(6))];
}

describe("The rules of the federation study", () => {
  it("refuse, rank, elect and pay as the contract does", async () => {
    for (let game = 0; game < GAMES; game++) {
      const corrects = drawCounts(`${game}`);
      const base = Number(BASE_CORRECT);
      const d = await federationOfSix();
      const { rounds, members, id } = d;
      await startRound(d);
      for (const [i, member] of members.entries()) {
        await rounds.connect(member).commit(id, commitmentOf(member), BigInt(i + 1));
      }
      await pass(TIMING.commitSeconds);
      const counts = corrects.map((correct, member) => ({ member, correct, weightWei: MIN_STAKE_WEI }));
      for (const { member, correct } of counts) {
        const account = members[member]!;
        const proving = rounds.connect(account).prove(id, await score(d, account, BigInt(correct)));
        if (correct >= floorOf(base, RULES)) await proving;
        else await expect(proving).to.be.revertedWithCustomError(rounds, "RoundBelowFloor");
      }
      const roster = rosterOf(counts, base, RULES);
      const addresses = roster.map(({ member }) => members[member]!.address);
      const places = (await rounds.rosterOf(id, 1n)) as { readonly member: string }[];
      expect(places.map(({ member }) => member)).to.deep.equal(addresses);

      await pass(TIMING.proveSeconds);
      await rounds.advance(id);
      await maskAs(
        d,
        roster.map(({ member }) => member),
        (1n << BigInt(roster.length)) - 1n,
      );
      const leader = await elect(d);
      const { seed } = (await rounds.roundOf(id, 1n)) as { readonly seed: string };
      const word = BigInt(ethers.solidityPackedKeccak256(["bytes32", "uint256"], [seed, 0n]));
      expect(leader.address).to.equal(members[leaderOf(roster, RULES, word).member]!.address);

      await lead(d, leader);
      const factorSum = roster.reduce((sum, { member }) => sum + BigInt(member + 1), 0n);
      const digests = roster.map(({ member }) => digestOf(members[member]!));
      await rounds.connect(leader).aggregate(...(await averaged(d, leader, factorSum, digests)));
      await rounds.connect(leader).scoreGlobal(id, await globalScore(d, leader, BASE_CORRECT + 50n));
      for (const [place, rewardWei] of rewardsOf(roster, base, RULES).entries()) {
        const claim = rounds.claim(id, 1n, addresses[place]!);
        if (rewardWei === 0n)
          await expect(claim).to.be.revertedWithCustomError(rounds, "RoundNothingToClaim");
        else {
          await expect(claim)
            .to.emit(rounds, "RoundRewardClaimed")
            .withArgs(id, 1n, addresses[place]!, rewardWei);
        }
      }
    }
  });

  it("let a leader keep its own model when the contract does", async () => {
    const average = BASE_CORRECT + 5n;
    for (const keepBetter of [true, false]) {
      for (const own of [average + 1n, average + 5n]) {
        const d = await federationOfSix({ keepBetter });
        const leader = await aggregateRound(d, [own, average - 9n, average - 9n]);
        const proof = async (correct: bigint) =>
          await score(d, leader, correct, { purpose: "zkpot.global-accuracy.v1", commitment: OWN });
        await d.rounds.connect(leader).scoreGlobal(d.id, await globalScore(d, leader, average));
        await pass(TIMING.leadSeconds / 2n + 1n);
        for (const correct of [average, own]) {
          const keeping = d.rounds.connect(leader).keepOwn(d.id, OWN, "ipfs://own", await proof(correct));
          if (mayKeepOwn(Number(correct), Number(average), { ...RULES, keepBetter })) await keeping;
          else await expect(keeping).to.be.revert(ethers);
        }
        expect(await d.rounds.stateOf(d.id, 1n)).to.equal(keepBetter ? ROUND.final : ROUND.leading);
      }
    }
  });
});
