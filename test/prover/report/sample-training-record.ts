import type { AuditedStage, TrainingDemoRecord } from "../../../scripts/demo/training/record.ts";
import { sampleRecord } from "./sample-record.ts";

const HASH = `0x${"cd".repeat(32)}`;

/** A small, complete record of a run with training proof, with invented values. */
export function sampleTrainingRecord(changes: Partial<TrainingDemoRecord> = {}): TrainingDemoRecord {
  const { training, model, rival: _rival, transactions, ...told } = sampleRecord();
  return {
    ...told,
    format: "zkpot.training-demo-record",
    training: {
      epochs: 3,
      batchSize: 32,
      initialRateBits: 6,
      halvingSteps: 440,
      seconds: 1.25,
      commitSeconds: 4.5,
      history: training.history,
    },
    model: {
      layerSizes: model.layerSizes,
      parameters: model.parameters,
      modelCommitment: model.modelCommitment,
      integer: model.integer,
      layers: model.layers,
    },
    rival: { trainedSteps: 12, correct: 5 },
    transactions: [
      ...transactions,
      sent("register the batches", 71_000),
      sent("draw the seed", 53_000),
      { ...sent("answer for the steps", 999_999), party: "rival" },
      sent("answer for the steps", 1_100_000),
    ],
    audit: {
      contract: `0x${"34".repeat(20)}`,
      ruleId: "integer-sgd.v1",
      ruleHash: HASH,
      batchRoot: HASH,
      batchCount: 40,
      seed: HASH,
      traceRoot: HASH,
      stepCount: 120,
      drawnSteps: 2,
      stages: [
        stage("initialisation", null, 0),
        stage("first step", 0, 0),
        stage("last step", 119, 2.975),
        stage("drawn", 60, 1.5),
      ],
      provingSeconds: 26,
      circuits: [
        { instanceId: "train-init-x", rows: 3_595, domainPower: 12, keyId: HASH, provingKeyBytes: 2_700_000 },
        {
          instanceId: "train-step-x",
          rows: 54_321,
          domainPower: 16,
          keyId: HASH,
          provingKeyBytes: 40_000_000,
        },
      ],
      detection: [
        { badSteps: 1, probability: 2 / 120 },
        { badSteps: 12, probability: 0.19 },
        { badSteps: 108, probability: 0.9999 },
      ],
      slashed: { burnedWei: "250000000000000000", paidWei: "250000000000000000" },
    },
    ...changes,
  };
}

function stage(reason: AuditedStage["reason"], step: number | null, epochs: number): AuditedStage {
  const isStep = step !== null;
  return {
    reason,
    step,
    epochs,
    batch: isStep ? 7 : null,
    learningRateFactor: isStep ? 64 : null,
    seconds: 6.5,
  };
}

function sent(action: string, gas: number): TrainingDemoRecord["transactions"][number] {
  return {
    party: "prover",
    action,
    hash: `0x${"ab".repeat(32)}`,
    blockNumber: 6,
    indexInBlock: 0,
    gas,
    revertedWith: null,
  };
}
