/** Cheating beside honesty, in games over the real contracts: few games of each strategy here, 10,000 with ZKPOT_LONG=1. */
import { expect } from "chai";

import { REWARD_WEI, STAKE_WEI } from "../../scripts/simulation/economics.ts";
import { simulate, SITUATIONS } from "../../scripts/simulation/run.ts";
import { auditedTraining } from "../../scripts/simulation/situations/audited-training.ts";
import { sealedBuyer } from "../../scripts/simulation/situations/sealed.ts";
import { beatsHonesty, standardErrorOf, surprises } from "../../scripts/simulation/statistics.ts";
import { releaseCurve } from "../../prover/src/proof/multi-exponentiation.ts";

import type { Simulation } from "../../scripts/simulation/run.ts";

const GAMES = process.env["ZKPOT_LONG"] === "1" ? 180 : 24;
const LONG_GAMES = 10_000;
/** The stake of an audited prover in units of the reward. */
const STAKE_SHARE = Number(STAKE_WEI) / Number(REWARD_WEI);

describe("The simulation", function () {
  this.timeout(600_000);
  let simulation: Simulation;

  before(async () => {
    simulation = await simulate({ games: GAMES, seed: "zkpot" });
  });
  after(releaseCurve);

  it("finds no strategy that beats honesty, but for those that the documentation names", () => {
    expect(surprises(simulation.rows)).to.deep.equal([]);
    expect(simulation.rows.filter(beatsHonesty).map(({ strategy }) => strategy)).to.deep.equal(
      SITUATIONS.flatMap(({ strategies }) => strategies)
        .filter(({ isKnownToPay }) => isKnownToPay === true)
        .map(({ name }) => name),
    );
  });

  it("plays every strategy as often as honesty", () => {
    const names = SITUATIONS.flatMap(({ strategies }) => strategies.map(({ name }) => name));
    expect(simulation.rows.map(({ strategy }) => strategy)).to.deep.equal(names);
    expect(new Set(names).size).to.equal(names.length);
    expect(names.length).to.be.at.least(30);
    if (process.env["ZKPOT_LONG"] === "1") expect(simulation.games).to.be.at.least(LONG_GAMES);
  });

  it("gives the same table for the same seed", async () => {
    const again = await simulate({ games: GAMES, seed: "zkpot", situations: [SITUATIONS[0]!] });
    const { title } = SITUATIONS[0]!;
    expect(again.rows).to.deep.equal(simulation.rows.filter(({ situation }) => situation === title));
  });

  it("fails when nothing is slashed: walking away from a sealed task would beat honesty", async () => {
    const { rows } = await simulate({
      games: 10,
      seed: "zkpot",
      situations: [sealedBuyer],
      hasSlashing: false,
    });
    expect(surprises(rows).map(({ strategy }) => strategy)).to.include(
      "no longer wants the model and never reveals",
    );
  });

  it("counts a slash: what a prover of made-up training loses besides the gas is its stake", async () => {
    const [slashed, spared] = await Promise.all(
      [true, false].map((hasSlashing) =>
        simulate({ games: 10, seed: "zkpot", situations: [auditedTraining], hasSlashing }),
      ),
    );
    const earned = ({ rows }: Simulation): number =>
      rows.find(({ strategy }) => strategy.startsWith("puts a made-up trace"))!.mean;
    // Gas differs a little between the vaults.
    expect(Math.abs(earned(spared!) - earned(slashed!) - STAKE_SHARE) < 0.001).to.equal(true);
  });
});

describe("A strategy", () => {
  const row = {
    situation: "",
    strategy: "",
    games: 100,
    mean: 0,
    honestMean: 0,
    difference: 0.4,
    standardError: 0.1,
    isKnownToPay: false,
  };

  it("beats honesty when it earns more by over three standard errors", () => {
    expect(beatsHonesty(row)).to.equal(true);
    expect(beatsHonesty({ ...row, difference: 0.2 })).to.equal(false);
    expect(beatsHonesty({ ...row, difference: 1e-9, standardError: 0 })).to.equal(true);
    expect(beatsHonesty({ ...row, difference: 0, standardError: 0 })).to.equal(false);
  });

  it("is a surprise when it pays unsaid, or is said to pay and does not", () => {
    expect(surprises([row])).to.have.length(1);
    expect(surprises([{ ...row, isKnownToPay: true }])).to.have.length(0);
    expect(surprises([{ ...row, isKnownToPay: true, difference: -1 }])).to.have.length(1);
  });

  it("has the standard error of its mean", () => {
    // The variance of the sample is 5/3.
    expect(Math.abs(standardErrorOf([1, 2, 3, 4]) - Math.sqrt(5 / 3 / 4)) < 1e-12).to.equal(true);
    expect(standardErrorOf([5, 5])).to.equal(0);
  });
});
