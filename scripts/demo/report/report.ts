import type { DemoRecord } from "../record.ts";
import { accuracySection } from "./accuracy-section.ts";
import { attemptsSection } from "./attempts.ts";
import { gasSection, identitySection, moneySection } from "./chain-section.ts";
import { claimsSection } from "./claims.ts";
import { count, duration, percent, roundEther } from "./format.ts";
import { type Html, html } from "./html.ts";
import { page, tile } from "./page.ts";
import { proofSection } from "./proof-section.ts";
import { timelineSection } from "./timeline.ts";
import { visibilitySection } from "./visibility.ts";

/** The report of a run as one HTML page that needs nothing but itself: no scripts, no fonts, no network. */
export function renderReport(record: DemoRecord): string {
  return page(record, [
    header(record),
    claimsSection(record),
    timelineSection(record),
    accuracySection(record),
    visibilitySection(record),
    attemptsSection(record),
    proofSection(record),
    gasSection(record),
    moneySection(record),
    identitySection(record),
  ]);
}

function header({ dataset, task, proof, transactions }: DemoRecord): Html {
  const accepted = transactions.find(({ action }) => action === "hand in the proof");
  return html`<header>
    <h1>A private model, its accuracy proved, its prover paid</h1>
    <p class="lead">
      A buyer asked for a model with at least ${task.minCorrect} of ${dataset.testSamples} test samples
      correct. A prover showed, in one proof and without showing the model, that its own has
      ${task.provenCorrect}; the contract checked the proof and paid. A rival that claimed too much and a
      copied proof were refused.
    </p>
    <div class="tiles">
      ${tile(`${task.provenCorrect} / ${dataset.testSamples}`, `correct samples proved, ${percent(task.provenCorrect / dataset.testSamples)}`)}
      ${tile(duration(proof.seconds), "for the one proof")} ${tile(`${proof.proofBytes} B`, "proof on chain")}
      ${tile(accepted === undefined ? "none" : count(accepted.gas), "gas to hand it in and be paid")}
      ${tile(roundEther(task.rewardWei), "reward, paid")}
    </div>
  </header>`;
}
