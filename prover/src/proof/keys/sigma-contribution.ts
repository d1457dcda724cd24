import { createHash } from "node:crypto";

import { bn254 } from "@noble/curves/bn254.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";

import { FIELD_ORDER } from "../../field.ts";
import type { G2Point } from "../points.ts";
import { g2Words } from "./verifying-key.ts";

/**
 * Shows that a contributor knew its factor s of sigma, without revealing it: a Schnorr proof (1991) that
 * after = s·before in G2, bound to its place in the transcript.
 */
export interface SigmaProof {
  /** k·before for a random k. */
  readonly nonce: G2Point;
  /** k + challenge·s mod r. */
  readonly response: bigint;
}

const DOMAIN = bytesToHex(keccak_256(utf8ToBytes("zkpot.sigma-contribution.v1")));
const { Point } = bn254.G2;

/** `factor·point` in G2. */
export function multiplyG2(point: G2Point, factor: bigint): G2Point {
  return fromCurve(toCurve(point).multiply(factor));
}

/** Proves knowledge of `factor` for the contribution after `transcriptHash`; `nonce` is a fresh random scalar. */
export function proveSigmaFactor(
  transcriptHash: string,
  before: G2Point,
  factor: bigint,
  nonce: bigint,
): SigmaProof {
  const after = multiplyG2(before, factor);
  const commitment = multiplyG2(before, nonce);
  const challenge = sigmaChallenge(transcriptHash, before, after, commitment);
  return { nonce: commitment, response: (nonce + challenge * factor) % FIELD_ORDER };
}

/** Whether `proof` shows knowledge of the factor between `before` and `after`. */
export function verifySigmaFactor(
  transcriptHash: string,
  before: G2Point,
  after: G2Point,
  proof: SigmaProof,
): boolean {
  const challenge = sigmaChallenge(transcriptHash, before, after, proof.nonce);
  if (proof.response <= 0n || proof.response >= FIELD_ORDER || challenge === 0n) return false;
  try {
    const left = toCurve(before).multiply(proof.response);
    return left.equals(toCurve(proof.nonce).add(toCurve(after).multiply(challenge)));
  } catch {
    return false; // a point off the curve or outside the subgroup
  }
}

/** The factor that a public beacon gives: SHA-256 iterated 2^iterationsExponent times, mod r. */
export function beaconFactor(beaconHash: string, iterationsExponent: number): bigint {
  let digest = createHash("sha256").update(`zkpot.sigma-beacon.v1 ${beaconHash}`).digest();
  for (let round = 1; round < 2 ** iterationsExponent; round++) {
    digest = createHash("sha256").update(digest).digest();
  }
  const factor = BigInt(`0x${digest.toString("hex")}`) % FIELD_ORDER;
  return factor > 1n ? factor : factor + 2n;
}

function sigmaChallenge(transcriptHash: string, before: G2Point, after: G2Point, nonce: G2Point): bigint {
  const words = [before, after, nonce].flatMap(g2Words).map((word) => word.toString(16).padStart(64, "0"));
  return (
    BigInt(`0x${bytesToHex(keccak_256(hexToBytes(DOMAIN + transcriptHash + words.join(""))))}`) % FIELD_ORDER
  );
}

/** A G2 point for arithmetic; throws an Error for one off the curve or outside the subgroup. */
export function toCurve(point: G2Point): InstanceType<typeof Point> {
  const { Fp2 } = bn254.fields;
  const curvePoint = Point.fromAffine({
    x: Fp2.fromBigTuple([...point.x]),
    y: Fp2.fromBigTuple([...point.y]),
  });
  curvePoint.assertValidity();
  return curvePoint;
}

function fromCurve(point: InstanceType<typeof Point>): G2Point {
  const { x, y } = point.toAffine();
  return { x: [x.c0, x.c1], y: [y.c0, y.c1] };
}
