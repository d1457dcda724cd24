import { expect } from "chai";
import fc from "fast-check";

import { countPerClass, type Dataset } from "../../../prover/src/data/dataset.ts";
import { loadPackagedDataset } from "../../../prover/src/data/packaged-datasets.ts";
import { partitionDataset } from "../../../prover/src/data/partition.ts";
import { datasetOf } from "../support/datasets.ts";
import { expectError } from "../support/expect-error.ts";

/** One feature, the row number; row r is of class r mod classes. */
function numbered(sampleCount: number, classes: number): Dataset {
  const rows = Array.from({ length: sampleCount }, (_, row) => row);
  return datasetOf(
    rows.map((row) => [row]),
    rows.map((row) => row % classes),
  );
}

/** Mean over the parts of the largest class's share. */
function skew(dataset: Dataset, concentration: number, seed: string): number {
  const parts = partitionDataset(dataset, { seed, shares: [1, 1, 1, 1, 1], concentration });
  const shares = parts.map(({ samples }) => {
    const counts = countPerClass(samples.labels, samples.classNames.length);
    return Math.max(...counts) / samples.sampleCount;
  });
  return shares.reduce((sum, share) => sum + share, 0) / shares.length;
}

describe("partitionDataset", () => {
  it("puts every row in exactly one part, in order, with its features and label", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 20, max: 120 }),
        fc.integer({ min: 2, max: 6 }),
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }),
        fc.oneof(fc.double({ min: 0.001, max: 100, noNaN: true }), fc.constant(Infinity)),
        fc.string(),
        (sampleCount, classes, shares, concentration, seed) => {
          const dataset = numbered(sampleCount, classes);
          const parts = partitionDataset(dataset, { seed, shares, concentration });
          const all = parts.flatMap(({ rows }) => [...rows]).sort((a, b) => a - b);
          expect(all).to.deep.equal([...dataset.labels.keys()]);
          for (const { samples, rows } of parts) {
            expect([...rows]).to.deep.equal([...rows].sort((a, b) => a - b));
            expect([...samples.features]).to.deep.equal([...rows]);
            expect([...samples.labels]).to.deep.equal([...rows].map((row) => row % classes));
          }
        },
      ),
    );
  });

  it("gives the parts the sizes their shares ask for, the largest remainders rounded up", () => {
    const sizes = (sampleCount: number, shares: number[]): number[] =>
      partitionDataset(numbered(sampleCount, 3), { seed: "1", shares, concentration: 0.5 }).map(
        ({ samples }) => samples.sampleCount,
      );
    expect(sizes(100, [1, 2, 7])).to.deep.equal([10, 20, 70]);
    expect(sizes(10, [1, 1, 1])).to.deep.equal([4, 3, 3]);
    expect(sizes(20, [0.3, 0.45])).to.deep.equal([8, 12]);
  });

  it("repeats for a seed and changes with it", () => {
    const rows = (seed: string): number[][] =>
      partitionDataset(numbered(60, 3), { seed, shares: [1, 2], concentration: 1 }).map((part) => [
        ...part.rows,
      ]);
    expect(rows("a")).to.deep.equal(rows("a"));
    expect(rows("a")).to.not.deep.equal(rows("b"));
  });

  it("deals the pinned rows for seed 1", () => {
    const [part] = partitionDataset(numbered(20, 2), { seed: "1", shares: [3, 7], concentration: 1 });
    expect([...part!.rows]).to.deep.equal([0, 4, 10, 14, 16, 18]);
  });

  it("skews the classes of the digits more, the smaller the concentration", async () => {
    const digits = await loadPackagedDataset("digits");
    const mean = (concentration: number): number =>
      ["1", "2", "3", "4"].reduce((sum, seed) => sum + skew(digits, concentration, seed), 0) / 4;
    const [few, some, all] = [mean(0.5), mean(10), mean(Infinity)] as const;
    expect(few).to.be.greaterThan(some + 0.1);
    expect(some).to.be.greaterThan(all + 0.05);
    expect(all).to.be.lessThan(0.16);
  });

  it("draws mixtures with the mean and variance of the Dirichlet distribution", () => {
    // The share of class 1 is a draw from Beta(1, 1), but for parts that find a class used up near the end.
    const options = { seed: "7", shares: new Array<number>(100).fill(1), concentration: 2 };
    const parts = partitionDataset(numbered(20_000, 2), options);
    const drawn = parts.map(({ samples }) => countPerClass(samples.labels, 2)[1]! / samples.sampleCount);
    const mean = drawn.reduce((sum, share) => sum + share, 0) / drawn.length;
    const variance = drawn.reduce((sum, share) => sum + (share - mean) ** 2, 0) / drawn.length;
    expect(mean).to.be.closeTo(1 / 2, 1e-9);
    // Four standard errors of the variance of 100 draws, which is (1/80 − 1/144)/100 squared.
    expect(variance).to.be.closeTo(1 / 12, 4 * Math.sqrt((1 / 80 - 1 / 144) / 100));
  });

  it("refuses shares, concentrations and parts that cannot be", async () => {
    const attempt = (shares: number[], concentration: number) => () =>
      partitionDataset(numbered(10, 2), { seed: "1", shares, concentration });
    for (const shares of [[], [1, 0], [1, -1], [1, NaN], [1, Infinity]]) {
      await expectError(attempt(shares, 1), "data.partition", /shares/);
    }
    for (const concentration of [0, -1, NaN]) {
      await expectError(attempt([1, 1], concentration), "data.partition", /concentration/);
    }
    await expectError(attempt([1, 100], 1), "data.partition", /part 1 of 2 would have none of 10 samples/);
  });
});
