import { bn254 } from "@noble/curves/bn254.js";

import { FIELD_ORDER } from "../field.ts";
import { drawChallenges, foldingWeight, type Groth16Proof } from "./challenge.ts";
import { statementSize, type VerifyingKey } from "./keys/verifying-key.ts";
import { BASE_FIELD_ORDER, type G1Point, type G2Point } from "./points.ts";
import { ProofError } from "./proof-error.ts";

type CurvePoint1 = InstanceType<typeof bn254.G1.Point>;
type CurvePoint2 = InstanceType<typeof bn254.G2.Point>;

/**
 * Whether a proof of `statement` holds under a key: the equation of `Groth16.sol`, five pairings at once.
 *
 * Throws ProofError `proof.malformed` for what the contract reverts on: statement words or coordinates out
 * of range, points off the curve or the subgroup, proof points at infinity.
 */
export function verifyProof(
  key: VerifyingKey,
  keyId: `0x${string}`,
  statement: readonly bigint[],
  dataPoint: G1Point,
  proof: Groth16Proof,
): boolean {
  if (statement.length !== statementSize(key)) {
    throw malformed(`the statement has ${statement.length} words, the key verifies ${statementSize(key)}`);
  }
  for (const word of statement) {
    if (word < 0n || word >= FIELD_ORDER)
      throw malformed(`statement word ${word} is not below the field order`);
  }
  checkFinite(proof);
  const challenges = drawChallenges(keyId, statement, dataPoint, proof.blockCommitment);
  const weight = foldingWeight(challenges.seed, proof);
  const commitment = g1(proof.blockCommitment);
  const scalars = [...statement, challenges.alpha, challenges.rho];
  const input = scalars.reduce(
    (sum, scalar, index) => sum.add(times(g1(key.ic[index + 1]!), scalar)),
    g1(key.ic[0]!).add(g1(dataPoint)).add(commitment),
  );
  const pairs = [
    [g1(proof.a).negate(), g2(proof.b)],
    [g1(key.alpha1), g2(key.beta2)],
    [input.add(times(g1(proof.blockKnowledge), weight)), bn254.G2.Point.BASE],
    [g1(proof.c), g2(key.delta2)],
    [times(commitment, weight).negate(), g2(key.sigma2)],
  ] as const;
  const finite = pairs.filter(([p]) => !p.is0()).map(([p, q]) => ({ g1: p, g2: q }));
  const product = bn254.pairingBatch(finite);
  return bn254.fields.Fp12.eql(product, bn254.fields.Fp12.ONE);
}

function times(point: CurvePoint1, scalar: bigint): CurvePoint1 {
  return scalar === 0n ? bn254.G1.Point.ZERO : point.multiply(scalar);
}

function g1(point: G1Point): CurvePoint1 {
  checkCoordinates([point.x, point.y]);
  if (point.x === 0n && point.y === 0n) return bn254.G1.Point.ZERO;
  return valid(bn254.G1.Point.fromAffine({ x: point.x, y: point.y }));
}

function g2(point: G2Point): CurvePoint2 {
  checkCoordinates([...point.x, ...point.y]);
  const { Fp2 } = bn254.fields;
  return valid(
    bn254.G2.Point.fromAffine({ x: Fp2.fromBigTuple([...point.x]), y: Fp2.fromBigTuple([...point.y]) }),
  );
}

function valid<P extends { assertValidity(): void }>(point: P): P {
  try {
    point.assertValidity();
  } catch (cause) {
    throw malformed("a point is not on the curve or not in its subgroup", cause);
  }
  return point;
}

/** No honest proof has a point at infinity: A, B and C are randomised, and the committed block has a mask. */
function checkFinite({ a, b, c, blockCommitment, blockKnowledge }: Groth16Proof): void {
  for (const { x, y } of [a, b, c, blockCommitment, blockKnowledge]) {
    if ([x, y].flat().every((coordinate) => coordinate === 0n)) throw malformed("a point is infinity");
  }
}

function checkCoordinates(coordinates: readonly bigint[]): void {
  for (const coordinate of coordinates) {
    if (coordinate < 0n || coordinate >= BASE_FIELD_ORDER) {
      throw malformed(`coordinate ${coordinate} is not below the base field's order`);
    }
  }
}

function malformed(problem: string, cause?: unknown): ProofError {
  return new ProofError(
    "proof.malformed",
    `the proof is malformed: ${problem}`,
    "Fetch or make it again.",
    {},
    {
      cause,
    },
  );
}
