/** Games against the code that selects steps: how often a trainer who faked some is caught, and what the formula says. */
import { expect } from "chai";

import { ethers, networkHelpers } from "./support/deployment.ts";

const GAMES = process.env["ZKPOT_LONG"] === "1" ? 100_000 : 10_000;
/** Games in one call, which has the gas of a transaction. */
const BATCH = 100;
/** A correct selection leaves this band once in 1.7 million tries; the games are the same in every run. */
const STANDARD_DEVIATIONS = 5;

async function deployHarness() {
  return await ethers.deployContract("TrainingHarness");
}

/** 1 − C(T − bad, draws) / C(T, draws). */
function detectionProbability(stepCount: number, bad: number, draws: number): number {
  let escape = 1;
  for (let i = 0; i < draws; i++) escape *= Math.max(0, stepCount - bad - i) / (stepCount - i);
  return 1 - escape;
}

async function countCaught(stepCount: number, draws: number, firstBad: number, bad: number): Promise<number> {
  const harness = await networkHelpers.loadFixture(deployHarness);
  let caught = 0;
  for (let game = 0; game < GAMES; game += BATCH) {
    const seed = ethers.id(`games ${stepCount} ${draws} ${firstBad} ${bad} ${game}`);
    caught += Number(await harness.countCaught(seed, stepCount, draws, firstBad, bad, BATCH));
  }
  return caught;
}

describe(`${GAMES} games against the selection of steps`, () => {
  for (const [stepCount, draws, firstBad, bad, what] of [
    [1_760, 6, 1, 176, "a tenth of the steps skipped, right after the first"],
    [1_760, 6, 1_583, 176, "a tenth of the steps skipped, right before the last"],
    [1_760, 6, 700, 1, "one step skipped"],
    [100_000, 20, 50_000, 100, "one step in a thousand skipped"],
    [100_000, 20, 1, 10_000, "a tenth of a long run skipped"],
    [60, 24, 10, 1, "one of sixty, many of them drawn"],
    [7, 5, 3, 2, "a tiny run"],
  ] as const) {
    it(`catch as often as the formula says: ${what}`, async function () {
      this.timeout(120_000);
      const p = detectionProbability(stepCount, bad, draws);
      const caught = await countCaught(stepCount, draws, firstBad, bad);
      const deviation = Math.sqrt(GAMES * p * (1 - p));
      expect(Math.abs(caught - GAMES * p)).to.be.at.most(STANDARD_DEVIATIONS * deviation);
    });
  }

  it("always catch a fake of the first step, of the last step, and of all in between", async function () {
    this.timeout(120_000);
    expect(await countCaught(1_760, 1, 0, 1)).to.equal(GAMES);
    expect(await countCaught(1_760, 1, 1_759, 1)).to.equal(GAMES);
    expect(await countCaught(1_760, 1, 1, 1_758)).to.be.at.least(GAMES * 0.99);
  });
});

describe("StepSelection", () => {
  it("draws different steps within the run, and all of them when as many are drawn", async () => {
    const harness = await networkHelpers.loadFixture(deployHarness);
    for (const [stepCount, draws] of [
      [1, 1],
      [5, 5],
      [64, 64],
      [100_000, 64],
    ] as const) {
      for (let game = 0; game < 20; game++) {
        const drawn = [...(await harness.draw(ethers.id(`${stepCount} ${game}`), stepCount, draws))];
        expect(new Set(drawn).size).to.equal(draws);
        for (const step of drawn) expect(step < BigInt(stepCount)).to.equal(true);
      }
    }
  });

  it("draws every pair of a small run about equally often", async () => {
    const harness = await networkHelpers.loadFixture(deployHarness);
    const counts = new Map<string, number>();
    const games = 3_000;
    for (let game = 0; game < games; game++) {
      const drawn = [...(await harness.draw(ethers.id(`pair ${game}`), 5, 2))].sort();
      counts.set(drawn.join(), (counts.get(drawn.join()) ?? 0) + 1);
    }
    expect(counts.size).to.equal(10);
    const expected = games / 10;
    const chiSquare = [...counts.values()].reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
    // Nine degrees of freedom: above 33.7 once in ten thousand.
    expect(chiSquare).to.be.below(33.7);
  });

  it("asks for the first step, the last step and those drawn, each once", async () => {
    const harness = await networkHelpers.loadFixture(deployHarness);
    for (const [stepCount, draws] of [
      [1, 1],
      [2, 1],
      [2, 2],
      [6, 4],
      [1_000, 20],
    ] as const) {
      for (let game = 0; game < 20; game++) {
        const seed = ethers.id(`asked ${stepCount} ${game}`);
        const drawn = [...(await harness.draw(seed, stepCount, draws))];
        const asked = [...(await harness.challenged(seed, stepCount, draws))];
        const expected = new Set([0n, BigInt(stepCount - 1), ...drawn]);
        expect(asked).to.have.length(expected.size);
        expect(new Set(asked)).to.deep.equal(expected);
      }
    }
  });
});
