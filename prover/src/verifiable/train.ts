import { setImmediate } from "node:timers/promises";

import type { IntegerSamples } from "../data/samples.ts";
import { architectureId } from "../model/architecture.ts";
import { type IntegerModel, validateIntegerModel } from "../model/integer-model.ts";
import { checkSamples } from "../model/reference.ts";
import type { EpochRecord } from "../training/checkpoint.ts";
import { TrainingError } from "../training/training-error.ts";
import { batchOrder } from "./batch-order.ts";
import { cutBatches } from "./batches.ts";
import { initialModel } from "./initial-model.ts";
import { measure } from "./measure.ts";
import { sgdStep } from "./sgd-step.ts";
import { learningRateFactor, type TrainingRule, validateTrainingRule } from "./training-rule.ts";
import { ObservedRanges, type ValueRange } from "./value-ranges.ts";

/** Where training stands: all that is needed to go on as if it had never stopped. */
export interface TrainingState {
  /** Steps done; the next one has this number. */
  readonly step: number;
  /** Checkpoint `step`. */
  readonly model: IntegerModel;
  /** One record per finished epoch. */
  readonly history: readonly EpochRecord[];
}

/** What trainVerifiably needs. */
export interface VerifiableRun {
  readonly rule: TrainingRule;
  /** 32 bytes, most significant first; fixes initial weights and batch order. */
  readonly seed: bigint;
  readonly train: IntegerSamples;
  /** Only measured, never learnt from. */
  readonly validation?: IntegerSamples | undefined;
  readonly resumeFrom?: TrainingState | undefined;
  /** Stops training after the step it is at. */
  readonly signal?: AbortSignal | undefined;
  /** Called with every checkpoint as it is made, checkpoint 0 included unless training resumes. */
  readonly onCheckpoint?: ((step: number, model: IntegerModel) => void | Promise<void>) | undefined;
  readonly onEpoch?: ((record: EpochRecord) => void) | undefined;
}

/** What trainVerifiably returns, finished or interrupted. */
export interface VerifiableTraining extends TrainingState {
  /** T = epochs·batchCount. */
  readonly stepCount: number;
  /** False when the signal stopped training before its last step. */
  readonly completed: boolean;
  /** The largest values of the steps of this call. */
  readonly ranges: readonly ValueRange[];
}

/** Steps between two looks at the event loop, so that an interrupt gets through. */
const STEPS_PER_TURN = 8;

/**
 * Trains by the rule from the seed: the same checkpoints on every machine, whether interrupted and resumed or not.
 *
 * Throws TrainingError `training.overflow` when a value leaves its range, `training.samples`, `training.rule` or
 * `training.resume`, and ModelError for samples off the grid; nothing has been committed then.
 */
export async function trainVerifiably(run: VerifiableRun): Promise<VerifiableTraining> {
  const { rule, seed, train, validation, resumeFrom, signal, onCheckpoint, onEpoch } = run;
  validateTrainingRule(rule);
  const batches = cutBatches(rule, train);
  if (validation !== undefined) checkSamples(rule.architecture, validation);
  const stepCount = rule.epochs * batches.length;
  if (resumeFrom !== undefined) checkState(rule, resumeFrom, batches.length, stepCount);

  let step = resumeFrom?.step ?? 0;
  let model = resumeFrom?.model ?? initialModel(rule, seed);
  const history = [...(resumeFrom?.history ?? [])];
  const ranges = new ObservedRanges(rule);
  if (resumeFrom === undefined) await onCheckpoint?.(0, model);
  let order: Int32Array = new Int32Array(0);
  while (step < stepCount) {
    if (step % STEPS_PER_TURN === 0) await setImmediate();
    if (signal?.aborted) break;
    const [epoch, position] = [Math.floor(step / batches.length), step % batches.length];
    if (order.length === 0 || position === 0) order = batchOrder(seed, epoch, batches.length);
    const taken = sgdStep(rule, model, batches[order[position]!]!, learningRateFactor(rule, step), step);
    ranges.observe(taken);
    model = taken.model;
    step++;
    await onCheckpoint?.(step, model);
    if (step % batches.length === 0) {
      const record = epochRecord(rule, model, train, validation, epoch + 1);
      history.push(record);
      onEpoch?.(record);
    }
  }
  return { step, model, history, stepCount, completed: step >= stepCount, ranges: ranges.report() };
}

/** The record of epoch `epoch` (from 1), which ended with `model`. */
export function epochRecord(
  rule: TrainingRule,
  model: IntegerModel,
  train: IntegerSamples,
  validation: IntegerSamples | undefined,
  epoch: number,
): EpochRecord {
  const measured = measure(rule, model, train);
  const validated = validation && measure(rule, model, validation);
  return {
    epoch,
    loss: measured.loss,
    accuracy: measured.accuracy,
    validationLoss: validated?.loss ?? null,
    validationAccuracy: validated?.accuracy ?? null,
  };
}

function checkState(rule: TrainingRule, state: TrainingState, batchCount: number, stepCount: number): void {
  const { step, model, history } = state;
  validateIntegerModel(model);
  const fail = (problem: string): never => {
    throw new TrainingError(
      "training.resume",
      `training cannot go on from here: ${problem}`,
      "Resume with the rule and samples it was begun with, or start afresh.",
      { step },
    );
  };
  if (!Number.isInteger(step) || step < 0 || step > stepCount)
    fail(`step ${step} is outside 0..${stepCount}`);
  if (architectureId(model.architecture) !== architectureId(rule.architecture)) {
    fail("the checkpoint has another architecture than the rule");
  }
  if (history.length !== Math.floor(step / batchCount)) {
    fail(`${history.length} epochs are recorded, step ${step} comes after ${Math.floor(step / batchCount)}`);
  }
}
