import { access } from "node:fs/promises";

import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex } from "@noble/hashes/utils.js";

import type { IntegerSamples } from "../data/samples.ts";
import type { EpochRecord } from "../training/checkpoint.ts";
import { TrainingError } from "../training/training-error.ts";
import { CheckpointFile } from "./checkpoint-file.ts";
import {
  epochRecord,
  type TrainingState,
  trainVerifiably,
  type VerifiableRun,
  type VerifiableTraining,
} from "./train.ts";
import { trainingRuleDigest } from "./training-rule.ts";

/** What trainToFile needs: a run whose checkpoints and resumption the file takes care of. */
export type FileRun = Omit<VerifiableRun, "resumeFrom" | "onCheckpoint">;

/** A run with the digest of its file. */
export interface FileTraining extends VerifiableTraining {
  /** Names header and checkpoints of the file. */
  readonly digest: `0x${string}`;
}

/**
 * Trains into the file of checkpoints at `path`: begins it, or goes on with one that was interrupted.
 *
 * Throws what trainVerifiably and CheckpointFile throw, and TrainingError `training.checkpoints-mismatch` when the file
 * belongs to another rule, seed or data. Checkpoints made before an error stay in the file; none was committed to.
 */
export async function trainToFile(path: string, run: FileRun): Promise<FileTraining> {
  const { rule, seed, train } = run;
  const header = { rule, seed, samplesDigest: integerSamplesDigest(train) };
  const ruleDigest = trainingRuleDigest(rule);
  const file = (await exists(path))
    ? await CheckpointFile.open(path, { repair: true })
    : await CheckpointFile.create(path, header);
  try {
    const fail = (what: string): never => {
      throw new TrainingError(
        "training.checkpoints-mismatch",
        `${path} was made with another ${what}, so going on from it would not equal one run`,
        "Resume with the rule, seed and data of the file, or name another file.",
        { path, what },
      );
    };
    if (trainingRuleDigest(file.header.rule) !== ruleDigest) fail("training rule");
    if (file.header.seed !== seed) fail("seed");
    if (file.header.samplesDigest !== header.samplesDigest) fail("training set");
    const result = await trainVerifiably({
      ...run,
      resumeFrom: await lastState(file, run),
      onCheckpoint: (_step, model) => file.append(model),
    });
    await file.flush();
    return { ...result, digest: file.digest };
  } finally {
    await file.close();
  }
}

/** Where the file stands; undefined while it has no checkpoint. Records of finished epochs are measured again. */
async function lastState(
  file: CheckpointFile,
  { rule, train, validation }: FileRun,
): Promise<TrainingState | undefined> {
  if (file.count === 0) return undefined;
  const step = file.count - 1;
  const batchCount = Math.floor(train.sampleCount / rule.batchSize);
  const history: EpochRecord[] = [];
  for (let epoch = 1; epoch * batchCount <= step; epoch++) {
    const model = await file.read(epoch * batchCount);
    history.push(epochRecord(rule, model, train, validation, epoch));
  }
  return { step, model: await file.read(step), history };
}

/** keccak256 of sample count, feature count, class count, features and labels, as little-endian int32. */
export function integerSamplesDigest(samples: IntegerSamples): `0x${string}` {
  const { sampleCount, featureCount, classCount, features, labels } = samples;
  const bytes = new Uint8Array(4 * (3 + features.length + labels.length));
  const view = new DataView(bytes.buffer);
  let offset = 0;
  for (const values of [[sampleCount, featureCount, classCount], features, labels]) {
    for (const value of values) {
      view.setInt32(offset, value, true);
      offset += 4;
    }
  }
  return `0x${bytesToHex(keccak_256(bytes))}`;
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
