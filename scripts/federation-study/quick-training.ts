/**
 * Local training without tensors. The study trains thousands of small networks, where calls into TensorFlow.js take twenty times as
 * long as the arithmetic; this does the same arithmetic, which a test compares.
 */
import type { FloatSamples } from "../../prover/src/data/dataset.ts";
import { SeededRandom } from "../../prover/src/data/random.ts";
import type { FloatModel } from "../../prover/src/model/float-model.ts";

/** How a member trains in one round; the same meanings as in TrainingOptions. */
export interface LocalTraining {
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly weightDecay: number;
}

const BETA_1 = 0.9;
const BETA_2 = 0.999;
const EPSILON = 1e-7;

interface Layer {
  readonly inputs: number;
  readonly outputs: number;
  readonly weights: Float64Array;
  readonly biases: Float64Array;
  /** Gradient and Adam's moments, of weights and then of biases. */
  readonly gradient: Float64Array;
  readonly firstMoment: Float64Array;
  readonly secondMoment: Float64Array;
  /** Outputs for the present sample, after ReLU but for the last layer, and the loss's derivatives by them. */
  readonly activations: Float64Array;
  readonly errors: Float64Array;
}

/**
 * The model that trainModel would end with, up to the rounding of single precision: Adam with decoupled weight decay from `start`,
 * batches in the order that `seed` gives, no input noise.
 */
export function trainQuickly(
  start: FloatModel,
  samples: FloatSamples,
  training: LocalTraining,
  seed: string,
): FloatModel {
  const { epochs, batchSize, learningRate, weightDecay } = training;
  const layers = start.layers.map((layer, index) => openLayer(start.layerSizes, index, layer));
  const batchCount = Math.ceil(samples.sampleCount / batchSize);
  let step = 0;
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const order = new SeededRandom(seed, `batch order of epoch ${epoch}`).permutation(samples.sampleCount);
    for (let batch = 0; batch < batchCount; batch++) {
      const rate = (learningRate / 2) * (1 + Math.cos((Math.PI * step) / (epochs * batchCount)));
      step++;
      const rows = order.subarray(batch * batchSize, (batch + 1) * batchSize);
      for (const { gradient } of layers) gradient.fill(0);
      for (const row of rows) addGradient(layers, samples, row, 1 / rows.length);
      for (const layer of layers) adamStep(layer, step, rate, weightDecay);
    }
  }
  return {
    layerSizes: start.layerSizes,
    layers: layers.map(({ weights, biases }) => ({
      weights: Float32Array.from(weights),
      biases: Float32Array.from(biases),
    })),
  };
}

function openLayer(
  layerSizes: readonly number[],
  index: number,
  { weights, biases }: FloatModel["layers"][number],
): Layer {
  const [inputs, outputs] = [layerSizes[index]!, layerSizes[index + 1]!];
  const parameters = (inputs + 1) * outputs;
  return {
    inputs,
    outputs,
    weights: Float64Array.from(weights),
    biases: Float64Array.from(biases),
    gradient: new Float64Array(parameters),
    firstMoment: new Float64Array(parameters),
    secondMoment: new Float64Array(parameters),
    activations: new Float64Array(outputs),
    errors: new Float64Array(outputs),
  };
}

/** Adds the gradient of one sample's cross-entropy, times `share`. */
function addGradient(layers: readonly Layer[], samples: FloatSamples, row: number, share: number): void {
  const { featureCount } = samples;
  const features = samples.features.subarray(row * featureCount, (row + 1) * featureCount);
  forward(layers, features);
  const last = layers[layers.length - 1]!;
  softmaxErrors(last, samples.labels[row]!, share);
  for (let index = layers.length - 1; index >= 0; index--) {
    const layer = layers[index]!;
    const below = layers[index - 1];
    const inputs = below?.activations ?? features;
    const { outputs, weights, gradient, errors } = layer;
    below?.errors.fill(0);
    for (let input = 0; input < layer.inputs; input++) {
      const value = inputs[input]!;
      // A dead unit, or an empty pixel, has no gradient and passes none on.
      if (value === 0) continue;
      const offset = input * outputs;
      let error = 0;
      for (let output = 0; output < outputs; output++) {
        gradient[offset + output]! += value * errors[output]!;
        error += weights[offset + output]! * errors[output]!;
      }
      if (below !== undefined) below.errors[input] = error;
    }
    const offset = layer.inputs * outputs;
    for (let output = 0; output < outputs; output++) gradient[offset + output]! += errors[output]!;
  }
}

function forward(layers: readonly Layer[], features: Float32Array): void {
  let inputs: Float32Array | Float64Array = features;
  layers.forEach(({ outputs, weights, biases, activations }, index) => {
    activations.set(biases);
    for (let input = 0; input < inputs.length; input++) {
      const value = inputs[input]!;
      if (value === 0) continue;
      const offset = input * outputs;
      for (let output = 0; output < outputs; output++) {
        activations[output]! += value * weights[offset + output]!;
      }
    }
    if (index < layers.length - 1) {
      for (let output = 0; output < outputs; output++) {
        if (activations[output]! < 0) activations[output] = 0;
      }
    }
    inputs = activations;
  });
}

/** Derivatives of the cross-entropy by the logits: probabilities, less one at the label. */
function softmaxErrors({ activations, errors }: Layer, label: number, share: number): void {
  const largest = activations.reduce((most, logit) => Math.max(most, logit), -Infinity);
  let sum = 0;
  activations.forEach((logit, output) => (sum += errors[output] = Math.exp(logit - largest)));
  errors.forEach((value, output) => {
    errors[output] = share * (value / sum - (output === label ? 1 : 0));
  });
}

function adamStep(layer: Layer, step: number, rate: number, decay: number): void {
  const { gradient, firstMoment, secondMoment, weights, biases } = layer;
  const [firstCorrection, secondCorrection] = [1 - BETA_1 ** step, 1 - BETA_2 ** step];
  for (let index = 0; index < gradient.length; index++) {
    const slope = gradient[index]!;
    const first = BETA_1 * firstMoment[index]! + (1 - BETA_1) * slope;
    const second = BETA_2 * secondMoment[index]! + (1 - BETA_2) * slope * slope;
    firstMoment[index] = first;
    secondMoment[index] = second;
    const change = ((first / firstCorrection) * rate) / (Math.sqrt(second / secondCorrection) + EPSILON);
    if (index < weights.length) weights[index] = weights[index]! * (1 - rate * decay) - change;
    else biases[index - weights.length]! -= change;
  }
}
