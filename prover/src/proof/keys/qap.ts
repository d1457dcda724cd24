import { FIELD_ORDER, invertField, powField } from "../../field.ts";
import type { R1cs } from "./r1cs.ts";

/** The polynomials of a rank-1 constraint system at a secret point tau: what Groth16's keys are made of. */
export interface QapEvaluation {
  /** A_i(tau), B_i(tau), C_i(tau) for every wire i. */
  readonly a: bigint[];
  readonly b: bigint[];
  readonly c: bigint[];
  /** Odd Lagrange polynomials of the doubled domain at tau: snarkjs's basis for the quotient. */
  readonly h: bigint[];
}

const ROOT_ORDER_BITS = 28;
/** 5 is the smallest quadratic non-residue: its power generates the 2^28-th roots of unity, as in ffjavascript. */
const TWO_ADIC_ROOT = powField(5n, (FIELD_ORDER - 1n) >> BigInt(ROOT_ORDER_BITS));

/** log2 of the evaluation domain: constraints plus one row per public signal and the constant one. */
export function domainPower(r1cs: Pick<R1cs, "constraintCount" | "publicCount">): number {
  return Math.max(Math.ceil(Math.log2(r1cs.constraintCount + r1cs.publicCount + 1)), 1);
}

/** The primitive 2^power-th root of unity that snarkjs uses. */
export function rootOfUnity(power: number): bigint {
  return powField(TWO_ADIC_ROOT, 1n << BigInt(ROOT_ORDER_BITS - power));
}

/**
 * Evaluates all wire polynomials at `tau`. As in snarkjs, public signal s gets the extra row
 * s·0 = 0, which keeps the statement's polynomials independent.
 */
export function evaluateQap(r1cs: R1cs, tau: bigint): QapEvaluation {
  const power = domainPower(r1cs);
  const size = 2 ** power;
  const root = rootOfUnity(power);
  const lagrange = lagrangeAt(tau, size, 1n, root, size);
  const h = lagrangeAt(tau, 2 * size, rootOfUnity(power + 1), root, size);

  const zeros = () => new Array<bigint>(r1cs.wireCount).fill(0n);
  const wires = [zeros(), zeros(), zeros()] as const;
  r1cs.forEachTerm((matrix, constraint, wire, coefficient) => {
    wires[matrix][wire] = (wires[matrix][wire]! + coefficient * lagrange[constraint]!) % FIELD_ORDER;
  });
  for (let signal = 0; signal <= r1cs.publicCount; signal++) {
    wires[0][signal] = (wires[0][signal]! + lagrange[r1cs.constraintCount + signal]!) % FIELD_ORDER;
  }
  return { a: wires[0], b: wires[1], c: wires[2], h };
}

/** L_x(tau) = x·(tau^order − 1)/(order·(tau − x)) for `count` points x = first, first·step, … of a domain. */
function lagrangeAt(tau: bigint, order: number, first: bigint, step: bigint, count: number): bigint[] {
  const points: bigint[] = [];
  for (let index = 0, x = first; index < count; index++, x = (x * step) % FIELD_ORDER) points.push(x);
  const inverses = batchInvert(points.map((x) => (tau - x + FIELD_ORDER) % FIELD_ORDER));
  const vanishing = powField(tau, BigInt(order)) - 1n + FIELD_ORDER;
  const factor = (vanishing * invertField(BigInt(order))) % FIELD_ORDER;
  return points.map((x, index) => (((x * factor) % FIELD_ORDER) * inverses[index]!) % FIELD_ORDER);
}

/** Inverses of non-zero field elements with one inversion (Montgomery's trick). */
function batchInvert(values: readonly bigint[]): bigint[] {
  const prefix: bigint[] = [1n];
  values.forEach((value, index) => prefix.push((prefix[index]! * value) % FIELD_ORDER));
  const inverses = new Array<bigint>(values.length);
  let rest = invertField(prefix[values.length]!);
  for (let index = values.length - 1; index >= 0; index--) {
    inverses[index] = (rest * prefix[index]!) % FIELD_ORDER;
    rest = (rest * values[index]!) % FIELD_ORDER;
  }
  return inverses;
}
