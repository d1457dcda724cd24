import type { TrainingDemoRecord } from "../training/record.ts";
import { count } from "./format.ts";
import type { Html } from "./html.ts";
import { EVERYBODY, PROVER_ONLY, visibilityTable } from "./visibility.ts";

/** The table of what each party saw of an audited run: the public part first. */
export function trainingVisibilitySection(record: TrainingDemoRecord): Html {
  const { dataset, task, model, audit, proof } = record;
  return visibilityTable([
    {
      what: "Test set: features and labels",
      here: `${dataset.testSamples} samples of ${dataset.featureCount} features`,
      sight: EVERYBODY,
    },
    { what: "Terms of the task", here: `at least ${task.minCorrect} correct`, sight: EVERYBODY },
    {
      what: "Architecture and training rule",
      here: `${model.layerSizes.join("-")}, ${audit.ruleId}`,
      sight: EVERYBODY,
    },
    { what: "Root of the batches", here: `over ${audit.batchCount} salted hashes`, sight: EVERYBODY },
    { what: "Seed of the run", here: "drawn by the chain", sight: EVERYBODY },
    {
      what: "Root of the trace",
      here: `over ${count(audit.stepCount + 1)} salted hashes`,
      sight: EVERYBODY,
    },
    {
      what: "Commitments of the stages asked for",
      here: `${audit.stages.length} stages, with paths to the roots`,
      sight: EVERYBODY,
    },
    { what: "Proved count", here: `at least ${task.provenCorrect}`, sight: EVERYBODY },
    {
      what: "Proofs with block commitments",
      here: `${audit.stages.length + 1} of ${proof.proofBytes} bytes`,
      sight: EVERYBODY,
    },
    { what: "Training samples", here: `${count(dataset.trainSamples)} samples`, sight: PROVER_ONLY },
    {
      what: "Weights and biases of all checkpoints",
      here: `${count(audit.stepCount + 1)} times ${count(model.parameters)} integers`,
      sight: PROVER_ONLY,
    },
    { what: "Key of the run", here: "from which all salts follow", sight: PROVER_ONLY },
    {
      what: "Predictions: which samples are right",
      here: `${dataset.testSamples} predictions`,
      sight: PROVER_ONLY,
    },
    { what: "Activations, gradients, logits", here: "inside the committed blocks", sight: PROVER_ONLY },
    { what: "Learning curve", here: "in this report only", sight: PROVER_ONLY },
  ]);
}
