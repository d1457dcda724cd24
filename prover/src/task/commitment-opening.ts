import { existsSync, readdirSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";

import { z } from "zod";

import { type DocumentKind, documentDigest, loadDocument, saveDocument } from "../data/document.ts";
import { modelCommitment } from "../model/commitment.ts";
import { INTEGER_MODEL, type IntegerModelFile } from "../quantization/integer-model-document.ts";
import { randomFieldElement } from "../random-field.ts";
import { TaskError } from "./task-document.ts";

/** What opens a prover's commitment for one task: without it, and the model, nothing can be proved. */
export interface CommitmentOpening {
  readonly chainId: bigint;
  readonly market: string;
  readonly taskId: bigint;
  readonly prover: string;
  readonly modelCommitment: bigint;
  /** Secret. */
  readonly salt: bigint;
  /** keccak256 of the model file's content: tells which model was committed to. */
  readonly modelDigest: string;
}

const DECIMAL = z.string().regex(/^(0|[1-9]\d{0,77})$/);

const OPENING_SCHEMA = z
  .object({
    chainId: DECIMAL,
    market: z.string(),
    taskId: DECIMAL,
    prover: z.string(),
    modelCommitment: DECIMAL,
    salt: DECIMAL,
    modelDigest: z.string(),
  })
  .strict();

type OpeningContent = z.infer<typeof OPENING_SCHEMA>;

/** A saved opening; secret. */
export const COMMITMENT_OPENING: DocumentKind<CommitmentOpening, OpeningContent> = {
  format: "zkpot.commitment-opening",
  version: 1,
  isSecret: true,
  schema: OPENING_SCHEMA,
  encode: (opening) => ({
    ...opening,
    chainId: String(opening.chainId),
    taskId: String(opening.taskId),
    modelCommitment: String(opening.modelCommitment),
    salt: String(opening.salt),
  }),
  decode: (content) => ({
    ...content,
    chainId: BigInt(content.chainId),
    taskId: BigInt(content.taskId),
    modelCommitment: BigInt(content.modelCommitment),
    salt: BigInt(content.salt),
  }),
};

/** Which prover's commitment to which task. */
export type OpeningPlace = Pick<CommitmentOpening, "chainId" | "market" | "taskId" | "prover">;

/** The file of an opening below a working folder. */
export function openingFile(folder: string, place: OpeningPlace): string {
  return path.join(openingFolder(folder, place), `${place.prover.toLowerCase()}.json`);
}

/** Addresses (lower case) of the accounts that have an opening for a task. */
export function openingProvers(folder: string, place: Omit<OpeningPlace, "prover">): string[] {
  const directory = openingFolder(folder, place);
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => /^0x[0-9a-f]{40}\.json$/.test(name))
    .map((name) => name.slice(0, -".json".length));
}

/** Draws a salt, commits to the model, and saves the opening before anybody sees the commitment. */
export async function createOpening(
  folder: string,
  place: OpeningPlace,
  file: IntegerModelFile,
): Promise<CommitmentOpening> {
  const salt = randomFieldElement();
  const opening: CommitmentOpening = {
    ...place,
    salt,
    modelCommitment: modelCommitment(file.quantized.model, salt),
    modelDigest: documentDigest(INTEGER_MODEL, file),
  };
  await mkdir(openingFolder(folder, place), { recursive: true, mode: 0o700 });
  await saveDocument(openingFile(folder, place), COMMITMENT_OPENING, opening);
  return opening;
}

/** The saved opening of a prover, or undefined when there is none. */
export async function findOpening(
  folder: string,
  place: OpeningPlace,
): Promise<CommitmentOpening | undefined> {
  const file = openingFile(folder, place);
  return existsSync(file) ? await loadDocument(file, COMMITMENT_OPENING) : undefined;
}

/** Throws TaskError `task.other-model` unless `file` is the model that the opening belongs to. */
export function checkModel(opening: CommitmentOpening, file: IntegerModelFile): void {
  if (modelCommitment(file.quantized.model, opening.salt) === opening.modelCommitment) return;
  throw new TaskError(
    "task.other-model",
    `the model is not the one that ${opening.prover} committed to for task ${opening.taskId}`,
    "Name the file of the committed model with --model.",
    { taskId: opening.taskId, prover: opening.prover },
  );
}

function openingFolder(folder: string, { chainId, market, taskId }: Omit<OpeningPlace, "prover">): string {
  return path.join(folder, ".zkpot", "openings", `${chainId}-${market.toLowerCase()}-${taskId}`);
}
