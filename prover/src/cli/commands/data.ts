import path from "node:path";

import type { Command } from "commander";

import { handle } from "../command.ts";
import { warn, type Report } from "../output.ts";
import { type DatasetFlags, datasetOptions, withDatasetOptions } from "../dataset-options.ts";
import { type CommonOptions, withCommonOptions } from "../shared-options.ts";
import { parseInteger, parseNumber } from "../units.ts";

type ShowOptions = CommonOptions & DatasetFlags;

interface SplitOptions extends CommonOptions, DatasetFlags {
  readonly seed: string;
  readonly testFraction: string;
  readonly inputBits: string;
  readonly outOfRange: string;
  readonly out: string;
}

/** `zkpot data`: look at a data set, and cut it into a private and a public part. */
export function registerData(program: Command): void {
  const data = program.command("data").description("read data sets and split them");
  registerShow(data);
  registerSplit(data);
}

function registerShow(data: Command): void {
  const command = withDatasetOptions(
    withCommonOptions(
      data
        .command("show")
        .argument(
          "<dataset>",
          "packaged data set (digits, breast-cancer) or path of a CSV file or of IDX images",
        )
        .description("show size, features and classes of a data set"),
    ),
  );
  handle<ShowOptions, [string]>(command, async ({ options }, source) => {
    const { openDataset } = await import("../../data/packaged-datasets.ts");
    const { countPerClass } = await import("../../data/dataset.ts");
    const { facts, table } = await import("../text.ts");
    const dataset = await openDataset(source, datasetOptions(options));
    const counts = countPerClass(dataset.labels, dataset.classNames.length);
    const classes = dataset.classNames.map((name, label) => ({ name, samples: counts[label]! }));
    return {
      data: {
        source,
        sampleCount: dataset.sampleCount,
        featureCount: dataset.featureCount,
        featureNames: dataset.featureNames,
        classes,
      },
      text: [
        facts([
          ["samples", String(dataset.sampleCount)],
          ["features", String(dataset.featureCount)],
        ]),
        table(
          ["class", "samples"],
          classes.map(({ name, samples }) => [name, String(samples)]),
        ),
      ].join("\n\n"),
    };
  });
}

function registerSplit(data: Command): void {
  const command = withDatasetOptions(
    withCommonOptions(
      data
        .command("split")
        .argument(
          "<dataset>",
          "packaged data set (digits, breast-cancer) or path of a CSV file or of IDX images",
        )
        .description("cut a data set by class into a private training part and a public test set"),
    ),
  )
    .option("--seed <text>", "determines which samples are tested on", "1")
    .option("--test-fraction <share>", "share of the test part", "0.2")
    .option("--input-bits <bits>", "bits of a feature on the integer grid", "8")
    .option(
      "--out-of-range <what>",
      "test values outside the range of the training part: clamp or error",
      "clamp",
    )
    .option("--out <folder>", "where split.json, test-set.json and input-quantization.json are written", ".");
  handle<SplitOptions, [string]>(command, async ({ options }, source) => await split(options, source));
}

async function split(options: SplitOptions, source: string): Promise<Report> {
  const testFraction = parseNumber(options.testFraction, "--test-fraction", 0, 1);
  const inputBits = parseInteger(options.inputBits, "--input-bits", 1, 16);
  const { UsageError } = await import("../usage-error.ts");
  const { outOfRange } = options;
  if (outOfRange !== "clamp" && outOfRange !== "error") {
    throw new UsageError(
      "cli.invalid-value",
      `--out-of-range: "${outOfRange}" is neither clamp nor error`,
      "Write clamp or error.",
    );
  }
  const { mkdir } = await import("node:fs/promises");
  const { openDataset } = await import("../../data/packaged-datasets.ts");
  const { DATA_SPLIT, stratifiedSplit } = await import("../../data/split.ts");
  const { fitInputQuantization, INPUT_QUANTIZATION } = await import("../../data/input-quantization.ts");
  const { createTestSet, TEST_SET, testSetHash } = await import("../../data/test-set.ts");
  const { saveDocument } = await import("../../data/document.ts");
  const { facts } = await import("../text.ts");

  const dataset = await openDataset(source, datasetOptions(options));
  const parts = stratifiedSplit(dataset, { seed: options.seed, testFraction });
  const quantization = fitInputQuantization(parts.train, inputBits);
  const name = path.basename(source).replace(/\.[^.]*$/, "");
  const { testSet, clamped } = createTestSet(name, parts.test, quantization, { outOfRange });
  for (const feature of clamped) {
    warn(
      `${feature.name}: ${feature.count} test values outside ${feature.minimum}..${feature.maximum} were clamped`,
    );
  }
  const folder = path.resolve(options.out);
  await mkdir(folder, { recursive: true });
  const files = {
    split: path.join(folder, "split.json"),
    testSet: path.join(folder, "test-set.json"),
    inputQuantization: path.join(folder, "input-quantization.json"),
  };
  await saveDocument(files.split, DATA_SPLIT, parts);
  await saveDocument(files.testSet, TEST_SET, testSet);
  await saveDocument(files.inputQuantization, INPUT_QUANTIZATION, quantization);
  const testSetDigest = testSetHash(testSet);
  return {
    data: {
      files,
      trainSamples: parts.train.sampleCount,
      testSamples: parts.test.sampleCount,
      testSetHash: testSetDigest,
      clamped,
    },
    text: facts([
      ["private", `${files.split} (${parts.train.sampleCount} samples to train on)`],
      ["public", `${files.testSet} (${parts.test.sampleCount} samples to be tested on)`],
      ["public", files.inputQuantization],
      ["test set hash", testSetDigest],
    ]),
  };
}
