import { z } from "zod";

import { TrainingError } from "./training-error.ts";

/** Everything that, with the training samples, determines a trained model. */
export interface TrainingOptions {
  /** Hidden widths, first to last; empty for a linear model. */
  readonly hiddenSizes: readonly number[];
  readonly epochs: number;
  readonly batchSize: number;
  /** Adam's step size at the start; it falls to 0 along half a cosine. */
  readonly learningRate: number;
  /** Share of each weight taken away per step and unit of learning rate (decoupled, biases excepted). */
  readonly weightDecay: number;
  /**
   * Standard deviation of the noise added to every feature each time it is learnt from, features being in 0..1;
   * 0 for none. It keeps small tables from being learnt by heart. Features that never vary get none.
   */
  readonly inputNoise: number;
  /** Determines initial weights, batch order and noise. */
  readonly seed: string;
}

/** Schema of training options inside documents. */
export const TRAINING_OPTIONS_SCHEMA = z
  .object({
    hiddenSizes: z.array(z.number().int().min(1).max(65_536)).max(31),
    epochs: z.number().int().min(1).max(100_000),
    batchSize: z.number().int().min(1).max(1_000_000),
    learningRate: z.number().positive().max(10),
    weightDecay: z.number().min(0).max(10),
    inputNoise: z.number().min(0).max(1),
    seed: z.string(),
  })
  .strict();

/**
 * Options that converge on both packaged data sets and on most tables of their kind. A linear model has little room
 * to learn by heart, so it gets no noise and larger steps.
 */
export function defaultTrainingOptions(hiddenSizes: readonly number[], seed: string): TrainingOptions {
  const isLinear = hiddenSizes.length === 0;
  return {
    hiddenSizes,
    epochs: 60,
    batchSize: 32,
    learningRate: isLinear ? 0.05 : 0.02,
    weightDecay: 0.01,
    inputNoise: isLinear ? 0 : 0.15,
    seed,
  };
}

/** Throws TrainingError `training.options` naming the option, its value and its limit. */
export function validateTrainingOptions(options: TrainingOptions): void {
  const parsed = TRAINING_OPTIONS_SCHEMA.safeParse(options);
  if (parsed.success) return;
  const issue = parsed.error.issues[0]!;
  throw new TrainingError(
    "training.options",
    `the training options are not usable: ${issue.path.join(".")}: ${issue.message}`,
    "Change the option named.",
    { option: issue.path.join(".") },
  );
}
