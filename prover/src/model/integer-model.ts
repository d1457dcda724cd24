import type { Architecture } from "./architecture.ts";

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
