import { z } from "zod";

import type { ScoreProof } from "../chain/rounds.ts";
import type { ChainProof } from "../chain/tasks.ts";
import type { DocumentKind } from "../data/document.ts";
import type { IntegerModel } from "../model/integer-model.ts";
import { GLOBAL_MODEL } from "./global-model.ts";
import type { ProvenAverage, ProvenVector } from "./round-proofs.ts";

/** The model that a member commits to in a round. Secret. */
export interface LocalModel {
  readonly model: IntegerModel;
  /** Of its commitment. */
  readonly salt: bigint;
  /** Weight of the model in the average. */
  readonly factor: number;
  /** Samples of the test set that it classifies correctly. */
  readonly correct: number;
}

/** A count of a model that may become the global one. */
export interface GlobalScore {
  /** With salt 0. */
  readonly globalCommitment: bigint;
  readonly score: ScoreProof;
}

/** The vector of one masking, which tells nothing before the masking is complete and the vector published. */
export interface MaskedModel extends ProvenVector {
  /** Number of the masking. */
  readonly masking: number;
  /** Towards whom. */
  readonly peers: readonly number[];
  readonly uri: string;
  /** Whether it lies among the artifacts for others to find. */
  readonly isPublished: boolean;
}

/** The average of the vectors of one masking. */
export interface RoundAverage extends ProvenAverage {
  readonly masking: number;
  readonly uri: string;
}

const DECIMAL = z.string().regex(/^(0|[1-9]\d{0,77})$/);
const COUNT = z.number().int().nonnegative();
const POINT = z.tuple([DECIMAL, DECIMAL]);
const PROOF = z
  .object({
    a: POINT,
    b: z.tuple([DECIMAL, DECIMAL, DECIMAL, DECIMAL]),
    c: POINT,
    blockCommitment: POINT,
    blockKnowledge: POINT,
  })
  .strict();
const SCORE = z.object({ counts: z.array(COUNT), nullifier: DECIMAL, proofs: z.array(PROOF) }).strict();
const MODEL = GLOBAL_MODEL.schema;

const LOCAL_MODEL_SCHEMA = z
  .object({ model: MODEL, salt: DECIMAL, factor: COUNT.min(1), correct: COUNT })
  .strict();
const GLOBAL_SCORE_SCHEMA = z.object({ globalCommitment: DECIMAL, score: SCORE }).strict();
const MASKED_MODEL_SCHEMA = z
  .object({
    masking: COUNT,
    peers: z.array(COUNT),
    uri: z.string(),
    isPublished: z.boolean(),
    vector: z.array(DECIMAL),
    rosterDigest: DECIMAL,
    vectorDigest: DECIMAL,
    proof: PROOF,
  })
  .strict();
const AVERAGE_SCHEMA = z
  .object({ masking: COUNT, uri: z.string(), model: MODEL, globalCommitment: DECIMAL, proof: PROOF })
  .strict();

/** A saved local model. */
export const LOCAL_MODEL: DocumentKind<LocalModel, z.infer<typeof LOCAL_MODEL_SCHEMA>> = {
  format: "zkpot.local-model",
  version: 1,
  isSecret: true,
  schema: LOCAL_MODEL_SCHEMA,
  encode: ({ model, salt, factor, correct }) => ({
    model: GLOBAL_MODEL.encode(model),
    salt: String(salt),
    factor,
    correct,
  }),
  decode: ({ model, salt, factor, correct }) => ({
    model: GLOBAL_MODEL.decode(model),
    salt: BigInt(salt),
    factor,
    correct,
  }),
};

/** A saved count of the local model. */
export const LOCAL_SCORE: DocumentKind<ScoreProof, z.infer<typeof SCORE>> = {
  format: "zkpot.local-score",
  version: 1,
  isSecret: true,
  schema: SCORE,
  encode: encodeScore,
  decode: decodeScore,
};

