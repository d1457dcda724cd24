import type { IntegerSamples } from "../data/samples.ts";
import type { Architecture } from "./architecture.ts";
import { firstMaximum } from "./float-model.ts";
import { type IntegerModel, validateIntegerModel } from "./integer-model.ts";
import { ModelError } from "./model-error.ts";

/** Every intermediate value of one hidden layer, row-major `[sample][neuron]`. */
export interface HiddenLayerTrace {
  readonly width: number;
  /** z = sum_j a_j·w_jh + b_h, an exact integer below 2^53. */
  readonly sums: Float64Array;
  /** q = floor(z / 2^shiftBits). */
  readonly quotients: Int32Array;
  /** z − q·2^shiftBits, in 0..2^shiftBits−1. */
  readonly remainders: Int32Array;
  /** a = max(q, 0). */
  readonly activations: Int32Array;
}

/** Everything the integer model computes on a set of samples. */
export interface InferenceTrace {
  /** First hidden layer to last; empty for a linear model. */
  readonly hiddenLayers: readonly HiddenLayerTrace[];
  /** Row-major `[sample][class]`, exact integers. */
  readonly logits: Float64Array;
  /** First maximum of each sample's logits. */
  readonly predictions: Int32Array;
  /** 1 where the prediction is the label, else 0. */
  readonly correct: Uint8Array;
  readonly correctCount: number;
}

/**
 * Runs the integer model as architecture.ts defines it: the definition that the circuits match bit for bit.
 *
 * Throws ModelError `model.feature-range` or `model.label-range` for samples off the grid, and `model.overflow`
 * when a quotient or a margin leaves its range, naming layer, neuron, sample, value and limit.
 */
export function runReference(model: IntegerModel, samples: IntegerSamples): InferenceTrace {
  validateIntegerModel(model);
  checkSamples(model.architecture, samples);
  const { layerSizes, shiftBits } = model.architecture;
  const hiddenLayers: HiddenLayerTrace[] = [];
  let inputs = samples.features;
  shiftBits.forEach((_, layer) => {
    const sums = denseSums(model, layer, inputs, samples.sampleCount);
    const trace = rescale(model, layer, sums);
    hiddenLayers.push(trace);
    inputs = trace.activations;
  });
  const logits = denseSums(model, shiftBits.length, inputs, samples.sampleCount);
  checkMargins(model, samples.labels, logits);
  const predictions = firstMaximum(logits, layerSizes[layerSizes.length - 1]!);
  const correct = Uint8Array.from(predictions, (prediction, sample) =>
    prediction === samples.labels[sample] ? 1 : 0,
  );
  return {
    hiddenLayers,
    logits,
    predictions,
    correct,
    correctCount: correct.reduce((count, bit) => count + bit, 0),
  };
}

/**
 * z of every neuron of `layer` (from 0), row-major `[sample][neuron]`; doubles are exact here because
 * validateArchitecture bounds every sum below 2^53.
 */
export function denseSums(
  model: IntegerModel,
  layer: number,
  inputs: Int32Array,
  sampleCount: number,
): Float64Array {
  const fanIn = model.architecture.layerSizes[layer]!;
  const width = model.architecture.layerSizes[layer + 1]!;
  const { weights, biases } = model.layers[layer]!;
  const sums = new Float64Array(sampleCount * width);
  for (let sample = 0; sample < sampleCount; sample++) {
    const row = sums.subarray(sample * width, (sample + 1) * width);
    row.set(biases);
    for (let input = 0; input < fanIn; input++) {
      const value = inputs[sample * fanIn + input]!;
      if (value === 0) continue;
      for (let neuron = 0; neuron < width; neuron++) row[neuron]! += value * weights[input * width + neuron]!;
    }
  }
  return sums;
}

