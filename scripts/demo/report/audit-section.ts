import type { AuditedStage, TrainingDemoRecord } from "../training/record.ts";
import { bytes, count, duration, facts, percent, roundEther } from "./format.ts";
import { type Html, html } from "./html.ts";

const PURPOSES = [
  "register the batches",
  "draw the seed",
  "commit to model and trace",
  "draw the challenge",
  "answer for the initialisation",
  "answer for the steps",
] as const;

/** The audit of the run: stages asked for, their proofs, gas, and how likely cheating is found out. */
export function auditSection(record: TrainingDemoRecord): Html {
  const { audit, rival } = record;
  const asked = audit.stages.length;
  return html`<section id="audit">
    <h2>The audit of the training</h2>
    <p class="soft">
      The prover fixed its ${audit.batchCount} batches, the chain drew the seed, and the prover committed to
      all ${count(audit.stepCount + 1)} checkpoints. Only then the chain drew what to show: ${asked} stages,
      each proved without showing weights or samples. The proofs took ${duration(audit.provingSeconds)}.
    </p>
    <div class="wide">
      <table>
        <thead>
          <tr>
            <th scope="col">stage</th>
            <th scope="col">asked because</th>
            <th scope="col" class="number">epochs before</th>
            <th scope="col" class="number">batch</th>
            <th scope="col" class="number">learning-rate factor</th>
            <th scope="col" class="number">proof took</th>
          </tr>
        </thead>
        <tbody>
          ${audit.stages.map(stageRow)}
        </tbody>
      </table>
    </div>
    <div class="columns">
      <div>
        <h3>What a cheat risks</h3>
        ${detectionTable(record)}
      </div>
      <div>
        <h3>What the audit cost the prover</h3>
        ${facts(auditCosts(record))}
      </div>
      ${audit.circuits.map(
        ({ instanceId, rows, domainPower, provingKeyBytes }) =>
          html`<div>
            <h3>Circuit ${instanceId}</h3>
            ${facts([
              ["rows", count(rows)],
              ["domain", `2^${domainPower} = ${count(2 ** domainPower)}`],
              ["proving key", bytes(provingKeyBytes)],
            ])}
          </div>`,
      )}
    </div>
    <p class="note">
      The rival trained ${count(rival.trainedSteps)} of ${count(audit.stepCount)} steps and invented the rest
      of its trace. It could not answer; its stake was slashed: ${roundEther(audit.slashed.burnedWei)} burned,
      ${roundEther(audit.slashed.paidWei)} paid to the buyer.
    </p>
  </section>`;
}

function stageRow({ reason, step, epochs, batch, learningRateFactor, seconds }: AuditedStage): Html {
  const value = (entry: number | null): string => (entry === null ? "none" : count(entry));
  return html`<tr>
    <th scope="row">${step === null ? "checkpoint 0" : `step ${count(step)}`}</th>
    <td>${reason}</td>
    <td class="number">${epochs.toFixed(2)}</td>
    <td class="number">${value(batch)}</td>
    <td class="number">${value(learningRateFactor)}</td>
    <td class="number">${duration(seconds)}</td>
  </tr>`;
}

function detectionTable({ audit }: TrainingDemoRecord): Html {
  const { detection, drawnSteps, stepCount } = audit;
  return html`<table>
      <thead>
        <tr>
          <th scope="col" class="number">steps faked</th>
          <th scope="col" class="number">share</th>
          <th scope="col" class="number">found out with probability</th>
        </tr>
      </thead>
      <tbody>
        ${detection.map(
          ({ badSteps, probability }) =>
            html`<tr>
              <td class="number">${count(badSteps)}</td>
              <td class="number">${share(badSteps / stepCount)}</td>
              <td class="number">${share(probability)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
    <p class="note">
      1 − C(T − bad, a)/C(T, a) for a = ${drawnSteps} drawn of T = ${count(stepCount)} steps. A faked
      initialisation, first or last step is always found out: those are always asked for.
    </p>`;
}

/** Percent, with enough digits for small shares; never 100 % for less. */
function share(value: number): string {
  if (value >= 0.9995 && value < 1) return "> 99.9 %";
  return value > 0 && value < 0.01 ? `${(100 * value).toFixed(2)} %` : percent(value);
}

function auditCosts({ audit, training, transactions }: TrainingDemoRecord): readonly [string, string][] {
  const gasOf = PURPOSES.map((purpose): readonly [string, number | undefined] => [
    purpose,
    transactions.find(({ party, action }) => party === "prover" && action === purpose)?.gas,
  ]);
  const sent = gasOf.filter((entry): entry is readonly [string, number] => entry[1] !== undefined);
  return [
    ["training", duration(training.seconds)],
    ["committing to all checkpoints", duration(training.commitSeconds)],
    [`proving ${audit.stages.length} stages`, duration(audit.provingSeconds)],
    ...sent.map(([purpose, gas]): [string, string] => [purpose, `${count(gas)} gas`]),
    ["all of these", `${count(sent.reduce((sum, [, gas]) => sum + gas, 0))} gas`],
  ];
}
