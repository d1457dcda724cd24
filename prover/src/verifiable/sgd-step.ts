import type { IntegerSamples } from "../data/samples.ts";
import type { IntegerLayer, IntegerModel } from "../model/integer-model.ts";
import { denseSums } from "../model/reference.ts";
import { TrainingError } from "../training/training-error.ts";
import { PROBABILITY_FRACTION_BITS, SIGMOID_HALF_SIZE, SIGMOID_TABLE } from "./sigmoid-table.ts";
import { sigmoidShiftBits, type TrainingRule, WEIGHT_FRACTION_BITS } from "./training-rule.ts";

/** A sum divided by a power of two: sum = quotient·2^shift + remainder, 0 ≤ remainder < 2^shift. */
export interface Rescaled {
  /** Exact integers below 2^53. */
  readonly sums: Float64Array;
  readonly quotients: Int32Array;
  readonly remainders: Int32Array;
}

/** What one hidden layer computes in a step, row-major `[sample][neuron]`. */
export interface HiddenStepTrace {
  /** z = sum_j a_j·w_jh + b_h, divided by 2^shiftBits. */
  readonly forward: Rescaled;
  /** a = max(q, 0). */
  readonly activations: Int32Array;
  /** g = sum_c delta_c·w_hc over the next layer, divided by 2^12; computed for every neuron, active or not. */
  readonly backward: Rescaled;
  /** d where a > 0, else 0: the loss gradient with respect to z, 8 fraction bits. */
  readonly deltas: Int32Array;
}

/** What the last layer and the loss compute in a step, row-major `[sample][class]`. */
export interface OutputStepTrace {
  /** The logits z, divided by 2^sigmoidShiftBits. */
  readonly logits: Rescaled;
  /** t: the quotient clamped to −512..511. */
  readonly tableIndices: Int32Array;
  /** quotient − t: positive above the table, negative below, 0 inside. */
  readonly excesses: Int32Array;
  /** p = sigmoid of t, 0..256. */
  readonly probabilities: Int32Array;
  /** e = p − 256·y for the one-hot label y: the loss gradient with respect to z, 8 fraction bits. */
  readonly deltas: Int32Array;
}

/** How one layer's parameters change in a step; weights row-major `[inputs][outputs]`. */
export interface LayerUpdateTrace {
  /** G = sum over samples of input·delta. */
  readonly weightGradients: Float64Array;
  /** G·f + 2^(S−1), divided by 2^S: the quotient is what the weight loses. */
  readonly weightChanges: Rescaled;
  /** B = sum over samples of delta. */
  readonly biasGradients: Float64Array;
  /** B·f·2^k + 2^(S−1), divided by 2^S: the quotient is what the bias loses. */
  readonly biasChanges: Rescaled;
}

/** Every intermediate value of a step, as a circuit's witness needs them. */
export interface StepTrace {
  readonly factor: number;
  /** First hidden layer to last; empty for a linear model. */
  readonly hiddenLayers: readonly HiddenStepTrace[];
  readonly output: OutputStepTrace;
  /** First layer to last. */
  readonly updates: readonly LayerUpdateTrace[];
}

/** A step's result: the model after it, and how it came about. */
export interface SgdStep {
  readonly model: IntegerModel;
  readonly trace: StepTrace;
}

/**
 * One step of integer stochastic gradient descent with the one-vs-all logistic loss: the definition that the
 * `train-step` circuit matches bit for bit.
 *
 * `model` and `batch` must have the shape and ranges of `rule.architecture`, and `batch` have rule.batchSize samples;
 * `factor` is learningRateFactor(rule, step). `step` (from 0) only names the place in errors.
 * Throws TrainingError `training.overflow` when a value leaves its range, naming step, layer, value and limit.
 */
export function sgdStep(
  rule: TrainingRule,
  model: IntegerModel,
  batch: IntegerSamples,
  factor: number,
  step: number,
): SgdStep {
  const { architecture } = rule;
  const quotientLimit = 2 ** (architecture.quotientBits - 1);
  const inputs = [batch.features];
  const forwards = architecture.shiftBits.map((shift, layer) => {
    const forward = rescale(denseSums(model, layer, inputs[layer]!, batch.sampleCount), shift);
    checkMagnitude(forward.quotients, quotientLimit, { step, layer, what: "a quotient" });
    inputs.push(forward.quotients.map((quotient) => Math.max(quotient, 0)));
    return forward;
  });
  const output = lossGradient(rule, model, inputs[inputs.length - 1]!, batch, step);

  const hiddenLayers: HiddenStepTrace[] = [];
  const updates: LayerUpdateTrace[] = [];
  const layers: IntegerLayer[] = [];
  let deltas = output.deltas;
  for (let layer = model.layers.length - 1; layer >= 0; layer--) {
    const update = layerUpdate(rule, layer, inputs[layer]!, deltas, batch.sampleCount, factor);
    updates.unshift(update);
    layers.unshift(applyUpdate(rule, model.layers[layer]!, layer, update, step));
    if (layer === 0) break;
    const activations = inputs[layer]!;
    const backward = rescale(backwardSums(model, layer, deltas, batch.sampleCount), WEIGHT_FRACTION_BITS);
    checkMagnitude(backward.quotients, 2 ** rule.magnitudeBits, {
      step,
      layer: layer - 1,
      what: "a back-propagated value",
    });
    deltas = backward.quotients.map((quotient, index) => (activations[index]! > 0 ? quotient : 0));
    hiddenLayers.unshift({ forward: forwards[layer - 1]!, activations, backward, deltas });
  }
  return { model: { architecture, layers }, trace: { factor, hiddenLayers, output, updates } };
}

