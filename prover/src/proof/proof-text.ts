import { z } from "zod";

import type { Groth16Proof } from "./challenge.ts";
import type { G1Point, G2Point } from "./points.ts";

const DECIMAL = z.string().regex(/^(0|[1-9]\d{0,77})$/);

/** A point of G1 inside documents: x, y. */
export const G1_SCHEMA = z.tuple([DECIMAL, DECIMAL]);

/** A point of G2 inside documents: x real, x imaginary, y real, y imaginary. */
const G2_SCHEMA = z.tuple([DECIMAL, DECIMAL, DECIMAL, DECIMAL]);

/** A proof inside documents. */
export const PROOF_SCHEMA = z
  .object({ a: G1_SCHEMA, b: G2_SCHEMA, c: G1_SCHEMA, blockCommitment: G1_SCHEMA, blockKnowledge: G1_SCHEMA })
  .strict();

/** A proof as documents hold it. */
export type ProofText = z.infer<typeof PROOF_SCHEMA>;

/** A proof with its coordinates in decimal. */
export function encodeProof({ a, b, c, blockCommitment, blockKnowledge }: Groth16Proof): ProofText {
  return {
    a: encodeG1(a),
    b: encodeG2(b),
    c: encodeG1(c),
    blockCommitment: encodeG1(blockCommitment),
    blockKnowledge: encodeG1(blockKnowledge),
  };
}

/** The proof that encodeProof wrote. */
export function decodeProof({ a, b, c, blockCommitment, blockKnowledge }: ProofText): Groth16Proof {
  return {
    a: decodeG1(a),
    b: decodeG2(b),
    c: decodeG1(c),
    blockCommitment: decodeG1(blockCommitment),
    blockKnowledge: decodeG1(blockKnowledge),
  };
}

/** A point of G1 with its coordinates in decimal. */
export function encodeG1({ x, y }: G1Point): [string, string] {
  return [String(x), String(y)];
}

/** The point that encodeG1 wrote. */
export function decodeG1([x, y]: readonly [string, string]): G1Point {
  return { x: BigInt(x), y: BigInt(y) };
}

function encodeG2({ x, y }: G2Point): [string, string, string, string] {
  return [String(x[0]), String(x[1]), String(y[0]), String(y[1])];
}

function decodeG2([xReal, xImag, yReal, yImag]: readonly [string, string, string, string]): G2Point {
  return { x: [BigInt(xReal), BigInt(xImag)], y: [BigInt(yReal), BigInt(yImag)] };
}
