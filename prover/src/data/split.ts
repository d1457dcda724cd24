import { z } from "zod";

import { DataError } from "./data-error.ts";
import { type Dataset, selectSamples } from "./dataset.ts";
import type { DocumentKind } from "./document.ts";
import { SeededRandom } from "./random.ts";

/** A data set cut into a part to train on and a part to test on. */
export interface DataSplit {
  readonly train: Dataset;
  readonly test: Dataset;
  /** Row of each training sample in the data set that was split, ascending, from 0. */
  readonly trainRows: Int32Array;
  /** Row of each test sample, ascending, from 0. */
  readonly testRows: Int32Array;
  readonly seed: string;
  readonly testFraction: number;
}

/**
 * Splits by class: the test part has ceil(sampleCount·testFraction) samples, shared among the classes in
 * proportion to their sizes by largest remainder (equal remainders: lowest class first); which samples of a
 * class are taken depends on the seed alone. Both parts keep the order of the data set.
 *
 * Throws DataError `data.test-fraction`, or `data.too-few-samples` when a class would be missing from a part.
 */
export function stratifiedSplit(
  dataset: Dataset,
  options: { readonly seed: string; readonly testFraction?: number | undefined },
): DataSplit {
  const { seed, testFraction = 0.2 } = options;
  if (!(testFraction > 0 && testFraction < 1)) {
    throw new DataError(
      "data.test-fraction",
      `the test fraction is ${testFraction}; it must lie between 0 and 1`,
      "Use 0.2 unless there is a reason not to.",
      { testFraction },
    );
  }
  const rowsOfClass: number[][] = dataset.classNames.map(() => []);
  dataset.labels.forEach((label, row) => rowsOfClass[label]!.push(row));
  const quotas = testQuotas(
    rowsOfClass.map((rows) => rows.length),
    testFraction,
  );
  const random = new SeededRandom(seed, "split");
  const testRows: number[] = [];
  const trainRows: number[] = [];
  rowsOfClass.forEach((rows, label) => {
    const quota = quotas[label]!;
    if (quota < 1 || quota >= rows.length) {
      throw new DataError(
        "data.too-few-samples",
        `class ${dataset.classNames[label]} has ${rows.length} samples: ${rows.length - quota} to train and ${quota} to test on, at least one each is needed`,
        "Add samples of the class, merge it with another, or change the test fraction.",
        {
          className: dataset.classNames[label],
          samples: rows.length,
          train: rows.length - quota,
          test: quota,
        },
      );
    }
    random.permutation(rows.length).forEach((position, rank) => {
      (rank < quota ? testRows : trainRows).push(rows[position]!);
    });
  });
  const ascending = (a: number, b: number): number => a - b;
  return assemble(dataset, trainRows.sort(ascending), testRows.sort(ascending), seed, testFraction);
}

function assemble(
  dataset: Dataset,
  trainRows: number[],
  testRows: number[],
  seed: string,
  testFraction: number,
): DataSplit {
  return {
    train: selectSamples(dataset, trainRows),
    test: selectSamples(dataset, testRows),
    trainRows: Int32Array.from(trainRows),
    testRows: Int32Array.from(testRows),
    seed,
    testFraction,
  };
}

/** Test samples of each class: exact shares rounded down, the rest to the largest remainders. */
function testQuotas(classSizes: readonly number[], testFraction: number): number[] {
  const sampleCount = classSizes.reduce((sum, count) => sum + count, 0);
  // The subtraction keeps products such as 0.1·30 = 3.0000000000000004 from being rounded up.
  const total = Math.ceil(sampleCount * testFraction - 1e-9);
  const shares = classSizes.map((count) => (count * total) / sampleCount);
  const quotas = shares.map(Math.floor);
  const missing = total - quotas.reduce((sum, quota) => sum + quota, 0);
  shares
    .map((share, label) => ({ label, remainder: share - Math.floor(share) }))
    .sort((a, b) => b.remainder - a.remainder || a.label - b.label)
    .slice(0, missing)
    .forEach(({ label }) => quotas[label]!++);
  return quotas;
}

const DATASET_SCHEMA = z
  .object({
    featureNames: z.array(z.string()).min(1),
    classNames: z.array(z.string()).min(2),
    features: z.array(z.number().finite()),
    labels: z.array(z.number().int().nonnegative()),
  })
  .strict();

const SPLIT_SCHEMA = z
  .object({
    dataset: DATASET_SCHEMA,
    testRows: z.array(z.number().int().nonnegative()),
    seed: z.string(),
    testFraction: z.number().positive().lt(1),
  })
  .strict();

type SplitContent = z.infer<typeof SPLIT_SCHEMA>;

/** A saved split: the whole data set in its order and the rows of the test part. Holds the training data in clear. */
export const DATA_SPLIT: DocumentKind<DataSplit, SplitContent> = {
  format: "zkpot.data-split",
  version: 1,
  isSecret: true,
  schema: SPLIT_SCHEMA,
  encode: (split) => {
    const { featureNames, classNames, featureCount } = split.train;
    const sampleCount = split.train.sampleCount + split.test.sampleCount;
    const features = new Array<number>(sampleCount * featureCount);
    const labels = new Array<number>(sampleCount);
    for (const [part, rows] of [
      [split.train, split.trainRows],
      [split.test, split.testRows],
    ] as const) {
      rows.forEach((row, sample) => {
        labels[row] = part.labels[sample]!;
        for (let feature = 0; feature < featureCount; feature++) {
          features[row * featureCount + feature] = part.features[sample * featureCount + feature]!;
        }
      });
    }
    return {
      dataset: {
        featureNames: [...featureNames],
        classNames: [...classNames],
        features,
        labels,
      },
      testRows: [...split.testRows],
      seed: split.seed,
      testFraction: split.testFraction,
    };
  },
  decode: ({ dataset: content, testRows, seed, testFraction }) => {
    const dataset: Dataset = {
      featureNames: content.featureNames,
      classNames: content.classNames,
      sampleCount: content.labels.length,
      featureCount: content.featureNames.length,
      features: Float64Array.from(content.features),
      labels: Int32Array.from(content.labels),
    };
    const isAscending = testRows.every((row, index) => index === 0 || row > testRows[index - 1]!);
    const inRange = testRows.every((row) => row < dataset.sampleCount);
    const labelsInRange = content.labels.every((label) => label < content.classNames.length);
    if (dataset.features.length !== dataset.sampleCount * dataset.featureCount || !labelsInRange) {
      throw new DataError(
        "data.shape",
        "features, labels and class names do not agree in number",
        "Split again.",
      );
    }
    if (!isAscending || !inRange) {
      throw new DataError("data.shape", "test rows are not ascending rows of the data set", "Split again.");
    }
    const isTest = new Set(testRows);
    const trainRows = [...dataset.labels.keys()].filter((row) => !isTest.has(row));
    return assemble(dataset, trainRows, testRows, seed, testFraction);
  },
};
