import path from "node:path";

import type { Command } from "commander";

import type { Architecture } from "../../model/architecture.ts";
import type { ModelComparison } from "../../model/evaluation.ts";
import type { BoundReport } from "../../quantization/bounds.ts";
import type { IntegerModelFile } from "../../quantization/integer-model-document.ts";
import type { TrainedModel } from "../../training/training-documents.ts";
import { handle } from "../command.ts";
import type { Report } from "../output.ts";
import { type NetworkOptions, withNetworkOptions } from "../shared-options.ts";
import { openNamedTask, type OpenedTask } from "../task-session.ts";

interface QuantizeOptions extends NetworkOptions {
  readonly model: string;
  readonly task?: string;
  readonly split?: string;
  readonly out: string;
}

/** `zkpot quantize`: the integer model that is committed to and proved, from a float model. */
export function registerQuantize(program: Command): void {
  const command = withNetworkOptions(
    program.command("quantize").description("turn a float model into integers, with proven bounds"),
  )
    .requiredOption("--model <file>", "float model of `zkpot train`")
    .option("--task <task id>", "its architecture is used, its test set measured on")
    .option("--split <file>", "split of `zkpot data split`: its test part is measured on")
    .option("--out <file>", "file of the integer model, readable by its owner only", "model.json");
  handle<QuantizeOptions, []>(command, async ({ options }) => {
    const { loadDocument, saveDocument } = await import("../../data/document.ts");
    const { FLOAT_MODEL } = await import("../../training/training-documents.ts");
    const { INTEGER_MODEL } = await import("../../quantization/integer-model-document.ts");
    const { quantizeModel } = await import("../../quantization/quantize.ts");
    const trained = await loadDocument(options.model, FLOAT_MODEL);
    const task = await openNamedTask(options);
    const architecture = await chooseArchitecture(task, trained);
    const quantized = quantizeModel(trained.model, architecture);
    const { classNames, inputQuantization } = trained;
    const file: IntegerModelFile = { quantized, classNames, inputQuantization };
    const comparison = await compare(options, task, trained, file);
    const out = path.resolve(options.out);
    await saveDocument(out, INTEGER_MODEL, file);
    return await report(out, architecture, quantized.bounds, comparison);
  });
}

async function chooseArchitecture(
  task: OpenedTask | undefined,
  trained: TrainedModel,
): Promise<Architecture> {
  if (task !== undefined) return task.files.document.instance.architecture;
  const { defaultArchitecture } = await import("../../model/architecture.ts");
  const { inputBits } = trained.inputQuantization;
  return { ...defaultArchitecture(trained.model.layerSizes), inputBits };
}

/** Float against integer on samples that were not learnt from; undefined when none were named. */
async function compare(
  options: QuantizeOptions,
  task: OpenedTask | undefined,
  trained: TrainedModel,
  file: IntegerModelFile,
): Promise<ModelComparison | undefined> {
  const { compareModels } = await import("../../model/evaluation.ts");
  const { quantizeInputs, scaleInputs } = await import("../../data/input-quantization.ts");
  const { inputQuantization, classNames } = trained;
  const integerModel = file.quantized.model;
  if (options.split !== undefined) {
    const { loadDocument } = await import("../../data/document.ts");
    const { DATA_SPLIT } = await import("../../data/split.ts");
    const { test } = await loadDocument(options.split, DATA_SPLIT);
    const { samples } = quantizeInputs(test, inputQuantization);
    const scaled = scaleInputs(test, inputQuantization);
    return compareModels(trained.model, integerModel, scaled, samples, classNames);
  }
  if (task === undefined) return undefined;
  const { measurableSamples } = await import("../../task/task-files.ts");
  const samples = measurableSamples(task.files);
  if (samples === undefined) return undefined;
  const largest = 2 ** integerModel.architecture.inputBits - 1;
  const features = Float32Array.from(samples.features, (value) => value / largest);
  return compareModels(trained.model, integerModel, { ...samples, features }, samples, classNames);
}

async function report(
  file: string,
  architecture: Architecture,
  bounds: BoundReport,
  comparison: ModelComparison | undefined,
): Promise<Report> {
  const { facts, percent, table } = await import("../text.ts");
  const { architectureId } = await import("../../model/architecture.ts");
  const accuracy =
    comparison === undefined
      ? undefined
      : {
          sampleCount: comparison.integer.sampleCount,
          floatCorrect: comparison.float.correctCount,
          integerCorrect: comparison.integer.correctCount,
          floatAccuracy: comparison.float.accuracy,
          integerAccuracy: comparison.integer.accuracy,
          disagreements: comparison.disagreements.length,
        };
  return {
    data: { file, architecture, architectureId: architectureId(architecture), bounds, accuracy },
    text: [
      facts([
        ["integer model", `${architecture.layerSizes.join("-")}, in ${file} (private)`],
        ...(accuracy === undefined
          ? []
          : ([
              [
                "float",
                `${accuracy.floatCorrect} of ${accuracy.sampleCount} correct (${percent(accuracy.floatAccuracy)})`,
              ],
              [
                "integer",
                `${accuracy.integerCorrect} of ${accuracy.sampleCount} correct (${percent(accuracy.integerAccuracy)})`,
              ],
              ["they differ on", `${accuracy.disagreements} samples`],
            ] as const)),
      ]),
      table(
        ["layer", "shape", "weight bits", "bias bits", "sum bits", "bounded bits", "headroom bits"],
        bounds.layers.map((layer) => [
          `${layer.layer} (${layer.kind})`,
          `${layer.fanIn}×${layer.width}`,
          `${layer.weightBits} of ${layer.weightBitsLimit}`,
          `${layer.biasBits} of ${layer.biasBitsLimit}`,
          String(layer.accumulatorBits),
          String(layer.boundedBitsLimit),
          layer.headroomBits.toFixed(2),
        ]),
      ),
    ].join("\n\n"),
  };
}
