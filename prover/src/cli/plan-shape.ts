import type { Command } from "commander";

import type { TrainStepInstance } from "../circuits/train-step.ts";
import type { Architecture } from "../model/architecture.ts";
import { parseInteger, parseSizes } from "./units.ts";
import { UsageError } from "./usage-error.ts";

/** Options of `zkpot circuit plan` that say which models and samples a circuit is for. */
export interface PlanShapeFlags {
  readonly testSet?: string;
  readonly hidden: string;
  readonly layers?: string;
  readonly samples?: string;
  readonly inputBits?: string;
  readonly trainStep?: string;
}

/** Models and samples to plan for. */
export interface PlanShape extends SampleShape {
  /** Names the models in ids, e.g. `64-16-10`. */
  readonly modelName: string;
  /** Features, hidden widths, classes. */
  readonly layerSizes: readonly number[];
  readonly inputBits: number;
  /** A training rule's; to be planned otherwise. */
  readonly architecture?: Architecture;
}

interface SampleShape {
  /** Samples of each class, or with any labels. */
  readonly samples: number | readonly number[];
  readonly sampleCount: number;
}

/** The option's default: a linear model. */
const NO_HIDDEN = "none";

/** Adds the options that say which models and samples a circuit is for. */
export function withPlanShapeOptions(command: Command): Command {
  return command
    .option("--test-set <file>", "test set of `zkpot data split`: gives features, classes, bits and samples")
    .option("--hidden <sizes>", "hidden widths with --test-set, e.g. 16; none for a linear model", NO_HIDDEN)
    .option("--layers <sizes>", "without --test-set: features, hidden widths and classes, e.g. 64,16,10")
    .option("--samples <count>", "without --test-set: samples, whatever their labels")
    .option("--input-bits <bits>", "without --test-set: bits of a feature (default: 8)")
    .option(
      "--train-step <id|file>",
      "circuit of template train-step: plan for the models of its training rule, which gives layers and bits",
    );
}

/**
 * Reads the options. Throws UsageError `cli.plan-shape` for too few of them or a combination that says something twice, and
 * `cli.plan-rule` for a training rule that is not for the test set.
 */
export async function planShape(flags: PlanShapeFlags): Promise<PlanShape> {
  if (flags.trainStep !== undefined) return await shapeOfRule(flags.trainStep, flags);
  if (flags.testSet !== undefined) return await shapeOfTestSet(flags.testSet, flags);
  if (flags.layers === undefined || flags.samples === undefined) {
    throw new UsageError(
      "cli.plan-shape",
      "neither --test-set nor both --layers and --samples were given",
      "Name a test set, or write e.g. --layers 64,16,10 --samples 360.",
    );
  }
  const layerSizes = parseSizes(flags.layers, "--layers");
  return {
    modelName: layerSizes.join("-"),
    layerSizes,
    inputBits: parseInteger(flags.inputBits ?? "8", "--input-bits", 1, 16),
    ...parseSamples(flags.samples),
  };
}

async function shapeOfTestSet(
  file: string,
  { hidden, layers, samples, inputBits }: PlanShapeFlags,
): Promise<PlanShape> {
  if (layers !== undefined || samples !== undefined || inputBits !== undefined) {
    throw new UsageError(
      "cli.plan-shape",
      "--layers, --samples and --input-bits cannot be combined with --test-set, which gives them",
      "Leave them out; hidden widths go with --hidden.",
    );
  }
  const testSet = await readTestSet(file);
  const widths = hidden === NO_HIDDEN ? [] : parseSizes(hidden, "--hidden");
  const layerSizes = [testSet.featureCount, ...widths, testSet.classCount];
  const { inputBits: bits, samples: counts, sampleCount } = testSet;
  return { modelName: layerSizes.join("-"), layerSizes, inputBits: bits, samples: counts, sampleCount };
}

async function shapeOfRule(
  trainStep: string,
  { testSet, hidden, layers, samples, inputBits }: PlanShapeFlags,
): Promise<PlanShape> {
  if (layers !== undefined || hidden !== NO_HIDDEN || inputBits !== undefined) {
    throw new UsageError(
      "cli.plan-shape",
      "--layers, --hidden and --input-bits cannot be combined with --train-step, whose rule gives them",
      "Leave them out.",
    );
  }
  if ((testSet === undefined) === (samples === undefined)) {
    throw new UsageError(
      "cli.plan-shape",
      testSet === undefined
        ? "neither --test-set nor --samples was given beside --train-step"
        : "--samples cannot be combined with --test-set, which gives it",
      "Name a test set, or write e.g. --samples 360.",
    );
  }
  const { findInstanceOf } = await import("./artifacts.ts");
  const step = await findInstanceOf("train-step", trainStep);
  const { architecture } = step.rule;
  const model = {
    modelName: `trained-${architecture.layerSizes.join("-")}`,
    layerSizes: architecture.layerSizes,
    inputBits: architecture.inputBits,
    architecture,
  };
  if (testSet === undefined) return { ...model, ...parseSamples(samples!) };
  const read = await readTestSet(testSet);
  checkRule(step, read);
  return { ...model, samples: read.samples, sampleCount: read.sampleCount };
}

function parseSamples(text: string): SampleShape {
  const samples = parseInteger(text, "--samples", 1, 10_000_000);
  return { samples, sampleCount: samples };
}

interface TestSetShape extends SampleShape {
  readonly featureCount: number;
  readonly classCount: number;
  readonly inputBits: number;
}

async function readTestSet(file: string): Promise<TestSetShape> {
  const { loadDocument } = await import("../data/document.ts");
  const { TEST_SET } = await import("../data/test-set.ts");
  const { countLabels } = await import("../witness/sample-groups.ts");
  const { samples, inputQuantization } = await loadDocument(file, TEST_SET);
  const { featureCount, classCount, sampleCount } = samples;
  const { inputBits } = inputQuantization;
  return { featureCount, classCount, inputBits, samples: countLabels(samples), sampleCount };
}

function checkRule({ id, rule }: TrainStepInstance, testSet: TestSetShape): void {
  const { layerSizes, inputBits } = rule.architecture;
  const [features, classes] = [layerSizes[0]!, layerSizes.at(-1)!];
  const hasLayers = features === testSet.featureCount && classes === testSet.classCount;
  if (hasLayers && inputBits === testSet.inputBits) return;
  const [wanted, found] = [
    `${features} features of ${inputBits} bits and ${classes} classes`,
    `${testSet.featureCount} features of ${testSet.inputBits} bits and ${testSet.classCount} classes`,
  ];
  throw new UsageError(
    "cli.plan-rule",
    `the rule of ${id} is for ${wanted}; the test set has ${found}`,
    hasLayers
      ? `Split the data with \`zkpot data split --input-bits ${inputBits}\`, or name the step circuit of another rule.`
      : "Name the step circuit of a rule for this test set; see `zkpot circuit list`.",
    { instance: id, wanted, found },
  );
}
