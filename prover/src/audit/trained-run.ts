import type { IntegerSamples } from "../data/samples.ts";
import type { IntegerModel } from "../model/integer-model.ts";
import { batchIndex } from "../verifiable/batch-order.ts";
import { batchCommitments, cutBatches } from "../verifiable/batches.ts";
import { type Hash, type MerkleVector, merkleRoot, merkleVector } from "../merkle-vector.ts";
import type { TrainingRule } from "../verifiable/training-rule.ts";

/** The batches of a run with their commitments: fixed before the seed is drawn. */
export interface RunBatches {
  readonly rule: TrainingRule;
  /** Secret: all salts of the run follow from it. */
  readonly runKey: Uint8Array;
  readonly batches: readonly IntegerSamples[];
  readonly tree: MerkleVector;
  readonly commitments: readonly bigint[];
  /** Root of the commitments, as it is registered. */
  readonly root: Hash;
}

/** A finished run: what answers to its challenge are made from. */
export interface TrainedRun extends RunBatches {
  /** 32 bytes, drawn by the audit contract. */
  readonly seed: bigint;
  /** Commitments to the checkpoints 0..T; the last is the model commitment. */
  readonly checkpoints: readonly bigint[];
  readonly trace: MerkleVector;
  /** Root of the checkpoints, as it is committed to. */
  readonly traceRoot: Hash;
  /** Reads checkpoint `step`. */
  readonly checkpoint: (step: number) => IntegerModel | Promise<IntegerModel>;
}

/** Cuts samples into batches and commits to each; throws what cutBatches throws. */
export function commitBatches(rule: TrainingRule, samples: IntegerSamples, runKey: Uint8Array): RunBatches {
  const batches = cutBatches(rule, samples);
  const commitments = batchCommitments(rule, batches, runKey);
  const tree = merkleVector(commitments);
  return { rule, runKey, batches, commitments, tree, root: merkleRoot(tree) };
}

/** The run that led from these batches and a seed to these checkpoints. */
export function finishRun(
  batches: RunBatches,
  { seed, checkpoints, checkpoint }: Pick<TrainedRun, "seed" | "checkpoints" | "checkpoint">,
): TrainedRun {
  const trace = merkleVector(checkpoints);
  return { ...batches, seed, checkpoints, checkpoint, trace, traceRoot: merkleRoot(trace) };
}

/** Steps of a run: epochs times batches. */
export function runStepCount({ rule, batches }: RunBatches): number {
  return rule.epochs * batches.length;
}

/** Index of the batch that step `step` learns from. */
export function batchOfStep({ seed, batches }: TrainedRun, step: number): number {
  const count = batches.length;
  return batchIndex(seed, Math.floor(step / count), step % count, count);
}
