import { expect } from "chai";
import fc from "fast-check";

import type { Dataset } from "../../../prover/src/data/dataset.ts";
import { decodeDocument, encodeDocument } from "../../../prover/src/data/document.ts";
import {
  fitInputQuantization,
  INPUT_QUANTIZATION,
  quantizeInputs,
  scaleInputs,
} from "../../../prover/src/data/input-quantization.ts";
import { stratifiedSplit } from "../../../prover/src/data/split.ts";
import { datasetOf } from "../support/datasets.ts";
import { expectError } from "../support/expect-error.ts";

const column = (...values: number[]): Dataset =>
  datasetOf(
    values.map((value) => [value]),
    values.map(() => 1),
  );

describe("fitInputQuantization", () => {
  it("maps the training range onto the whole grid", () => {
    const mapping = fitInputQuantization(column(-1, 0, 4), 8);
    expect(mapping.features).to.deep.equal([{ scale: 5 / 255, zeroPoint: 51, minimum: -1, maximum: 4 }]);
    const { samples } = quantizeInputs(column(-1, 0, 4), mapping);
    expect([...samples.features]).to.deep.equal([0, 51, 255]);
  });

  it("looks at the training part only", () => {
    const dataset = datasetOf(
      Array.from({ length: 40 }, (_, row) => [row, -row]),
      Array.from({ length: 40 }, (_, row) => row % 2),
    );
    const { train, test, testRows } = stratifiedSplit(dataset, { seed: "1" });
    const before = fitInputQuantization(train, 8);
    // Whatever the test rows hold, the mapping stays: change them all and fit again from the changed data set.
    const changed = { ...dataset, features: dataset.features.slice() };
    for (const row of testRows) changed.features.fill(1e6, 2 * row, 2 * row + 2);
    const again = stratifiedSplit(changed, { seed: "1" });
    expect(again.test.features).to.not.deep.equal(test.features);
    expect(fitInputQuantization(again.train, 8)).to.deep.equal(before);
  });

  it("puts a constant feature at 0 and calls any other value out of range", () => {
    for (const constant of [0, 7.25, -3, 1e-300, -1e300]) {
      const mapping = fitInputQuantization(column(constant, constant), 8);
      const { samples, clamped } = quantizeInputs(
        column(constant, constant + Math.abs(constant) + 1),
        mapping,
      );
      expect([...samples.features]).to.deep.equal([0, 0]);
      expect(clamped).to.have.length(1);
      expect(clamped[0]).to.include({ count: 1, minimum: constant, maximum: constant });
      expect([...scaleInputs(column(constant, 2 * constant), mapping).features]).to.deep.equal([0, 0]);
    }
  });

  it("refuses bit widths off the grid", async () => {
    for (const inputBits of [0, 17, 2.5, NaN]) {
      await expectError(
        () => fitInputQuantization(column(1, 2), inputBits),
        "data.input-bits",
        new RegExp(`cannot have ${inputBits} bits.*1 to 16`),
      );
    }
  });

  it("refuses a range it cannot resolve, and an empty training part", async () => {
    await expectError(
      () => fitInputQuantization(column(1e15, 1e15 + 0.125), 8),
      "data.range-too-narrow",
      /feature f0 spans 1000000000000000\.\.1000000000000000\.1/,
    );
    await expectError(
      () => fitInputQuantization(column(-1.7e308, 1.7e308), 8),
      "data.range-too-narrow",
      /feature f0/,
    );
    const empty = { ...column(1), sampleCount: 0, features: new Float64Array(), labels: new Int32Array() };
    await expectError(() => fitInputQuantization(empty, 8), "data.empty", /no samples/);
  });
});

