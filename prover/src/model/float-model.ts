import type { FloatSamples } from "../data/dataset.ts";
import { ModelError } from "./model-error.ts";

/** One dense layer of a float model. */
export interface FloatLayer {
  /** Row-major `[inputs][outputs]`. */
  readonly weights: Float32Array;
  /** One per output. */
  readonly biases: Float32Array;
}

/** A multi-layer perceptron as trained: inputs in 0..1, ReLU after every layer but the last, logits out. */
export interface FloatModel {
  /** Features, hidden widths, classes: at least two entries. */
  readonly layerSizes: readonly number[];
  readonly layers: readonly FloatLayer[];
}

/** Throws ModelError `model.shape` unless every layer has the arrays its sizes ask for, all finite. */
export function validateFloatModel(model: FloatModel): void {
  const { layerSizes, layers } = model;
  const fail = (problem: string): never => {
    throw new ModelError("model.shape", problem, "Train the model again, or load another file.");
  };
  if (layerSizes.length < 2 || layers.length !== layerSizes.length - 1) {
    fail(`${layerSizes.length} layer sizes do not go with ${layers.length} layers`);
  }
  layers.forEach((layer, index) => {
    const [inputs, outputs] = [layerSizes[index]!, layerSizes[index + 1]!];
    if (layer.weights.length !== inputs * outputs || layer.biases.length !== outputs) {
      fail(
        `layer ${index + 1} of ${inputs}×${outputs} has ${layer.weights.length} weights and ${layer.biases.length} biases`,
      );
    }
    if (![...layer.biases].every(Number.isFinite) || !layer.weights.every(Number.isFinite)) {
      fail(`layer ${index + 1} holds a weight or bias that is not a finite number`);
    }
  });
}

/**
 * Logits of every sample, row-major `[sample][class]`, in double precision.
 * Equal to TensorFlow.js up to its single-precision rounding; needs no backend.
 */
export function floatLogits(model: FloatModel, samples: FloatSamples): Float64Array {
  validateFloatModel(model);
  if (samples.featureCount !== model.layerSizes[0]) {
    throw new ModelError(
      "model.feature-count",
      `the samples have ${samples.featureCount} features, the model reads ${model.layerSizes[0]}`,
      "Use samples of the data set the model was trained on.",
      { found: samples.featureCount, expected: model.layerSizes[0] },
    );
  }
  let activations = Float64Array.from(samples.features);
  model.layers.forEach((layer, index) => {
    const [inputs, outputs] = [model.layerSizes[index]!, model.layerSizes[index + 1]!];
    const isLast = index === model.layers.length - 1;
    const next = new Float64Array(samples.sampleCount * outputs);
    for (let sample = 0; sample < samples.sampleCount; sample++) {
      for (let output = 0; output < outputs; output++) {
        let sum = layer.biases[output]!;
        for (let input = 0; input < inputs; input++) {
          sum += activations[sample * inputs + input]! * layer.weights[input * outputs + output]!;
        }
        next[sample * outputs + output] = isLast ? sum : Math.max(sum, 0);
      }
    }
    activations = next;
  });
  return activations;
}

/** Index of the first maximum of each row of `logits`, row-major `[sample][class]`: the lowest class wins ties. */
export function firstMaximum(logits: ArrayLike<number>, classCount: number): Int32Array {
  const predictions = new Int32Array(logits.length / classCount);
  for (let sample = 0; sample < predictions.length; sample++) {
    let best = 0;
    for (let candidate = 1; candidate < classCount; candidate++) {
      if (logits[sample * classCount + candidate]! > logits[sample * classCount + best]!) best = candidate;
    }
    predictions[sample] = best;
  }
  return predictions;
}
