import { expect } from "chai";

import { defaultArchitecture } from "../../../prover/src/model/architecture.ts";
import { compareModels, scorePredictions } from "../../../prover/src/model/evaluation.ts";
import { expectError } from "../support/expect-error.ts";

describe("scorePredictions", () => {
  it("counts hits, fills the confusion matrix and scores each class", () => {
    const score = scorePredictions([0, 1, 1, 0, 1], [0, 0, 1, 0, 1], ["no", "yes", "never"]);
    expect(score).to.deep.equal({
      sampleCount: 5,
      correctCount: 4,
      accuracy: 0.8,
      confusion: [
        [2, 1, 0],
        [0, 2, 0],
        [0, 0, 0],
      ],
      perClass: [
        { className: "no", support: 3, recall: 2 / 3, precision: 1 },
        { className: "yes", support: 2, recall: 1, precision: 2 / 3 },
        { className: "never", support: 0, recall: null, precision: null },
      ],
    });
  });

  it("refuses lists that are empty or of different lengths", async () => {
    await expectError(() => scorePredictions([], [], ["a", "b"]), "model.sample-shape", /0 predictions/);
    await expectError(
      () => scorePredictions([0], [0, 1], ["a", "b"]),
      "model.sample-shape",
      /1 predictions against 2/,
    );
  });
});

describe("compareModels", () => {
  it("lists the samples on which float and integer model differ", () => {
    const floatModel = {
      layerSizes: [1, 2],
      layers: [{ weights: Float32Array.of(1, 0), biases: Float32Array.of(0, 0.5) }],
    };
    // Turns over at 129 of 255 rather than at one half.
    const integerModel = {
      architecture: defaultArchitecture([1, 2]),
      layers: [{ weights: Int32Array.of(1, 0), biases: Int32Array.of(0, 129) }],
    };
    const labels = Int32Array.of(1, 0, 0, 1);
    const shape = { sampleCount: 4, featureCount: 1, classCount: 2, labels };
    const integers = Int32Array.of(0, 128, 255, 200);
    const comparison = compareModels(
      floatModel,
      integerModel,
      { ...shape, features: Float32Array.from(integers, (value) => value / 255) },
      { ...shape, features: integers },
      ["a", "b"],
    );
    expect(comparison.float.correctCount).to.equal(3);
    expect(comparison.integer.correctCount).to.equal(2);
    expect(comparison.accuracyLoss).to.equal(0.25);
    expect(comparison.disagreements).to.deep.equal([
      { sample: 1, label: 0, floatPrediction: 0, integerPrediction: 1 },
    ]);
  });
});
