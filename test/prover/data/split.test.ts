import { expect } from "chai";
import fc from "fast-check";

import { countPerClass } from "../../../prover/src/data/dataset.ts";
import { decodeDocument, encodeDocument } from "../../../prover/src/data/document.ts";
import { loadPackagedDataset } from "../../../prover/src/data/packaged-datasets.ts";
import { DATA_SPLIT, stratifiedSplit } from "../../../prover/src/data/split.ts";
import { datasetOf } from "../support/datasets.ts";
import { expectError } from "../support/expect-error.ts";

/** One feature, the row number; `sizes[c]` samples of class c, interleaved. */
function numbered(sizes: readonly number[]): ReturnType<typeof datasetOf> {
  const labels = sizes.flatMap((size, label) =>
    Array.from({ length: size }, (_, index) => ({ label, at: index / size })),
  );
  labels.sort((a, b) => a.at - b.at);
  return datasetOf(
    labels.map((_, row) => [row]),
    labels.map(({ label }) => label),
  );
}

describe("stratifiedSplit", () => {
  it("cuts the digits into 1437 and 360, the tumours into 455 and 114, whatever the seed", async () => {
    for (const [name, train, test] of [
      ["digits", 1437, 360],
      ["breast-cancer", 455, 114],
    ] as const) {
      const dataset = await loadPackagedDataset(name);
      for (const seed of ["1", "2", "anything"]) {
        const split = stratifiedSplit(dataset, { seed });
        expect([split.train.sampleCount, split.test.sampleCount]).to.deep.equal([train, test]);
      }
    }
  });

  it("repeats for a seed and changes with it", () => {
    const dataset = numbered([50, 70]);
    const rows = (seed: string): number[] => [...stratifiedSplit(dataset, { seed }).testRows];
    expect(rows("a")).to.deep.equal(rows("a"));
    expect(rows("a")).to.not.deep.equal(rows("b"));
  });

  it("takes the pinned rows for seed 1", () => {
    const { testRows } = stratifiedSplit(numbered([10, 10]), { seed: "1", testFraction: 0.3 });
    expect([...testRows]).to.deep.equal([2, 6, 7, 10, 11, 13]);
  });

  it("puts every row in exactly one part, in order, with its features and label", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 4, max: 40 }), { minLength: 2, maxLength: 6 }),
        fc.double({ min: 0.3, max: 0.7, noNaN: true }),
        fc.string(),
        (sizes, testFraction, seed) => {
          const dataset = numbered(sizes);
          const { train, test, trainRows, testRows } = stratifiedSplit(dataset, { seed, testFraction });
          const all = [...trainRows, ...testRows].sort((a, b) => a - b);
          expect(all).to.deep.equal([...Array(dataset.sampleCount).keys()]);
          for (const [part, rows] of [
            [train, trainRows],
            [test, testRows],
          ] as const) {
            expect([...rows]).to.deep.equal([...rows].sort((a, b) => a - b));
            expect([...part.features]).to.deep.equal([...rows]);
            expect([...part.labels]).to.deep.equal([...rows].map((row) => dataset.labels[row]));
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it("gives each class its share to within one sample and the total exactly", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 10, max: 90 }), { minLength: 2, maxLength: 8 }),
        fc.integer({ min: 20, max: 80 }),
        (sizes, percent) => {
          const dataset = numbered(sizes);
          const { test } = stratifiedSplit(dataset, { seed: "s", testFraction: percent / 100 });
          const total = Math.ceil((dataset.sampleCount * percent) / 100);
          expect(test.sampleCount).to.equal(total);
          countPerClass(test.labels, sizes.length).forEach((count, label) => {
            expect(count).to.be.closeTo((sizes[label]! * total) / dataset.sampleCount, 1);
          });
        },
      ),
      { numRuns: 200 },
    );
  });

  it("does not round a whole product up", () => {
    // 0.07·100 is 7.000000000000001 in double precision.
    expect(stratifiedSplit(numbered([50, 50]), { seed: "1", testFraction: 0.07 }).test.sampleCount).to.equal(
      7,
    );
  });

  it("refuses fractions outside 0..1", async () => {
    for (const testFraction of [0, 1, -0.1, 2, NaN]) {
      await expectError(
        () => stratifiedSplit(numbered([5, 5]), { seed: "1", testFraction }),
        "data.test-fraction",
        new RegExp(String(testFraction)),
      );
    }
  });

  it("refuses a class that would be missing from either part", async () => {
    await expectError(
      () => stratifiedSplit(numbered([1, 20]), { seed: "1", testFraction: 0.1 }),
      "data.too-few-samples",
      /class c0 has 1 samples: 1 to train and 0 to test/,
    );
    await expectError(
      () => stratifiedSplit(numbered([1, 20]), { seed: "1", testFraction: 0.9 }),
      "data.too-few-samples",
      /class c0 has 1 samples: 0 to train and 1 to test/,
    );
  });
});

describe("DATA_SPLIT", () => {
  it("is read back as it was written", () => {
    const split = stratifiedSplit(numbered([12, 9, 7]), { seed: "x", testFraction: 0.25 });
    expect(decodeDocument(DATA_SPLIT, encodeDocument(DATA_SPLIT, split))).to.deep.equal(split);
  });

  it("refuses contents that do not fit together", async () => {
    const split = stratifiedSplit(numbered([6, 6]), { seed: "x", testFraction: 0.25 });
    const content = DATA_SPLIT.encode(split);
    const { dataset } = content;
    const cases: [broken: typeof content, message: RegExp][] = [
      [{ ...content, dataset: { ...dataset, features: [1, 2, 3] } }, /do not agree in number/],
      [
        { ...content, dataset: { ...dataset, labels: dataset.labels.map(() => 2) } },
        /do not agree in number/,
      ],
      [{ ...content, testRows: [3, 1] }, /not ascending rows/],
      [{ ...content, testRows: [1, 1] }, /not ascending rows/],
      [{ ...content, testRows: [12] }, /not ascending rows/],
    ];
    for (const [broken, message] of cases) {
      await expectError(() => DATA_SPLIT.decode(broken), "data.shape", message);
    }
  });
});
