import type { AuditTerms } from "../chain/audits.ts";
import type { CompiledCircuit } from "../circuits/build.ts";
import type { CircuitInstance } from "../circuits/instance.ts";
import { architectureId } from "../model/architecture.ts";
import type { KeySet } from "../proof/keys/key-set.ts";
import { type TrainingRule, trainingRuleDigest } from "../verifiable/training-rule.ts";
import { type TaskDocument, TaskError, type TaskTraining } from "./task-document.ts";

/** The part of audit terms that follows from a rule. */
export function termsOfRule(
  rule: TrainingRule,
): Pick<AuditTerms, "ruleHash" | "epochs" | "halvingSteps" | "learningRateExponent"> {
  return {
    ruleHash: trainingRuleDigest(rule),
    epochs: rule.epochs,
    halvingSteps: rule.halvingSteps,
    learningRateExponent: rule.initialRateBits,
  };
}

/**
 * Compares the training proof the market asks for with the published document, and returns the document's part about
 * it: rule, schedule and keys agree, and both circuits train models of the task's architecture.
 * Throws TaskError `task.no-training` or `task.mismatch` naming the first value that differs.
 */
export function checkTraining(taskId: bigint, terms: AuditTerms, document: TaskDocument): TaskTraining {
  const { training, instance } = document;
  if (training === undefined) {
    throw new TaskError(
      "task.no-training",
      `task ${taskId} asks for training proof on the chain, its document does not say how to train`,
      "Do not take part in this task, or fetch the document again.",
      { taskId },
    );
  }
  const { rule } = training.step;
  const published = {
    initKeyId: training.initKeyId,
    stepKeyId: training.stepKeyId,
    ...termsOfRule(rule),
  };
  for (const [name, expected] of Object.entries(published)) {
    compare(taskId, name, terms[name as keyof typeof published], expected);
  }
  compare(taskId, "rule of the initialisation", trainingRuleDigest(training.init.rule), terms.ruleHash);
  compare(
    taskId,
    "architectureId of the rule",
    architectureId(rule.architecture),
    architectureId(instance.architecture),
  );
  return training;
}

/** Throws TaskError `task.key-mismatch` or `task.circuit-mismatch` unless the keys are those named and fit the circuit. */
export function checkTrainingKeys(
  keyId: string,
  keys: KeySet,
  circuit: CompiledCircuit<Extract<CircuitInstance, { readonly template: "train-init" | "train-step" }>>,
): void {
  const { instance } = circuit;
  if (keys.keyId !== keyId) {
    throw new TaskError(
      "task.key-mismatch",
      `the keys at hand for ${instance.id} have id ${keys.keyId}, the task names ${keyId}`,
      "Fetch the keys that were published for the task and name their folder with --init-keys or --step-keys.",
      { found: keys.keyId, expected: keyId },
    );
  }
  if (keys.manifest.r1csSha256 !== circuit.r1csSha256) {
    throw new TaskError(
      "task.circuit-mismatch",
      `the keys were made for another circuit than ${instance.id} compiles to here`,
      "Do not take part: whoever made the keys may state something else with them. If this toolkit is older or newer than the task, use the one that posted it.",
      { instance: instance.id, found: circuit.r1csSha256, expected: keys.manifest.r1csSha256 },
    );
  }
}

function compare(taskId: bigint, name: string, onChain: unknown, published: unknown): void {
  if (onChain === published) return;
  throw new TaskError(
    "task.mismatch",
    `task ${taskId} does not match its published files: ${name} is ${String(onChain)} on the chain, ${String(published)} by the files`,
    "Do not take part in this task, or fetch the files again.",
    { taskId, name, onChain, published },
  );
}

/**
 * Refuses a task whose audit contract is not the one this network's configuration knows: the poster names the
 * contract, and it decides whether the prover's stake is slashed.
 * Throws TaskError `task.unknown-audit`.
 */
export function checkAuditContract(taskId: bigint, address: string, known: string | undefined): void {
  if (known?.toLowerCase() === address.toLowerCase()) return;
  throw new TaskError(
    "task.unknown-audit",
    `task ${taskId} is audited by ${address}, the network's training audit is ${known ?? "not known"}`,
    "Do not take part, unless you have read that contract's code and write it into the network's addresses as trainingAudit.",
    { taskId, found: address, expected: known },
  );
}
