/** What becomes of the members' models: by the protocol's rules, and by plain federated averaging. */
import { averageVectors } from "../../prover/src/federation/average.ts";
import { parameterVector } from "../../prover/src/federation/parameter-vector.ts";
import type { FloatModel } from "../../prover/src/model/float-model.ts";
import { firstMaximum, floatLogits } from "../../prover/src/model/float-model.ts";
import type { IntegerModel } from "../../prover/src/model/integer-model.ts";
import { ModelError } from "../../prover/src/model/model-error.ts";
import { runReference } from "../../prover/src/model/reference.ts";
import { dequantizeModel, quantizeAtScales } from "../../prover/src/quantization/fixed-scales.ts";
import { ARCHITECTURE, MAX_FACTOR_SUM, type TestSamples, WEIGHT_SCALES } from "./setting.ts";

/** Most that a member's factor may be with eight places. */
export const MAX_FACTOR = 255;

/** A model with its weight in an average. */
export interface Weighted<Model> {
  readonly model: Model;
  readonly factor: number;
}

/**
 * The arithmetic of a way to federate. Both have the same members, data and seeds; here they differ in what a model is, whether a
 * count of it can be proven, and how an average is taken.
 */
export interface Arithmetic<Model> {
  /** What a float model becomes when it is handed in. */
  readonly encode: (model: FloatModel) => Model;
  /** Where local training starts. */
  readonly decode: (model: Model) => FloatModel;
  /** Correct samples of the test set; undefined if no count can be proven. */
  readonly countOf: (model: Model, test: TestSamples) => number | undefined;
  readonly predict: (model: Model, test: TestSamples) => Int32Array;
  readonly average: (models: readonly Weighted<Model>[]) => Model;
}

/** Exact integers at the federation's scales: what the circuits prove. */
export const INTEGER: Arithmetic<IntegerModel> = {
  encode: (model) => quantizeAtScales(model, ARCHITECTURE, WEIGHT_SCALES).quantized.model,
  decode: (model) => dequantizeModel(model, WEIGHT_SCALES),
  countOf: (model, test) => {
    try {
      return runReference(model, test.integer).correctCount;
    } catch (error) {
      // A value beyond its range has no witness.
      if (error instanceof ModelError && error.code === "model.overflow") return undefined;
      throw error;
    }
  },
  predict: (model, test) =>
    firstMaximum(floatLogits(dequantizeModel(model, WEIGHT_SCALES), test.float), test.float.classCount),
  average: (models) => {
    const vectors = models.map(({ model, factor }) => parameterVector(model, factor, MAX_FACTOR_SUM));
    const factorSum = models.reduce((sum, { factor }) => sum + factor, 0);
    return averageVectors(vectors, ARCHITECTURE, factorSum, MAX_FACTOR_SUM).model;
  },
};

/** Real numbers, of any size: McMahan et al. 2017 (https://arxiv.org/abs/1602.05629). */
export const FLOAT: Arithmetic<FloatModel> = {
  encode: (model) => model,
  decode: (model) => model,
  countOf: (model, test) => correctOf(FLOAT.predict(model, test), test),
  predict: (model, test) => firstMaximum(floatLogits(model, test.float), test.float.classCount),
  average: (models) => {
    const factorSum = models.reduce((sum, { factor }) => sum + factor, 0);
    return mixModels(
      models.map(({ model }) => model),
      models.map(({ factor }) => factor / factorSum),
    );
  },
};

/** The sum of models times coefficients. */
export function mixModels(models: readonly FloatModel[], coefficients: readonly number[]): FloatModel {
  const mix = (arrays: readonly Float32Array[]): Float32Array =>
    Float32Array.from(arrays[0]!, (_, index) =>
      arrays.reduce((sum, array, model) => sum + coefficients[model]! * array[index]!, 0),
    );
  return {
    layerSizes: models[0]!.layerSizes,
    layers: models[0]!.layers.map((_, layer) => ({
      weights: mix(models.map(({ layers }) => layers[layer]!.weights)),
      biases: mix(models.map(({ layers }) => layers[layer]!.biases)),
    })),
  };
}

export function correctOf(predictions: Int32Array, test: TestSamples): number {
  return predictions.reduce(
    (count, prediction, sample) => count + (prediction === test.float.labels[sample] ? 1 : 0),
    0,
  );
}

/** In 0..1. */
export function accuracyOf<Model>(arithmetic: Arithmetic<Model>, model: Model, test: TestSamples): number {
  return correctOf(arithmetic.predict(model, test), test) / test.float.sampleCount;
}
