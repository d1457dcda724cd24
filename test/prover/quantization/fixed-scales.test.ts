import { expect } from "chai";
import fc from "fast-check";

import { type Architecture, defaultArchitecture } from "../../../prover/src/model/architecture.ts";
import type { FloatModel } from "../../../prover/src/model/float-model.ts";
import {
  dequantizeModel,
  quantizeAtScales,
  sumScalesOf,
} from "../../../prover/src/quantization/fixed-scales.ts";
import { quantizeModel } from "../../../prover/src/quantization/quantize.ts";
import { expectError } from "../support/expect-error.ts";
import { floatModelsOf, modelsOf } from "../support/integer-models.ts";

const shapes = fc.constantFrom([3, 2], [5, 4], [4, 3, 2], [6, 5, 4, 3]);
const architecture: Architecture = {
  layerSizes: [1, 1, 2],
  inputBits: 4,
  weightBits: 6,
  biasBits: 12,
  quotientBits: 7,
  marginBits: 12,
  shiftBits: [6],
};

function modelOf(weights: readonly number[], biases: readonly number[]): FloatModel {
  return {
    layerSizes: [1, 1, 2],
    layers: [
      { weights: Float32Array.of(weights[0]!), biases: Float32Array.of(biases[0]!) },
      { weights: Float32Array.from(weights.slice(1)), biases: Float32Array.from(biases.slice(1)) },
    ],
  };
}

describe("quantizeAtScales", () => {
  it("gives what quantizeModel gives at the scales that it found, but for roundings at their very edge", () => {
    fc.assert(
      fc.property(shapes.chain(floatModelsOf), (floatModel) => {
        const free = quantizeModel(floatModel, defaultArchitecture(floatModel.layerSizes));
        const { model } = quantizeAtScales(floatModel, free.model.architecture, free.weightScales).quantized;
        model.layers.forEach(({ weights, biases }, layer) => {
          const expected = free.model.layers[layer]!;
          weights.forEach((weight, index) => expect(weight).to.be.closeTo(expected.weights[index]!, 1));
          biases.forEach((bias, index) => expect(bias).to.be.closeTo(expected.biases[index]!, 1));
        });
      }),
    );
  });

  it("rounds halves up, and adds the half of a shift to hidden biases alone", () => {
    const { quantized } = quantizeAtScales(
      modelOf([0.25, -0.25, 0.75], [1 / 30, 0, 16 / 15]),
      architecture,
      [0.5, 0.5],
    );
    expect(quantized.sumScales).to.deep.equal([1 / 30, 16 / 15]);
    expect(quantized.model.layers[0]).to.deep.equal({ weights: Int32Array.of(1), biases: Int32Array.of(33) });
    expect(quantized.model.layers[1]!.weights).to.deep.equal(Int32Array.of(0, 2));
    expect(quantized.model.layers[1]!.biases).to.deep.equal(Int32Array.of(0, 1));
  });

  it("clips what does not fit to the nearest value, and counts it by layer", () => {
    const { quantized, clipped } = quantizeAtScales(
      modelOf([40, -33, 31], [0, 3000, -1]),
      architecture,
      [1, 1],
    );
    expect(quantized.model.layers[0]!.weights).to.deep.equal(Int32Array.of(31));
    expect(quantized.model.layers[1]!.weights).to.deep.equal(Int32Array.of(-32, 31));
    expect(clipped).to.deep.equal([
      { weights: 1, biases: 0 },
      { weights: 1, biases: 0 },
    ]);
    const fine = quantizeAtScales(modelOf([0, 0, 0], [200, 0, 9000]), architecture, [1, 1]);
    expect(fine.quantized.model.layers[0]!.biases).to.deep.equal(Int32Array.of(2047));
    expect(fine.quantized.model.layers[1]!.biases).to.deep.equal(Int32Array.of(0, 2047));
    expect(fine.clipped.map(({ biases }) => biases)).to.deep.equal([1, 1]);
  });

  it("refuses another shape, and scales that are not one positive number a layer", async () => {
    const floatModel = modelOf([0, 0, 0], [0, 0, 0]);
    await expectError(
      () => quantizeAtScales(floatModel, defaultArchitecture([1, 2]), [1]),
      "quantization.layer-sizes",
      /1-1-2.*1-2/,
    );
    for (const scales of [[1], [1, 0], [1, -1], [1, NaN], [1, Infinity], [1, 1, 1]]) {
      await expectError(
        () => quantizeAtScales(floatModel, architecture, scales),
        "quantization.scales",
        /for each of 2 layers/,
      );
    }
  });
});

describe("dequantizeModel", () => {
  it("gives a float model whose integers at the same scales are the same again", () => {
    const cases = shapes.chain((shape) =>
      fc.tuple(
        modelsOf(defaultArchitecture(shape)),
        fc.array(fc.double({ min: 1e-4, max: 10, noNaN: true }), {
          minLength: shape.length - 1,
          maxLength: shape.length - 1,
        }),
      ),
    );
    fc.assert(
      fc.property(cases, ([model, scales]) => {
        const again = quantizeAtScales(dequantizeModel(model, scales), model.architecture, scales);
        expect(again.quantized.model).to.deep.equal(model);
        expect(again.quantized.sumScales).to.deep.equal(sumScalesOf(model.architecture, scales));
      }),
    );
  });
});
