import type { Command } from "commander";

import type { FederationDocument, FloatTrainingAdvice } from "../federation/federation-document.ts";
import type { Architecture } from "../model/architecture.ts";
import { parseInteger, parseNumber, parsePositive } from "./units.ts";
import { UsageError } from "./usage-error.ts";

/** Options of `zkpot round create` that say how members are to train. */
export interface TrainingAdviceFlags {
  readonly epochs: string;
  readonly trainStep?: string;
  readonly batchSize?: string;
  readonly learningRate?: string;
  readonly weightDecay?: string;
  readonly inputNoise?: string;
  readonly samplesPerFactor: string;
  readonly weightScales?: string;
}

/** What the document of a federation says of it. */
export type TrainingAdvice = Pick<FederationDocument, "training" | "samplesPerFactor" | "weightScales">;

/** Adds the options that say how members are to train. */
export function withAdviceOptions(command: Command): Command {
  return command
    .option("--epochs <count>", "passes over its samples that a member is advised to make in a round", "20")
    .option(
      "--train-step <id|file>",
      "train with integers, by the rule of this circuit of template train-step (default: with floats)",
    )
    .option("--batch-size <count>", "samples per step (default: 32)")
    .option("--learning-rate <rate>", "Adam's step size at the start of a round (default: as `zkpot train`)")
    .option("--weight-decay <rate>", "decoupled weight decay (default: as `zkpot train`)")
    .option(
      "--input-noise <deviation>",
      "standard deviation of the noise on features (default: as `zkpot train`)",
    )
    .option("--samples-per-factor <count>", "own samples that weigh a factor of one in the average", "10")
    .option(
      "--weight-scales <scales>",
      "real value of a weight of 1 by layer, e.g. 0.04,0.02 (default: room to grow for the architecture)",
    );
}

/**
 * Reads the options for models of an architecture; throws UsageError naming the first one that is out of range, or that only goes
 * with the other way to train.
 */
export async function parseAdvice(
  flags: TrainingAdviceFlags,
  architecture: Architecture,
): Promise<TrainingAdvice> {
  const samplesPerFactor = parseInteger(flags.samplesPerFactor, "--samples-per-factor", 1, 1_000_000_000);
  const epochs = parseInteger(flags.epochs, "--epochs", 1, 100_000);
  if (flags.trainStep !== undefined) {
    return { ...(await integerTraining(flags, flags.trainStep, epochs)), samplesPerFactor };
  }
  return {
    training: await floatTraining(flags, epochs, architecture),
    samplesPerFactor,
    weightScales: await parseScales(flags.weightScales, architecture),
  };
}

async function floatTraining(
  flags: TrainingAdviceFlags,
  epochs: number,
  { layerSizes }: Architecture,
): Promise<FloatTrainingAdvice> {
  const { defaultTrainingOptions } = await import("../training/training-options.ts");
  const { learningRate, weightDecay, inputNoise } = defaultTrainingOptions(layerSizes.slice(1, -1), "");
  return {
    kind: "float",
    epochs,
    batchSize: parseInteger(flags.batchSize ?? "32", "--batch-size", 1, 1_000_000),
    learningRate:
      flags.learningRate === undefined
        ? learningRate
        : parsePositive(flags.learningRate, "--learning-rate", 10),
    weightDecay:
      flags.weightDecay === undefined ? weightDecay : parseNumber(flags.weightDecay, "--weight-decay", 0, 10),
    inputNoise:
      flags.inputNoise === undefined ? inputNoise : parseNumber(flags.inputNoise, "--input-noise", 0, 1),
  };
}

/** A rule fixes all but the epochs, and its weights have a scale of their own. */
async function integerTraining(
  { batchSize, learningRate, weightDecay, inputNoise, weightScales }: TrainingAdviceFlags,
  trainStep: string,
  epochs: number,
): Promise<Pick<TrainingAdvice, "training" | "weightScales">> {
  for (const [option, value] of Object.entries({
    "--batch-size": batchSize,
    "--learning-rate": learningRate,
    "--weight-decay": weightDecay,
    "--input-noise": inputNoise,
    "--weight-scales": weightScales,
  })) {
    if (value === undefined) continue;
    throw new UsageError(
      "cli.stray-option",
      `${option} is for training with floats; the rule of --train-step has its own`,
      `Drop ${option} or --train-step.`,
      { option },
    );
  }
  const { WEIGHT_FRACTION_BITS } = await import("../verifiable/training-rule.ts");
  const { findInstanceOf } = await import("./artifacts.ts");
  const { rule } = await findInstanceOf("train-step", trainStep);
  return {
    training: { kind: "integer", rule: { ...rule, epochs } },
    weightScales: rule.architecture.layerSizes.slice(1).map(() => 2 ** -WEIGHT_FRACTION_BITS),
  };
}

async function parseScales(text: string | undefined, architecture: Architecture): Promise<readonly number[]> {
  if (text === undefined) {
    const { defaultWeightScales } = await import("../federation/start-model.ts");
    return defaultWeightScales(architecture);
  }
  const layers = architecture.layerSizes.length - 1;
  const scales = text.split(",").map((scale) => parsePositive(scale, "--weight-scales", Number.MAX_VALUE));
  if (scales.length === layers) return scales;
  throw new UsageError(
    "cli.invalid-value",
    `--weight-scales: "${text}" is not a list of ${layers} numbers, one for each layer`,
    "Write them separated by commas, e.g. 0.04,0.02; or leave them out.",
    { option: "--weight-scales", value: text, layers },
  );
}
