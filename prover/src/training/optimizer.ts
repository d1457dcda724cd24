import type * as TensorFlow from "@tensorflow/tfjs";

import type { TrainingCheckpoint } from "./checkpoint.ts";

const BETA_1 = 0.9;
const BETA_2 = 0.999;
const EPSILON = 1e-7;

/** Parameters and Adam's moments as tensors; every step replaces them. */
export class Optimizer {
  readonly #tf: typeof TensorFlow;
  parameters: TensorFlow.Tensor[];
  #firstMoments: TensorFlow.Tensor[];
  #secondMoments: TensorFlow.Tensor[];

  constructor(tf: typeof TensorFlow, checkpoint: TrainingCheckpoint) {
    this.#tf = tf;
    const shapeOf = (index: number): number[] => {
      const layer = index >> 1;
      const outputs = checkpoint.layerSizes[layer + 1]!;
      return index % 2 === 0 ? [checkpoint.layerSizes[layer]!, outputs] : [outputs];
    };
    const load = (values: readonly Float32Array[]): TensorFlow.Tensor[] =>
      values.map((value, index) => tf.tensor(value.slice(), shapeOf(index)));
    this.parameters = load(checkpoint.parameters);
    this.#firstMoments = load(checkpoint.firstMoments);
    this.#secondMoments = load(checkpoint.secondMoments);
  }

  /** One Adam update; `step` counts from 1 over all epochs. */
  update(
    inputs: TensorFlow.Tensor2D,
    targets: TensorFlow.Tensor2D,
    step: number,
    rate: number,
    decay: number,
  ): void {
    const tf = this.#tf;
    const next = tf.tidy(() => {
      const lossOf = (...parameters: TensorFlow.Tensor[]): TensorFlow.Tensor =>
        tf.losses.softmaxCrossEntropy(targets, forward(tf, parameters, inputs));
      const gradients = tf.grads(lossOf)(this.parameters);
      const firstCorrection = 1 - BETA_1 ** step;
      const secondCorrection = 1 - BETA_2 ** step;
      const firstMoments = gradients.map((gradient, index) =>
        tf.add(this.#firstMoments[index]!.mul(BETA_1), gradient.mul(1 - BETA_1)),
      );
      const secondMoments = gradients.map((gradient, index) =>
        tf.add(this.#secondMoments[index]!.mul(BETA_2), gradient.square().mul(1 - BETA_2)),
      );
      const parameters = this.parameters.map((parameter, index) => {
        const scale = tf.sqrt(secondMoments[index]!.div(secondCorrection)).add(EPSILON);
        const change = firstMoments[index]!.div(firstCorrection).div(scale).mul(rate);
        const kept = index % 2 === 0 ? parameter.mul(1 - rate * decay) : parameter;
        return kept.sub(change);
      });
      return { firstMoments, secondMoments, parameters };
    });
    this.dispose();
    this.parameters = next.parameters;
    this.#firstMoments = next.firstMoments;
    this.#secondMoments = next.secondMoments;
  }

  snapshot(): Pick<TrainingCheckpoint, "parameters" | "firstMoments" | "secondMoments"> {
    const read = (tensors: TensorFlow.Tensor[]): Float32Array[] =>
      tensors.map((tensor) => Float32Array.from(tensor.dataSync()));
    return {
      parameters: read(this.parameters),
      firstMoments: read(this.#firstMoments),
      secondMoments: read(this.#secondMoments),
    };
  }

  dispose(): void {
    this.#tf.dispose([...this.parameters, ...this.#firstMoments, ...this.#secondMoments]);
  }
}

/** Logits; `parameters` are weights and biases in turn. */
export function forward(
  tf: typeof TensorFlow,
  parameters: readonly TensorFlow.Tensor[],
  inputs: TensorFlow.Tensor2D,
): TensorFlow.Tensor2D {
  let values: TensorFlow.Tensor = inputs;
  for (let index = 0; index < parameters.length; index += 2) {
    values = tf.matMul(values, parameters[index]!).add(parameters[index + 1]!);
    if (index + 2 < parameters.length) values = tf.relu(values);
  }
  return values as TensorFlow.Tensor2D;
}
