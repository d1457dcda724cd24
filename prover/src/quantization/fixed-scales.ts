import type { Architecture } from "../model/architecture.ts";
import { validateArchitecture } from "../model/architecture.ts";
import { type FloatModel, validateFloatModel } from "../model/float-model.ts";
import { type IntegerModel, validateIntegerModel } from "../model/integer-model.ts";
import { analyseBounds } from "./bounds.ts";
import { QuantizationError } from "./quantization-error.ts";
import type { QuantizedModel } from "./quantize.ts";

/** How many parameters of a layer did not fit, and took the nearest value that does. */
export interface ClippedLayer {
  readonly weights: number;
  readonly biases: number;
}

/** A model at given scales. */
export interface FixedScaleModel {
  readonly quantized: QuantizedModel;
  /** One per layer. */
  readonly clipped: readonly ClippedLayer[];
}

/**
 * Turns a float model into integers at given weight scales, as quantizeModel does at its own: models at the same scales
 * can be averaged. What does not fit is clipped, and counted. Nothing keeps quotients and margins in their ranges: see
 * the bounds, or run the model.
 *
 * Throws QuantizationError `quantization.layer-sizes` or `quantization.scales`.
 */
export function quantizeAtScales(
  floatModel: FloatModel,
  architecture: Architecture,
  weightScales: readonly number[],
): FixedScaleModel {
  validateFloatModel(floatModel);
  const sumScales = sumScalesOf(architecture, weightScales);
  const { layerSizes, weightBits, biasBits } = architecture;
  if (floatModel.layerSizes.join() !== layerSizes.join()) {
    throw new QuantizationError(
      "quantization.layer-sizes",
      `the float model is ${floatModel.layerSizes.join("-")}, the architecture ${layerSizes.join("-")}`,
      "Quantise for the architecture the model was trained for.",
      { found: floatModel.layerSizes, expected: layerSizes },
    );
  }
  const clipped: ClippedLayer[] = [];
  const layers = floatModel.layers.map((layer, index) => {
    const weights = clipTo(weightBits, layer.weights, (weight) => weight / weightScales[index]!);
    const offset = roundingOffset(architecture, index);
    const biases = clipTo(biasBits, layer.biases, (bias) => bias / sumScales[index]! + offset);
    clipped.push({ weights: weights.clipped, biases: biases.clipped });
    return { weights: weights.values, biases: biases.values };
  });
  const model: IntegerModel = { architecture, layers };
  return { quantized: { model, weightScales, sumScales, bounds: analyseBounds(model) }, clipped };
}

/**
 * The float model behind an integer model: real weight = weightScale·w, real bias = sumScale·(b − 2^(shiftBits−1)), the
 * half being there in hidden layers with a shift only. quantizeAtScales gives the same integers back.
 */
export function dequantizeModel(model: IntegerModel, weightScales: readonly number[]): FloatModel {
  validateIntegerModel(model);
  const { architecture, layers } = model;
  const sumScales = sumScalesOf(architecture, weightScales);
  return {
    layerSizes: architecture.layerSizes,
    layers: layers.map(({ weights, biases }, index) => {
      const offset = roundingOffset(architecture, index);
      return {
        weights: Float32Array.from(weights, (weight) => weight * weightScales[index]!),
        biases: Float32Array.from(biases, (bias) => (bias - offset) * sumScales[index]!),
      };
    }),
  };
}

/**
 * What one unit of each layer's sums is worth at given weight scales. Throws QuantizationError `quantization.scales`
 * unless there is one positive scale a layer.
 */
export function sumScalesOf(architecture: Architecture, weightScales: readonly number[]): number[] {
  validateArchitecture(architecture);
  const layerCount = architecture.layerSizes.length - 1;
  if (weightScales.length !== layerCount || !weightScales.every((scale) => scale > 0 && scale < Infinity)) {
    throw new QuantizationError(
      "quantization.scales",
      `the weight scales are ${weightScales.join(", ")}: one positive number is needed for each of ${layerCount} layers`,
      "Use the scales of the federation's document.",
      { scales: weightScales, layers: layerCount },
    );
  }
  let inputScale = 1 / (2 ** architecture.inputBits - 1);
  return weightScales.map((weightScale, index) => {
    const sumScale = inputScale * weightScale;
    inputScale = sumScale * 2 ** (architecture.shiftBits[index] ?? 0);
    return sumScale;
  });
}

/** What makes the floor of a rescaling a rounding to nearest. */
function roundingOffset({ shiftBits }: Architecture, layer: number): number {
  const shift = shiftBits[layer] ?? 0;
  return shift === 0 ? 0 : 2 ** (shift - 1);
}

function clipTo(
  bits: number,
  reals: Float32Array,
  scale: (real: number) => number,
): { values: Int32Array; clipped: number } {
  const limit = 2 ** (bits - 1);
  let clipped = 0;
  const values = Int32Array.from(reals, (real) => {
    const value = Math.round(scale(real));
    const fitted = Math.min(Math.max(value, -limit), limit - 1);
    if (fitted !== value) clipped++;
    return fitted;
  });
  return { values, clipped };
}
