import { expect } from "chai";

import type { FloatSamples } from "../../../prover/src/data/dataset.ts";
import {
  firstMaximum,
  floatLogits,
  type FloatModel,
  validateFloatModel,
} from "../../../prover/src/model/float-model.ts";
import { expectError } from "../support/expect-error.ts";

const model: FloatModel = {
  layerSizes: [2, 2, 2],
  layers: [
    { weights: Float32Array.of(1, -1, 2, 0.5), biases: Float32Array.of(0, 0.25) },
    { weights: Float32Array.of(1, 2, 4, 8), biases: Float32Array.of(0.5, 0) },
  ],
};
const samples: FloatSamples = {
  sampleCount: 2,
  featureCount: 2,
  classCount: 2,
  features: Float32Array.of(1, 0.5, 0, 1),
  labels: Int32Array.of(0, 1),
};

describe("floatLogits", () => {
  it("applies ReLU between the layers and not after the last", () => {
    expect([...floatLogits(model, samples)]).to.deep.equal([2.5, 4, 2 + 3 + 0.5, 4 + 6]);
    const negative: FloatModel = {
      layerSizes: [2, 2],
      layers: [{ weights: Float32Array.of(-1, 0, 0, 1), biases: Float32Array.of(0, 0) }],
    };
    expect([...floatLogits(negative, samples)]).to.deep.equal([-1, 0.5, 0, 1]);
  });

  it("refuses samples with another number of features", async () => {
    await expectError(
      () => floatLogits(model, { ...samples, featureCount: 4 }),
      "model.feature-count",
      /4 features, the model reads 2/,
    );
  });
});

describe("firstMaximum", () => {
  it("takes the lowest class of equal maxima", () => {
    expect([...firstMaximum([1, 1, 1, 0, 2, 2, -3, -2, -1], 3)]).to.deep.equal([0, 1, 2]);
  });
});

describe("validateFloatModel", () => {
  it("refuses wrong shapes and values that are not finite", async () => {
    const [first, last] = model.layers;
    const broken: [FloatModel, RegExp][] = [
      [{ layerSizes: [2], layers: [] }, /1 layer sizes do not go with 0 layers/],
      [{ ...model, layers: [first!] }, /3 layer sizes do not go with 1 layers/],
      [{ ...model, layerSizes: [3, 2, 2] }, /layer 1 of 3×2 has 4 weights/],
      [{ ...model, layers: [first!, { ...last!, biases: Float32Array.of(1) }] }, /layer 2 .* 1 biases/],
      [{ ...model, layers: [first!, { ...last!, biases: Float32Array.of(1, NaN) }] }, /layer 2 holds/],
      [
        { ...model, layers: [{ ...first!, weights: Float32Array.of(0, 0, Infinity, 0) }, last!] },
        /layer 1 holds/,
      ],
    ];
    for (const [candidate, message] of broken) {
      await expectError(() => validateFloatModel(candidate), "model.shape", message);
    }
    validateFloatModel(model);
  });
});
