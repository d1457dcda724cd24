import path from "node:path";

import type { Command } from "commander";

import type { EpochRecord } from "../../training/checkpoint.ts";
import type { TrainingOptions } from "../../training/training-options.ts";

import { parseBackend } from "../backend-option.ts";
import { handle, type Invocation } from "../command.ts";
import { withDatasetOptions } from "../dataset-options.ts";
import { note, type Report } from "../output.ts";
import { type AccountOptions, type NetworkOptions, withAccountOptions } from "../shared-options.ts";
import { openNamedTask, type OpenedTask } from "../task-session.ts";
import type { SampleFlags } from "../training-data.ts";
import { type TrainingFlags, withTrainingOptions } from "../training-session.ts";
import { parseInteger, parseNumber, parsePositive, parseSizes } from "../units.ts";

interface TrainFlags extends NetworkOptions, AccountOptions, SampleFlags, TrainingFlags {
  readonly verifiable?: string;
  readonly task?: string;
  readonly evenIfBelow?: boolean;
  readonly hidden?: string;
  readonly epochs?: string;
  readonly batchSize?: string;
  readonly learningRate?: string;
  readonly weightDecay?: string;
  readonly inputNoise?: string;
  readonly validation: string;
  readonly seed: string;
  readonly inputBits: string;
  readonly backend: string;
  readonly resume?: boolean;
  readonly out?: string;
}

/** `zkpot train`: a float model from private samples, or with --verifiable an integer model with training proof. */
export function registerTrain(program: Command): void {
  const command = withDatasetOptions(
    withTrainingOptions(
      withAccountOptions(program.command("train").description("train a model on private samples")),
    ),
  )
    .option(
      "--verifiable <task id>",
      "train by the rule of a task with training proof, from the seed of the chain, and commit to the run",
    )
    .option("--split <file>", "split of `zkpot data split`: its training part is learnt from")
    .option("--data <dataset>", "packaged data set, CSV file or IDX images, all of which is learnt from")
    .option("--task <task id>", "its layer sizes and its mapping of features are used")
    .option("--input-quantization <file>", "mapping of features to integers (default: fitted on the samples)")
    .option("--input-bits <bits>", "bits of a feature when the mapping is fitted", "8")
    .option(
      "--hidden <sizes>",
      "hidden widths, e.g. 16 or 32,16; none for a linear model (default: of the task, else none)",
    )
    .option("--epochs <count>", "passes over the samples")
    .option("--batch-size <count>", "samples per step")
    .option("--learning-rate <rate>", "Adam's step size at the start")
    .option("--weight-decay <rate>", "decoupled weight decay")
    .option("--input-noise <deviation>", "standard deviation of the noise on features, which lie in 0..1")
    .option("--validation <share>", "share of the samples that is only measured on", "0")
    .option("--seed <text>", "determines weights, batches and noise", "1")
    .option("--backend <name>", "auto, node (TensorFlow's native library) or wasm", "auto")
    .option("--even-if-below", "with --verifiable: commit although the model misses the threshold")
    .option("--resume", "go on with a training that was interrupted, with the same options")
    .option(
      "--out <file>",
      "file of the model, readable by its owner only (default: float-model.json, model.json with --verifiable)",
    );
  handle<TrainFlags, []>(command, train, { stopsItself: true });
}

