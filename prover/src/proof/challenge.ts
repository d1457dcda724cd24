import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";

import { FIELD_ORDER } from "../field.ts";
import { g1Words, g2Words } from "./keys/verifying-key.ts";
import type { G1Point, G2Point } from "./points.ts";

/** A Groth16 proof with a committed block: A, B, C, D and sigma·D. */
export interface Groth16Proof {
  readonly a: G1Point;
  readonly b: G2Point;
  readonly c: G1Point;
  readonly blockCommitment: G1Point;
  readonly blockKnowledge: G1Point;
}

/** The verifier's randomness, drawn by hash after the block commitment (Fiat and Shamir 1986). */
export interface Challenges {
  readonly seed: `0x${string}`;
  readonly alpha: bigint;
  readonly rho: bigint;
}

const DOMAIN = bytesToHex(keccak_256(utf8ToBytes("zkpot.challenge.v1")));

/** alpha and rho for a statement, dataset point and block commitment under a key, as `Statement.sol` draws them. */
export function drawChallenges(
  keyId: `0x${string}`,
  statement: readonly bigint[],
  dataPoint: G1Point,
  blockCommitment: G1Point,
): Challenges {
  const seed = keccakWords([
    BigInt(`0x${DOMAIN}`),
    BigInt(keyId),
    ...statement,
    ...g1Words(dataPoint),
    ...g1Words(blockCommitment),
  ]);
  return {
    seed: `0x${seed.toString(16).padStart(64, "0")}`,
    alpha: keccakWords([seed, 0n]) % FIELD_ORDER,
    rho: keccakWords([seed, 1n]) % FIELD_ORDER,
  };
}

/** The weight t that folds the check of D's proof of knowledge into the pairing equation. */
export function foldingWeight(seed: `0x${string}`, proof: Groth16Proof): bigint {
  const words = [
    BigInt(seed),
    ...g1Words(proof.a),
    ...g2Words(proof.b),
    ...g1Words(proof.c),
    ...g1Words(proof.blockCommitment),
    ...g1Words(proof.blockKnowledge),
  ];
  return keccakWords(words) % FIELD_ORDER;
}

function keccakWords(words: readonly bigint[]): bigint {
  const bytes = hexToBytes(words.map((word) => word.toString(16).padStart(64, "0")).join(""));
  return BigInt(`0x${bytesToHex(keccak_256(bytes))}`);
}
