/** The draw against a reference written from its description, and its fairness over many draws of the same code. */
import { expect } from "chai";
import fc from "fast-check";

import { ethers, networkHelpers } from "./support/deployment.ts";
import { expectedIndices } from "./support/weighted-draw.ts";

const MAX_WEIGHT = 2n ** 96n - 1n;
const CALL_GAS = 16_000_000n;
const GAMES = 12_000;
const GAMES_A_CALL = 500;

/** Quantiles of the chi-square distribution at 0.999, by degrees of freedom. */
const CHI_SQUARE_999: Readonly<Record<number, number>> = { 4: 18.47, 7: 24.32 };

async function deployHarness() {
  return await ethers.deployContract("DrawHarness");
}

type Harness = Awaited<ReturnType<typeof deployHarness>>;

async function harnessWith(weights: readonly bigint[]): Promise<Harness> {
  const harness = await networkHelpers.loadFixture(deployHarness);
  await harness.append([...weights]);
  return harness;
}

/** Chance that each seat goes to each entry, over all orders of the draw. */
function chances(weights: readonly number[], seats: number): number[][] {
  const byseat = Array.from({ length: seats }, () => weights.map(() => 0));
  const visit = (seat: number, chance: number, taken: readonly number[]): void => {
    if (seat === seats) return;
    const left = weights.reduce((sum, weight, i) => (taken.includes(i) ? sum : sum + weight), 0);
    weights.forEach((weight, i) => {
      if (taken.includes(i)) return;
      const next = (chance * weight) / left;
      byseat[seat]![i]! += next;
      visit(seat + 1, next, [...taken, i]);
    });
  };
  visit(0, 1, []);
  return byseat;
}

/** How often each seat went to each entry in `GAMES` draws. */
async function play(harness: Harness, seats: number, entries: number, label: string): Promise<number[][]> {
  const counts = Array.from({ length: seats }, () => Array.from({ length: entries }, () => 0));
  for (let played = 0; played < GAMES; played += GAMES_A_CALL) {
    const seed = ethers.id(`${label} ${played}`);
    const part = await harness.countDraws(seed, seats, GAMES_A_CALL, { gasLimit: CALL_GAS });
    part.forEach((count, place) => (counts[Math.floor(place / entries)]![place % entries]! += Number(count)));
  }
  return counts;
}

function chiSquare(counts: readonly number[], expected: readonly number[]): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.reduce(
    (sum, count, i) => sum + (count - expected[i]! * total) ** 2 / (expected[i]! * total),
    0,
  );
}

const bytes32 = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => `0x${Buffer.from(bytes).toString("hex")}`);

