import { ACCURACY_PURPOSE, proofContext } from "../chain/context.ts";
import type { SubmissionRecord, TaskRecord } from "../chain/tasks.ts";
import { type ProofBundle, verifyBundle } from "../proof/bundle.ts";
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
 * Checks everything about a bundle that the market will check, by name: place, key, data point, commitment,
 * threshold, and the proof itself.
 * Throws TaskError `task.bundle-mismatch`, `task.below-threshold` or `task.invalid-proof`, and ProofError for points
 * that are malformed.
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
  expectSame(
    "data point",
    `${bundle.dataPoint.x},${bundle.dataPoint.y}`,
    task.dataPoints.map(({ x, y }) => `${x},${y}`).join(),
  );
  if (submission.state === "none") {
    throw new TaskError(
      "task.not-committed",
      `${submission.prover} has not committed to task ${task.taskId}`,
      "Commit first with `zkpot commit`, then prove again.",
      { taskId: task.taskId, prover: submission.prover },
    );
  }
  expectSame("model commitment", bundle.modelCommitment, submission.modelCommitment);
  if (bundle.correct < task.minCorrect) {
    throw new TaskError(
      "task.below-threshold",
      `the bundle proves ${bundle.correct} correct samples, task ${task.taskId} asks for ${task.minCorrect}`,
      "Prove a higher count, or train a better model for another task.",
      { correct: bundle.correct, minCorrect: task.minCorrect },
    );
  }
  if (!verifyBundle(bundle)) {
    throw new TaskError(
      "task.invalid-proof",
      `the proof does not show that ${bundle.correct} samples are classified correctly`,
      "Prove again; the bundle was changed or made with damaged keys.",
      { taskId: task.taskId, correct: bundle.correct },
    );
  }
}

function expectSame(what: string, found: unknown, expected: unknown): void {
  if (found === expected) return;
  throw new TaskError(
    "task.bundle-mismatch",
    `the bundle was made for another ${what}: ${String(found)} instead of ${String(expected)}`,
    "Prove for this task, network and account; a proof counts for one prover only.",
    { what, found, expected },
  );
}
