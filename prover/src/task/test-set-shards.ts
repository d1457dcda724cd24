import { accuracyDimensions, type AccuracyShape } from "../circuits/accuracy.ts";
import { selectTestSamples, type TestSet } from "../data/test-set.ts";
import { shardRows } from "../witness/shards.ts";
import { TaskError } from "./task-document.ts";

/**
 * A test set as the shards of a task, each within what the circuit holds; a test set that fits as it is stays whole.
 * Throws TaskError `task.test-set-mismatch` for a test set of another shape than the circuit, and as shardRows.
 */
export function shardTestSet(testSet: TestSet, instance: AccuracyShape): TestSet[] {
  const { samples, inputQuantization, name } = testSet;
  const { features, classes } = accuracyDimensions(instance);
  const { inputBits } = instance.architecture;
  for (const [what, found, expected] of [
    ["features", samples.featureCount, features],
    ["classes", samples.classCount, classes],
    ["bits of a feature", inputQuantization.inputBits, inputBits],
  ] as const) {
    if (found === expected) continue;
    throw new TaskError(
      "task.test-set-mismatch",
      `test set ${name} has ${found} ${what}, circuit ${instance.id} ${expected}`,
      "Name a circuit for this test set, or plan one with `zkpot circuit plan --test-set FILE`.",
      { what, found, expected, instance: instance.id },
    );
  }
  const shards = shardRows(samples, instance);
  if (shards.length === 1) return [testSet];
  return shards.map((rows, index) =>
    selectTestSamples(testSet, rows, `${name}, shard ${index} of ${shards.length}`),
  );
}
