import type { IntegerModelFile } from "../quantization/integer-model-document.ts";
import { architectureId, canonicalArchitecture } from "../model/architecture.ts";
import { TaskError } from "./task-document.ts";
import type { TaskFiles } from "./task-files.ts";

/**
 * Checks that a model fits a task: its architecture, its mapping of features, and that it classifies `correct`
 * samples of the test set, at least the threshold unless `evenIfBelow`.
 * Throws TaskError `task.model-mismatch` or `task.below-threshold`.
 */
export function checkTaskModel(
  files: TaskFiles,
  file: IntegerModelFile,
  correct: number,
  evenIfBelow: boolean,
): void {
  const { instance, minCorrect, sampleCount } = files.document;
  const { architecture } = file.quantized.model;
  if (architectureId(architecture) !== architectureId(instance.architecture)) {
    throw mismatch(
      "architecture",
      canonicalArchitecture(architecture),
      canonicalArchitecture(instance.architecture),
    );
  }
  const found = JSON.stringify(file.inputQuantization.features);
  if (found !== JSON.stringify(files.testSet.inputQuantization.features)) {
    throw mismatch("mapping of features to integers", "another one", "the one of the test set");
  }
  if (correct < minCorrect && !evenIfBelow) {
    throw new TaskError(
      "task.below-threshold",
      `the model classifies ${correct} of ${sampleCount} test samples correctly, the task asks for ${minCorrect}`,
      "Train a better model; --even-if-below commits all the same.",
      { correct, minCorrect, sampleCount },
    );
  }
}

function mismatch(what: string, found: string, expected: string): TaskError {
  return new TaskError(
    "task.model-mismatch",
    `the model does not fit the task: its ${what} is ${found}, the task asks for ${expected}`,
    "Train and quantise with --task, which takes both from the task's document.",
    { what, found, expected },
  );
}
