import { z } from "zod";

import type { DocumentKind } from "../data/document.ts";
import type { Groth16Proof } from "./challenge.ts";
import { decodeVerifyingKey, keyIdOf } from "./keys/verifying-key.ts";
import type { G1Point } from "./points.ts";
import { ProofError } from "./proof-error.ts";
import { decodeG1, decodeProof, encodeG1, encodeProof, G1_SCHEMA, PROOF_SCHEMA } from "./proof-text.ts";
import { verifyProof } from "./verify.ts";

/** For whom and where an accuracy proof was made; its context is computed from this. */
export interface BundlePlace {
  readonly chainId: bigint;
  readonly market: string;
  readonly taskId: bigint;
  readonly round: bigint;
  readonly prover: string;
  /** 32 bytes in hexadecimal. */
  readonly purpose: string;
}

/** A proof with all that is needed to check it; nothing in it is secret. */
export interface ProofBundle {
  readonly place: BundlePlace;
  /** Which shard of the task's test set it is about, from 0. */
  readonly shard: number;
  readonly instanceId: string;
  readonly keyId: `0x${string}`;
  /** The key as the registry stores it; keyId is its keccak256. */
  readonly verifyingKey: `0x${string}`;
  readonly context: bigint;
  readonly modelCommitment: bigint;
  /** At least so many samples of the shard are classified correctly. */
  readonly correct: number;
  readonly dataPoint: G1Point;
  readonly proof: Groth16Proof;
}

const DECIMAL = z.string().regex(/^(0|[1-9]\d{0,77})$/);
const BYTES = z.string().regex(/^0x([0-9a-f]{64})+$/);
const ADDRESS = z.string().regex(/^0x[0-9a-fA-F]{40}$/);

const BUNDLE_SCHEMA = z
  .object({
    place: z
      .object({
        chainId: DECIMAL,
        market: ADDRESS,
        taskId: DECIMAL,
        round: DECIMAL,
        prover: ADDRESS,
        purpose: BYTES,
      })
      .strict(),
    shard: z.number().int().nonnegative(),
    instanceId: z.string(),
    keyId: BYTES,
    verifyingKey: BYTES,
    context: DECIMAL,
    modelCommitment: DECIMAL,
    correct: z.number().int().nonnegative(),
    dataPoint: G1_SCHEMA,
    proof: PROOF_SCHEMA,
  })
  .strict();

type BundleContent = z.infer<typeof BUNDLE_SCHEMA>;

/** A saved proof bundle; public. */
export const PROOF_BUNDLE: DocumentKind<ProofBundle, BundleContent> = {
  format: "zkpot.proof-bundle",
  version: 2,
  isSecret: false,
  schema: BUNDLE_SCHEMA,
  encode: ({ place, proof, context, modelCommitment, dataPoint, ...plain }) => ({
    ...plain,
    place: {
      ...place,
      chainId: String(place.chainId),
      taskId: String(place.taskId),
      round: String(place.round),
    },
    context: String(context),
    modelCommitment: String(modelCommitment),
    dataPoint: encodeG1(dataPoint),
    proof: encodeProof(proof),
  }),
  decode: ({ place, proof, context, modelCommitment, dataPoint, keyId, verifyingKey, ...plain }) => {
    const bundle: ProofBundle = {
      ...plain,
      keyId: keyId as `0x${string}`,
      verifyingKey: verifyingKey as `0x${string}`,
      place: {
        ...place,
        chainId: BigInt(place.chainId),
        taskId: BigInt(place.taskId),
        round: BigInt(place.round),
      },
      context: BigInt(context),
      modelCommitment: BigInt(modelCommitment),
      dataPoint: decodeG1(dataPoint),
      proof: decodeProof(proof),
    };
    if (keyIdOf(bundle.verifyingKey) !== keyId) {
      throw new ProofError(
        "proof.bundle-key",
        `the verifying key in the bundle has id ${keyIdOf(bundle.verifyingKey)}, the bundle says ${keyId}`,
        "Prove again.",
        { found: keyIdOf(bundle.verifyingKey), expected: keyId },
      );
    }
    return bundle;
  },
};

/**
 * Whether the proof of a bundle holds under the key in it. That key, data point and commitment are the right ones is
 * for the caller to compare with the task. Throws ProofError `proof.malformed` and `keys.encoding`.
 */
export function verifyBundle(bundle: ProofBundle): boolean {
  const { context, modelCommitment, correct, verifyingKey, keyId, dataPoint, proof } = bundle;
  const statement = [context, modelCommitment, BigInt(correct)];
  return verifyProof(decodeVerifyingKey(verifyingKey), keyId, statement, dataPoint, proof);
}
