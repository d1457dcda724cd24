import { exactDetectionProbability } from "../../../prover/src/audit/odds.ts";
import { runStepCount } from "../../../prover/src/audit/trained-run.ts";
import type { Audit } from "../../../prover/src/chain/audits.ts";
import type { CircuitInstance } from "../../../prover/src/circuits/instance.ts";
import { domainPower } from "../../../prover/src/proof/keys/qap.ts";
import { readR1cs } from "../../../prover/src/proof/keys/r1cs.ts";
import type { IntegerModelFile } from "../../../prover/src/quantization/integer-model-document.ts";
import { describeLayers, describeStory, type ToldStory } from "../describe-run.ts";
import { describeKeys, type PublicMaterial } from "../public-material.ts";
import type { AccountParty } from "../stage.ts";
import type { TrainingDemoRun } from "./flow.ts";
import type { AuditedStage, DemoAudit, DetectionRow, StageCircuit, TrainingDemoRecord } from "./record.ts";
import type { CutRun } from "./rival.ts";
import type { DemoTraining } from "./runs.ts";

const PAID_PARTIES: readonly AccountParty[] = ["buyer", "prover", "rival"];
/** Shares of faked steps for which the report tells the probability of being caught. */
const BAD_SHARES = [0.01, 0.05, 0.1, 0.25, 0.5, 0.9];

/** Everything a finished run with training proof left behind. */
export interface FinishedTrainingRun extends Omit<ToldStory, "scenario" | "seed"> {
  readonly run: TrainingDemoRun;
  readonly audit: Audit;
  /** Circuits of the audit. */
  readonly materials: readonly Pick<PublicMaterial<CircuitInstance>, "circuit" | "keys" | "keyTiming">[];
  readonly trained: DemoTraining;
  readonly file: IntegerModelFile;
  readonly cut: CutRun;
  readonly stages: readonly AuditedStage[];
  readonly slashed: DemoAudit["slashed"];
}

/** The record of a finished run: only what is listed here leaves it. */
export async function describeTrainingRun(finished: FinishedTrainingRun): Promise<TrainingDemoRecord> {
  const { run, trained, file, cut, proof } = finished;
  const { rule } = trained.run;
  const { model, bounds } = file.quantized;
  return {
    format: "zkpot.training-demo-record",
    ...(await describeStory({ ...finished, scenario: run.scenario, seed: run.seed }, PAID_PARTIES)),
    training: {
      epochs: rule.epochs,
      batchSize: rule.batchSize,
      initialRateBits: rule.initialRateBits,
      halvingSteps: rule.halvingSteps,
      seconds: trained.seconds,
      commitSeconds: trained.commitSeconds,
      history: trained.history,
    },
    model: {
      layerSizes: model.architecture.layerSizes,
      parameters: model.layers.reduce((sum, layer) => sum + layer.weights.length + layer.biases.length, 0),
      modelCommitment: String(proof.bundle.modelCommitment),
      integer: { correct: trained.score.correctCount, confusion: trained.score.confusion },
      layers: describeLayers(bounds),
    },
    rival: { trainedSteps: cut.trainedSteps, correct: cut.score.correctCount },
    audit: await describeAudit(finished),
  };
}

async function describeAudit({
  audit,
  trained,
  stages,
  materials,
  slashed,
}: FinishedTrainingRun): Promise<DemoAudit> {
  const { run } = trained;
  const stepCount = runStepCount(run);
  const { drawnSteps, ruleHash } = audit.terms;
  return {
    contract: audit.address,
    ruleId: run.rule.id,
    ruleHash,
    batchRoot: run.root,
    batchCount: run.batches.length,
    seed: `0x${run.seed.toString(16).padStart(64, "0")}`,
    traceRoot: run.traceRoot,
    stepCount,
    drawnSteps,
    stages,
    provingSeconds: stages.reduce((sum, { seconds }) => sum + seconds, 0),
    circuits: await Promise.all(materials.map(describeStageCircuit)),
    detection: detectionRows(stepCount, drawnSteps),
    slashed,
  };
}

/** How likely a run with some steps faked is caught, by the formula for draws without replacement. */
export function detectionRows(stepCount: number, drawnSteps: number): readonly DetectionRow[] {
  return [1, ...BAD_SHARES.map((share) => Math.round(share * stepCount))].map((badSteps) => ({
    badSteps,
    probability: exactDetectionProbability(stepCount, badSteps, drawnSteps),
  }));
}

/** Size and key of a circuit. */
export async function describeStageCircuit(
  material: FinishedTrainingRun["materials"][number],
): Promise<StageCircuit> {
  const r1cs = await readR1cs(material.circuit.r1csFile);
  const { keyId, provingKeyBytes } = await describeKeys(material);
  return {
    instanceId: material.circuit.instance.id,
    rows: r1cs.constraintCount + r1cs.publicCount + 1,
    domainPower: domainPower(r1cs),
    keyId,
    provingKeyBytes,
  };
}
