import { existsSync } from "node:fs";

import {
  type Audit,
  type AuditRun,
  commitTrace,
  drawChallenge,
  drawSeed,
  isDrawable,
  readRun,
  registerBatches,
} from "../chain/audits.ts";
import { ChainError } from "../chain/chain-error.ts";
import type { Contracts } from "../chain/contracts.ts";
import type { Sender } from "../chain/send.ts";
import type { IntegerModel } from "../model/integer-model.ts";
import type { EpochRecord } from "../training/checkpoint.ts";
import { CheckpointFile } from "../verifiable/checkpoint-file.ts";
import { commitCheckpoints } from "../verifiable/commit-trace.ts";
import { epochRecord, trainVerifiably } from "../verifiable/train.ts";
import { type TrainingRule, trainingRuleDigest } from "../verifiable/training-rule.ts";
import { AuditError } from "./audit-error.ts";
import { runDigest, type RunFolder, type RunSecrets } from "./run-folder.ts";
import { commitBatches, finishRun, type RunBatches, runStepCount, type TrainedRun } from "./trained-run.ts";

const POLL_MS = 500;

/** A run of one account on its way through the audit contract. */
export interface RunSession {
  readonly sender: Sender;
  readonly contracts: Contracts;
  readonly audit: Audit;
  readonly rule: TrainingRule;
  readonly folder: RunFolder;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress: (message: string) => void;
  readonly onEpoch?: ((record: EpochRecord) => void) | undefined;
}

/**
 * Registers the batches of a run unless that is done, waits for the block that gives the seed, and draws it.
 *
 * Throws AuditError `audit.mismatch` when other batches are registered, `audit.stopped` after an interrupt.
 */
export async function openSeed(session: RunSession, secrets: RunSecrets): Promise<TrainedSeed> {
  const { sender, audit, rule } = session;
  const batches = commitBatches(rule, secrets.samples, secrets.runKey);
  const { address } = sender.wallet;
  let state = await readRun(audit, address);
  if (state.state === "none") {
    await registerBatches(sender, audit, batches.root, batches.batches.length);
    state = await readRun(audit, address);
  }
  if (state.batchRoot !== batches.root) {
    throw new AuditError(
      "audit.mismatch",
      `${address} registered other batches for task ${audit.taskId} than those in ${session.folder.folder}`,
      "Work in the folder in which the run was begun; one run per task and account.",
      { found: batches.root, expected: state.batchRoot },
    );
  }
  if (state.state === "registered") {
    state = await drawWhenDue(session, state.seedBlock, "the seed", () => drawSeed(sender, audit, address));
  }
  return { batches, seed: state.seed, state };
}

/** Batches with the seed that was drawn for them. */
export interface TrainedSeed {
  readonly batches: RunBatches;
  readonly seed: bigint;
  readonly state: AuditRun;
}

/**
 * Trains from the seed, going on after the last checkpoint that an earlier call saved, and commits to every checkpoint.
 * The checkpoint file stays open for the run: call `close` when nothing more is read.
 *
 * Throws what trainVerifiably and CheckpointFile throw, and AuditError `audit.stopped` after an interrupt.
 */
