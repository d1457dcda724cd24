import type { AggregateInstance } from "../../../prover/src/circuits/aggregate.ts";
import type { SignalValues } from "../../../prover/src/circuits/layout.ts";
import type { MaskedUpdateInstance } from "../../../prover/src/circuits/masked-update.ts";
import type { VectorSumInstance } from "../../../prover/src/circuits/vector-sum.ts";
import type { SeededRandom } from "../../../prover/src/data/random.ts";
import type { RoundMember } from "../../../prover/src/federation/masks.ts";
import { pairKey } from "../../../prover/src/federation/pair-keys.ts";
import type { Architecture } from "../../../prover/src/model/architecture.ts";
import { fieldElement } from "./accuracy-case.ts";

/** The smallest shipped model: one word of weights and more than one slot in each. */
export const ARCHITECTURE: Architecture = {
  layerSizes: [4, 3, 3],
  inputBits: 4,
  weightBits: 6,
  biasBits: 12,
  quotientBits: 7,
  marginBits: 12,
  shiftBits: [6],
};

const MAX_FACTOR_SUM = 28;

export const MASKED: MaskedUpdateInstance = {
  id: "masked-4-3-3x4",
  template: "masked-update",
  architecture: ARCHITECTURE,
  maxFactorSum: MAX_FACTOR_SUM,
  members: 4,
  tableBits: 6,
};

export const AGGREGATE: AggregateInstance = {
  id: "aggregate-4-3-3x4",
  template: "aggregate",
  architecture: ARCHITECTURE,
  maxFactorSum: MAX_FACTOR_SUM,
  vectors: 4,
  tableBits: 6,
};

export const VECTOR_SUM: VectorSumInstance = {
  id: "vector-sum-4-3-3x4",
  template: "vector-sum",
  architecture: ARCHITECTURE,
  maxFactorSum: MAX_FACTOR_SUM,
  vectors: 4,
};

/** `count` members of one round. */
export function members(count: number, random: SeededRandom): RoundMember[] {
  // Below 2^250, and so below the order of the subgroup.
  const keys = Array.from({ length: count }, () => pairKey((fieldElement(random) >> 4n) + 1n));
  const roster = keys.map(({ publicKey }) => publicKey);
  const [federation, round] = [fieldElement(random), BigInt(random.nextInteger(1000))];
  return keys.map((key) => ({ federation, round, key, roster }));
}

/** All inputs of an honest proof, with challenges as random as the verifier's. */
export function withChallenges(
  witness: {
    readonly statement: SignalValues;
    readonly committed: SignalValues;
    readonly private: SignalValues;
  },
  random: SeededRandom,
): SignalValues {
  return {
    ...witness.statement,
    alpha: [fieldElement(random)],
    rho: [fieldElement(random)],
    ...witness.committed,
    blockMask: [fieldElement(random)],
    ...witness.private,
  };
}