describe("quantizeInputs", () => {
  it("is within half a step of the value, on the grid, for values in range", () => {
    const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 2, maxLength: 20 }),
        fc.integer({ min: 1, max: 16 }),
        (values, bits) => {
          const [minimum, maximum] = [Math.min(...values), Math.max(...values)];
          fc.pre(maximum - minimum > 1e-3);
          const mapping = fitInputQuantization(column(...values), bits);
          const { scale, zeroPoint } = mapping.features[0]!;
          const { samples, clamped } = quantizeInputs(column(...values), mapping);
          expect(clamped).to.deep.equal([]);
          samples.features.forEach((quantized, index) => {
            expect(quantized).to.be.within(0, 2 ** bits - 1);
            // Half a step of rounding the value, and at the ends half a step of rounding the zero point.
            expect(Math.abs(scale * (quantized - zeroPoint) - values[index]!)).to.be.at.most(scale * 1.001);
          });
        },
      ),
      { numRuns: 300 },
    );
  });

  it("clamps values out of range and reports how many, per feature", () => {
    const mapping = fitInputQuantization(
      datasetOf(
        [
          [0, 0],
          [10, 10],
        ],
        [0, 1],
      ),
      8,
    );
    const test = datasetOf(
      [
        [-5, 3],
        [11, 4],
        [20, 10],
      ],
      [0, 1, 0],
    );
    const { samples, clamped } = quantizeInputs(test, mapping);
    expect([...samples.features]).to.deep.equal([0, 77, 255, 102, 255, 255]);
    expect(clamped).to.deep.equal([
      { feature: 0, name: "f0", count: 3, lowest: -5, highest: 20, minimum: 0, maximum: 10 },
    ]);
  });

  it("in strict mode refuses a value out of range, naming sample, feature, value and range", async () => {
    const mapping = fitInputQuantization(column(0, 10), 8);
    const error = await expectError(
      () => quantizeInputs(column(3, 10.5), mapping, { outOfRange: "error" }),
      "data.out-of-range",
      /sample 2: feature f0 is 10\.5, outside the fitted range 0\.\.10/,
    );
    expect(error.details).to.deep.equal({ sample: 1, feature: "f0", value: 10.5, minimum: 0, maximum: 10 });
    expect(quantizeInputs(column(3, 10), mapping, { outOfRange: "error" }).clamped).to.deep.equal([]);
  });

  it("refuses data with other features than the mapping", async () => {
    const mapping = fitInputQuantization(column(0, 10), 8);
    await expectError(
      () => quantizeInputs(datasetOf([[1, 2]], [0]), mapping),
      "data.feature-mismatch",
      /2 features, the input mapping 1/,
    );
    await expectError(
      () => scaleInputs({ ...column(1), featureNames: ["other"] }, mapping),
      "data.feature-mismatch",
      /feature 1 is other in the data, f0/,
    );
  });
});

describe("scaleInputs", () => {
  it("gives the unrounded position on the grid, in 0..1, clamped like the integers", () => {
    const mapping = fitInputQuantization(column(-1, 4), 8);
    const { features } = scaleInputs(column(-2, -1, 1.23, 4, 9), mapping);
    expect([...features]).to.deep.equal([0, 0, Math.fround(((1.23 * 255) / 5 + 51) / 255), 1, 1]);
  });

  it("differs from the integers by at most one step of the grid", () => {
    const values = Array.from({ length: 200 }, (_, index) => Math.sin(index) * 3 + 0.1);
    const mapping = fitInputQuantization(column(...values), 8);
    const { features } = scaleInputs(column(...values), mapping);
    quantizeInputs(column(...values), mapping).samples.features.forEach((quantized, index) => {
      expect(Math.abs(features[index]! * 255 - quantized)).to.be.at.most(0.501);
    });
  });
});

describe("INPUT_QUANTIZATION", () => {
  it("is read back as it was written", () => {
    const mapping = fitInputQuantization(
      datasetOf(
        [
          [-1, 5, 0.1],
          [4, 5, 0.3],
        ],
        [0, 1],
      ),
      8,
    );
    expect(decodeDocument(INPUT_QUANTIZATION, encodeDocument(INPUT_QUANTIZATION, mapping))).to.deep.equal(
      mapping,
    );
  });
});
