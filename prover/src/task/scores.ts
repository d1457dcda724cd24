import type { IntegerSamples } from "../data/samples.ts";
import type { IntegerModel } from "../model/integer-model.ts";
import { runReference } from "../model/reference.ts";
import { TaskError } from "./task-document.ts";
import type { TaskFiles, TaskShard } from "./task-files.ts";

/** What is known of a model before anything is staked on it. */
export interface TaskScore {
  /** Samples of the test set, over all shards, classified correctly; null as long as it is sealed. */
  readonly correct: number | null;
  /** Samples of a sealed task's public sample classified correctly; null without one. */
  readonly publicSampleCorrect: number | null;
}

/** Measures on what a task has published, with a function that counts the samples classified correctly. */
export function scoreOnTask(
  { shards, publicSample }: TaskFiles,
  countCorrect: (samples: IntegerSamples) => number,
): TaskScore {
  return {
    correct: shards?.reduce((sum, { testSet }) => sum + countCorrect(testSet.samples), 0) ?? null,
    publicSampleCorrect: publicSample === null ? null : countCorrect(publicSample.samples),
  };
}

/** How many samples of each shard a model classifies correctly. */
export function shardScores(model: IntegerModel, shards: readonly TaskShard[]): number[] {
  return shards.map(({ testSet }) => runReference(model, testSet.samples).correctCount);
}

/**
 * Shares a claim of `correct` samples out over the shards: in proportion to their sizes, so that little is told about
 * any of them, and beyond that where the model has more. Never more than it has in a shard.
 *
 * Throws TaskError `task.claim` when the model classifies fewer in all.
 */
export function allocateClaim(
  correct: number,
  scores: readonly number[],
  sizes: readonly number[],
): number[] {
  const achieved = scores.reduce((sum, score) => sum + score, 0);
  if (correct > achieved) {
    throw new TaskError(
      "task.claim",
      `${correct} samples are to be proved correct, the model classifies ${achieved} correctly`,
      "Claim at most what the model achieves, with --correct, or train a better model for another task.",
      { claimed: correct, achieved },
    );
  }
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const claims = sizes.map((size, shard) => Math.min(scores[shard]!, Math.floor((correct * size) / total)));
  let left = correct - claims.reduce((sum, claim) => sum + claim, 0);
  while (left > 0) {
    for (const [shard, score] of scores.entries()) {
      if (left === 0 || claims[shard] === score) continue;
      claims[shard]!++;
      left--;
    }
  }
  return claims;
}