export async function trainRun(
  session: RunSession,
  secrets: RunSecrets,
  { batches, seed }: TrainedSeed,
): Promise<{ readonly run: TrainedRun; readonly last: IntegerModel; readonly close: () => Promise<void> }> {
  const { rule, folder, signal, onProgress, onEpoch } = session;
  const { samples, runKey } = secrets;
  const file = existsSync(folder.checkpointFile)
    ? await CheckpointFile.open(folder.checkpointFile, { repair: true })
    : await CheckpointFile.create(folder.checkpointFile, { rule, seed, samplesDigest: runDigest(secrets) });
  try {
    checkHeader(file, session, secrets, seed);
    const stepCount = runStepCount(batches);
    if (file.count <= stepCount) {
      const done = file.count - 1;
      const { completed } = await trainVerifiably({
        rule,
        seed,
        train: samples,
        signal,
        onEpoch,
        onCheckpoint: async (_step, model) => {
          await file.append(model);
        },
        ...(done < 0
          ? {}
          : {
              resumeFrom: {
                step: done,
                model: await file.read(done),
                history: await history(file, session, secrets, batches),
              },
            }),
      });
      await file.flush();
      if (!completed) throw stopped(`${file.count - 1} of ${stepCount} steps are trained`);
    }
    const done = await folder.loadTrace(file.digest);
    if (done.length <= stepCount) onProgress(`committing to ${stepCount + 1 - done.length} checkpoints`);
    const checkpoint = (step: number): Promise<IntegerModel> => file.read(step);
    const checkpoints = await commitCheckpoints(stepCount + 1, checkpoint, runKey, { done, signal });
    if (checkpoints.length > done.length) await folder.saveTrace(file.digest, checkpoints);
    if (checkpoints.length <= stepCount) throw stopped("all steps are trained");
    const run = finishRun(batches, { seed, checkpoints, checkpoint });
    return { run, last: await file.read(stepCount), close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Commits the account to a run, unless it has; throws AuditError `audit.mismatch` when it committed to another. */
export async function commitRun(session: RunSession, run: TrainedRun): Promise<AuditRun> {
  const { sender, contracts, audit } = session;
  const { address } = sender.wallet;
  if ((await readRun(audit, address)).state === "seeded") {
    await commitTrace(sender, contracts, audit.taskId, run.checkpoints.at(-1)!, run.traceRoot);
  }
  const state = await readRun(audit, address);
  if (state.traceRoot === run.traceRoot) return state;
  throw new AuditError(
    "audit.mismatch",
    `${address} committed to another trace for task ${audit.taskId}`,
    "Work in the folder in which the run was trained.",
    { found: run.traceRoot, expected: state.traceRoot },
  );
}

/** Draws the challenge of a committed run as soon as its block has passed; does nothing for a run that has one. */
export async function openChallenge(session: RunSession): Promise<AuditRun> {
  const { sender, audit } = session;
  const { address } = sender.wallet;
  const state = await readRun(audit, address);
  if (state.state !== "committed") return state;
  return await drawWhenDue(session, state.challengeBlock, "the challenge", () =>
    drawChallenge(sender, audit, address),
  );
}

async function drawWhenDue(
  { sender, audit, signal, onProgress }: RunSession,
  block: number,
  what: string,
  draw: () => Promise<unknown>,
): Promise<AuditRun> {
  const { connection, wallet } = sender;
  if (!(await isDrawable(connection, block))) onProgress(`waiting for block ${block}, which gives ${what}`);
  while (!(await isDrawable(connection, block))) {
    if (signal?.aborted === true) throw stopped(`${what} comes from block ${block}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  const before = await readRun(audit, wallet.address);
  try {
    await draw();
  } catch (error) {
    // Anybody may draw: somebody quicker is no failure.
    const after = await readRun(audit, wallet.address);
    if (!(error instanceof ChainError) || after.state === before.state) throw error;
  }
  return await readRun(audit, wallet.address);
}

function checkHeader(
  { header }: CheckpointFile,
  { folder, rule }: RunSession,
  secrets: RunSecrets,
  seed: bigint,
): void {
  const isSame =
    header.seed === seed &&
    header.samplesDigest === runDigest(secrets) &&
    trainingRuleDigest(header.rule) === trainingRuleDigest(rule);
  if (isSame) return;
  throw new AuditError(
    "audit.mismatch",
    `the checkpoints in ${folder.folder} belong to another run: their rule, seed or samples differ`,
    "Move the folder away to train anew; a trace that was committed to cannot be answered for then.",
    { folder: folder.folder },
  );
}

/** The records of the epochs that an interrupted training had finished. */
async function history(
  file: CheckpointFile,
  { rule }: RunSession,
  { samples }: RunSecrets,
  { batches }: RunBatches,
): Promise<EpochRecord[]> {
  const records: EpochRecord[] = [];
  for (let step = batches.length; step < file.count; step += batches.length) {
    records.push(epochRecord(rule, await file.read(step), samples, undefined, step / batches.length));
  }
  return records;
}

function stopped(where: string): AuditError {
  return new AuditError(
    "audit.stopped",
    `interrupted: ${where}`,
    "Run the command again: it goes on where it stopped.",
  );
}
