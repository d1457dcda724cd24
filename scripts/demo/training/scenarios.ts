import type { AccuracyInstance } from "../../../prover/src/circuits/accuracy.ts";
import { loadCircuitInstance } from "../../../prover/src/circuits/instances.ts";
import type { TrainInitInstance } from "../../../prover/src/circuits/train-init.ts";
import type { TrainStepInstance } from "../../../prover/src/circuits/train-step.ts";
import { DEFAULT_TRAINING_RULES } from "../../../prover/src/verifiable/default-rules.ts";
import { type Scenario, scenarioOf } from "../scenarios.ts";

/** Circuits of a task that asks for training proof; all three have the architecture of the rule. */
export interface TrainingInstances {
  readonly accuracy: AccuracyInstance;
  readonly init: TrainInitInstance;
  readonly step: TrainStepInstance;
}

/** What the demo of training proofs plays on one data set. */
export interface TrainingScenario extends Pick<Scenario, "dataset" | "licence" | "minCorrectShare"> {
  /** Steps drawn at random, beside the initialisation, the first and the last step. */
  readonly drawnSteps: number;
  /** Share of its steps after which the rival stops training, in 0..1. */
  readonly rivalShare: number;
  readonly instances: () => Promise<TrainingInstances>;
}

/** Scenarios by the name of their data set. The seed of a run comes from the chain, so thresholds leave some room. */
export const TRAINING_SCENARIOS: Readonly<Record<string, TrainingScenario>> = {
  digits: {
    dataset: "digits",
    licence: "CC-BY-4.0",
    minCorrectShare: 0.94,
    drawnSteps: 6,
    rivalShare: 0.1,
    instances: async () => ({
      accuracy: await loadCircuitInstance("accuracy", "trained-64-16-10x360"),
      init: await loadCircuitInstance("train-init", "train-init-64-16-10"),
      step: await loadCircuitInstance("train-step", "train-step-64-16-10x32"),
    }),
  },
  "breast-cancer": {
    dataset: "breast-cancer",
    licence: "CC-BY-4.0",
    minCorrectShare: 0.93,
    drawnSteps: 6,
    rivalShare: 0.1,
    instances: () => Promise.resolve(breastCancerInstances()),
  },
};

/** The scenario of a data set; throws ProverError `demo.unknown-dataset` listing those there are. */
export function findTrainingScenario(dataset: string): TrainingScenario {
  return scenarioOf(TRAINING_SCENARIOS, dataset);
}

/** A linear model over 30 features of 5 bits, tested on 114 samples. */
function breastCancerInstances(): TrainingInstances {
  const rule = DEFAULT_TRAINING_RULES["breast-cancer"]!;
  return {
    accuracy: {
      id: "trained-30-2x114",
      template: "accuracy",
      architecture: rule.architecture,
      tableBits: 12,
      groups: 13,
      slots: 9,
      slotBits: 27,
    },
    init: { id: "train-init-30-2", template: "train-init", rule },
    step: { id: "train-step-30-2x32", template: "train-step", rule, tableBits: 12, fineTableBits: 5 },
  };
}
