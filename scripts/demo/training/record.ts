import type { EpochRecord } from "../../../prover/src/training/checkpoint.ts";
import type { DemoRecord, DemoScore } from "../record.ts";

/** Why a stage was asked for. */
export type StageReason = "initialisation" | "first step" | "last step" | "drawn";

/** A stage of the run that the chain asked for, with its proof. */
export interface AuditedStage {
  readonly reason: StageReason;
  /** Number of the step, from 0; null for the initialisation. */
  readonly step: number | null;
  /** Epochs done before the stage, parts included. */
  readonly epochs: number;
  /** Index of the batch that the seed prescribes; null for the initialisation. */
  readonly batch: number | null;
  readonly learningRateFactor: number | null;
  /** What its proof took. */
  readonly seconds: number;
}

/** Probability that a run with some steps faked, neither first nor last, is caught. */
export interface DetectionRow {
  readonly badSteps: number;
  /** 1 − C(T − bad, a)/C(T, a) for a drawn of T steps, in 0..1. */
  readonly probability: number;
}

/** Size and key of a circuit that stages are proved with. */
export interface StageCircuit {
  readonly instanceId: string;
  readonly rows: number;
  readonly domainPower: number;
  readonly keyId: string;
  readonly provingKeyBytes: number;
}

/** The audit of the winner's run, and of the rival's. */
export interface DemoAudit {
  readonly contract: string;
  readonly ruleId: string;
  readonly ruleHash: string;
  readonly batchRoot: string;
  readonly batchCount: number;
  readonly seed: string;
  readonly traceRoot: string;
  readonly stepCount: number;
  /** Steps drawn at random; one that is first or last, too, is asked for once. */
  readonly drawnSteps: number;
  readonly stages: readonly AuditedStage[];
  /** All proofs of the audit together. */
  readonly provingSeconds: number;
  readonly circuits: readonly StageCircuit[];
  readonly detection: readonly DetectionRow[];
  readonly slashed: {
    readonly burnedWei: string;
    readonly paidWei: string;
  };
}

/** Everything the report of a run with training proof shows; as DemoRecord, it holds nothing secret. */
export interface TrainingDemoRecord extends Omit<DemoRecord, "format" | "training" | "model" | "rival"> {
  readonly format: "zkpot.training-demo-record";
  readonly training: {
    readonly epochs: number;
    readonly batchSize: number;
    readonly initialRateBits: number;
    readonly halvingSteps: number;
    readonly seconds: number;
    /** What committing to all checkpoints took. */
    readonly commitSeconds: number;
    readonly history: readonly EpochRecord[];
  };
  readonly model: Pick<DemoRecord["model"], "layerSizes" | "parameters" | "modelCommitment" | "layers"> & {
    readonly integer: DemoScore;
  };
  readonly rival: {
    /** Steps it really trained. */
    readonly trainedSteps: number;
    readonly correct: number;
  };
  readonly audit: DemoAudit;
}
