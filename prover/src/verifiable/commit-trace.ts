import { setImmediate } from "node:timers/promises";

import { modelCommitment } from "../model/commitment.ts";
import type { IntegerModel } from "../model/integer-model.ts";
import { derivedSalt } from "./salts.ts";

/** Settings of commitCheckpoints. */
export interface CommitOptions {
  /** Commitments made before, from checkpoint 0 on: the work goes on after them. */
  readonly done?: readonly bigint[] | undefined;
  /** Stops after the commitment it is at. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** Commitments between two looks at the event loop; one takes a few milliseconds. */
const COMMITMENTS_PER_TURN = 16;

/**
 * C_t = modelCommitment(checkpoint t, salt_t) for t = 0..count−1: the values of the trace's Merkle vector. The last is
 * the trained model's modelCommitment. When the signal stops it the list is shorter than `count`.
 *
 * `checkpoint` reads checkpoint t.
 */
export async function commitCheckpoints(
  count: number,
  checkpoint: (step: number) => IntegerModel | Promise<IntegerModel>,
  runKey: Uint8Array,
  options: CommitOptions = {},
): Promise<bigint[]> {
  const { done = [], signal, onProgress } = options;
  const commitments = [...done];
  for (let step = commitments.length; step < count; step++) {
    if (step % COMMITMENTS_PER_TURN === 0) await setImmediate();
    if (signal?.aborted) break;
    commitments.push(modelCommitment(await checkpoint(step), derivedSalt(runKey, "checkpoint", step)));
    onProgress?.(commitments.length, count);
  }
  return commitments;
}
