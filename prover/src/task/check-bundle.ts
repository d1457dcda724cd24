import { ACCURACY_PURPOSE, proofContext } from "../chain/context.ts";
import type { SubmissionRecord, TaskRecord } from "../chain/tasks.ts";
import { type ProofBundle, verifyBundle } from "../proof/bundle.ts";
import { pointText } from "./check-task.ts";
import { TaskError } from "./task-document.ts";

/** Where a bundle is about to be handed in, and by whom. */
export interface BundleDestination {
  readonly chainId: bigint;
  readonly market: string;
  readonly task: TaskRecord;
  /** What the account that hands it in has committed to. */
  readonly submission: SubmissionRecord;
}

/**
 * Checks everything about the bundle of a shard that the market will check, by name: place, key, data point, commitment,
 * and the proof itself.
 * Throws TaskError `task.bundle-mismatch`, `task.not-committed` or `task.invalid-proof`, and ProofError for points that
 * are malformed.
 */
export function checkBundle(bundle: ProofBundle, destination: BundleDestination): void {
  const { task, submission, chainId, market } = destination;
  const { place } = bundle;
  const expected = {
    chainId,
    market,
    taskId: task.taskId,
    round: 0n,
    prover: submission.prover,
    purpose: ACCURACY_PURPOSE,
  };
  expectSame("chain", place.chainId, chainId);
  expectSame("market", place.market.toLowerCase(), market.toLowerCase());
  expectSame("task", place.taskId, task.taskId);
  expectSame("prover", place.prover.toLowerCase(), submission.prover.toLowerCase());
  expectSame("context", bundle.context, proofContext(expected));
  expectSame("key", bundle.keyId, task.keyId);
  const dataPoint = task.dataPoints[bundle.shard];
  if (dataPoint === undefined) {
    throw mismatch("shard", bundle.shard, `one of 0 to ${task.dataPoints.length - 1}`);
  }
  expectSame("data point", pointText(bundle.dataPoint), pointText(dataPoint));
  if (submission.state === "none") {
    throw new TaskError(
      "task.not-committed",
      `${submission.prover} has not committed to task ${task.taskId}`,
      "Commit first with `zkpot commit`, then prove again.",
      { taskId: task.taskId, prover: submission.prover },
    );
  }
  expectSame("model commitment", bundle.modelCommitment, submission.modelCommitment);
  if (!verifyBundle(bundle)) {
    throw new TaskError(
      "task.invalid-proof",
      `the proof does not show that ${bundle.correct} samples of shard ${bundle.shard} are classified correctly`,
      "Prove again; the bundle was changed or made with damaged keys.",
      { taskId: task.taskId, shard: bundle.shard, correct: bundle.correct },
    );
  }
}

/**
 * Checks a set of bundles as checkBundle does, that none is about a shard that another is about or that the market has
 * accepted already, and, once they complete the shards, that the counts reach the threshold.
 * Throws TaskError `task.repeated-shard` or `task.below-threshold`, and as checkBundle.
 */
export function checkBundles(bundles: readonly ProofBundle[], destination: BundleDestination): void {
  const { task, submission } = destination;
  const proven = new Set(submission.provenShards);
  for (const bundle of bundles) {
    checkBundle(bundle, destination);
    if (proven.has(bundle.shard)) {
      throw new TaskError(
        "task.repeated-shard",
        `there are two proofs for shard ${bundle.shard} of task ${task.taskId}, or one was accepted before`,
        "Hand in one proof for each shard.",
        { taskId: task.taskId, shard: bundle.shard },
      );
    }
    proven.add(bundle.shard);
  }
  const correct = bundles.reduce((sum, bundle) => sum + bundle.correct, submission.correct);
  if (proven.size === task.dataPoints.length && correct < task.minCorrect) {
    throw new TaskError(
      "task.below-threshold",
      `the proofs show ${correct} correct samples, task ${task.taskId} asks for ${task.minCorrect}`,
      "Prove a higher count, or train a better model for another task.",
      { correct, minCorrect: task.minCorrect },
    );
  }
}

function expectSame(what: string, found: unknown, expected: unknown): void {
  if (found !== expected) throw mismatch(what, found, expected);
}

function mismatch(what: string, found: unknown, expected: unknown): TaskError {
  return new TaskError(
    "task.bundle-mismatch",
    `the bundle was made for another ${what}: ${String(found)} instead of ${String(expected)}`,
    "Prove for this task, network and account; a proof counts for one prover and one shard only.",
    { what, found, expected },
  );
}
