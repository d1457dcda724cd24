import path from "node:path";

import { documentDigest, loadDocument } from "../data/document.ts";
import { TEST_SET, type TestSet, testSetHash } from "../data/test-set.ts";
import { TASK_DOCUMENT, type TaskDocument, TaskError } from "./task-document.ts";

/** A task document with the test set it names, found to belong together. */
export interface TaskFiles {
  readonly document: TaskDocument;
  /** Digest of the document, which the market stores. */
  readonly documentHash: string;
  readonly testSet: TestSet;
}

/**
 * Loads a task document and its test set, which lies where the document says, or at `testSetFile`.
 * Throws DocumentError for either file, TaskError `task.test-set-mismatch` naming what differs.
 */
export async function loadTaskFiles(documentFile: string, testSetFile?: string): Promise<TaskFiles> {
  const document = await loadDocument(documentFile, TASK_DOCUMENT);
  const place = testSetFile ?? path.resolve(path.dirname(documentFile), document.testSetFile);
  const testSet = await loadDocument(place, TEST_SET);
  const { samples, inputQuantization } = testSet;
  const { layerSizes, inputBits } = document.instance.architecture;
  expectSame(place, "test set hash", testSetHash(testSet), document.testSetHash);
  expectSame(place, "sample count", samples.sampleCount, document.sampleCount);
  expectSame(place, "feature count", samples.featureCount, layerSizes[0]);
  expectSame(place, "class count", samples.classCount, layerSizes.at(-1));
  expectSame(place, "bits of a feature", inputQuantization.inputBits, inputBits);
  return { document, documentHash: documentDigest(TASK_DOCUMENT, document), testSet };
}

function expectSame(
  file: string,
  what: string,
  found: string | number,
  expected: string | number | undefined,
): void {
  if (found === expected) return;
  throw new TaskError(
    "task.test-set-mismatch",
    `${file} is not the test set of the task: its ${what} is ${found}, the document says ${String(expected)}`,
    "Fetch the test set that was published with the task.",
    { file, what, found, expected },
  );
}
