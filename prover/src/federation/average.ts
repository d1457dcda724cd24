import type { Architecture } from "../model/architecture.ts";
import type { IntegerModel } from "../model/integer-model.ts";
import { type ParameterSums, sumVectors, unpackSums } from "./parameter-vector.ts";

/** The average behind a sum of vectors, with the remainders of its divisions. */
export interface Average {
  readonly model: IntegerModel;
  /** (2·sum + factorSum) mod 2·factorSum per weight, in the order of the model's weights. */
  readonly weightRemainders: readonly number[];
  /** The same per bias. */
  readonly biasRemainders: readonly number[];
}

/**
 * The weighted average of the models behind vectors whose masks cancel, rounded half up:
 * floor((2·sum + factorSum) / (2·factorSum)) of every parameter, in exact integers, as `aggregate.circom` proves it.
 *
 * @param factorSum sum of the factors of all vectors, at most `maxFactorSum`.
 * Throws FederationError `federation.masked` when masks have not cancelled.
 */
export function averageVectors(
  vectors: readonly (readonly bigint[])[],
  architecture: Architecture,
  factorSum: number,
  maxFactorSum: number,
): Average {
  return averageSums(
    unpackSums(sumVectors(vectors), architecture, factorSum, maxFactorSum),
    architecture,
    factorSum,
  );
}

/** The average behind the weighted sums of all parameters in offset form, rounded as averageVectors says. */
export function averageSums(sums: ParameterSums, architecture: Architecture, factorSum: number): Average {
  const divisor = 2n * BigInt(factorSum);
  const divide = (sum: bigint) => {
    const dividend = 2n * sum + BigInt(factorSum);
    return { quotient: Number(dividend / divisor), remainder: Number(dividend % divisor) };
  };
  const weights = sums.weights.map(divide);
  const biases = sums.biases.map(divide);
  const { layerSizes, weightBits, biasBits } = architecture;
  let [weight, bias] = [0, 0];
  const layers = layerSizes.slice(1).map((outputs, layer) => {
    const size = layerSizes[layer]! * outputs;
    const signed = (parts: typeof weights, bits: number) =>
      Int32Array.from(parts, ({ quotient }) => quotient - 2 ** (bits - 1));
    const result = {
      weights: signed(weights.slice(weight, weight + size), weightBits),
      biases: signed(biases.slice(bias, bias + outputs), biasBits),
    };
    weight += size;
    bias += outputs;
    return result;
  });
  return {
    model: { architecture, layers },
    weightRemainders: weights.map(({ remainder }) => remainder),
    biasRemainders: biases.map(({ remainder }) => remainder),
  };
}
