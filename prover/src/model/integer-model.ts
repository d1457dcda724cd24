import { type Architecture, validateArchitecture } from "./architecture.ts";
import { ModelError } from "./model-error.ts";

/** One dense layer of an integer model. */
export interface IntegerLayer {
  /** Row-major `[inputs][outputs]`: the weight from j to h is `weights[j·outputs + h]`. */
  readonly weights: Int32Array;
  /** One per output. */
  readonly biases: Int32Array;
}

/** A quantised multi-layer perceptron: the model that is committed and proved. */
export interface IntegerModel {
  readonly architecture: Architecture;
  /** `layerSizes.length − 1` layers, first to last. */
  readonly layers: readonly IntegerLayer[];
}

/**
 * Throws ModelError unless the layers have the shape of the architecture (`model.shape`) and every weight and
 * bias is in its range (`model.weight-range`, naming layer and position but not the value, which is private).
 */
export function validateIntegerModel(model: IntegerModel): void {
  const { architecture, layers } = model;
  validateArchitecture(architecture);
  const { layerSizes, weightBits, biasBits } = architecture;
  if (layers.length !== layerSizes.length - 1) {
    throw shapeError(`the model has ${layers.length} layers, its architecture ${layerSizes.length - 1}`);
  }
  layers.forEach((layer, index) => {
    const [inputs, outputs] = [layerSizes[index]!, layerSizes[index + 1]!];
    if (layer.weights.length !== inputs * outputs || layer.biases.length !== outputs) {
      throw shapeError(
        `layer ${index + 1} of ${inputs}×${outputs} has ${layer.weights.length} weights and ${layer.biases.length} biases`,
      );
    }
    checkRange(layer.weights, weightBits, `a weight of layer ${index + 1}`);
    checkRange(layer.biases, biasBits, `a bias of layer ${index + 1}`);
  });
}

function checkRange(values: Int32Array, bits: number, what: string): void {
  const limit = 2 ** (bits - 1);
  const position = values.findIndex((value) => value < -limit || value >= limit);
  if (position < 0) return;
  throw new ModelError(
    "model.weight-range",
    `${what}, at position ${position}, does not fit in ${bits} signed bits`,
    "Quantise the float model again for this architecture.",
    { position, bits },
  );
}

function shapeError(problem: string): ModelError {
  return new ModelError("model.shape", problem, "Quantise the float model again for this architecture.");
}
