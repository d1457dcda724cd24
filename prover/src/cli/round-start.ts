import type { Command } from "commander";

import type { TestSet } from "../data/test-set.ts";
import type { FederationStart } from "../federation/publish-federation.ts";
import type { Architecture } from "../model/architecture.ts";
import { note } from "./output.ts";
import { UsageError } from "./usage-error.ts";

/** Options of `zkpot round create` that say where members start. */
export interface StartFlags {
  readonly seed?: string;
  readonly startModel?: string;
}

/** Adds the options that say where members start. */
export function withStartOptions(command: Command): Command {
  return command
    .option("--seed <text>", "determines a random model of the start (default: 1)")
    .option(
      "--start-model <file>",
      "float model of `zkpot train` to start from instead; its weights are published",
    );
}

/**
 * The model of the start. Throws UsageError for a seed that is too long or given beside a model; FederationError
 * `federation.start-model` for a model that was trained with other classes or another mapping of features, and as loadDocument.
 */
export async function openStart(
  { seed, startModel }: StartFlags,
  architecture: Architecture,
  weightScales: readonly number[],
  testSet: TestSet,
): Promise<FederationStart> {
  if (startModel === undefined) return { kind: "random", seed: parseSeed(seed ?? "1") };
  if (seed !== undefined) {
    throw new UsageError(
      "cli.stray-option",
      "--seed determines a random model of the start, and --start-model names another",
      "Drop one of the two.",
      { option: "--seed" },
    );
  }
  const { loadDocument } = await import("../data/document.ts");
  const { trainedStartModel } = await import("../federation/start-model.ts");
  const { FLOAT_MODEL } = await import("../training/training-documents.ts");
  const trained = await loadDocument(startModel, FLOAT_MODEL);
  const { quantized, clipped } = trainedStartModel(trained, architecture, weightScales, testSet);
  clipped.forEach(({ weights, biases }, layer) => {
    if (weights + biases === 0) return;
    note(`layer ${layer + 1}: ${weights} weights and ${biases} biases do not fit at its scale; clipped`);
  });
  return { kind: "trained", model: quantized.model };
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
