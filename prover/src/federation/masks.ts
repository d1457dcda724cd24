import { poseidon16 } from "poseidon-lite";

import { toField } from "../field.ts";
import type { IntegerModel } from "../model/integer-model.ts";
import { FederationError } from "./federation-error.ts";
import { type PairKey, pairSecret, type PublicKey } from "./pair-keys.ts";
import { parameterVector, vectorShape } from "./parameter-vector.ts";

/** Words that one permutation gives: one element of its state of 17 stays hidden. */
const WORDS_PER_CALL = 16;
/** With fewer peers the sum of both vectors, less one's own, is the other's model. */
const MIN_PEERS = 2;

/** A member's place in one round of a federation. */
export interface RoundMember {
  /** The context word that names chain, contract and federation. */
  readonly federation: bigint;
  readonly round: bigint;
  readonly key: PairKey;
  /** Public keys of all members of the round, in the round's order; `key` is one of them. */
  readonly roster: readonly PublicKey[];
}

/**
 * The masks of a pair in one round: words of Poseidon as a sponge over secret, federation, round and a counter, equal to
 * `PairMasks` in circuits/lib.
 */
export function pairMasks(secret: bigint, federation: bigint, round: bigint, words: number): bigint[] {
  const masks: bigint[] = [];
  for (let call = 0n; masks.length < words; call++) {
    const inputs = [secret, federation, round, call, ...new Array<bigint>(12).fill(0n)];
    masks.push(...(poseidon16(inputs, WORDS_PER_CALL) as unknown as bigint[]));
  }
  return masks.slice(0, words);
}

/**
 * The sum of a member's masks towards the peers at `peerPlaces` of the roster: plus towards later members, minus towards
 * earlier ones, so that they cancel between members that mask towards each other.
 */
export function maskSums(member: RoundMember, peerPlaces: readonly number[], words: number): bigint[] {
  const own = ownPlace(member);
  const sums = new Array<bigint>(words).fill(0n);
  for (const place of new Set(peerPlaces)) {
    const peer = member.roster[place];
    if (peer === undefined) {
      throw rosterError(`place ${place} is not on the roster of ${member.roster.length} members`);
    }
    if (place === own) continue;
    const masks = pairMasks(pairSecret(member.key, peer), member.federation, member.round, words);
    masks.forEach((mask, word) => {
      sums[word] = toField(sums[word]! + (place > own ? mask : -mask));
    });
  }
  return sums;
}

/**
 * A model times its factor with the masks towards the peers at `peerPlaces`: what a member publishes. When peers drop
 * out, the others publish their vectors again with the places that are left.
 *
 * Throws FederationError `federation.peers` for fewer than two peers, since the vector would then give the model away.
 */
export function maskedVector(
  model: IntegerModel,
  factor: number,
  maxFactorSum: number,
  member: RoundMember,
  peerPlaces: readonly number[],
): bigint[] {
  const own = ownPlace(member);
  const peers = new Set(peerPlaces.filter((place) => place !== own));
  if (peers.size < MIN_PEERS) {
    throw new FederationError(
      "federation.peers",
      `the vector would be masked towards ${peers.size} peers; fewer than ${MIN_PEERS} do not hide a model`,
      "Wait for a round with more members.",
      { peers: peers.size, limit: MIN_PEERS },
    );
  }
  const { words } = vectorShape(model.architecture, maxFactorSum);
  const masks = maskSums(member, peerPlaces, words);
  return parameterVector(model, factor, maxFactorSum).map((word, index) => toField(word + masks[index]!));
}

/** A set of places as the word that names it in statements: bit k for place k. */
export function peerSetWord(places: readonly number[]): bigint {
  return places.reduce((word, place) => word | (1n << BigInt(place)), 0n);
}

/** The place of a member's own key on the roster. Throws FederationError `federation.roster` when it has none. */
export function ownPlace({ key, roster }: RoundMember): number {
  const place = roster.findIndex(({ x, y }) => x === key.publicKey.x && y === key.publicKey.y);
  if (place < 0) throw rosterError("the member's own key is not on the roster");
  return place;
}

function rosterError(problem: string): FederationError {
  return new FederationError("federation.roster", problem, "Use the roster that the round records.");
}
