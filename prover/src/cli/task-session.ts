import type { TaskDetails } from "../chain/tasks.ts";
import type { AccuracyInstance } from "../circuits/accuracy.ts";
import type { CompiledCircuit } from "../circuits/build.ts";
import type { KeySet } from "../proof/keys/key-set.ts";
import type { TaskCheck } from "../task/check-task.ts";
import type { TaskScore } from "../task/scores.ts";
import type { TaskFiles } from "../task/task-files.ts";
import { openDocuments } from "./artifact-documents.ts";
import { note } from "./output.ts";
import { openReadSession, type ReadSession } from "./session.ts";
import type { NetworkOptions } from "./shared-options.ts";
import type { TaskKeyFlags } from "./task-options.ts";
import { parseTaskId } from "./units.ts";

/** A task with the documents it names, the task's own found to be the one whose hash the market stored. */
export interface OpenedTask {
  readonly task: TaskDetails;
  readonly files: TaskFiles;
}

/** A task whose published files were found to match what the market stored. */
export interface CheckedTask extends OpenedTask {
  readonly keys: KeySet;
  readonly circuit: CompiledCircuit<AccuracyInstance>;
  readonly check: TaskCheck;
}

/** Reads a task and, from the artifacts, its document and its test set as far as it is public. */
export async function openTask(session: ReadSession, taskId: bigint): Promise<OpenedTask> {
  const { readTaskDetails } = await import("../chain/tasks.ts");
  const { readRevealUri } = await import("../chain/seal.ts");
  const { contracts } = session;
  const task = await readTaskDetails(contracts, taskId);
  return { task, files: await openFiles(session, task, await readRevealUri(contracts, task)) };
}

/** The files of a task, with those of a sealed test set only if the place of the reveal is given. */
export async function openFiles(
  session: ReadSession,
  task: TaskDetails,
  revealUri?: string,
): Promise<TaskFiles> {
  const { parseArtifactUri } = await import("../artifacts/artifact-uri.ts");
  const { readTaskFiles } = await import("../task/task-files.ts");
  const { checkTaskDocument } = await import("../task/check-task.ts");
  const { read } = await openDocuments(session);
  const files = await readTaskFiles(read, {
    document: parseArtifactUri(task.documentUri),
    reveal: revealUri === undefined ? undefined : parseArtifactUri(revealUri),
  });
  checkTaskDocument(task, files);
  return files;
}

/** The task that --task names, for commands that can do without one. */
export async function openNamedTask(
  options: NetworkOptions & { readonly task?: string },
): Promise<OpenedTask | undefined> {
  if (options.task === undefined) return undefined;
  const taskId = parseTaskId(options.task);
  return await openTask(await openReadSession(options), taskId);
}

/**
 * Reads a task and its files, compiles its circuit unless it is at hand, and compares everything, the data points
 * recomputed from the test set. Throws before anything is staked on a task that does not match its files.
 */
export async function openCheckedTask(
  session: ReadSession,
  taskId: bigint,
  flags: TaskKeyFlags,
): Promise<CheckedTask> {
  const { checkTask } = await import("../task/check-task.ts");
  const { openCircuit, openKeys } = await import("./artifacts.ts");
  const { requireKnownRules } = await import("../chain/rules.ts");
  const { task, files } = await openTask(session, taskId);
  requireKnownRules(session.contracts, task);
  const { instance, testSet, sampleCount } = files.document;
  const keys = await openKeys(instance, flags.keys);
  const circuit = await openCircuit(instance);
  const shards = testSet.shards.length === 1 ? "the data point" : `${testSet.shards.length} data points`;
  note(
    files.shards === null
      ? `task ${taskId}: the test set is sealed; its data points are compared once it is revealed`
      : `task ${taskId}: recomputing ${shards} from ${sampleCount} samples`,
  );
  const check = await checkTask(task, files, keys, circuit);
  if (testSet.kind === "sealed") await checkSeal(session, task, keys);
  return { task, files, keys, circuit, check };
}

/** Checks that what a poster reveals of a task can be shown to be wrong. */
async function checkSeal({ contracts }: ReadSession, task: TaskDetails, keys: KeySet): Promise<void> {
  const { readSeal } = await import("../chain/seal.ts");
  const { openingTermsOf } = await import("../seal/reveal.ts");
  const { checkOpeningTerms } = await import("../seal/terms.ts");
  checkOpeningTerms(await readSeal(contracts, task), await openingTermsOf(keys));
}

/** What a model achieves on a task's published samples, for people. */
export function scoreText({ document, publicSample }: TaskFiles, score: TaskScore): string {
  const { minCorrect, sampleCount } = document;
  if (score.correct !== null) return `${score.correct} of ${sampleCount} correct, ${minCorrect} needed`;
  const needed = `sealed, ${minCorrect} of ${sampleCount} needed`;
  if (publicSample === null) return needed;
  return `${needed}; ${score.publicSampleCorrect} of ${publicSample.samples.sampleCount} of the public sample correct`;
}
