import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import type { TaskDetails } from "../chain/tasks.ts";
import type { CompiledCircuit } from "../circuits/build.ts";
import type { KeySet } from "../proof/keys/key-set.ts";
import type { TaskCheck } from "../task/check-task.ts";
import type { TaskFiles } from "../task/task-files.ts";
import { note } from "./output.ts";
import type { ReadSession } from "./session.ts";
import type { TaskFileFlags } from "./task-options.ts";
import { UsageError } from "./usage-error.ts";

/** A task whose published files were found to match what the market stored. */
export interface CheckedTask {
  readonly task: TaskDetails;
  readonly files: TaskFiles;
  readonly keys: KeySet;
  readonly circuit: CompiledCircuit;
  readonly check: TaskCheck;
}

/**
 * Reads a task and its files, compiles its circuit unless it is at hand, and compares everything, the data point
 * recomputed from the test set. Throws before anything is staked on a task that does not match its files.
 */
export async function openCheckedTask(
  session: ReadSession,
  taskId: bigint,
  flags: TaskFileFlags,
): Promise<CheckedTask> {
  const { readTaskDetails } = await import("../chain/tasks.ts");
  const { loadTaskFiles } = await import("../task/task-files.ts");
  const { checkTask } = await import("../task/check-task.ts");
  const { openCircuit, openKeys } = await import("./artifacts.ts");
  const task = await readTaskDetails(session.contracts, taskId);
  const documentFile = flags.document ?? documentFromUri(task, session.config.folder);
  const files = await loadTaskFiles(documentFile, flags.testSet);
  const { instance } = files.document;
  const keys = await openKeys(instance, flags.keys);
  const circuit = await openCircuit(instance);
  note(`task ${taskId}: recomputing the data point from ${files.testSet.samples.sampleCount} samples`);
  const check = await checkTask(task, files, keys, circuit);
  return { task, files, keys, circuit, check };
}

/** The document's file when its URI is a path or file: URL on this machine. */
function documentFromUri(task: TaskDetails, folder: string): string {
  const { documentUri, taskId } = task;
  const file = documentUri.startsWith("file:")
    ? fileURLToPath(documentUri)
    : path.resolve(folder, documentUri);
  if (documentUri !== "" && existsSync(file)) return file;
  throw new UsageError(
    "cli.no-document",
    `the document of task ${taskId} is published at "${documentUri}", which is no file here`,
    "Fetch it with its test set and name it with --document.",
    { taskId, documentUri },
  );
}