function rescale(model: IntegerModel, layer: number, sums: Float64Array): HiddenLayerTrace {
  const { layerSizes, shiftBits, quotientBits } = model.architecture;
  const width = layerSizes[layer + 1]!;
  const divisor = 2 ** shiftBits[layer]!;
  const limit = 2 ** (quotientBits - 1);
  const quotients = new Int32Array(sums.length);
  const remainders = new Int32Array(sums.length);
  const activations = new Int32Array(sums.length);
  for (let index = 0; index < sums.length; index++) {
    const sum = sums[index]!;
    const quotient = Math.floor(sum / divisor);
    if (Math.abs(quotient) >= limit) {
      const [sample, neuron] = [Math.floor(index / width), index % width];
      throw new ModelError(
        "model.overflow",
        `layer ${layer + 1}, neuron ${neuron + 1}, sample ${sample + 1}: quotient ${quotient} is outside ±${limit - 1}`,
        "Quantise the float model again; interval bounds leave no room for this.",
        { layer: layer + 1, neuron: neuron + 1, sample: sample + 1, value: quotient, limit },
      );
    }
    quotients[index] = quotient;
    remainders[index] = sum - quotient * divisor;
    activations[index] = Math.max(quotient, 0);
  }
  return { width, sums, quotients, remainders, activations };
}

function checkMargins(model: IntegerModel, labels: Int32Array, logits: Float64Array): void {
  const { layerSizes, marginBits } = model.architecture;
  const classCount = layerSizes[layerSizes.length - 1]!;
  const limit = 2 ** (marginBits - 1);
  for (let index = 0; index < logits.length; index++) {
    const sample = Math.floor(index / classCount);
    const margin = logits[sample * classCount + labels[sample]!]! - logits[index]!;
    if (Math.abs(margin) < limit) continue;
    const neuron = index % classCount;
    throw new ModelError(
      "model.overflow",
      `last layer, class ${neuron}, sample ${sample + 1}: the label's logit differs by ${margin}, outside ±${limit - 1}`,
      "Quantise the float model again; interval bounds leave no room for this.",
      { layer: layerSizes.length - 1, neuron: neuron + 1, sample: sample + 1, value: margin, limit },
    );
  }
}

/** Throws ModelError `model.sample-shape`, `model.feature-range` or `model.label-range` for samples off the grid. */
export function checkSamples(architecture: Architecture, samples: IntegerSamples): void {
  const { layerSizes, inputBits } = architecture;
  const [featureCount, classCount] = [layerSizes[0]!, layerSizes[layerSizes.length - 1]!];
  const { sampleCount } = samples;
  if (
    samples.featureCount !== featureCount ||
    samples.classCount !== classCount ||
    samples.features.length !== sampleCount * featureCount ||
    samples.labels.length !== sampleCount
  ) {
    throw new ModelError(
      "model.sample-shape",
      `the samples have ${samples.featureCount} features and ${samples.classCount} classes, the model ${featureCount} and ${classCount}`,
      "Use the test set the task names.",
      { features: samples.featureCount, classes: samples.classCount },
    );
  }
  const limit = 2 ** inputBits;
  const offGrid = samples.features.findIndex((value) => value < 0 || value >= limit);
  if (offGrid >= 0) {
    const [sample, feature] = [Math.floor(offGrid / featureCount) + 1, (offGrid % featureCount) + 1];
    throw new ModelError(
      "model.feature-range",
      `sample ${sample}, feature ${feature}: ${samples.features[offGrid]} is outside 0..${limit - 1}`,
      "Quantise the inputs with the architecture's inputBits.",
      { sample, feature, value: samples.features[offGrid], limit: limit - 1 },
    );
  }
  const unknown = samples.labels.findIndex((label) => label < 0 || label >= classCount);
  if (unknown >= 0) {
    throw new ModelError(
      "model.label-range",
      `sample ${unknown + 1}: label ${samples.labels[unknown]} is outside 0..${classCount - 1}`,
      "Use the test set the task names.",
      { sample: unknown + 1, value: samples.labels[unknown], limit: classCount - 1 },
    );
  }
}
