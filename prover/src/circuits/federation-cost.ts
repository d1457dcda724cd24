/** What the constraints of the federation's circuits are for and cost, counted from their parameters. */
import { vectorShape } from "../federation/parameter-vector.ts";
import { lookupCount } from "./accuracy.ts";
import { type AggregateInstance, aggregateLayout } from "./aggregate.ts";
import { circuitCost, type CircuitCost, type RowPart } from "./cost.ts";
import { type MaskedUpdateInstance, maskedUpdateLayout } from "./masked-update.ts";
import { chainRows, commitmentRows } from "./poseidon-rows.ts";
import type { VectorSumInstance } from "./vector-sum.ts";

/** Constraints of circomlib's multiplication of Baby Jubjub's base point, with the bits of the scalar. */
const PUBLIC_KEY = 776;
/** Constraints of a key's check and multiplication, and of Poseidon over the shared point. */
const PAIR_SECRET = 2562;
/** Constraints of Poseidon over 16 inputs of which 13 are constant, as 16 masks cost. */
const MASK_CALL = 570;
const WORDS_PER_CALL = 16;

/** Rows, domain, expected memory and time of a masked-update instance; the constraint count is exact. */
export function maskedUpdateCost(instance: MaskedUpdateInstance): CircuitCost {
  return circuitCost(maskedUpdateRowParts(instance), maskedUpdateLayout(instance));
}

/** Rows, domain, expected memory and time of an aggregate instance; the constraint count is exact. */
export function aggregateCost(instance: AggregateInstance): CircuitCost {
  return circuitCost(aggregateRowParts(instance), aggregateLayout(instance));
}

/** Constraints of a masked-update instance by purpose; exact. */
export function maskedUpdateRowParts(instance: MaskedUpdateInstance): RowPart[] {
  const { architecture, maxFactorSum, members, tableBits } = instance;
  const { weights, biases, words } = vectorShape(architecture, maxFactorSum);
  const peers = members - 1;
  return [
    {
      part: "range checks: a row per lookup",
      rows:
        weights * lookupCount(architecture.weightBits, tableBits) +
        biases * lookupCount(architecture.biasBits, tableBits),
    },
    { part: "range checks: a row per table entry", rows: 2 ** tableBits },
    { part: "model commitment (Poseidon)", rows: commitmentRows(architecture, 1) },
    { part: "own key", rows: PUBLIC_KEY },
    { part: "own place on the roster, and the set's bits", rows: 4 * members },
    { part: "roster digest (Poseidon)", rows: chainRows(2 * members, 0) },
    { part: "secrets of the pairs", rows: peers * PAIR_SECRET },
    {
      part: "masks of the pairs (Poseidon), 16 words a call",
      rows: peers * Math.ceil(words / WORDS_PER_CALL) * MASK_CALL,
    },
    { part: "choice of peers and signs, sums of masks, factor", rows: 4 * peers + (peers + 1) * words },
    { part: "digest of the vector (Poseidon)", rows: chainRows(words, 0) },
    { part: "squares of context, rho and blockMask", rows: 3 },
  ];
}

/** Constraints of an aggregate instance by purpose; exact. */
export function aggregateRowParts(instance: AggregateInstance): RowPart[] {
  const { architecture, maxFactorSum, vectors, tableBits } = instance;
  const { weights, biases, words } = vectorShape(architecture, maxFactorSum);
  return [
    {
      part: "range checks: a row per lookup",
      rows:
        weights * lookupCount(architecture.weightBits, tableBits) +
        biases * lookupCount(architecture.biasBits, tableBits) +
        2 * (weights + biases) +
        2,
    },
    { part: "range checks: a row per table entry", rows: 2 ** tableBits },
    { part: "products with the factors' sum", rows: weights + biases },
    // Architecture id and salt are constants.
    { part: "commitment to the global model (Poseidon)", rows: commitmentRows(architecture, 1) - 3 },
    { part: "digests of the vectors (Poseidon)", rows: vectors * chainRows(words, 0) },
    { part: "squares of context, rho and blockMask", rows: 3 },
  ];
}

/** Constraints of a vector-sum instance by purpose; exact. */
export function vectorSumRowParts({ architecture, maxFactorSum, vectors }: VectorSumInstance): RowPart[] {
  const { words } = vectorShape(architecture, maxFactorSum);
  return [
    { part: "digests of the vectors and their sum (Poseidon)", rows: (vectors + 1) * chainRows(words, 0) },
    { part: "squares of context, alpha, rho and blockMask", rows: 4 },
  ];
}
