import type { DemoRound, DemoWork, FederationDemoRecord } from "../federation/record.ts";
import { count, duration, facts } from "./format.ts";
import { type Html, html } from "./html.ts";
import { machineFacts } from "./proof-section.ts";

/** Seconds that the honest members of a round worked, one after the other on one machine. */
export function honestSeconds({ work }: DemoRound): number {
  return total(work.filter(isHonest));
}

/** What the rounds took: proofs, and all else. */
export function federationTimesSection({ rounds, circuits, environment }: FederationDemoRecord): Html {
  const most = Math.max(...rounds.map(({ seconds }) => seconds));
  return html`<section id="times">
    <h2>What the rounds took</h2>
    <p class="soft">
      All members work on one machine, one after the other; on machines of their own they would work side by
      side. Clocks of the chain are moved on whenever everybody waits, so that no time is spent waiting.
    </p>
    <div class="wide">
      <table>
        <thead>
          <tr>
            <th scope="col" class="number">round</th>
            <th scope="col" class="number">all members</th>
            <th scope="col" class="number">honest members</th>
            <th scope="col" class="number">of which proving</th>
            <th scope="col" class="number">proofs of all</th>
            <th scope="col" class="number">longest step with a proof</th>
            <th scope="col">share of the longest round</th>
          </tr>
        </thead>
        <tbody>
          ${rounds.map((round) => row(round, most))}
        </tbody>
      </table>
    </div>
    <div class="columns">
      ${circuits.map(
        ({ instanceId, rows, domainPower }) =>
          html`<div>
            <h3>Circuit ${instanceId}</h3>
            ${facts([
              ["rows", count(rows)],
              ["domain", `2^${domainPower} = ${count(2 ** domainPower)}`],
            ])}
          </div>`,
      )}
      <div>
        <h3>Machine</h3>
        ${machineFacts(environment)}
      </div>
    </div>
  </section>`;
}

function row(round: DemoRound, most: number): Html {
  const proofs = round.work.filter(({ isProof }) => isProof);
  const honest = round.work.filter(isHonest);
  const longest = Math.max(0, ...proofs.map(({ seconds }) => seconds));
  return html`<tr>
    <td class="number">${round.round}</td>
    <td class="number">${duration(round.seconds)}</td>
    <td class="number">${duration(total(honest))}</td>
    <td class="number">${duration(total(honest.filter(({ isProof }) => isProof)))}</td>
    <td class="number">${proofs.length}</td>
    <td class="number">${duration(longest)}</td>
    <td>
      <div class="bar">
        <i class="sponsor" style="left: 0; width: ${((100 * round.seconds) / most).toFixed(2)}%"></i>
        <i class="member-1" style="left: 0; width: ${((100 * total(honest)) / most).toFixed(2)}%"></i>
      </div>
    </td>
  </tr>`;
}

function isHonest({ party }: DemoWork): boolean {
  return party.startsWith("member-");
}

function total(work: readonly DemoWork[]): number {
  return work.reduce((sum, { seconds }) => sum + seconds, 0);
}
