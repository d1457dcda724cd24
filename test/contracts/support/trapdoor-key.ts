/**
 * Verifying keys whose toxic waste is known, and simulated proofs for them: a valid proof of any statement
 * without a circuit, because C = (A·B − alpha·beta − vkx) / delta can be computed when the scalars are known.
 *
 * A point is carried as its scalar (its discrete logarithm to the generator) until it is encoded.
 */
import { randomBytes } from "node:crypto";

import { bn254 } from "@noble/curves/bn254.js";
import { AbiCoder, concat, keccak256, solidityPackedKeccak256, toBeHex, toUtf8Bytes } from "ethers";

import { invertField, toField } from "../../../prover/src/field.ts";

/** Order q of the base field of BN254. */
export const BASE_FIELD_ORDER =
  21888242871839275222246405745257275088696311157297823662689037894645226208583n;

export interface G1Point {
  readonly x: bigint;
  readonly y: bigint;
}

export interface G2Point {
  readonly xImag: bigint;
  readonly xReal: bigint;
  readonly yImag: bigint;
  readonly yReal: bigint;
}

/** A proof as the contracts take it. */
export interface Proof {
  readonly a: G1Point;
  readonly b: G2Point;
  readonly c: G1Point;
  readonly blockCommitment: G1Point;
  readonly blockKnowledge: G1Point;
}

export const G1_INFINITY: G1Point = { x: 0n, y: 0n };
export const G2_INFINITY: G2Point = { xImag: 0n, xReal: 0n, yImag: 0n, yReal: 0n };

const CHALLENGE_DOMAIN = keccak256(toUtf8Bytes("zkpot.challenge.v1"));

/** A random element of the scalar field, not zero. */
export function randomScalar(): bigint {
  return toField(BigInt(`0x${randomBytes(48).toString("hex")}`)) || 1n;
}

/** A source of scalars that are the same in every run with this label. */
export function seededScalars(label: string): () => bigint {
  let seed = keccak256(toUtf8Bytes(label));
  return () => {
    seed = keccak256(seed);
    return toField(BigInt(seed)) || 1n;
  };
}

/** `scalar` times the generator of G1. */
export function g1(scalar: bigint): G1Point {
  const element = toField(scalar);
  if (element === 0n) return G1_INFINITY;
  const { x, y } = bn254.G1.Point.BASE.multiply(element).toAffine();
  return { x, y };
}

/** `scalar` times the generator of G2. */
export function g2(scalar: bigint): G2Point {
  const element = toField(scalar);
  if (element === 0n) return G2_INFINITY;
  const { x, y } = bn254.G2.Point.BASE.multiply(element).toAffine();
  return { xImag: x.c1, xReal: x.c0, yImag: y.c1, yReal: y.c0 };
}

/** The opposite of a finite point. */
export function negate(point: G1Point): G1Point {
  return { x: point.x, y: BASE_FIELD_ORDER - point.y };
}

/** The 32-byte words of points, in the order of the struct. */
function words(...points: readonly (G1Point | G2Point)[]): bigint[] {
  return points.flatMap((point) => Object.values(point) as bigint[]);
}

/** The scalars a key is made of; every one of them is toxic. */
export interface Trapdoor {
  readonly alpha: bigint;
  readonly beta: bigint;
  readonly delta: bigint;
  readonly sigma: bigint;
  readonly icConstant: bigint;
  readonly icStatement: readonly bigint[];
  readonly icAlpha: bigint;
  readonly icRho: bigint;
}

/** Draws all scalars of a key with `statementLength` statement words. */
export function drawTrapdoor(statementLength = 3, draw = randomScalar): Trapdoor {
  return {
    alpha: draw(),
    beta: draw(),
    delta: draw(),
    sigma: draw(),
    icConstant: draw(),
    icStatement: Array.from({ length: statementLength }, draw),
    icAlpha: draw(),
    icRho: draw(),
  };
}

/** Where points lie in the words of a key. */
export const KEY_WORD = {
  contributions: 0,
  circuitDigest: 1,
  alpha1: 2,
  beta2: 4,
  delta2: 8,
  sigma2: 12,
  ic: 16,
};

/** The words of the key with this trapdoor. */
export function keyWords(trapdoor: Trapdoor, contributions = 0n): bigint[] {
  const { alpha, beta, delta, sigma, icConstant, icStatement, icAlpha, icRho } = trapdoor;
  const circuitDigest = BigInt(keccak256(toUtf8Bytes("a circuit")));
  return [
    contributions,
    circuitDigest,
    ...words(g1(alpha), g2(beta), g2(delta), g2(sigma)),
    ...words(...[icConstant, ...icStatement, icAlpha, icRho].map(g1)),
  ];
}

/** Key bytes from words. */
export function packWords(values: readonly bigint[]): string {
  return concat(values.map((value) => toBeHex(value, 32)));
}

