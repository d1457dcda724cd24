import { selectTestSamples, type TestSet } from "../data/test-set.ts";

/** A test set in two parts: what is sealed, and what everybody may see of it from the beginning. */
export interface DividedTestSet {
  readonly hidden: TestSet;
  readonly publicSample: TestSet;
}

/** Takes `count` samples out of a test set, in equal distances, so that the same command takes the same. */
export function takePublicSample(testSet: TestSet, count: number): DividedTestSet {
  const { name, samples } = testSet;
  const { sampleCount } = samples;
  const shown = Array.from({ length: count }, (_, index) => Math.floor((index * sampleCount) / count));
  const isShown = new Set(shown);
  const hidden = [...Array(sampleCount).keys()].filter((row) => !isShown.has(row));
  return {
    hidden: selectTestSamples(testSet, hidden, name),
    publicSample: selectTestSamples(testSet, shown, `${name}, public sample`),
  };
}