async function train({ options: flags, signal }: Invocation<TrainFlags>): Promise<Report> {
  const { verifiable } = flags;
  if (verifiable !== undefined) {
    const { trainVerifiablyForTask } = await import("../train-verifiably.ts");
    return await trainVerifiablyForTask({ ...flags, verifiable, out: flags.out ?? "model.json" }, signal);
  }
  const inputBits = parseInteger(flags.inputBits, "--input-bits", 1, 16);
  const validationShare = parseNumber(flags.validation, "--validation", 0, 0.9);
  const { openTrainingPart, openInputQuantization } = await import("../training-data.ts");
  const { scaleInputs } = await import("../../data/input-quantization.ts");
  const { stratifiedSplit } = await import("../../data/split.ts");
  const { loadDocument, saveDocument } = await import("../../data/document.ts");
  const { FLOAT_MODEL, TRAINING_CHECKPOINT } = await import("../../training/training-documents.ts");
  const { openBackend } = await import("../../training/backend.ts");
  const { trainModel } = await import("../../training/train.ts");

  const dataset = await openTrainingPart(flags);
  const task = await openNamedTask(flags);
  const inputQuantization = await openInputQuantization(flags, task, dataset, inputBits);
  const options = await trainingOptions(flags, task);
  const parts =
    validationShare === 0
      ? undefined
      : stratifiedSplit(dataset, { seed: options.seed, testFraction: validationShare });
  const out = path.resolve(flags.out ?? "float-model.json");
  const checkpointFile = `${out}.checkpoint`;
  const resumeFrom =
    flags.resume === true ? await loadDocument(checkpointFile, TRAINING_CHECKPOINT) : undefined;
  const backend = await openBackend(parseBackend(flags.backend));
  note(backend.description);
  const result = await trainModel({
    train: scaleInputs(parts?.train ?? dataset, inputQuantization),
    ...(parts === undefined ? {} : { validation: scaleInputs(parts.test, inputQuantization) }),
    ...(resumeFrom === undefined ? {} : { resumeFrom }),
    options,
    backend,
    signal,
    onEpoch: ({ epoch, loss, accuracy, validationAccuracy }) => {
      const validated =
        validationAccuracy === null ? "" : `, validation ${(validationAccuracy * 100).toFixed(2)} %`;
      note(
        `epoch ${epoch}/${options.epochs}: loss ${loss.toFixed(4)}, accuracy ${(accuracy * 100).toFixed(2)} %${validated}`,
      );
    },
  });
  if (!result.completed) {
    await saveDocument(checkpointFile, TRAINING_CHECKPOINT, result.checkpoint);
    const { InterruptedError } = await import("../interrupted-error.ts");
    throw new InterruptedError(
      `interrupted after ${result.checkpoint.epochsDone} of ${options.epochs} epochs; saved to ${checkpointFile}`,
      "Go on with the same command and --resume.",
      { checkpoint: checkpointFile, epochsDone: result.checkpoint.epochsDone },
    );
  }
  const { model, history } = result;
  await saveDocument(out, FLOAT_MODEL, {
    model,
    classNames: dataset.classNames,
    inputQuantization,
    options,
    backend: { name: backend.name, version: backend.version },
    history,
  });
  const { rm } = await import("node:fs/promises");
  await rm(checkpointFile, { force: true });
  return await report(out, model.layerSizes, history, backend.name);
}

async function report(
  file: string,
  layerSizes: readonly number[],
  history: readonly EpochRecord[],
  backend: string,
): Promise<Report> {
  const { facts, percent } = await import("../text.ts");
  const last = history.at(-1)!;
  return {
    data: {
      file,
      layerSizes,
      backend,
      epochs: history.length,
      loss: last.loss,
      accuracy: last.accuracy,
      validationAccuracy: last.validationAccuracy,
    },
    text: facts([
      ["model", `${layerSizes.join("-")}, in ${file} (private)`],
      ["training accuracy", percent(last.accuracy)],
      ...(last.validationAccuracy === null
        ? []
        : [["validation accuracy", percent(last.validationAccuracy)] as const]),
      ["next", `zkpot quantize --model ${file}`],
    ]),
  };
}

async function trainingOptions(flags: TrainFlags, task: OpenedTask | undefined): Promise<TrainingOptions> {
  const { defaultTrainingOptions, validateTrainingOptions } =
    await import("../../training/training-options.ts");
  const defaults = defaultTrainingOptions(hiddenSizes(flags, task), flags.seed);
  const options = {
    ...defaults,
    ...(flags.epochs === undefined ? {} : { epochs: parseInteger(flags.epochs, "--epochs", 1, 100_000) }),
    ...(flags.batchSize === undefined
      ? {}
      : { batchSize: parseInteger(flags.batchSize, "--batch-size", 1, 1_000_000) }),
    ...(flags.learningRate === undefined
      ? {}
      : { learningRate: parsePositive(flags.learningRate, "--learning-rate", 10) }),
    ...(flags.weightDecay === undefined
      ? {}
      : { weightDecay: parseNumber(flags.weightDecay, "--weight-decay", 0, 10) }),
    ...(flags.inputNoise === undefined
      ? {}
      : { inputNoise: parseNumber(flags.inputNoise, "--input-noise", 0, 1) }),
  };
  validateTrainingOptions(options);
  return options;
}

function hiddenSizes({ hidden }: TrainFlags, task: OpenedTask | undefined): readonly number[] {
  if (hidden !== undefined) return hidden === "none" ? [] : parseSizes(hidden, "--hidden");
  return task?.files.document.instance.architecture.layerSizes.slice(1, -1) ?? [];
}
