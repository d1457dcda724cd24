import { babyjubjub } from "@noble/curves/misc.js";
import { poseidon2 } from "poseidon-lite";

import { FIELD_ORDER } from "../field.ts";
import { poseidonChain } from "../model/commitment.ts";
import { randomFieldElement } from "../random-field.ts";
import { FederationError } from "./federation-error.ts";

const { Point } = babyjubjub;
/** Order of the prime subgroup of Baby Jubjub. */
const SUBGROUP_ORDER = Point.Fn.ORDER;
const INVERSE_OF_EIGHT = Point.Fn.inv(8n);

/** A point of Baby Jubjub (EIP-2494), affine. */
export interface PublicKey {
  readonly x: bigint;
  readonly y: bigint;
}

/** What fills a roster's empty places: the neutral point. */
export const EMPTY_PLACE: PublicKey = { x: 0n, y: 1n };

/** A member's key pair for one federation. `scalar` is secret: who knows it can unmask the member's vectors. */
export interface PairKey {
  readonly scalar: bigint;
  readonly publicKey: PublicKey;
}

/** A fresh key pair from the system's randomness. */
export function randomPairKey(): PairKey {
  return pairKeyFromSeed(randomFieldElement());
}

/** The key pair of any non-negative number: two seeds give the same one if they are equal modulo the order less one. */
export function pairKeyFromSeed(seed: bigint): PairKey {
  return pairKey((seed % (SUBGROUP_ORDER - 1n)) + 1n);
}

/** The key pair of a scalar. Throws FederationError `federation.key` unless 0 < scalar < the subgroup's order. */
export function pairKey(scalar: bigint): PairKey {
  if (scalar <= 0n || scalar >= SUBGROUP_ORDER) throw keyError("a private key is outside its range");
  return { scalar, publicKey: affine(Point.BASE.multiply(scalar)) };
}

/** Throws FederationError `federation.key` unless a public key is in the prime subgroup and not its neutral point. */
export function validatePublicKey(key: PublicKey): void {
  const point = curvePoint(key);
  if (point.is0() || !point.isTorsionFree()) {
    throw keyError(`public key (${key.x}, ${key.y}) is not of prime order`);
  }
}

/**
 * The point whose eighth multiple a public key is: the key's multiple by 1/8 modulo the subgroup's order. It shows a
 * contract cheaply that the key is of prime order. Throws FederationError `federation.key` as validatePublicKey does.
 */
export function eighthPart(key: PublicKey): PublicKey {
  validatePublicKey(key);
  return affine(curvePoint(key).multiply(INVERSE_OF_EIGHT));
}

/**
 * The secret of a pair, the same from both sides: Poseidon over both coordinates of scalar·8·key, equal to
 * `PairSecret` in circuits/lib.
 */
export function pairSecret(own: PairKey, peer: PublicKey): bigint {
  validatePublicKey(peer);
  const { x, y } = curvePoint(peer).clearCofactor().multiply(own.scalar).toAffine();
  return poseidon2([x, y]);
}

/**
 * The digest of the ordered public keys of a round's members: Poseidon over all coordinates, with empty places up to
 * `places`.
 *
 * Throws FederationError `federation.roster` for more members than places, or the same key twice.
 */
export function rosterDigest(roster: readonly PublicKey[], places: number): bigint {
  return poseidonChain(fillRoster(roster, places).flatMap(({ x, y }) => [x, y]));
}

/** The keys of a roster with empty places up to `places`; throws as rosterDigest does. */
export function fillRoster(roster: readonly PublicKey[], places: number): PublicKey[] {
  const distinct = new Set(roster.map(({ x, y }) => `${x},${y}`));
  if (roster.length > places || distinct.size < roster.length) {
    throw new FederationError(
      "federation.roster",
      roster.length > places
        ? `the roster has ${roster.length} members, the circuit ${places} places`
        : "the roster names the same key twice",
      "Use the roster that the round records, with the circuit of its federation.",
      { members: roster.length, places },
    );
  }
  roster.forEach(validatePublicKey);
  return [...roster, ...new Array<PublicKey>(places - roster.length).fill(EMPTY_PLACE)];
}

function curvePoint({ x, y }: PublicKey): InstanceType<typeof Point> {
  try {
    // The library takes coordinates beyond the field's order, which would give one point two names.
    if (x >= FIELD_ORDER || y >= FIELD_ORDER) throw new RangeError("a coordinate is outside the field");
    const point = Point.fromAffine({ x, y });
    point.assertValidity();
    return point;
  } catch {
    throw keyError(`public key (${x}, ${y}) is not a point of the curve other than the neutral one`);
  }
}

function affine(point: InstanceType<typeof Point>): PublicKey {
  const { x, y } = point.toAffine();
  return { x, y };
}

function keyError(problem: string): FederationError {
  return new FederationError(
    "federation.key",
    problem,
    "Use the keys that the federation's members registered.",
  );
}
