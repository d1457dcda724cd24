import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";

import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { z } from "zod";

import { type DocumentKind, documentDigest, loadDocument, saveDocument } from "../data/document.ts";
import type { IntegerSamples } from "../data/samples.ts";
import { newRunKey } from "../verifiable/salts.ts";
import { AnswerStore } from "./answer-store.ts";
import type { AuditPlace } from "./stages.ts";

/** What a run starts from. */
export interface RunSecrets {
  /** All salts of the run follow from it. */
  readonly runKey: Uint8Array;
  readonly samples: IntegerSamples;
}

const COUNT = z.number().int().min(1);
const SECRETS_SCHEMA = z
  .object({
    runKey: z.string().regex(/^[0-9a-f]{64}$/),
    sampleCount: COUNT,
    featureCount: COUNT,
    classCount: COUNT,
    features: z.array(z.number().int().nonnegative()),
    labels: z.array(z.number().int().nonnegative()),
  })
  .strict()
  .refine(
    ({ sampleCount, featureCount, features, labels }) =>
      features.length === sampleCount * featureCount && labels.length === sampleCount,
    "the counts do not fit the samples",
  );

/** Samples and key of a run; secret. */
const RUN_SECRETS: DocumentKind<RunSecrets, z.infer<typeof SECRETS_SCHEMA>> = {
  format: "zkpot.training-run",
  version: 1,
  isSecret: true,
  schema: SECRETS_SCHEMA,
  encode: ({ runKey, samples }) => ({
    ...samples,
    runKey: bytesToHex(runKey),
    features: [...samples.features],
    labels: [...samples.labels],
  }),
  decode: ({ runKey, features, labels, ...counts }) => ({
    runKey: hexToBytes(runKey),
    samples: { ...counts, features: Int32Array.from(features), labels: Int32Array.from(labels) },
  }),
};

/** Commitments to checkpoints, which take longer to compute than to read; public once the trace is committed. */
interface SavedTrace {
  /** Names the checkpoints: the digest of their file. */
  readonly checkpointDigest: string;
  readonly commitments: readonly bigint[];
}

const TRACE_SCHEMA = z
  .object({
    checkpointDigest: z.string().regex(/^0x[0-9a-f]{64}$/),
    commitments: z.array(z.string().regex(/^(0|[1-9]\d{0,77})$/)),
  })
  .strict();

const SAVED_TRACE: DocumentKind<SavedTrace, z.infer<typeof TRACE_SCHEMA>> = {
  format: "zkpot.trace",
  version: 1,
  isSecret: false,
  schema: TRACE_SCHEMA,
  encode: ({ checkpointDigest, commitments }) => ({ checkpointDigest, commitments: commitments.map(String) }),
  decode: ({ checkpointDigest, commitments }) => ({ checkpointDigest, commitments: commitments.map(BigInt) }),
};

/** Where one run lies below a working folder: its samples and key, checkpoints, and the proofs made for it. */
export class RunFolder {
  readonly folder: string;

  constructor(workingFolder: string, { chainId, market, taskId, prover }: AuditPlace) {
    this.folder = path.join(
      workingFolder,
      ".zkpot",
      "runs",
      `${chainId}-${market.toLowerCase()}-${taskId}`,
      prover.toLowerCase(),
    );
  }

  get checkpointFile(): string {
    return path.join(this.folder, "checkpoints");
  }

  get answers(): AnswerStore {
    return new AnswerStore(path.join(this.folder, "answers"));
  }

  get exists(): boolean {
    return existsSync(this.#secretsFile);
  }

  /** Draws a key for a run on these samples and saves both before anything is registered. */
  async create(samples: IntegerSamples): Promise<RunSecrets> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const secrets = { runKey: newRunKey(), samples };
    await saveDocument(this.#secretsFile, RUN_SECRETS, secrets);
    return secrets;
  }

  /** What create saved; throws DocumentError. */
  async load(): Promise<RunSecrets> {
    return await loadDocument(this.#secretsFile, RUN_SECRETS);
  }

  /** Saves the commitments to the first checkpoints of a file with this digest, all of them or as far as work got. */
  async saveTrace(checkpointDigest: string, commitments: readonly bigint[]): Promise<void> {
    await saveDocument(this.#traceFile, SAVED_TRACE, { checkpointDigest, commitments });
  }

  /** What saveTrace saved for a file with this digest; nothing for another one. */
  async loadTrace(checkpointDigest: string): Promise<readonly bigint[]> {
    if (!existsSync(this.#traceFile)) return [];
    const saved = await loadDocument(this.#traceFile, SAVED_TRACE);
    return saved.checkpointDigest === checkpointDigest ? saved.commitments : [];
  }

  get #traceFile(): string {
    return path.join(this.folder, "trace.json");
  }

  get #secretsFile(): string {
    return path.join(this.folder, "run.json");
  }
}

/** keccak256 of a run's samples and key: its checkpoints belong to both. */
export function runDigest(secrets: RunSecrets): `0x${string}` {
  return documentDigest(RUN_SECRETS, secrets);
}
