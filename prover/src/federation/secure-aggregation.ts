import { bytesToHex, concatBytes } from "@noble/hashes/utils.js";

import { bigEndian } from "../bytes.ts";
import { FIELD_ORDER } from "../field.ts";
import type { Architecture } from "../model/architecture.ts";
import type { IntegerModel } from "../model/integer-model.ts";
import { type Average, averageVectors } from "./average.ts";
import { FederationError } from "./federation-error.ts";
import { maskedVector, type RoundMember } from "./masks.ts";
import { sumVectors } from "./parameter-vector.ts";

/** Bytes of a word of a vector, big-endian. */
const WORD_BYTES = 32;

/** What the members of a round agree on, seen by one of them. */
export interface AggregationRound {
  readonly architecture: Architecture;
  /** What the factors of all contributions may add up to. */
  readonly maxFactorSum: number;
  readonly member: RoundMember;
  /** Places of the roster whose models are averaged, the member's own among them. */
  readonly places: readonly number[];
}

/**
 * One member's side of an average of models that shows nobody a single model: everybody protects, one combines, one
 * opens. All values are bytes that can be saved, published and sent.
 */
export interface SecureAggregation {
  /** The member's contribution: its model times `factor`, hidden. */
  protect(model: IntegerModel, factor: number): Uint8Array;
  /** The sum of the contributions of all places, still hidden where the way of hiding allows it. */
  combine(contributions: ReadonlyMap<number, Uint8Array>): Uint8Array;
  /**
   * The average behind a sum, equal to averageVectors for the same models and factors.
   *
   * @param factorSum sum of the factors of all contributions.
   */
  open(combined: Uint8Array, factorSum: number): Average;
}

/**
 * Aggregation by pairwise masks: any member, or anybody else, can combine and open, and contributions can be proven.
 *
 * Throws FederationError: `federation.peers` and `federation.roster` as maskedVector does, `federation.places` for
 * contributions of other places, `federation.vector` for damaged bytes, `federation.masked` when masks have not cancelled.
 */
export function maskedAggregation(round: AggregationRound): SecureAggregation {
  const { architecture, maxFactorSum, member, places } = round;
  return {
    protect: (model, factor) => vectorBytes(maskedVector(model, factor, maxFactorSum, member, places)),
    combine: (contributions) => {
      checkPlaces(contributions, places);
      return vectorBytes(sumVectors([...contributions.values()].map(vectorFromBytes)));
    },
    open: (combined, factorSum) =>
      averageVectors([vectorFromBytes(combined)], architecture, factorSum, maxFactorSum),
  };
}

/** Throws FederationError `federation.places` unless there is one contribution for each place and no other. */
export function checkPlaces(contributions: ReadonlyMap<number, Uint8Array>, places: readonly number[]): void {
  const missing = places.find((place) => !contributions.has(place));
  const odd = [...contributions.keys()].find((place) => !places.includes(place));
  if (missing === undefined && odd === undefined) return;
  throw new FederationError(
    "federation.places",
    missing === undefined
      ? `the contribution of place ${odd} is none of this average`
      : `the contribution of place ${missing} is missing`,
    "Combine exactly the contributions of the places that the round names.",
    { missing, odd },
  );
}

function vectorBytes(vector: readonly bigint[]): Uint8Array {
  return concatBytes(...vector.map((word) => bigEndian(word, WORD_BYTES)));
}

function vectorFromBytes(bytes: Uint8Array): bigint[] {
  const words = Array.from({ length: Math.ceil(bytes.length / WORD_BYTES) }, (_, index) =>
    BigInt(`0x${bytesToHex(bytes.subarray(index * WORD_BYTES, (index + 1) * WORD_BYTES))}`),
  );
  if (bytes.length % WORD_BYTES !== 0 || words.some((word) => word >= FIELD_ORDER)) {
    throw new FederationError(
      "federation.vector",
      `${bytes.length} bytes are not the words of a vector, ${WORD_BYTES} bytes and below the field's order each`,
      "Fetch the vector again and compare its digest with the round's.",
      { bytes: bytes.length },
    );
  }
  return words;
}
