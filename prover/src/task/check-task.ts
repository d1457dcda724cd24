import type { ChainPoint, TaskRecord } from "../chain/tasks.ts";
import { accuracyLayout } from "../circuits/accuracy.ts";
import type { CompiledCircuit } from "../circuits/build.ts";
import { architectureId } from "../model/architecture.ts";
import type { KeySet } from "../proof/keys/key-set.ts";
import { datasetPoint } from "../proof/prove.ts";
import { accuracyDatasetBlock } from "../witness/accuracy-witness.ts";
import { TaskError } from "./task-document.ts";
import type { TaskFiles } from "./task-files.ts";

/** What was compared between the chain and the published files. */
export interface TaskCheck {
  /** Names of the values that agree. */
  readonly agreed: readonly string[];
  readonly dataPoint: ChainPoint;
}

/** The data point of a task's test set under its key: what the market must have stored. */
export async function taskDataPoint(files: TaskFiles, keys: KeySet): Promise<ChainPoint> {
  const { instance } = files.document;
  const block = accuracyDatasetBlock(instance, files.testSet.samples);
  return await datasetPoint(accuracyLayout(instance), keys, block);
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

/**
 * Compares what the market stored with the published files, the data point recomputed from the samples.
 * Throws TaskError `task.mismatch` naming the first value that differs.
 */
export async function checkTask(
  task: TaskRecord,
  files: TaskFiles,
  keys: KeySet,
  circuit: CompiledCircuit,
): Promise<TaskCheck> {
  const { document, documentHash } = files;
  checkTaskKeys(files, keys, circuit);
  const agreed: string[] = [];
  const compare = (name: string, onChain: unknown, published: unknown): void => {
    if (onChain !== published) throw mismatch(task.taskId, name, onChain, published);
    agreed.push(name);
  };
  compare("documentHash", task.documentHash, documentHash);
  compare("keyId", task.keyId, document.keyId);
  compare("architectureId", task.architectureId, architectureId(document.instance.architecture));
  compare("sampleCount", task.sampleCount, document.sampleCount);
  compare("minCorrect", task.minCorrect, document.minCorrect);
  const dataPoint = await taskDataPoint(files, keys);
  compare("shardCount", task.dataPoints.length, 1);
  compare("dataPoint.x", task.dataPoints[0]!.x, dataPoint.x);
  compare("dataPoint.y", task.dataPoints[0]!.y, dataPoint.y);
  return { agreed, dataPoint };
}

function mismatch(taskId: bigint, name: string, onChain: unknown, published: unknown): TaskError {
  return new TaskError(
    "task.mismatch",
    `task ${taskId} does not match its published files: ${name} is ${String(onChain)} on the chain, ${String(published)} by the files`,
    "Do not take part in this task, or fetch the files again.",
    { taskId, name, onChain, published },
  );
}
