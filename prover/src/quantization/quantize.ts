import { type Architecture, validateArchitecture } from "../model/architecture.ts";
import { type FloatLayer, type FloatModel, validateFloatModel } from "../model/float-model.ts";
import type { IntegerLayer, IntegerModel } from "../model/integer-model.ts";
import {
  activationBounds,
  analyseBounds,
  type BoundReport,
  marginRange,
  quotientRange,
  sumBounds,
  uniformBounds,
  type UnitBounds,
} from "./bounds.ts";
import { QuantizationError } from "./quantization-error.ts";

/** An integer model with the scales that tie it to the float model it was made from. */
export interface QuantizedModel {
  readonly model: IntegerModel;
  /** Per layer: real weight = weightScale·w. */
  readonly weightScales: readonly number[];
  /** Per layer: real sum = sumScale·z (halves of rounding apart), so logits come in units of the last entry. */
  readonly sumScales: readonly number[];
  readonly bounds: BoundReport;
}

/** Halvings of the interval in which a layer's scale is sought: to the last bit of a double. */
const SCALE_SEARCH_STEPS = 52;

/**
 * Turns a float model into integers: w = round(real/weightScale), and with the layer's input scale s,
 * b = round(real/(s·weightScale)), plus 2^(shiftBits−1) in hidden layers with a shift, which makes the floor of the
 * rescaling a rounding to nearest, halves up. Features have scale 1/(2^inputBits − 1), activations the scale
 * s·weightScale·2^shiftBits.
 *
 * Each layer gets the finest weight scale for which its weights and biases fit and interval analysis of the integer
 * layer shows that no quotient and no margin can leave its range, whatever the input: a proof can then never fail on
 * unseen data. No data is looked at.
 *
 * Throws QuantizationError `quantization.layer-sizes`, or `quantization.no-scale` when a layer would vanish.
 */
export function quantizeModel(floatModel: FloatModel, architecture: Architecture): QuantizedModel {
  validateFloatModel(floatModel);
  validateArchitecture(architecture);
  if (floatModel.layerSizes.join() !== architecture.layerSizes.join()) {
    throw new QuantizationError(
      "quantization.layer-sizes",
      `the float model is ${floatModel.layerSizes.join("-")}, the architecture ${architecture.layerSizes.join("-")}`,
      "Quantise for the architecture the model was trained for.",
      { found: floatModel.layerSizes, expected: architecture.layerSizes },
    );
  }
  const layers: IntegerLayer[] = [];
  const weightScales: number[] = [];
  const sumScales: number[] = [];
  let inputScale = 1 / (2 ** architecture.inputBits - 1);
  let inputs = uniformBounds(architecture.layerSizes[0]!, 2 ** architecture.inputBits - 1);
  floatModel.layers.forEach((floatLayer, index) => {
    const fitted = fitLayer(floatLayer, architecture, index, inputScale, inputs);
    layers.push(fitted.layer);
    weightScales.push(fitted.weightScale);
    sumScales.push(inputScale * fitted.weightScale);
    const shift = architecture.shiftBits[index];
    if (shift === undefined) return;
    inputScale *= fitted.weightScale * 2 ** shift;
    inputs = activationBounds(sumBounds(fitted.layer.weights, fitted.layer.biases, inputs), shift);
  });
  const model: IntegerModel = { architecture, layers };
  return { model, weightScales, sumScales, bounds: analyseBounds(model) };
}

/** The finest scale that fits, found by bisection on weights per real unit; the result itself is checked, not assumed. */
function fitLayer(
  floatLayer: FloatLayer,
  architecture: Architecture,
  index: number,
  inputScale: number,
  inputs: UnitBounds,
): { layer: IntegerLayer; weightScale: number } {
  const largestWeight = largestMagnitude(floatLayer.weights);
  const largestBias = largestMagnitude(floatLayer.biases);
  const attempt = (unitsPerReal: number): IntegerLayer | undefined => {
    const layer = roundLayer(floatLayer, architecture, index, inputScale, unitsPerReal);
    return fits(layer, architecture, index, inputs) ? layer : undefined;
  };
  // Beyond these the largest weight or bias cannot fit, so the search starts here.
  let tooFine = Math.min(
    2 ** (architecture.weightBits - 1) / largestWeight,
    (2 ** (architecture.biasBits - 1) * inputScale) / largestBias,
  );
  if (!Number.isFinite(tooFine)) tooFine = 1;
  let unitsPerReal = 0;
  let best = attempt(0);
  for (let step = 0; best !== undefined && step < SCALE_SEARCH_STEPS; step++) {
    const middle = (unitsPerReal + tooFine) / 2;
    const layer = attempt(middle);
    if (layer === undefined) {
      tooFine = middle;
    } else {
      best = layer;
      unitsPerReal = middle;
    }
  }
  if (
    best === undefined ||
    unitsPerReal === 0 ||
    (largestWeight > 0 && best.weights.every((weight) => weight === 0))
  ) {
    throw new QuantizationError(
      "quantization.no-scale",
      `layer ${index + 1} does not fit: at any scale that keeps its values in range all its weights round to 0`,
      "Use wider quotientBits, marginBits or biasBits, a larger shift, or train with more weight decay.",
      { layer: index + 1 },
    );
  }
  return { layer: best, weightScale: 1 / unitsPerReal };
}

function roundLayer(
  { weights, biases }: FloatLayer,
  architecture: Architecture,
  index: number,
  inputScale: number,
  unitsPerReal: number,
): IntegerLayer {
  const shift = architecture.shiftBits[index];
  const half = shift ? 2 ** (shift - 1) : 0;
  return {
    weights: Int32Array.from(weights, (weight) => Math.round(weight * unitsPerReal)),
    biases: Int32Array.from(biases, (bias) => Math.round((bias * unitsPerReal) / inputScale) + half),
  };
}

function fits(layer: IntegerLayer, architecture: Architecture, index: number, inputs: UnitBounds): boolean {
  const { weights, biases } = layer;
  const { weightBits, biasBits, quotientBits, marginBits } = architecture;
  const inRange = (values: Int32Array, bits: number): boolean =>
    values.every((value) => value >= -(2 ** (bits - 1)) && value < 2 ** (bits - 1));
  if (!inRange(weights, weightBits) || !inRange(biases, biasBits)) return false;
  const shift = architecture.shiftBits[index];
  if (shift === undefined) return marginRange(weights, biases, inputs)[1] < 2 ** (marginBits - 1);
  const [lower, upper] = quotientRange(sumBounds(weights, biases, inputs), shift);
  return Math.max(-lower, upper) < 2 ** (quotientBits - 1);
}

function largestMagnitude(values: Float32Array): number {
  return values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
}
