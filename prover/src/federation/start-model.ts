import { isDeepStrictEqual } from "node:util";

import type { TestSet } from "../data/test-set.ts";
import type { Architecture } from "../model/architecture.ts";
import type { IntegerModel } from "../model/integer-model.ts";
import { type FixedScaleModel, quantizeAtScales } from "../quantization/fixed-scales.ts";
import { randomModel } from "../training/checkpoint.ts";
import type { TrainedModel } from "../training/training-documents.ts";
import { FederationError } from "./federation-error.ts";

/** Largest activation that a hidden unit should be able to have, features being in 0..1. */
const ACTIVATION_RANGE = 11;
/** Weights this far apart are told apart, where that leaves a range between the two below. */
const RESOLUTION = 0.02;
const LEAST_RANGE = 3;
const LARGEST_RANGE = 10;

/** The random model of the start that follows from the seed, at the federation's scales. */
export function randomStartModel(
  architecture: Architecture,
  weightScales: readonly number[],
  seed: string,
): IntegerModel {
  const start = randomModel(architecture.layerSizes, seed);
  return quantizeAtScales(start, architecture, weightScales).quantized.model;
}

/**
 * A float model of `zkpot train` as a federation's model of the start: at the federation's scales, what does not fit clipped.
 * Throws FederationError `federation.start-model` unless its classes and its mapping of features are those of the test set, and as
 * quantizeAtScales.
 */
export function trainedStartModel(
  trained: Pick<TrainedModel, "model" | "classNames" | "inputQuantization">,
  architecture: Architecture,
  weightScales: readonly number[],
  testSet: Pick<TestSet, "name" | "classNames" | "inputQuantization">,
): FixedScaleModel {
  const differs = !isDeepStrictEqual(trained.classNames, testSet.classNames)
    ? "other classes"
    : !isDeepStrictEqual(trained.inputQuantization, testSet.inputQuantization)
      ? "another mapping of features"
      : undefined;
  if (differs !== undefined) {
    throw new FederationError(
      "federation.start-model",
      `the model of the start was trained with ${differs} than test set ${testSet.name} has`,
      "Train it with the files that `zkpot data split` wrote beside the test set: `zkpot train --split split.json --input-quantization input-quantization.json`.",
      { differs },
    );
  }
  return quantizeAtScales(trained.model, architecture, weightScales);
}

/**
 * Weight scales that leave room for models to grow over the rounds: hidden units can reach activations of 11, weights 3 to 10
 * depending on their bits.
 */
export function defaultWeightScales(architecture: Architecture): number[] {
  const { layerSizes, inputBits, weightBits, quotientBits, shiftBits } = architecture;
  const weightLimit = 2 ** (weightBits - 1);
  const range = Math.min(Math.max(RESOLUTION * weightLimit, LEAST_RANGE), LARGEST_RANGE);
  let inputScale = 1 / (2 ** inputBits - 1);
  return layerSizes.slice(1).map((_, layer) => {
    const shift = shiftBits[layer];
    const forWeights = (shift === undefined ? range : LEAST_RANGE) / weightLimit;
    if (shift === undefined) return forWeights;
    const forActivations = ACTIVATION_RANGE / (inputScale * 2 ** (quotientBits - 1 + shift));
    const weightScale = Math.max(forWeights, forActivations);
    inputScale *= weightScale * 2 ** shift;
    return weightScale;
  });
}
