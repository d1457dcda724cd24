import os from "node:os";
import path from "node:path";

import type { Command } from "commander";

import type { AccuracyInstance } from "../../circuits/accuracy.ts";
import { handle } from "../command.ts";
import { warn } from "../output.ts";
import { type CommonOptions, withCommonOptions } from "../shared-options.ts";
import { parseInteger, parseSizes } from "../units.ts";
import { UsageError } from "../usage-error.ts";

interface PlanOptions extends CommonOptions {
  readonly layers?: string;
  readonly hidden?: string;
  readonly samples?: string;
  readonly inputBits?: string;
  readonly testSet?: string;
  readonly id?: string;
  readonly out?: string;
}

/** `zkpot circuit plan`: the smallest circuit for a model and a number of samples, and what it costs. */
export function registerCircuitPlan(circuit: Command): void {
  const command = withCommonOptions(
    circuit
      .command("plan")
      .description("choose a circuit for a model and a test set; print rows, memory and time"),
  )
    .option("--test-set <file>", "test set of `zkpot data split`: gives features, classes, bits and samples")
    .option("--hidden <sizes>", "hidden widths with --test-set, e.g. 16; none for a linear model", "none")
    .option("--layers <sizes>", "without --test-set: features, hidden widths and classes, e.g. 64,16,10")
    .option("--samples <count>", "without --test-set: samples, whatever their labels")
    .option("--input-bits <bits>", "without --test-set: bits of a feature (default: 8)")
    .option("--id <id>", "name of the instance (default: made of its shape)")
    .option("--out <file>", "write the instance, for `circuit build`, `keys` and `task post`");
  handle<PlanOptions, []>(command, async ({ options }) => {
    const { planAccuracyInstance } = await import("../../circuits/plan-accuracy.ts");
    const { accuracyCost } = await import("../../circuits/cost.ts");
    const { writeFileAtomically } = await import("../../files.ts");
    const { facts, megabytes } = await import("../text.ts");
    const shape = await planShape(options);
    const id = options.id ?? `${shape.layerSizes.join("-")}x${shape.sampleCount}`;
    if (!/^[a-z0-9][a-z0-9-]{0,99}$/.test(id)) {
      throw new UsageError(
        "cli.invalid-value",
        `--id: "${id}" is not an instance id`,
        "Use a-z, 0-9 and -.",
        { id },
      );
    }
    const instance = planAccuracyInstance({ ...shape, id });
    const cost = accuracyCost(instance);
    const memoryBytes = os.totalmem();
    const fits = cost.memoryBytes <= memoryBytes;
    if (!fits) {
      warn(
        `proving needs about ${megabytes(cost.memoryBytes)}, this machine has ${megabytes(memoryBytes)}: use fewer samples`,
      );
    }
    if (options.out !== undefined) {
      await writeFileAtomically(path.resolve(options.out), `${JSON.stringify(instance, null, 2)}\n`);
    }
    return {
      data: { instance, cost, fits },
      text: facts([
        ["instance", instance.id],
        ["model", describeModel(instance)],
        ["samples", `${shape.sampleCount}, in ${instance.groups} groups of ${instance.slots}`],
        ["rows", `${cost.rows} (domain 2^${cost.domainPower})`],
        ["expected memory", megabytes(cost.memoryBytes)],
        ["expected proving", `${cost.provingSeconds.toFixed(1)} s on two cores`],
        ...(options.out === undefined ? [] : [["written to", path.resolve(options.out)] as const]),
      ]),
    };
  });
}

interface PlanShape {
  readonly layerSizes: readonly number[];
  readonly inputBits: number;
  readonly samples: number | readonly number[];
  readonly sampleCount: number;
}

async function planShape(options: PlanOptions): Promise<PlanShape> {
  if (options.testSet !== undefined) return await shapeOfTestSet(options.testSet, options);
  if (options.layers === undefined || options.samples === undefined) {
    throw new UsageError(
      "cli.plan-shape",
      "neither --test-set nor both --layers and --samples were given",
      "Name a test set, or write e.g. --layers 64,16,10 --samples 360.",
    );
  }
  const samples = parseInteger(options.samples, "--samples", 1, 10_000_000);
  return {
    layerSizes: parseSizes(options.layers, "--layers"),
    inputBits: parseInteger(options.inputBits ?? "8", "--input-bits", 1, 16),
    samples,
    sampleCount: samples,
  };
}

async function shapeOfTestSet(
  file: string,
  { hidden, layers, samples, inputBits }: PlanOptions,
): Promise<PlanShape> {
  if (layers !== undefined || samples !== undefined || inputBits !== undefined) {
    throw new UsageError(
      "cli.plan-shape",
      "--layers, --samples and --input-bits cannot be combined with --test-set, which gives them",
      "Leave them out; hidden widths go with --hidden.",
    );
  }
  const { loadDocument } = await import("../../data/document.ts");
  const { TEST_SET } = await import("../../data/test-set.ts");
  const { countLabels } = await import("../../witness/sample-groups.ts");
  const testSet = await loadDocument(file, TEST_SET);
  const { featureCount, classCount, sampleCount } = testSet.samples;
  const widths = hidden === undefined || hidden === "none" ? [] : parseSizes(hidden, "--hidden");
  return {
    layerSizes: [featureCount, ...widths, classCount],
    inputBits: testSet.inputQuantization.inputBits,
    samples: countLabels(testSet.samples),
    sampleCount,
  };
}

function describeModel({ architecture, tableBits }: AccuracyInstance): string {
  const { layerSizes, inputBits, weightBits, shiftBits } = architecture;
  const shifts = shiftBits.length === 0 ? "" : `, shifts ${shiftBits.join(", ")}`;
  return `${layerSizes.join("-")}: inputs of ${inputBits} bits, weights of ${weightBits}${shifts}, table of ${tableBits}`;
}