/** What a proof is made for. */
export interface ProofRequest {
  /** Statement words; the context first. */
  readonly statement: readonly bigint[];
  /** Scalar of the data point. */
  readonly data: bigint;
  /** Scalar of D; drawn at random when left out. */
  readonly block?: bigint;
}

/** A key with its trapdoor. */
export class TrapdoorKey {
  readonly trapdoor: Trapdoor;
  readonly bytes: string;
  readonly keyId: string;
  readonly #draw: () => bigint;

  constructor(trapdoor: Trapdoor = drawTrapdoor(), contributions = 0n, draw = randomScalar) {
    this.#draw = draw;
    this.trapdoor = trapdoor;
    this.bytes = packWords(keyWords(trapdoor, contributions));
    this.keyId = keccak256(this.bytes);
  }

  /** The circuit's challenges for a statement, data point and D. */
  challenges(statement: readonly bigint[], dataPoint: G1Point, blockCommitment: G1Point): [bigint, bigint] {
    const bound = packWords([...statement, ...words(dataPoint, blockCommitment)]);
    const seed = keccak256(concat([CHALLENGE_DOMAIN, this.keyId, bound]));
    const draw = (counter: bigint): bigint =>
      toField(BigInt(solidityPackedKeccak256(["bytes32", "uint256"], [seed, counter])));
    return [draw(0n), draw(1n)];
  }

  /** Scalar of vkx = IC_0 + sum s_i·IC_i + alpha·IC_alpha + rho·IC_rho + dataPoint + D. */
  publicScalar(statement: readonly bigint[], data: bigint, block: bigint): bigint {
    const { icConstant, icStatement, icAlpha, icRho } = this.trapdoor;
    const [alpha, rho] = this.challenges(statement, g1(data), g1(block));
    const words = statement.reduce((sum, word, i) => sum + word * icStatement[i]!, 0n);
    return toField(icConstant + words + alpha * icAlpha + rho * icRho + data + block);
  }

  /** A valid proof, as fresh and as random as an honest one. */
  prove({ statement, data, block = this.#draw() }: ProofRequest): Proof {
    return this.proveWithKnowledge({ statement, data, block }, block * this.trapdoor.sigma);
  }

  /** A proof whose Groth16 part is valid and whose Dp is `knowledge` times the generator. */
  proveWithKnowledge({ statement, data, block }: Required<ProofRequest>, knowledge: bigint): Proof {
    const { alpha, beta, delta } = this.trapdoor;
    const a = this.#draw();
    const b = this.#draw();
    const c = (a * b - alpha * beta - this.publicScalar(statement, data, block)) * invertField(delta);
    return { a: g1(a), b: g2(b), c: g1(c), blockCommitment: g1(block), blockKnowledge: g1(knowledge) };
  }
}

/** The proof (−A, −B, C), which holds wherever (A, B, C) does. */
export function negatedPair(proof: Proof): Proof {
  const { b } = proof;
  const minusB = { ...b, yImag: negateCoordinate(b.yImag), yReal: negateCoordinate(b.yReal) };
  return { ...proof, a: negate(proof.a), b: minusB };
}

function negateCoordinate(coordinate: bigint): bigint {
  return coordinate === 0n ? 0n : BASE_FIELD_ORDER - coordinate;
}

/** First statement word of a proof, as the contracts compute it. */
export function proofContext(
  chainId: bigint,
  market: string,
  taskId: bigint,
  round: bigint,
  prover: string,
  purpose: string,
): bigint {
  const encoded = AbiCoder.defaultAbiCoder().encode(
    ["uint256", "address", "uint256", "uint256", "address", "bytes32"],
    [chainId, market, taskId, round, prover, keccak256(toUtf8Bytes(purpose))],
  );
  return toField(BigInt(keccak256(encoded)));
}

/** First statement word of an accuracy proof. */
export function accuracyContext(chainId: bigint, market: string, taskId: bigint, prover: string): bigint {
  return proofContext(chainId, market, taskId, 0n, prover, "zkpot.accuracy.v1");
}

/** A point of the twist that lies outside G2, the subgroup of order r. */
export function g2OutsideSubgroup(): G2Point {
  const { Fp2 } = bn254.fields;
  const curveB = Fp2.div(Fp2.fromBigTuple([3n, 0n]), Fp2.fromBigTuple([9n, 1n]));
  for (let candidate = 1n; ; candidate++) {
    const x = Fp2.fromBigTuple([candidate, 0n]);
    const ySquared = Fp2.add(Fp2.mul(Fp2.sqr(x), x), curveB);
    let y;
    try {
      y = Fp2.sqrt(ySquared);
    } catch {
      continue; // no point has this x
    }
    const point = bn254.G2.Point.fromAffine({ x, y });
    if (!point.isTorsionFree()) return { xImag: x.c1, xReal: x.c0, yImag: y.c1, yReal: y.c0 };
  }
}
