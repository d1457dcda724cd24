import { expect } from "chai";
import fc from "fast-check";

import type { FloatSamples } from "../../../prover/src/data/dataset.ts";
import { type Architecture, defaultArchitecture } from "../../../prover/src/model/architecture.ts";
import { floatLogits, type FloatModel } from "../../../prover/src/model/float-model.ts";
import { validateIntegerModel } from "../../../prover/src/model/integer-model.ts";
import { runReference } from "../../../prover/src/model/reference.ts";
import { quantizeModel } from "../../../prover/src/quantization/quantize.ts";
import { expectError } from "../support/expect-error.ts";
import { floatModelsOf, samplesOf } from "../support/integer-models.ts";

const shapes = fc.constantFrom([3, 2], [5, 4], [4, 3, 2], [6, 5, 4, 3]);

function constantModel(layerSizes: readonly number[], weight: number, bias: number): FloatModel {
  return {
    layerSizes,
    layers: layerSizes.slice(1).map((outputs, layer) => ({
      weights: new Float32Array(layerSizes[layer]! * outputs).fill(weight),
      biases: new Float32Array(outputs).fill(bias),
    })),
  };
}

describe("quantizeModel", () => {
  it("makes models that no input in range can drive out of range", () => {
    const cases = shapes.chain((shape) =>
      fc.tuple(floatModelsOf(shape), samplesOf(defaultArchitecture(shape), 12)),
    );
    fc.assert(
      fc.property(cases, ([floatModel, samples]) => {
        const { model, bounds } = quantizeModel(floatModel, defaultArchitecture(floatModel.layerSizes));
        validateIntegerModel(model);
        for (const { headroomBits } of bounds.layers) expect(headroomBits).to.be.at.least(0);
        runReference(model, samples);
      }),
      { numRuns: 300 },
    );
  });

  it("rounds weights and biases to the grid of their scales", () => {
    fc.assert(
      fc.property(shapes.chain(floatModelsOf), (floatModel) => {
        const architecture = defaultArchitecture(floatModel.layerSizes);
        const { model, weightScales, sumScales } = quantizeModel(floatModel, architecture);
        floatModel.layers.forEach((floatLayer, index) => {
          const { weights, biases } = model.layers[index]!;
          const half = index < architecture.shiftBits.length ? 512 : 0;
          weights.forEach((weight, position) => {
            expect(weight * weightScales[index]!).to.be.closeTo(
              floatLayer.weights[position]!,
              weightScales[index]! * 0.500001,
            );
          });
          biases.forEach((bias, position) => {
            expect((bias - half) * sumScales[index]!).to.be.closeTo(
              floatLayer.biases[position]!,
              sumScales[index]! * 0.500001,
            );
          });
        });
      }),
      { numRuns: 200 },
    );
  });

  it("keeps the logits of a linear model to within its rounding", () => {
    fc.assert(
      fc.property(floatModelsOf([3, 2]), samplesOf(defaultArchitecture([3, 2])), (floatModel, samples) => {
        const { model, weightScales, sumScales } = quantizeModel(floatModel, defaultArchitecture([3, 2]));
        const inputs: FloatSamples = {
          ...samples,
          features: Float32Array.from(samples.features, (q) => q / 255),
        };
        const expected = floatLogits(floatModel, inputs);
        // Half a weight step for each of three inputs up to 1, half a step of the bias, single precision inputs.
        const tolerance = 1.5 * weightScales[0]! + 0.5 * sumScales[0]! + 1e-5;
        runReference(model, samples).logits.forEach((logit, index) => {
          expect(logit * sumScales[0]!).to.be.closeTo(expected[index]!, tolerance);
        });
      }),
      { numRuns: 200 },
    );
  });

  it("keeps the logits of a deeper model to within its rounding", () => {
    const architecture = defaultArchitecture([4, 3, 2]);
    fc.assert(
      fc.property(floatModelsOf([4, 3, 2]), samplesOf(architecture), (floatModel, samples) => {
        const { model, weightScales, sumScales } = quantizeModel(floatModel, architecture);
        const inputs: FloatSamples = {
          ...samples,
          features: Float32Array.from(samples.features, (q) => q / 255),
        };
        const expected = floatLogits(floatModel, inputs);
        const [hidden, last] = floatModel.layers;
        // Half a step of each of four weights, of the bias, and of the rescaled activation.
        const activationError = 2 * weightScales[0]! + 0.5 * sumScales[0]! + 512 * sumScales[0]!;
        const largest = (values: Float32Array): number => Math.max(...values.map(Math.abs));
        const largestActivation = 4 * largest(hidden!.weights) + largest(hidden!.biases) + activationError;
        const tolerance =
          3 * largest(last!.weights) * activationError +
          1.5 * weightScales[1]! * largestActivation +
          0.5 * sumScales[1]! +
          1e-4;
        runReference(model, samples).logits.forEach((logit, index) => {
          expect(logit * sumScales[1]!).to.be.closeTo(expected[index]!, tolerance);
        });
        expect(sumScales[1]!).to.be.closeTo(sumScales[0]! * 1024 * weightScales[1]!, 1e-9);
      }),
      { numRuns: 200 },
    );
  });

  it("uses the range of weights, quotients or margins up to its end", () => {
    // 8-bit quotients bind the first layer; the weights' own range binds the second.
    const architecture: Architecture = {
      ...defaultArchitecture([16, 4, 2]),
      quotientBits: 8,
      marginBits: 40,
    };
    const { bounds } = quantizeModel(constantModel([16, 4, 2], 1, 0), architecture);
    // All weights are equal, so one more unit of scale adds 16·255 to the sum.
    expect(bounds.layers[0]!.boundedUpper).to.be.within(127 - (16 * 255) / 1024, 127);
    expect(bounds.layers[1]!.weightBits).to.equal(10);
    const uneven: FloatModel = {
      layerSizes: [16, 2],
      layers: [
        {
          weights: Float32Array.from({ length: 32 }, (_, at) => (at % 2) - 0.5),
          biases: new Float32Array(2),
        },
      ],
    };
    const linear = quantizeModel(uneven, defaultArchitecture([16, 2])).bounds.layers[0]!;
    expect(linear.boundedUpper).to.be.within(2 ** 19 - 2 * 16 * 255, 2 ** 19 - 1);
  });

  it("adds half a quotient to hidden biases, so that rescaling rounds to nearest", () => {
    const { model } = quantizeModel(constantModel([4, 3, 2], 0.5, 0), defaultArchitecture([4, 3, 2]));
    expect([...model.layers[0]!.biases]).to.deep.equal([512, 512, 512]);
    expect([...model.layers[1]!.biases]).to.deep.equal([0, 0]);
    const unshifted = { ...defaultArchitecture([4, 3, 2]), shiftBits: [0], quotientBits: 20 };
    expect([
      ...quantizeModel(constantModel([4, 3, 2], 0.5, 0), unshifted).model.layers[0]!.biases,
    ]).to.deep.equal([0, 0, 0]);
  });

  it("takes a model of zeros, whose logits are all equal", () => {
    const { model } = quantizeModel(constantModel([3, 2, 2], 0, 0), defaultArchitecture([3, 2, 2]));
    const samples = {
      sampleCount: 1,
      featureCount: 3,
      classCount: 2,
      features: Int32Array.of(255, 255, 255),
      labels: Int32Array.of(1),
    };
    expect([...runReference(model, samples).logits]).to.deep.equal([0, 0]);
  });

  it("gives the same integers for the same float model", () => {
    const floatModel = fc.sample(floatModelsOf([6, 5, 4]), { numRuns: 1, seed: 7 })[0]!;
    const architecture = defaultArchitecture([6, 5, 4]);
    expect(quantizeModel(floatModel, architecture)).to.deep.equal(quantizeModel(floatModel, architecture));
  });

  it("refuses an architecture of another shape", async () => {
    await expectError(
      () => quantizeModel(constantModel([3, 2], 1, 0), defaultArchitecture([3, 3])),
      "quantization.layer-sizes",
      /float model is 3-2, the architecture 3-3/,
    );
  });

  it("refuses ranges in which a layer would vanish, and biases too narrow for rounding", async () => {
    const narrow = { ...defaultArchitecture([1_000, 2, 2]), quotientBits: 2, shiftBits: [1] };
    await expectError(
      () => quantizeModel(constantModel([1_000, 2, 2], 1, 0), narrow),
      "quantization.no-scale",
      /layer 1 does not fit/,
    );
    await expectError(
      () => quantizeModel(constantModel([2, 2, 2], 1, 0), { ...defaultArchitecture([2, 2, 2]), biasBits: 8 }),
      "quantization.no-scale",
      /layer 1 does not fit/,
    );
    await expectError(
      () => quantizeModel(constantModel([2, 2], 1e-9, 1e9), defaultArchitecture([2, 2])),
      "quantization.no-scale",
      /layer 1 does not fit/,
    );
  });

  it("refuses a float model with values that are not finite", async () => {
    await expectError(
      () => quantizeModel(constantModel([2, 2], NaN, 0), defaultArchitecture([2, 2])),
      "model.shape",
      /not a finite number/,
    );
  });
});
