import { z } from "zod";

import { DataError } from "./data-error.ts";
import type { Dataset } from "./dataset.ts";
import { documentDigest, type DocumentKind } from "./document.ts";
import {
  type ClampedFeature,
  INPUT_QUANTIZATION_SCHEMA,
  type InputQuantization,
  plainInputQuantization,
  quantizeInputs,
} from "./input-quantization.ts";
import { type IntegerSamples, selectIntegerSamples } from "./samples.ts";

/** What a buyer publishes for a task: the samples on the integer grid, and how real features get there. */
export interface TestSet {
  readonly name: string;
  readonly classNames: readonly string[];
  readonly inputQuantization: InputQuantization;
  readonly samples: IntegerSamples;
}

/** Builds the public test set from the test part and a mapping fitted on the training part. */
export function createTestSet(
  name: string,
  test: Dataset,
  inputQuantization: InputQuantization,
  options: { readonly outOfRange?: "clamp" | "error" | undefined } = {},
): { readonly testSet: TestSet; readonly clamped: readonly ClampedFeature[] } {
  const { samples, clamped } = quantizeInputs(test, inputQuantization, options);
  return { testSet: { name, classNames: test.classNames, inputQuantization, samples }, clamped };
}

/** keccak256 of the test set's canonical bytes: what a task names. */
export function testSetHash(testSet: TestSet): `0x${string}` {
  return documentDigest(TEST_SET, testSet);
}

/** A part of a test set: the samples at `rows`, in that order. */
export function selectTestSamples(testSet: TestSet, rows: ArrayLike<number>, name: string): TestSet {
  return { ...testSet, name, samples: selectIntegerSamples(testSet.samples, rows) };
}

/** The samples of several parts in a row; all must be of one shape, and there must be one at least. */
export function joinSamples(parts: readonly IntegerSamples[]): IntegerSamples {
  const { featureCount, classCount } = parts[0]!;
  const sampleCount = parts.reduce((sum, part) => sum + part.sampleCount, 0);
  const features = new Int32Array(sampleCount * featureCount);
  const labels = new Int32Array(sampleCount);
  let start = 0;
  for (const part of parts) {
    features.set(part.features, start * featureCount);
    labels.set(part.labels, start);
    start += part.sampleCount;
  }
  return { sampleCount, featureCount, classCount, features, labels };
}

const TEST_SET_SCHEMA = z
  .object({
    name: z.string(),
    classNames: z.array(z.string()).min(2),
    inputQuantization: INPUT_QUANTIZATION_SCHEMA,
    features: z.array(z.number().int().nonnegative()),
    labels: z.array(z.number().int().nonnegative()).min(1),
  })
  .strict();

type TestSetContent = z.infer<typeof TEST_SET_SCHEMA>;

/** A saved test set; public. */
export const TEST_SET: DocumentKind<TestSet, TestSetContent> = {
  format: "zkpot.test-set",
  version: 1,
  isSecret: false,
  schema: TEST_SET_SCHEMA,
  encode: ({ name, classNames, inputQuantization, samples }) => ({
    name,
    classNames: [...classNames],
    inputQuantization: plainInputQuantization(inputQuantization),
    features: [...samples.features],
    labels: [...samples.labels],
  }),
  decode: ({ name, classNames, inputQuantization, features, labels }) => {
    const featureCount = inputQuantization.features.length;
    const limit = 2 ** inputQuantization.inputBits - 1;
    const fail = (problem: string): never => {
      throw new DataError("data.shape", problem, "Make the test set again.");
    };
    if (features.length !== labels.length * featureCount) {
      fail(`${features.length} values for ${labels.length} samples of ${featureCount} features`);
    }
    if (features.some((value) => value > limit)) fail(`a feature exceeds ${limit}`);
    if (labels.some((label) => label >= classNames.length)) fail(`a label exceeds ${classNames.length - 1}`);
    return {
      name,
      classNames,
      inputQuantization,
      samples: {
        sampleCount: labels.length,
        featureCount,
        classCount: classNames.length,
        features: Int32Array.from(features),
        labels: Int32Array.from(labels),
      },
    };
  },
};
