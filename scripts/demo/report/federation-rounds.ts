import type { DemoLeader, DemoRound, FederationDemoRecord } from "../federation/record.ts";
import type { FederationParty } from "../record.ts";
import { badge, ether, percent } from "./format.ts";
import { type Html, html } from "./html.ts";
import { type ChartPoint, lineChart } from "./learning-curve.ts";

/** Accuracy, proven scores, leaders and rewards of every round. */
export function roundsSection(record: FederationDemoRecord): Html {
  const { rounds, records, dataset, members, federation } = record;
  const share = (correct: number): number => correct / dataset.testSamples;
  const values = accuracies(record);
  const points = rounds.flatMap(({ round, scores }) =>
    scores.map(({ party, correct }): ChartPoint => ({
      index: round,
      value: share(correct),
      kind: party,
      label: `${party}, round ${round}: ${correct} of ${dataset.testSamples}`,
    })),
  );
  const lowest = Math.floor(Math.min(...values, ...points.map(({ value }) => value)) * 10) / 10;
  return html`<section id="rounds">
    <h2>The rounds</h2>
    <p class="soft">
      The line is the proven accuracy of the global model, dots are the models that members proved. A model
      may fall ${federation.toleranceCount} samples behind the last global one; the leader is the best of the
      round, drawn by stake among those within ${federation.bandCount} of it. A round's reward is divided by
      improvement: what a model has beyond the last global one.
    </p>
    <div class="columns">
      <div>
        <h3>Accuracy of the global model, by round</h3>
        ${lineChart({ title: "global accuracy", values, lowest, highest: 1, format: percent, unit: "round", first: 0, points })}
      </div>
    </div>
    <h3>Proven counts of ${dataset.testSamples} samples</h3>
    <div class="wide">
      <table>
        <thead>
          <tr>
            <th scope="col">member</th>
            ${rounds.map(({ round }) => html`<th scope="col" class="number">round ${round}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${members.map(
            ({ party }) =>
              html`<tr>
                <td class="tight">${badge(party)}</td>
                ${rounds.map((round) => scoreCell(round, party))}
              </tr>`,
          )}
          <tr>
            <th scope="row">global model</th>
            ${rounds.map(
              ({ round, globalCorrect }) =>
                html`<td class="number">
                  <b>${globalCorrect ?? records[round - 1]?.globalCorrect ?? ""}</b>
                </td>`,
            )}
          </tr>
        </tbody>
      </table>
    </div>
    <p class="note">
      Below a count: its part of the round's reward. Without one, the model improved nothing.
    </p>
    <h3>Leaders, maskings and rewards</h3>
    <div class="wide">
      <table>
        <thead>
          <tr>
            <th scope="col" class="number">round</th>
            <th scope="col">leader</th>
            <th scope="col">maskings</th>
            <th scope="col">new global model</th>
            <th scope="col" class="number">reward</th>
          </tr>
        </thead>
        <tbody>
          ${rounds.map(roundRow)}
        </tbody>
      </table>
    </div>
  </section>`;
}

/** Of the start and after each round. */
function accuracies({ rounds, dataset, federation }: FederationDemoRecord): number[] {
  let correct = federation.startCorrect;
  return [correct, ...rounds.map(({ globalCorrect }) => (correct = globalCorrect ?? correct))].map(
    (value) => value / dataset.testSamples,
  );
}

function scoreCell({ scores }: DemoRound, party: FederationParty): Html {
  const score = scores.find((entry) => entry.party === party);
  if (score === undefined) return html`<td class="number soft">none</td>`;
  const { correct, isAveraged, paidWei } = score;
  const paid = paidWei === "0" ? html`` : html`<br /><span class="note">${ether(paidWei)}</span>`;
  const left = isAveraged ? html`` : html`<br /><span class="note">not averaged</span>`;
  return html`<td class="number">${correct}${paid}${left}</td>`;
}

function roundRow({
  round,
  leaders,
  maskings,
  missed,
  globalCorrect,
  isLeadersOwn,
  rewardWei,
}: DemoRound): Html {
  const dropped = maskings.flatMap(({ dropped: names }) => names);
  const maskingText = `${maskings.length}${dropped.length === 0 ? "" : `, ${dropped.join(" and ")} dropped out`}`;
  const outcome =
    globalCorrect === null
      ? `none: ${missed.length === 0 ? "the round was abandoned" : `given up, as the vector of ${missed.join(" and ")} was missing`}`
      : `${isLeadersOwn ? "the leader's own model" : `average of ${maskings.at(-1)!.peers.length} models`}, ${globalCorrect} correct`;
  return html`<tr>
    <td class="number">${round}</td>
    <td>${leaders.length === 0 ? html`none` : leaders.map(leaderText)}</td>
    <td>${maskingText}</td>
    <td>${outcome}</td>
    <td class="number">${ether(rewardWei)}</td>
  </tr>`;
}

const LEADER_TEXTS = {
  slashed: "vanished with the lead and lost its bond",
  passed: "passed",
  "given up": "did not lead",
} as const;

function leaderText({ party, outcome }: DemoLeader): Html {
  if (outcome === "delivered") return badge(party);
  const what = LEADER_TEXTS[outcome];
  return html`<span class="nowrap">${badge(party)} <span class="refused">${what}</span></span
    ><br />`;
}