function lossGradient(
  rule: TrainingRule,
  model: IntegerModel,
  inputs: Int32Array,
  batch: IntegerSamples,
  step: number,
): OutputStepTrace {
  const layer = model.layers.length - 1;
  const logits = rescale(denseSums(model, layer, inputs, batch.sampleCount), sigmoidShiftBits(rule));
  const tableIndices = logits.quotients.map((quotient) =>
    Math.min(Math.max(quotient, -SIGMOID_HALF_SIZE), SIGMOID_HALF_SIZE - 1),
  );
  const excesses = logits.quotients.map((quotient, index) => quotient - tableIndices[index]!);
  checkMagnitude(excesses, 2 ** rule.excessBits, { step, layer, what: "an excess over the sigmoid table" });
  const probabilities = tableIndices.map((index) => SIGMOID_TABLE[index + SIGMOID_HALF_SIZE]!);
  const deltas = probabilities.slice();
  for (let sample = 0; sample < batch.sampleCount; sample++) {
    deltas[sample * batch.classCount + batch.labels[sample]!]! -= 2 ** PROBABILITY_FRACTION_BITS;
  }
  return { logits, tableIndices, excesses, probabilities, deltas };
}

/** g of every input neuron of `layer`, row-major `[sample][neuron]`. */
function backwardSums(
  model: IntegerModel,
  layer: number,
  deltas: Int32Array,
  sampleCount: number,
): Float64Array {
  const fanIn = model.architecture.layerSizes[layer]!;
  const width = model.architecture.layerSizes[layer + 1]!;
  const { weights } = model.layers[layer]!;
  const sums = new Float64Array(sampleCount * fanIn);
  for (let sample = 0; sample < sampleCount; sample++) {
    for (let input = 0; input < fanIn; input++) {
      let sum = 0;
      for (let neuron = 0; neuron < width; neuron++) {
        sum += deltas[sample * width + neuron]! * weights[input * width + neuron]!;
      }
      sums[sample * fanIn + input] = sum;
    }
  }
  return sums;
}

function layerUpdate(
  rule: TrainingRule,
  layer: number,
  inputs: Int32Array,
  deltas: Int32Array,
  sampleCount: number,
  factor: number,
): LayerUpdateTrace {
  const fanIn = rule.architecture.layerSizes[layer]!;
  const width = rule.architecture.layerSizes[layer + 1]!;
  const shift = rule.weightShiftBits[layer]!;
  const weightGradients = new Float64Array(fanIn * width);
  const biasGradients = new Float64Array(width);
  for (let sample = 0; sample < sampleCount; sample++) {
    const row = deltas.subarray(sample * width, (sample + 1) * width);
    for (let neuron = 0; neuron < width; neuron++) biasGradients[neuron]! += row[neuron]!;
    for (let input = 0; input < fanIn; input++) {
      const value = inputs[sample * fanIn + input]!;
      if (value === 0) continue;
      const start = input * width;
      for (let neuron = 0; neuron < width; neuron++) weightGradients[start + neuron]! += value * row[neuron]!;
    }
  }
  const half = 2 ** (shift - 1);
  const biasFactor = factor * 2 ** rule.biasFactorBits[layer]!;
  return {
    weightGradients,
    weightChanges: rescale(
      weightGradients.map((gradient) => gradient * factor + half),
      shift,
    ),
    biasGradients,
    biasChanges: rescale(
      biasGradients.map((gradient) => gradient * biasFactor + half),
      shift,
    ),
  };
}

function applyUpdate(
  rule: TrainingRule,
  { weights, biases }: IntegerLayer,
  layer: number,
  update: LayerUpdateTrace,
  step: number,
): IntegerLayer {
  const { weightBits, biasBits } = rule.architecture;
  return {
    weights: subtract(weights, update.weightChanges.quotients, weightBits, { step, layer, what: "a weight" }),
    biases: subtract(biases, update.biasChanges.quotients, biasBits, { step, layer, what: "a bias" }),
  };
}

/** Values minus changes, each checked to fit `bits` signed bits. */
function subtract(values: Int32Array, changes: Int32Array, bits: number, place: Place): Int32Array {
  const limit = 2 ** (bits - 1);
  return values.map((value, index) => {
    const next = value - changes[index]!;
    if (next < -limit || next >= limit) throw overflow(place, next, -limit, limit - 1);
    return next;
  });
}

/** A quotient beyond ±2^32 saturates there, outside every range that is checked afterwards. */
function rescale(sums: Float64Array, shift: number): Rescaled {
  const divisor = 2 ** shift;
  const quotients = new Int32Array(sums.length);
  const remainders = new Int32Array(sums.length);
  for (let index = 0; index < sums.length; index++) {
    const quotient = Math.floor(sums[index]! / divisor);
    quotients[index] = Math.min(Math.max(quotient, -(2 ** 30)), 2 ** 30);
    remainders[index] = sums[index]! - quotient * divisor;
  }
  return { sums, quotients, remainders };
}

interface Place {
  readonly step: number;
  /** From 0. */
  readonly layer: number;
  readonly what: string;
}

function checkMagnitude(values: Int32Array, limit: number, place: Place): void {
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!;
    if (value >= limit || value <= -limit) throw overflow(place, value, -(limit - 1), limit - 1);
  }
}

function overflow({ step, layer, what }: Place, value: number, least: number, most: number): TrainingError {
  return new TrainingError(
    "training.overflow",
    `step ${step}, layer ${layer + 1}: ${what} of ${value} is outside ${least}..${most}; nothing has been committed`,
    "Train with a smaller learning rate or initial range, or with wider ranges, as the task's rule allows.",
    { step, layer: layer + 1, what, value, least, most },
  );
}
