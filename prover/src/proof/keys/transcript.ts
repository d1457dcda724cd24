import { readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";

import { canonicalJson } from "../../data/canonical-json.ts";
import { sha256, writeFileAtomically } from "../../files.ts";
import type { G2Point } from "../points.ts";
import { ProofError } from "../proof-error.ts";

const TRANSCRIPT_FILE = "transcript.json";

const decimal = z.string().regex(/^(0|[1-9]\d{0,77})$/);
const g2 = z.tuple([decimal, decimal, decimal, decimal]);
const sha = z.string().regex(/^[0-9a-f]{64}$/);

const CONTRIBUTION_SCHEMA = z.discriminatedUnion("kind", [
  z
    .object({
      kind: z.literal("contribution"),
      name: z.string().min(1).max(100),
      /** [sigma]_2 after it: x real, x imaginary, y real, y imaginary. */
      sigma2: g2,
      proof: z.object({ nonce: g2, response: decimal }).strict(),
    })
    .strict(),
  z
    .object({
      kind: z.literal("beacon"),
      name: z.string().min(1).max(100),
      sigma2: g2,
      /** Public randomness nobody could foresee, e.g. a block hash fixed in advance. */
      beaconHash: z.string().regex(/^([0-9a-f]{2}){8,64}$/),
      iterationsExponent: z.number().int().min(10).max(40),
    })
    .strict(),
]);

const TRANSCRIPT_SCHEMA = z
  .object({
    format: z.literal("zkpot.ceremony.v1"),
    instanceId: z.string(),
    instanceSha256: sha,
    r1csSha256: sha,
    powersOfTauSha256: sha,
    contributions: z.array(CONTRIBUTION_SCHEMA).max(10_000),
  })
  .strict();

/** One step of a ceremony as published. */
export type Contribution = Readonly<z.infer<typeof CONTRIBUTION_SCHEMA>>;

/** What everybody needs to verify a ceremony, beside its key files and the powers of tau. */
export type Transcript = Readonly<z.infer<typeof TRANSCRIPT_SCHEMA>>;

/** Reads the transcript in a ceremony's directory. Throws ProofError `keys.missing` or `keys.format`. */
export async function readTranscript(directory: string): Promise<Transcript> {
  const file = path.join(directory, TRANSCRIPT_FILE);
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new ProofError(
      "keys.missing",
      `there is no ${file}`,
      "Start a ceremony with `zkpot keys new`.",
      { file },
      { cause },
    );
  });
  try {
    return TRANSCRIPT_SCHEMA.parse(JSON.parse(text));
  } catch (cause) {
    throw new ProofError(
      "keys.format",
      `${file} is no ceremony transcript`,
      "Fetch the transcript again.",
      { file },
      {
        cause,
      },
    );
  }
}

/** Saves a transcript in one step: until then the ceremony is where it was. */
export async function writeTranscript(directory: string, transcript: Transcript): Promise<void> {
  await writeFileAtomically(
    path.join(directory, TRANSCRIPT_FILE),
    `${JSON.stringify(transcript, null, 2)}\n`,
  );
}

/** SHA-256 of the canonical transcript: what the next contribution is bound to. */
export function transcriptHash(transcript: Transcript): string {
  return sha256(canonicalJson(transcript));
}

/** A G2 point as a transcript holds it. */
export function encodeG2(point: G2Point): [string, string, string, string] {
  return [...point.x, ...point.y].map(String) as [string, string, string, string];
}

/** The inverse of encodeG2. */
export function decodeG2(words: readonly [string, string, string, string]): G2Point {
  const [a, b, c, d] = words.map(BigInt) as [bigint, bigint, bigint, bigint];
  return { x: [a, b], y: [c, d] };
}
