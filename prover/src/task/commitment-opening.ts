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

/** The file of an opening below a working folder; one per commitment, so that none is ever replaced. */
export function openingFile(folder: string, opening: CommitmentOpening): string {
  return path.join(
    openingFolder(folder, opening),
    `${opening.modelCommitment.toString(16).padStart(64, "0")}.json`,
  );
}

/** Addresses (lower case) of the accounts that have openings for a task. */
export function openingProvers(folder: string, place: Omit<OpeningPlace, "prover">): string[] {
  return fileNames(taskFolder(folder, place)).filter((name) => /^0x[0-9a-f]{40}$/.test(name));
}

/** All openings of a prover for a task: one for every model it was about to commit to. */
export async function listOpenings(folder: string, place: OpeningPlace): Promise<CommitmentOpening[]> {
  const directory = openingFolder(folder, place);
  const files = fileNames(directory).filter((name) => /^[0-9a-f]{64}\.json$/.test(name));
  return await Promise.all(files.map((name) => loadDocument(path.join(directory, name), COMMITMENT_OPENING)));
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
    modelDigest: modelDigest(file),
  };
  await mkdir(openingFolder(folder, place), { recursive: true, mode: 0o700 });
  await saveDocument(openingFile(folder, opening), COMMITMENT_OPENING, opening);
  return opening;
}

/** The opening of a commitment found on the chain; throws TaskError `task.opening-lost` when it is not among them. */
export function openingOf(
  openings: readonly CommitmentOpening[],
  commitment: bigint,
  place: OpeningPlace,
): CommitmentOpening {
  const found = openings.find((opening) => opening.modelCommitment === commitment);
  if (found !== undefined) return found;
  throw new TaskError(
    "task.opening-lost",
    `${place.prover} committed to a model for task ${place.taskId}, and the opening is not in this working folder`,
    "Work in the folder in which the commitment was made; without the opening nothing can be proved.",
    { taskId: place.taskId, prover: place.prover },
  );
}

/** keccak256 of a model file's content. */
export function modelDigest(file: IntegerModelFile): string {
  return documentDigest(INTEGER_MODEL, file);
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

function openingFolder(folder: string, place: OpeningPlace): string {
  return path.join(taskFolder(folder, place), place.prover.toLowerCase());
}

function taskFolder(folder: string, { chainId, market, taskId }: Omit<OpeningPlace, "prover">): string {
  return path.join(folder, ".zkpot", "openings", `${chainId}-${market.toLowerCase()}-${taskId}`);
}

function fileNames(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory).sort() : [];
}
