import type { AggregateInstance } from "../circuits/aggregate.ts";
import type { SignalValues } from "../circuits/layout.ts";
import type { VectorSumInstance } from "../circuits/vector-sum.ts";
import { averageVectors } from "../federation/average.ts";
import { sumVectors, vectorDigest, vectorShape } from "../federation/parameter-vector.ts";
import { modelCommitment } from "../model/commitment.ts";
import type { IntegerModel } from "../model/integer-model.ts";
import { LookupTable } from "./lookup-table.ts";
import { parameterLimbs } from "./parameter-limbs.ts";
import { WitnessError } from "./witness-error.ts";

/** The salt of a global model's commitment: all members know the model. */
export const GLOBAL_SALT = 0n;

/** The global model of a round, and what proves it. */
export interface AggregateWitness {
  readonly model: IntegerModel;
  readonly statement: SignalValues;
  /** Committed signals but `blockMask`. */
  readonly committed: SignalValues;
  readonly private: SignalValues;
}

/** The sum of some vectors, and what proves it; nothing is committed but `blockMask`. */
export interface VectorSumWitness {
  readonly vector: readonly bigint[];
  readonly statement: SignalValues;
  readonly committed: SignalValues;
  readonly private: SignalValues;
}

/**
 * The average of the models behind vectors whose masks cancel, with the inputs of `aggregate.circom` that prove it.
 *
 * Throws WitnessError `witness.vectors` for more vectors than the circuit takes, FederationError when masks have not
 * cancelled or the factors' sum is out of range.
 */
export function aggregateWitness(
  instance: AggregateInstance,
  context: bigint,
  vectors: readonly (readonly bigint[])[],
  factorSum: number,
): AggregateWitness {
  const filled = fillVectors(instance, vectors);
  const average = averageVectors(filled, instance.architecture, factorSum, instance.maxFactorSum);
  const table = new LookupTable(instance.tableBits);
  const limbs = parameterLimbs(average.model, table);
  for (const remainder of [...average.weightRemainders, ...average.biasRemainders]) {
    table.look(remainder, instance.tableBits);
    table.look(2 * factorSum - 1 - remainder, instance.tableBits);
  }
  table.look(factorSum, instance.tableBits);
  table.look(instance.maxFactorSum - factorSum, instance.tableBits);
  return {
    model: average.model,
    statement: {
      context: [context],
      factorSum: [BigInt(factorSum)],
      globalCommitment: [modelCommitment(average.model, GLOBAL_SALT)],
      vectorDigests: filled.map(vectorDigest),
    },
    committed: {
      ...limbs,
      weightRemainders: average.weightRemainders.map(BigInt),
      biasRemainders: average.biasRemainders.map(BigInt),
      multiplicities: table.multiplicities(),
    },
    private: { vectors: filled.flat() },
  };
}

/**
 * The sum of vectors with the inputs of `vector-sum.circom` that prove it.
 *
 * Throws WitnessError `witness.vectors` for more vectors than the circuit takes.
 */
export function vectorSumWitness(
  instance: VectorSumInstance,
  context: bigint,
  vectors: readonly (readonly bigint[])[],
): VectorSumWitness {
  const filled = fillVectors(instance, vectors);
  const vector = sumVectors(filled);
  return {
    vector,
    statement: {
      context: [context],
      sumDigest: [vectorDigest(vector)],
      vectorDigests: filled.map(vectorDigest),
    },
    committed: {},
    private: { vectors: filled.flat() },
  };
}

/** The digest on the unused places of a sum: that of the vector of zeros. */
export function emptyVectorDigest({
  architecture,
  maxFactorSum,
}: AggregateInstance | VectorSumInstance): bigint {
  return vectorDigest(new Array<bigint>(vectorShape(architecture, maxFactorSum).words).fill(0n));
}

function fillVectors(
  instance: AggregateInstance | VectorSumInstance,
  vectors: readonly (readonly bigint[])[],
): (readonly bigint[])[] {
  const { words } = vectorShape(instance.architecture, instance.maxFactorSum);
  const odd = vectors.findIndex((vector) => vector.length !== words);
  if (odd >= 0 || vectors.length > instance.vectors || vectors.length === 0) {
    throw new WitnessError(
      "witness.vectors",
      odd >= 0
        ? `vector ${odd + 1} has ${vectors[odd]!.length} words, circuit ${instance.id} sums vectors of ${words}`
        : `${vectors.length} vectors: circuit ${instance.id} sums 1 to ${instance.vectors}`,
      "Sum more vectors in several steps, and fetch damaged ones again.",
      { vectors: vectors.length, limit: instance.vectors, words },
    );
  }
  const empty = new Array<bigint>(words).fill(0n);
  return [...vectors, ...new Array<bigint[]>(instance.vectors - vectors.length).fill(empty)];
}
