import type { TrainingProvers } from "../../../prover/src/audit/answer-challenge.ts";
import { proveInit, proveStep } from "../../../prover/src/audit/prove-stage.ts";
import { initStage, stepStage } from "../../../prover/src/audit/stages.ts";
import { batchOfStep, type TrainedRun } from "../../../prover/src/audit/trained-run.ts";
import { answerInit, answerSteps, type Audit, readRun } from "../../../prover/src/chain/audits.ts";
import { toChainProof } from "../../../prover/src/chain/chain-proof.ts";
import type { Groth16Proof } from "../../../prover/src/proof/challenge.ts";
import { learningRateFactor } from "../../../prover/src/verifiable/training-rule.ts";
import type { AccountParty, Stage } from "../stage.ts";
import type { AuditedStage, StageReason } from "./record.ts";
import { auditPlace } from "./runs.ts";

/**
 * Proves every stage that the chain asked for and answers: the initialisation in one transaction, all steps in another.
 * Throws what proveInit and proveStep throw, and an error unless the run has passed then.
 */
export async function answerEverything(
  stage: Stage,
  party: AccountParty,
  audit: Audit,
  run: TrainedRun,
  provers: TrainingProvers,
  challengedSteps: readonly number[],
): Promise<readonly AuditedStage[]> {
  const place = auditPlace(stage, party, audit);
  const total = challengedSteps.length + 1;
  const init = await stage.story.act(
    party,
    `proving the initialisation (1 of ${total})`,
    () => proveInit(provers.init, run, place),
    () => ({ text: "proves that checkpoint 0 follows from the seed" }),
  );
  await stage.transact(
    party,
    "answer for the initialisation",
    (sender) => answerInit(sender, audit, initStage(run), toChainProof(init.result)),
    "answers for the initialisation",
  );
  const stages = [describeStage(run, null, challengedSteps, init.seconds)];
  const proofs: Groth16Proof[] = [];
  for (const [index, step] of challengedSteps.entries()) {
    const { result, seconds } = await proveOneStep(stage, party, audit, run, provers, step, [
      index + 2,
      total,
    ]);
    proofs.push(result);
    stages.push(describeStage(run, step, challengedSteps, seconds));
  }
  await stage.transact(
    party,
    "answer for the steps",
    (sender) =>
      answerSteps(
        sender,
        audit,
        challengedSteps.map((step) => stepStage(run, step)),
        proofs.map(toChainProof),
      ),
    `answers for ${challengedSteps.length} steps at once: the contract checks all proofs together; the audit is passed`,
  );
  const { state } = await readRun(audit, stage.address(party));
  if (state !== "passed") throw new Error(`everything is answered, and the run is ${state}`);
  return stages;
}

/** Proves one step of a party's run and tells of it. */
export async function proveOneStep(
  stage: Stage,
  party: AccountParty,
  audit: Audit,
  run: TrainedRun,
  provers: TrainingProvers,
  step: number,
  [number, total]: readonly [number, number],
): Promise<{ readonly result: Groth16Proof; readonly seconds: number }> {
  const batch = batchOfStep(run, step);
  return await stage.story.act(
    party,
    `proving step ${step} (${number} of ${total})`,
    () => proveStep(provers.step, run, auditPlace(stage, party, audit), step),
    () => ({ text: `proves step ${step}: checkpoint ${step} to ${step + 1} on batch ${batch}` }),
  );
}

function describeStage(
  run: TrainedRun,
  step: number | null,
  challengedSteps: readonly number[],
  seconds: number,
): AuditedStage {
  const reason: StageReason =
    step === null
      ? "initialisation"
      : step === challengedSteps[0]
        ? "first step"
        : step === challengedSteps[1]
          ? "last step"
          : "drawn";
  return {
    reason,
    step,
    epochs: (step ?? 0) / run.batches.length,
    batch: step === null ? null : batchOfStep(run, step),
    learningRateFactor: step === null ? null : learningRateFactor(run.rule, step),
    seconds,
  };
}
