import type { ChainPoint, TaskRecord } from "../chain/tasks.ts";
import { accuracyLayout, type AccuracyShape } from "../circuits/accuracy.ts";
import type { CompiledCircuit } from "../circuits/build.ts";
import { architectureId } from "../model/architecture.ts";
import type { KeySet } from "../proof/keys/key-set.ts";
import { datasetPoint } from "../proof/prove.ts";
import { accuracyDatasetBlock } from "../witness/accuracy-witness.ts";
import { TaskError } from "./task-document.ts";
import type { TaskFiles, TaskShard } from "./task-files.ts";

/** What was compared between the chain and the published files. */
export interface TaskCheck {
  /** Names of the values that agree. */
  readonly agreed: readonly string[];
  /** Names of the values that cannot be compared yet: those of a test set that is still sealed. */
  readonly open: readonly string[];
}

/** The data points of a task's shards under its key, in order: what the market must have stored. */
export async function taskDataPoints(
  instance: AccuracyShape,
  shards: readonly TaskShard[],
  keys: KeySet,
): Promise<ChainPoint[]> {
  const points: ChainPoint[] = [];
  for (const { testSet, blinding } of shards) {
    const block = accuracyDatasetBlock(instance, testSet.samples, blinding);
    points.push(await datasetPoint(accuracyLayout(instance), keys, block));
  }
  return points;
}

/**
 * Compares keys and circuit with a task's document: the key is the one the document names, and was made for the
 * circuit that its parameters compile to. Throws TaskError `task.key-mismatch` or `task.circuit-mismatch`.
 */
export function checkTaskKeys(files: TaskFiles, keys: KeySet, circuit: CompiledCircuit): void {
  const { keyId, instance } = files.document;
  if (keys.keyId !== keyId) {
    throw new TaskError(
      "task.key-mismatch",
      `the keys at hand have id ${keys.keyId}, the task names ${keyId}`,
      "Fetch the keys that were published for the task and name their folder with --keys.",
      { found: keys.keyId, expected: keyId },
    );
  }
  if (keys.manifest.r1csSha256 !== circuit.r1csSha256) {
    throw new TaskError(
      "task.circuit-mismatch",
      `the keys were made for another circuit than ${instance.id} compiles to here`,
      "Do not take part: whoever made the keys may state something else with them. If this toolkit is older or newer than the task, use the one that posted it.",
      { instance: instance.id, found: circuit.r1csSha256, expected: keys.manifest.r1csSha256 },
    );
  }
}

/** Throws TaskError `task.mismatch` unless the document is the one whose hash the market stored. */
export function checkTaskDocument(task: TaskRecord, { documentHash }: TaskFiles): void {
  if (task.documentHash === documentHash) return;
  throw mismatch(task.taskId, "documentHash", task.documentHash, documentHash);
}

/**
 * Compares what the market stored with the published files, the data point of every shard recomputed from its samples.
 * Of a sealed test set the data points are left open until it is revealed.
 * Throws TaskError `task.mismatch` naming the first value that differs, and the shard.
 */
export async function checkTask(
  task: TaskRecord,
  files: TaskFiles,
  keys: KeySet,
  circuit: CompiledCircuit,
): Promise<TaskCheck> {
  const { document, shards } = files;
  const { instance, testSet } = document;
  checkTaskDocument(task, files);
  checkTaskKeys(files, keys, circuit);
  const agreed = ["documentHash"];
  const compare = (name: string, onChain: unknown, published: unknown): void => {
    if (onChain !== published) throw mismatch(task.taskId, name, onChain, published);
    agreed.push(name);
  };
  compare("keyId", task.keyId, document.keyId);
  compare("architectureId", task.architectureId, architectureId(instance.architecture));
  compare("sampleCount", task.sampleCount, document.sampleCount);
  compare("minCorrect", task.minCorrect, document.minCorrect);
  compare("kind of test set", BigInt(task.seal) === 0n ? "public" : "sealed", testSet.kind);
  compare("number of shards", task.dataPoints.length, testSet.shards.length);
  const names = testSet.shards.map((_, shard) => `dataPoint of shard ${shard}`);
  if (shards === null) return { agreed, open: names };
  const points = await taskDataPoints(instance, shards, keys);
  for (const [shard, name] of names.entries()) {
    compare(name, pointText(task.dataPoints[shard]!), pointText(points[shard]!));
  }
  return { agreed, open: [] };
}

/** A point for comparing and for errors. */
export function pointText({ x, y }: ChainPoint): string {
  return `(${x}, ${y})`;
}

function mismatch(taskId: bigint, name: string, onChain: unknown, published: unknown): TaskError {
  return new TaskError(
    "task.mismatch",
    `task ${taskId} does not match its published files: ${name} is ${String(onChain)} on the chain, ${String(published)} by the files`,
    "Do not take part in this task, or fetch the files again.",
    { taskId, name, onChain, published },
  );
}
