import { readScalar, SCALAR_BYTES, writeScalar } from "./keys/scalars.ts";

/** Order q of BN254's base field, in which coordinates live. */
export const BASE_FIELD_ORDER =
  21888242871839275222246405745257275088696311157297823662689037894645226208583n;

/** An affine point of BN254's G1; (0, 0) stands for infinity, as in EIP-196. */
export interface G1Point {
  readonly x: bigint;
  readonly y: bigint;
}

/** An affine point of G2: each coordinate is real + imaginary·i, kept as [real, imaginary]. */
export interface G2Point {
  readonly x: readonly [bigint, bigint];
  readonly y: readonly [bigint, bigint];
}

/** Bytes of an affine G1 point in ffjavascript's Montgomery form. */
export const G1_BYTES = 2 * SCALAR_BYTES;
/** Bytes of an affine G2 point in ffjavascript's Montgomery form. */
export const G2_BYTES = 4 * SCALAR_BYTES;

const MONTGOMERY = (1n << 256n) % BASE_FIELD_ORDER;
const MONTGOMERY_INVERSE = modInverse(MONTGOMERY);

/** The G1 point at `offset` of a buffer in Montgomery form. */
export function readG1(buffer: Buffer, offset = 0): G1Point {
  return { x: coordinate(buffer, offset), y: coordinate(buffer, offset + SCALAR_BYTES) };
}

/** The G2 point at `offset` of a buffer in Montgomery form. */
export function readG2(buffer: Buffer, offset = 0): G2Point {
  const at = (index: number) => coordinate(buffer, offset + index * SCALAR_BYTES);
  return { x: [at(0), at(1)], y: [at(2), at(3)] };
}

/** A G1 point in ffjavascript's Montgomery form. */
export function g1Bytes(point: G1Point): Buffer {
  return montgomeryBytes([point.x, point.y]);
}

/** A G2 point in ffjavascript's Montgomery form. */
export function g2Bytes(point: G2Point): Buffer {
  return montgomeryBytes([...point.x, ...point.y]);
}

function coordinate(buffer: Buffer, offset: number): bigint {
  return (readScalar(buffer, offset) * MONTGOMERY_INVERSE) % BASE_FIELD_ORDER;
}

function montgomeryBytes(coordinates: readonly bigint[]): Buffer {
  const buffer = Buffer.alloc(coordinates.length * SCALAR_BYTES);
  coordinates.forEach((value, index) =>
    writeScalar(buffer, index * SCALAR_BYTES, (value * MONTGOMERY) % BASE_FIELD_ORDER),
  );
  return buffer;
}

function modInverse(value: bigint): bigint {
  let [a, b, x, y] = [value, BASE_FIELD_ORDER, 1n, 0n];
  while (b > 0n) {
    const quotient = a / b;
    [a, b, x, y] = [b, a % b, y, x - quotient * y];
  }
  return ((x % BASE_FIELD_ORDER) + BASE_FIELD_ORDER) % BASE_FIELD_ORDER;
}
