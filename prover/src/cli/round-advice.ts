import type { Command } from "commander";

import type { FederationDocument } from "../federation/federation-document.ts";
import type { Architecture } from "../model/architecture.ts";
import { parseInteger, parseNumber } from "./units.ts";
import { UsageError } from "./usage-error.ts";

/** Options of `zkpot round create` that say how members are to train, and where they start. */
export interface TrainingAdviceFlags {
  readonly epochs: string;
  readonly batchSize: string;
  readonly learningRate?: string;
  readonly weightDecay?: string;
  readonly inputNoise?: string;
  readonly samplesPerFactor: string;
  readonly weightScales?: string;
  readonly seed: string;
}

/** What the document of a federation says of it. */
export type TrainingAdvice = Pick<
  FederationDocument,
  "training" | "samplesPerFactor" | "weightScales" | "startSeed"
>;

/** Adds the options that say how members are to train. */
export function withAdviceOptions(command: Command): Command {
  return command
    .option("--epochs <count>", "passes over its samples that a member is advised to make in a round", "20")
    .option("--batch-size <count>", "samples per step", "32")
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
    )
    .option("--seed <text>", "determines the model of the start", "1");
}

/** Reads the options for models of an architecture; throws UsageError naming the first one that is out of range. */
export async function parseAdvice(
  flags: TrainingAdviceFlags,
  architecture: Architecture,
): Promise<TrainingAdvice> {
  const { defaultTrainingOptions } = await import("../training/training-options.ts");
  const hidden = architecture.layerSizes.slice(1, -1);
  const { learningRate, weightDecay, inputNoise } = defaultTrainingOptions(hidden, flags.seed);
  const orDefault = (text: string | undefined, option: string, most: number, value: number): number =>
    text === undefined ? value : parseNumber(text, option, 0, most);
  return {
    training: {
      kind: "float",
      epochs: parseInteger(flags.epochs, "--epochs", 1, 100_000),
      batchSize: parseInteger(flags.batchSize, "--batch-size", 1, 1_000_000),
      learningRate: orDefault(flags.learningRate, "--learning-rate", 10, learningRate),
      weightDecay: orDefault(flags.weightDecay, "--weight-decay", 10, weightDecay),
      inputNoise: orDefault(flags.inputNoise, "--input-noise", 1, inputNoise),
    },
    samplesPerFactor: parseInteger(flags.samplesPerFactor, "--samples-per-factor", 1, 1_000_000_000),
    weightScales: await parseScales(flags.weightScales, architecture),
    startSeed: parseSeed(flags.seed),
  };
}

async function parseScales(text: string | undefined, architecture: Architecture): Promise<readonly number[]> {
  if (text === undefined) {
    const { defaultWeightScales } = await import("../federation/start-model.ts");
    return defaultWeightScales(architecture);
  }
  const layers = architecture.layerSizes.length - 1;
  const scales = text.split(",").map(Number);
  const areUsable = scales.every((scale) => Number.isFinite(scale) && scale > 0);
  if (scales.length === layers && areUsable) return scales;
  throw new UsageError(
    "cli.invalid-value",
    `--weight-scales: "${text}" is not a list of ${layers} positive numbers, one for each layer`,
    "Write them separated by commas, e.g. 0.04,0.02; or leave them out.",
    { option: "--weight-scales", value: text, layers },
  );
}

/** The document's limit for the seed. */
const MAX_SEED_LENGTH = 200;

function parseSeed(text: string): string {
  if (text.length <= MAX_SEED_LENGTH) return text;
  throw new UsageError(
    "cli.invalid-value",
    `--seed has ${text.length} characters; the federation's document takes ${MAX_SEED_LENGTH}`,
    "Write a shorter one: any text will do.",
    { option: "--seed", length: text.length, limit: MAX_SEED_LENGTH },
  );
}
