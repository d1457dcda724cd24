import { proofContext, TRAIN_INIT_PURPOSE, TRAIN_STEP_PURPOSE } from "../chain/context.ts";
import { FIELD_ORDER } from "../field.ts";
import { type Hash, merklePairPath, merklePath } from "../merkle-vector.ts";
import { learningRateFactor } from "../verifiable/training-rule.ts";
import { batchOfStep, runStepCount, type TrainedRun } from "./trained-run.ts";

/** Whose run of which task is audited, and where. */
export interface AuditPlace {
  readonly chainId: bigint;
  /** Address of the market: contexts name it, not the audit contract. */
  readonly market: string;
  readonly taskId: bigint;
  readonly prover: string;
}

/** What a prover states about its initialisation, with the path that shows it in the trace. */
export interface InitStage {
  readonly kind: "init";
  readonly checkpoint: bigint;
  readonly tracePath: readonly Hash[];
}

/** What a prover states about one step, with the paths that show it in trace and batches. */
export interface StepStage {
  readonly kind: "step";
  /** From 0. */
  readonly step: number;
  readonly checkpointBefore: bigint;
  readonly checkpointAfter: bigint;
  readonly batchCommitment: bigint;
  /** As merklePairPath has it. */
  readonly tracePath: readonly Hash[];
  readonly batchPath: readonly Hash[];
}

/** The initialisation of a run. */
export function initStage(run: TrainedRun): InitStage {
  return { kind: "init", checkpoint: run.checkpoints[0]!, tracePath: merklePath(run.trace, 0) };
}

/** Step `step` of a run; throws RangeError for one the run does not have. */
export function stepStage(run: TrainedRun, step: number): StepStage {
  const stepCount = runStepCount(run);
  if (!Number.isInteger(step) || step < 0 || step >= stepCount) {
    throw new RangeError(`step ${step} is outside 0..${stepCount - 1}`);
  }
  const batch = batchOfStep(run, step);
  return {
    kind: "step",
    step,
    checkpointBefore: run.checkpoints[step]!,
    checkpointAfter: run.checkpoints[step + 1]!,
    batchCommitment: run.commitments[batch]!,
    tracePath: merklePairPath(run.trace, step),
    batchPath: merklePath(run.tree, batch),
  };
}

/** The public statement of `train-init.circom` for a stage. */
export function initStatement(
  place: AuditPlace,
  stage: InitStage,
  seed: bigint,
): Readonly<Record<"context" | "checkpoint" | "seed", readonly [bigint]>> {
  return {
    context: [proofContext({ ...place, round: 0n, purpose: TRAIN_INIT_PURPOSE })],
    checkpoint: [stage.checkpoint],
    seed: [seed % FIELD_ORDER],
  };
}

/** The public statement of `train-step.circom` for a stage. */
export function stepStatement(
  place: AuditPlace,
  stage: StepStage,
  rule: TrainedRun["rule"],
): Readonly<
  Record<
    "context" | "checkpointBefore" | "checkpointAfter" | "batchCommitment" | "learningRateFactor",
    readonly [bigint]
  >
> {
  return {
    context: [proofContext({ ...place, round: BigInt(stage.step), purpose: TRAIN_STEP_PURPOSE })],
    checkpointBefore: [stage.checkpointBefore],
    checkpointAfter: [stage.checkpointAfter],
    batchCommitment: [stage.batchCommitment],
    learningRateFactor: [BigInt(learningRateFactor(rule, stage.step))],
  };
}