describe("WeightedDraw", () => {
  it("draws what a list of those left gives, for random weights, seats and entries drawn before", async () => {
    const weights = fc.array(fc.oneof(fc.bigInt(1n, 3n), fc.bigInt(1n, MAX_WEIGHT / 40n)), {
      minLength: 1,
      maxLength: 40,
    });
    const property = fc.asyncProperty(
      weights,
      bytes32,
      fc.infiniteStream(fc.nat()),
      async (list, seed, random) => {
        const harness = await harnessWith(list);
        const pick = (limit: number) => (random.next().value as number) % limit;
        const indices = list.map((_, index) => index);
        const taken = Array.from(
          { length: pick(list.length) },
          () => indices.splice(pick(indices.length), 1)[0]!,
        );
        await harness.take(taken);
        const seats = 1 + pick(indices.length);
        const drawn = (await harness.draw(seed, seats)).map(Number);
        expect(drawn).to.deep.equal(expectedIndices(list, taken, seats, seed));
      },
    );
    await fc.assert(property, { numRuns: 100, seed: 3 });
  });

  it("finds the first and the last unit of every entry", async () => {
    // One unit each but for entry 1: the remainder of a seed by 12 is the point.
    const harness = await harnessWith([1n, 9n, 1n, 1n]);
    const seen = new Map<bigint, bigint>();
    for (let i = 0; seen.size < 12; i++) {
      const seed = ethers.id(`point ${i}`);
      const point = BigInt(ethers.solidityPackedKeccak256(["bytes32", "uint256"], [seed, 0])) % 12n;
      if (!seen.has(point)) seen.set(point, (await harness.draw(seed, 1))[0]!);
    }
    const byPoint = [...seen].sort(([a], [b]) => Number(a - b)).map(([, index]) => index);
    expect(byPoint).to.deep.equal([0n, 1n, 1n, 1n, 1n, 1n, 1n, 1n, 1n, 1n, 2n, 3n]);
  });

  it("gives every entry a seat, once, when there are as many seats as entries", async () => {
    const weights = [5n, 1n, 1_000_000n, 3n, 3n, 17n];
    const harness = await harnessWith(weights);
    for (let i = 0; i < 20; i++) {
      const drawn = await harness.draw(ethers.id(`all ${i}`), weights.length);
      expect(new Set(drawn).size).to.equal(weights.length);
    }
    expect(await harness.draw(ethers.id("none"), 0)).to.deep.equal([]);
  });

  it("draws each seat in proportion to the weights left: chi-square over 12,000 draws", async function () {
    this.timeout(60_000);
    const weights = [1n, 2n, 3n, 4n, 10n];
    const limit = CHI_SQUARE_999[weights.length - 1]!;
    const harness = await harnessWith(weights);
    const expected = chances(weights.map(Number), 3);
    const counts = await play(harness, 3, weights.length, "chi-square");
    counts.forEach((seat, i) => {
      expect(seat.reduce((sum, count) => sum + count, 0)).to.equal(GAMES);
      expect(chiSquare(seat, expected[i]!), `seat ${i}`).to.be.below(limit);
    });
    // The same counts refute slightly other weights.
    const [other] = chances([1, 2, 3, 4, 9], 1);
    expect(chiSquare(counts[0]!, other!)).to.be.above(limit);
  });

  it("draws equal stakes equally often: chi-square over 12,000 draws", async function () {
    this.timeout(60_000);
    const harness = await harnessWith(Array.from({ length: 8 }, () => 10n ** 18n));
    const [seat] = await play(harness, 1, 8, "equal");
    expect(
      chiSquare(
        seat!,
        Array.from({ length: 8 }, () => 1 / 8),
      ),
    ).to.be.below(CHI_SQUARE_999[7]!);
  });

  it("gives a split stake the seat exactly when the whole stake would have had it", async () => {
    const whole = await ethers.deployContract("DrawHarness");
    const split = await ethers.deployContract("DrawHarness");
    await whole.append([30n, 40n, 30n]);
    await split.append([30n, 10n, 10n, 15n, 5n, 30n]);
    const wins = { whole: 0, split: 0 };
    for (let i = 0; i < 200; i++) {
      const seed = ethers.id(`split ${i}`);
      const [one] = await whole.draw(seed, 1);
      const [other] = await split.draw(seed, 1);
      expect(other! >= 1n && other! <= 4n).to.equal(one === 1n);
      if (one === 1n) wins.whole++;
      if (other! >= 1n && other! <= 4n) wins.split++;
    }
    expect(wins.split).to.equal(wins.whole);
    expect(wins.whole).to.be.within(50, 110);
  });

  it("gives a split stake no better chance of a seat where several are drawn, over 12,000 draws each", async function () {
    this.timeout(60_000);
    // 40 of 100, whole or in four parts; two seats: 40/100 + 60/100 * 40/80.
    const chance = 0.7;
    const [first, second] = chances([40, 20, 20, 20], 2);
    expect(Math.abs(first![0]! + second![0]! - chance)).to.be.below(1e-12);
    const deviation = Math.sqrt(GAMES * chance * (1 - chance));
    for (const own of [[40n], [10n, 10n, 10n, 10n]]) {
      const harness = await ethers.deployContract("DrawHarness");
      await harness.append([...own, 20n, 20n, 20n]);
      let seated = 0n;
      for (let played = 0; played < GAMES; played += GAMES_A_CALL) {
        const seed = ethers.id(`${own.length} parts ${played}`);
        seated += await harness.countSeated(seed, 2, GAMES_A_CALL, own.length, { gasLimit: CALL_GAS });
      }
      expect(Math.abs(Number(seated) - GAMES * chance), `${own.length} parts`).to.be.below(3.3 * deviation);
    }
  });

  it("counts stake up to the cap", async () => {
    const harness = await networkHelpers.loadFixture(deployHarness);
    for (const [stake, cap, weight] of [
      [9n, 10n, 9n],
      [10n, 10n, 10n],
      [11n, 10n, 10n],
    ] as const) {
      expect(await harness.weightOf(stake, cap)).to.equal(weight);
    }
  });

  it("refuses weights whose sum exceeds 96 bits", async () => {
    const harness = await harnessWith([MAX_WEIGHT - 1n]);
    await harness.append([1n]);
    await expect(harness.append([1n]))
      .to.be.revertedWithCustomError(harness, "SafeCastOverflowedUintDowncast")
      .withArgs(96n, 2n ** 96n);
  });
});
