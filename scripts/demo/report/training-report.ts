import type { TrainingDemoRecord } from "../training/record.ts";
import { attemptsTable } from "./attempts.ts";
import { auditSection } from "./audit-section.ts";
import { gasSection, identitySection, moneySection } from "./chain-section.ts";
import { code, duration, percent, roundEther } from "./format.ts";
import { type Html, html } from "./html.ts";
import { page, tile } from "./page.ts";
import { proofSection } from "./proof-section.ts";
import { timelineSection } from "./timeline.ts";
import { trainingClaimsSection } from "./training-claims.ts";
import { trainingSection } from "./training-section.ts";
import { trainingVisibilitySection } from "./training-visibility.ts";

/** The report of a run with training proof as one HTML page that needs nothing but itself. */
export function renderTrainingReport(record: TrainingDemoRecord): string {
  const { audit } = record;
  const extra: readonly (readonly [string, Html])[] = [
    ["training audit", code(audit.contract)],
    ["training rule (keccak256)", code(audit.ruleHash)],
    ["root of the batches", code(audit.batchRoot)],
    ["seed of the run", code(audit.seed)],
    ["root of the trace", code(audit.traceRoot)],
    ...audit.circuits.map(({ instanceId, keyId }): readonly [string, Html] => [
      `key id of ${instanceId}`,
      code(keyId),
    ]),
  ];
  return page(record, [
    header(record),
    trainingClaimsSection(record),
    timelineSection(record),
    trainingSection(record),
    auditSection(record),
    trainingVisibilitySection(record),
    attempts(record),
    proofSection(record),
    gasSection(record),
    moneySection(record),
    identitySection(record, extra),
  ]);
}

function header({ dataset, task, proof, audit }: TrainingDemoRecord): Html {
  return html`<header>
    <h1>A private model, its training and its accuracy proved, its prover paid</h1>
    <p class="lead">
      A buyer asked for a model with at least ${task.minCorrect} of ${dataset.testSamples} test samples
      correct, and for proof that it was trained. A prover trained from a seed that the chain drew, answered
      for ${audit.stages.length} stages that the chain chose, proved that the outcome has
      ${task.provenCorrect} correct, and was paid. A rival that had stopped early could not answer and lost
      its stake.
    </p>
    <div class="tiles">
      ${tile(`${task.provenCorrect} / ${dataset.testSamples}`, `correct samples proved, ${percent(task.provenCorrect / dataset.testSamples)}`)}
      ${tile(`${audit.stages.length}`, `stages of ${audit.stepCount.toLocaleString("en")} steps proved`)}
      ${tile(duration(audit.provingSeconds), "for the proofs of the audit")}
      ${tile(duration(proof.seconds), "for the proof of accuracy")}
      ${tile(roundEther(task.rewardWei), "reward, paid")}
    </div>
  </header>`;
}

function attempts({ attempts, rival, audit, dataset }: TrainingDemoRecord): Html {
  return html`<section id="attempts">
    <h2>What was tried and refused</h2>
    <p class="soft">
      The rival stopped after ${rival.trainedSteps} of ${audit.stepCount} steps, with ${rival.correct} of
      ${dataset.testSamples} test samples correct, and filled the rest of its trace with invented numbers. It
      can prove the first step, which it took; of a step that it did not take there is no proof, and the proof
      of another one does not fit. When its time was over, half of its stake was burned and half went to the
      buyer.
    </p>
    ${attemptsTable(attempts)}
  </section>`;
}
