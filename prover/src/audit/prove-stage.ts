import type { CompiledCircuit } from "../circuits/build.ts";
import { circuitLayout } from "../circuits/instance.ts";
import type { TrainInitInstance } from "../circuits/train-init.ts";
import type { TrainStepInstance } from "../circuits/train-step.ts";
import { modelCommitment } from "../model/commitment.ts";
import type { ProverBackend } from "../proof/backend.ts";
import type { Groth16Proof } from "../proof/challenge.ts";
import type { KeySet } from "../proof/keys/key-set.ts";
import { proveCircuit, type ProvingStep } from "../proof/prove.ts";
import { initialModel } from "../verifiable/initial-model.ts";
import { derivedSalt } from "../verifiable/salts.ts";
import { sgdStep } from "../verifiable/sgd-step.ts";
import { learningRateFactor } from "../verifiable/training-rule.ts";
import { trainStepCommittedBlock } from "../witness/train-step-witness.ts";
import { AuditError } from "./audit-error.ts";
import { type AuditPlace, initStage, initStatement, stepStage, stepStatement } from "./stages.ts";
import { batchOfStep, type TrainedRun } from "./trained-run.ts";

/** A compiled circuit with its keys. */
export interface StageProver<Instance extends TrainInitInstance | TrainStepInstance> {
  readonly circuit: CompiledCircuit<Instance>;
  readonly keys: KeySet;
}

/** Settings of a proof. */
export interface StageOptions {
  readonly backend?: ProverBackend;
  readonly onStep?: (step: ProvingStep) => void;
}

/** Training circuits have no dataset block: infinity stands for it. */
const NO_DATA_POINT = { x: 0n, y: 0n } as const;

/**
 * Proves that checkpoint 0 of a run is the initialisation from its seed.
 *
 * Throws AuditError `audit.not-in-trace` when the run committed to something else, and ProofError.
 */
export async function proveInit(
  { circuit, keys }: StageProver<TrainInitInstance>,
  run: TrainedRun,
  place: AuditPlace,
  options: StageOptions = {},
): Promise<Groth16Proof> {
  const stage = initStage(run);
  const salt = derivedSalt(run.runKey, "checkpoint", 0);
  if (modelCommitment(initialModel(run.rule, run.seed), salt) !== stage.checkpoint) throw notInTrace(0);
  return await proveCircuit(
    {
      circuit,
      keys,
      layout: circuitLayout(circuit.instance),
      statement: initStatement(place, stage, run.seed),
      dataset: {},
      committed: {},
      private: { salt: [salt] },
      dataPoint: NO_DATA_POINT,
    },
    options,
  );
}

/**
 * Proves that step `step` of a run leads from its checkpoint to the next on the batch that the seed prescribes.
 *
 * Throws AuditError `audit.not-in-trace` when it leads elsewhere than the run committed to, and ProofError.
 */
export async function proveStep(
  { circuit, keys }: StageProver<TrainStepInstance>,
  run: TrainedRun,
  place: AuditPlace,
  step: number,
  options: StageOptions = {},
): Promise<Groth16Proof> {
  const { rule, runKey } = run;
  const stage = stepStage(run, step);
  const before = await run.checkpoint(step);
  const batchNumber = batchOfStep(run, step);
  const batch = run.batches[batchNumber]!;
  const taken = sgdStep(rule, before, batch, learningRateFactor(rule, step), step);
  const saltBefore = derivedSalt(runKey, "checkpoint", step);
  const saltAfter = derivedSalt(runKey, "checkpoint", step + 1);
  if (modelCommitment(before, saltBefore) !== stage.checkpointBefore) throw notInTrace(step);
  if (modelCommitment(taken.model, saltAfter) !== stage.checkpointAfter) throw notInTrace(step + 1);
  return await proveCircuit(
    {
      circuit,
      keys,
      layout: circuitLayout(circuit.instance),
      statement: stepStatement(place, stage, rule),
      dataset: {},
      committed: trainStepCommittedBlock(circuit.instance, { before, batch, step: taken }),
      private: {
        saltBefore: [saltBefore],
        saltAfter: [saltAfter],
        batchSalt: [derivedSalt(runKey, "batch", batchNumber)],
      },
      dataPoint: NO_DATA_POINT,
    },
    options,
  );
}

function notInTrace(checkpoint: number): AuditError {
  return new AuditError(
    "audit.not-in-trace",
    `checkpoint ${checkpoint} does not follow from the rule, the seed and the batches as the trace says`,
    "Use the folder in which the run was trained, with its files unchanged; a run that was not trained by its rule cannot be proved.",
    { checkpoint },
  );
}
