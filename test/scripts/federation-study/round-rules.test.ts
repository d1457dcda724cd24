/** The rules alone; test/contracts/round-rules.test.ts compares them with the contract. */
import { expect } from "chai";

import {
  floorOf,
  leaderOf,
  mayKeepOwn,
  rewardsOf,
  rosterOf,
  type RoundRules,
} from "../../../scripts/federation-study/round-rules.ts";

const RULES: RoundRules = {
  places: 3,
  toleranceCount: 20,
  bandCount: 3,
  keepBetter: true,
  maxFactor: 7,
  rewardWei: 100n,
};
const counts = (...list: number[]) => list.map((correct, member) => ({ member, correct, weightWei: 1n }));
const members = (places: readonly { readonly member: number }[]) => places.map(({ member }) => member);

describe("The rules of a round", () => {
  it("ask for the last count less the tolerance, and never for less than nothing", () => {
    expect(floorOf(100, RULES)).to.equal(80);
    expect(floorOf(20, RULES)).to.equal(0);
    expect(floorOf(19, RULES)).to.equal(0);
  });

  it("give a model at the floor a place, and none below", () => {
    expect(members(rosterOf(counts(80, 79, 81), 100, RULES))).to.deep.equal([0, 2]);
  });

  it("take the place of the smallest count for a larger one, the latest of equals", () => {
    expect(members(rosterOf(counts(90, 85, 85, 86), 100, RULES))).to.deep.equal([0, 1, 3]);
    expect(members(rosterOf(counts(90, 85, 86, 87), 100, RULES))).to.deep.equal([0, 3, 2]);
    expect(members(rosterOf(counts(90, 85, 86, 85), 100, RULES))).to.deep.equal([0, 1, 2]);
  });

  it("draw the leader among those in the band, in proportion to stake", () => {
    const roster = [
      { member: 0, correct: 97, weightWei: 2n },
      { member: 1, correct: 96, weightWei: 9n },
      { member: 2, correct: 100, weightWei: 3n },
    ];
    const drawn = Array.from({ length: 10 }, (_, point) => leaderOf(roster, RULES, BigInt(point)).member);
    expect(drawn).to.deep.equal([0, 0, 2, 2, 2, 0, 0, 2, 2, 2]);
  });

  it("let a leader keep a better model only where the federation does", () => {
    expect(mayKeepOwn(91, 90, RULES)).to.equal(true);
    expect(mayKeepOwn(90, 90, RULES)).to.equal(false);
    expect(mayKeepOwn(91, 90, { ...RULES, keepBetter: false })).to.equal(false);
  });

  it("pay by improvement, all of the reward or nothing", () => {
    expect(rewardsOf(counts(101, 100, 102), 100, RULES)).to.deep.equal([33n, 0n, 67n]);
    expect(rewardsOf(counts(100, 90), 100, RULES)).to.deep.equal([0n, 0n]);
  });
});