/** A saved count of a global model. */
export const GLOBAL_SCORE: DocumentKind<GlobalScore, z.infer<typeof GLOBAL_SCORE_SCHEMA>> = {
  format: "zkpot.global-score",
  version: 1,
  isSecret: true,
  schema: GLOBAL_SCORE_SCHEMA,
  encode: ({ globalCommitment, score }) => ({
    globalCommitment: String(globalCommitment),
    score: encodeScore(score),
  }),
  decode: ({ globalCommitment, score }) => ({
    globalCommitment: BigInt(globalCommitment),
    score: decodeScore(score),
  }),
};

/** A saved masked vector with its proof. */
export const MASKED_MODEL: DocumentKind<MaskedModel, z.infer<typeof MASKED_MODEL_SCHEMA>> = {
  format: "zkpot.masked-model",
  version: 1,
  isSecret: true,
  schema: MASKED_MODEL_SCHEMA,
  encode: ({ masking, peers, uri, isPublished, vector, rosterDigest, vectorDigest, proof }) => ({
    masking,
    peers: [...peers],
    uri,
    isPublished,
    vector: vector.map(String),
    rosterDigest: String(rosterDigest),
    vectorDigest: String(vectorDigest),
    proof: encodeProof(proof),
  }),
  decode: ({ masking, peers, uri, isPublished, vector, rosterDigest, vectorDigest, proof }) => ({
    masking,
    peers,
    uri,
    isPublished,
    vector: vector.map(BigInt),
    rosterDigest: BigInt(rosterDigest),
    vectorDigest: BigInt(vectorDigest),
    proof: decodeProof(proof),
  }),
};

/** A saved average with its proof. */
export const AVERAGE: DocumentKind<RoundAverage, z.infer<typeof AVERAGE_SCHEMA>> = {
  format: "zkpot.round-average",
  version: 1,
  isSecret: true,
  schema: AVERAGE_SCHEMA,
  encode: ({ masking, uri, model, globalCommitment, proof }) => ({
    masking,
    uri,
    model: GLOBAL_MODEL.encode(model),
    globalCommitment: String(globalCommitment),
    proof: encodeProof(proof),
  }),
  decode: ({ masking, uri, model, globalCommitment, proof }) => ({
    masking,
    uri,
    model: GLOBAL_MODEL.decode(model),
    globalCommitment: BigInt(globalCommitment),
    proof: decodeProof(proof),
  }),
};

function encodeScore({ counts, nullifier, proofs }: ScoreProof): z.infer<typeof SCORE> {
  return { counts: [...counts], nullifier: String(nullifier), proofs: proofs.map(encodeProof) };
}

function decodeScore({ counts, nullifier, proofs }: z.infer<typeof SCORE>): ScoreProof {
  return { counts, nullifier: BigInt(nullifier), proofs: proofs.map(decodeProof) };
}

function encodeProof({ a, b, c, blockCommitment, blockKnowledge }: ChainProof): z.infer<typeof PROOF> {
  const point = ({ x, y }: ChainProof["a"]): [string, string] => [String(x), String(y)];
  return {
    a: point(a),
    b: [String(b.xImag), String(b.xReal), String(b.yImag), String(b.yReal)],
    c: point(c),
    blockCommitment: point(blockCommitment),
    blockKnowledge: point(blockKnowledge),
  };
}

function decodeProof({ a, b, c, blockCommitment, blockKnowledge }: z.infer<typeof PROOF>): ChainProof {
  const point = ([x, y]: readonly [string, string]): ChainProof["a"] => ({ x: BigInt(x), y: BigInt(y) });
  const [xImag, xReal, yImag, yReal] = b.map(BigInt) as [bigint, bigint, bigint, bigint];
  return {
    a: point(a),
    b: { xImag, xReal, yImag, yReal },
    c: point(c),
    blockCommitment: point(blockCommitment),
    blockKnowledge: point(blockKnowledge),
  };
}
