import type { IntegerModelFile } from "../quantization/integer-model-document.ts";
import { architectureId, canonicalArchitecture } from "../model/architecture.ts";
import type { TaskScore } from "./scores.ts";
import { TaskError } from "./task-document.ts";
import type { TaskFiles } from "./task-files.ts";

/** Checks that a model fits a task, by architecture and mapping of features; throws TaskError `task.model-mismatch`. */
export function checkTaskModel(files: TaskFiles, file: IntegerModelFile): void {
  const { instance } = files.document;
  const { architecture } = file.quantized.model;
  if (architectureId(architecture) !== architectureId(instance.architecture)) {
    throw mismatch(
      "architecture",
      canonicalArchitecture(architecture),
      canonicalArchitecture(instance.architecture),
    );
  }
  const found = JSON.stringify(file.inputQuantization.features);
  if (found !== JSON.stringify(files.inputQuantization.features)) {
    throw mismatch("mapping of features to integers", "another one", "the one of the test set");
  }
}

/**
 * Checks that a model reaches a task's threshold, unless `evenIfBelow`; of a sealed test set nothing is known.
 * Throws TaskError `task.below-threshold`.
 */
export function checkThreshold({ document }: TaskFiles, { correct }: TaskScore, evenIfBelow: boolean): void {
  const { minCorrect, sampleCount } = document;
  if (correct === null || correct >= minCorrect || evenIfBelow) return;
  throw new TaskError(
    "task.below-threshold",
    `the model classifies ${correct} of ${sampleCount} test samples correctly, the task asks for ${minCorrect}`,
    "Train a better model; --even-if-below commits all the same.",
    { correct, minCorrect, sampleCount },
  );
}

function mismatch(what: string, found: string, expected: string): TaskError {
  return new TaskError(
    "task.model-mismatch",
    `the model does not fit the task: its ${what} is ${found}, the task asks for ${expected}`,
    "Train and quantise with --task, which takes both from the task's document.",
    { what, found, expected },
  );
}
