import type { DemoAttempt, DemoRecord } from "../record.ts";
import { badge, code, count } from "./format.ts";
import { type Html, html } from "./html.ts";

/** What was tried dishonestly, and who stopped it. */
export function attemptsSection({ attempts, rival, dataset }: DemoRecord): Html {
  return html`<section id="attempts">
    <h2>What was tried and refused</h2>
    <p class="soft">
      The rival's model, trained on ${rival.trainSamples} samples, has ${rival.correct} of
      ${dataset.testSamples} correct and claims ${rival.claimed}. The copier has no model: it repeats the
      winner's commitment and, with a higher fee, its proof, and comes first in the block. The toolkit refuses
      to take part; sent all the same, both are reverted by the contract, cost their senders gas, and touch
      nobody's stake.
    </p>
    ${attemptsTable(attempts)}
  </section>`;
}

/** One row for each attempt. */
export function attemptsTable(attempts: readonly DemoAttempt[]): Html {
  return html`<div class="wide">
    <table>
      <thead>
        <tr>
          <th scope="col">party</th>
          <th scope="col">tried</th>
          <th scope="col">stopped by</th>
          <th scope="col">reason</th>
          <th scope="col" class="number">gas lost</th>
        </tr>
      </thead>
      <tbody>
        ${attempts.map(row)}
      </tbody>
    </table>
  </div>`;
}

function row({ party, title, stoppedBy, code: reason, message, gas }: DemoAttempt): Html {
  return html`<tr>
    <td class="tight">${badge(party)}</td>
    <td class="roomy">${title}</td>
    <td class="refused">${stoppedBy}</td>
    <td>${code(reason)}<br /><span class="note">${message}</span></td>
    <td class="number">${gas === null ? "none" : count(gas)}</td>
  </tr>`;
}
