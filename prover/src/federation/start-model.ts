import type { Architecture } from "../model/architecture.ts";
import type { IntegerModel } from "../model/integer-model.ts";
import { quantizeAtScales } from "../quantization/fixed-scales.ts";
import { randomModel } from "../training/checkpoint.ts";

/** Largest activation that a hidden unit should be able to have, features being in 0..1. */
const ACTIVATION_RANGE = 11;
/** Weights this far apart are told apart, where that leaves a range between the two below. */
const RESOLUTION = 0.02;
const LEAST_RANGE = 3;
const LARGEST_RANGE = 10;

/**
 * The model that a federation starts with: a random one that follows from the seed, at the federation's scales.
 */
export function startModel(
  architecture: Architecture,
  weightScales: readonly number[],
  seed: string,
): IntegerModel {
  const start = randomModel(architecture.layerSizes, seed);
  return quantizeAtScales(start, architecture, weightScales).quantized.model;
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
