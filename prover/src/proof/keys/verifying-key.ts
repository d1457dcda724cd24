import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";

import type { G1Point, G2Point } from "../points.ts";
import { ProofError } from "../proof-error.ts";

/** What the chain stores of a circuit's key; its id is the keccak256 of its encoding. */
export interface VerifyingKey {
  /** Phase 2 contributions; 0 marks a development key, whose secrets somebody may know. */
  readonly contributions: number;
  /** Binds the rest of the key: instance, constraint system, proving key, commitment key. */
  readonly circuitDigest: `0x${string}`;
  readonly alpha1: G1Point;
  readonly beta2: G2Point;
  readonly delta2: G2Point;
  readonly sigma2: G2Point;
  /** IC_0, statement, alpha, rho. */
  readonly ic: readonly G1Point[];
}

const FIXED_WORDS = 16;
const CHALLENGES = 2;

/** The key as 32-byte words in the order `CircuitRegistry` reads them (G2 coordinates imaginary first, EIP-197). */
export function encodeVerifyingKey(key: VerifyingKey): `0x${string}` {
  const words = [
    BigInt(key.contributions),
    BigInt(key.circuitDigest),
    ...g1Words(key.alpha1),
    ...g2Words(key.beta2),
    ...g2Words(key.delta2),
    ...g2Words(key.sigma2),
    ...key.ic.flatMap(g1Words),
  ];
  return `0x${words.map((word) => word.toString(16).padStart(64, "0")).join("")}`;
}

/**
 * The inverse of encodeVerifyingKey.
 *
 * Throws ProofError `keys.encoding` for a length no key has.
 */
export function decodeVerifyingKey(encoded: string): VerifyingKey {
  const words = (encoded.slice(2).match(/.{64}/g) ?? []).map((word) => BigInt(`0x${word}`));
  const points = words.length - FIXED_WORDS;
  if (encoded.length !== 2 + words.length * 64 || points % 2 !== 0 || points / 2 < 2 + CHALLENGES) {
    throw new ProofError(
      "keys.encoding",
      `a verifying key of ${encoded.length / 2 - 1} bytes has no valid layout`,
      "Read the key from its registry or manifest again.",
    );
  }
  const g1 = (at: number): G1Point => ({ x: words[at]!, y: words[at + 1]! });
  const g2 = (at: number): G2Point => ({
    x: [words[at + 1]!, words[at]!],
    y: [words[at + 3]!, words[at + 2]!],
  });
  return {
    contributions: Number(words[0]),
    circuitDigest: `0x${words[1]!.toString(16).padStart(64, "0")}`,
    alpha1: g1(2),
    beta2: g2(4),
    delta2: g2(8),
    sigma2: g2(12),
    ic: Array.from({ length: points / 2 }, (_, index) => g1(FIXED_WORDS + 2 * index)),
  };
}

/** keccak256 of the encoded key: the name under which tasks refer to it. */
export function keyIdOf(encoded: `0x${string}`): `0x${string}` {
  return `0x${bytesToHex(keccak_256(hexToBytes(encoded.slice(2))))}`;
}

/** Number of statement signals a key verifies. */
export function statementSize(key: VerifyingKey): number {
  return key.ic.length - 1 - CHALLENGES;
}

/** Coordinates as the EVM's precompiles take them. */
export function g1Words(point: G1Point): bigint[] {
  return [point.x, point.y];
}

/** Coordinates as the EVM's precompiles take them: imaginary part first. */
export function g2Words(point: G2Point): bigint[] {
  return [point.x[1], point.x[0], point.y[1], point.y[0]];
}
