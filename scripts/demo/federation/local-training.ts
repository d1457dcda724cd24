import type { FloatSamples } from "../../../prover/src/data/dataset.ts";
import type { IntegerSamples } from "../../../prover/src/data/samples.ts";
import type { FloatTrainingAdvice } from "../../../prover/src/federation/federation-document.ts";
import type { FloatModel } from "../../../prover/src/model/float-model.ts";
import type { IntegerModel } from "../../../prover/src/model/integer-model.ts";
import { ModelError } from "../../../prover/src/model/model-error.ts";
import { runReference } from "../../../prover/src/model/reference.ts";
import { dequantizeModel, quantizeAtScales } from "../../../prover/src/quantization/fixed-scales.ts";
import type { TrainingBackend } from "../../../prover/src/training/backend.ts";
import { trainModel } from "../../../prover/src/training/train.ts";

/** What a member trains with. */
export interface LocalTraining {
  readonly training: FloatTrainingAdvice;
  readonly weightScales: readonly number[];
  readonly backend: TrainingBackend;
}

/** Where training from a global model led, at any step of the way. */
export type TrainedPath = (step: number) => IntegerModel;

/** Trains from the global model on a member's own samples, as the federation advises. */
export async function trainFrom(
  { training, weightScales, backend }: LocalTraining,
  global: IntegerModel,
  train: FloatSamples,
  seed: string,
): Promise<TrainedPath> {
  const { kind: _, ...advice } = training;
  const { architecture } = global;
  const start = dequantizeModel(global, weightScales);
  const { model: end } = await trainModel({
    train,
    options: { hiddenSizes: architecture.layerSizes.slice(1, -1), ...advice, seed },
    backend,
    initialModel: start,
  });
  return (step) => quantizeAtScales(between(start, end, step), architecture, weightScales).quantized.model;
}

/** The model at a part of the way from one to another; beyond 1, on the other side of it. */
export function between(start: FloatModel, end: FloatModel, step: number): FloatModel {
  const mix = (from: Float32Array, to: Float32Array): Float32Array =>
    from.map((value, index) => value + step * (to[index]! - value));
  return {
    layerSizes: start.layerSizes,
    layers: start.layers.map((layer, index) => ({
      weights: mix(layer.weights, end.layers[index]!.weights),
      biases: mix(layer.biases, end.layers[index]!.biases),
    })),
  };
}

/** Test samples that a model classifies correctly; undefined when a value leaves its range, so that nothing can be proven. */
export function countOf(model: IntegerModel, test: IntegerSamples): number | undefined {
  try {
    return runReference(model, test).correctCount;
  } catch (error) {
    if (error instanceof ModelError) return undefined;
    throw error;
  }
}
