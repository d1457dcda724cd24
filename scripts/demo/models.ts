import type { Dataset, FloatSamples } from "../../prover/src/data/dataset.ts";
import { type InputQuantization, scaleInputs } from "../../prover/src/data/input-quantization.ts";
import type { IntegerSamples } from "../../prover/src/data/samples.ts";
import type { Architecture } from "../../prover/src/model/architecture.ts";
import { compareModels, type ModelComparison } from "../../prover/src/model/evaluation.ts";
import type { IntegerModelFile } from "../../prover/src/quantization/integer-model-document.ts";
import { quantizeModel } from "../../prover/src/quantization/quantize.ts";
import type { TrainingBackend } from "../../prover/src/training/backend.ts";
import type { EpochRecord } from "../../prover/src/training/checkpoint.ts";
import { trainModel } from "../../prover/src/training/train.ts";
import { defaultTrainingOptions, type TrainingOptions } from "../../prover/src/training/training-options.ts";

/** Private samples, and how long they are learnt from. */
export interface TrainingPlan {
  readonly samples: Dataset;
  readonly architecture: Architecture;
  readonly inputQuantization: InputQuantization;
  readonly seed: string;
  /** The default number where it is left out. */
  readonly epochs?: number;
}

/** The public test set as both models see it. */
export interface TestSamples {
  readonly scaled: FloatSamples;
  readonly integer: IntegerSamples;
}

/** A trained and quantised model with what its owner measured of it. */
export interface PreparedModel {
  /** Secret. */
  readonly file: IntegerModelFile;
  readonly options: TrainingOptions;
  readonly history: readonly EpochRecord[];
  readonly comparison: ModelComparison;
}

/** Trains a network of the task's architecture, quantises it and compares both versions on the test set. */
export async function prepareModel(
  plan: TrainingPlan,
  test: TestSamples,
  backend: TrainingBackend,
  onEpoch: (record: EpochRecord, epochs: number) => void = () => {},
): Promise<PreparedModel> {
  const { samples, architecture, inputQuantization, seed, epochs } = plan;
  const { classNames } = samples;
  const defaults = defaultTrainingOptions(architecture.layerSizes.slice(1, -1), seed);
  const options = { ...defaults, epochs: epochs ?? defaults.epochs };
  const { model, history } = await trainModel({
    train: scaleInputs(samples, inputQuantization),
    options,
    backend,
    onEpoch: (record) => onEpoch(record, options.epochs),
  });
  const quantized = quantizeModel(model, architecture);
  return {
    file: { quantized, classNames, inputQuantization },
    options,
    history,
    comparison: compareModels(model, quantized.model, test.scaled, test.integer, classNames),
  };
}
