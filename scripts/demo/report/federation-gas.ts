import type { DemoRoundGas, FederationDemoRecord } from "../federation/record.ts";
import { count } from "./format.ts";
import { type Html, html } from "./html.ts";

/** What a member may spend in a round to commit, prove and claim, and a leader to deliver the average. */
export const GAS_LIMITS = { member: 700_000, finalisation: 600_000 } as const;

/** What a round costs a member, and the leader. */
export interface RoundGas {
  /** The most that a member paid in one round to commit, prove and claim. */
  readonly member: number;
  /** The most that a leader paid for the average. */
  readonly finalisation: number;
}

/** The sums that have limits. */
export function roundGas(gas: readonly DemoRoundGas[]): RoundGas {
  const sums = new Map<string, number>();
  for (const { party, round, method, gas: spent } of gas) {
    if (method !== "commit" && method !== "prove" && method !== "claim") continue;
    const key = `${party} ${round}`;
    sums.set(key, (sums.get(key) ?? 0) + spent);
  }
  const averages = gas.filter(({ method }) => method === "aggregate");
  return {
    member: Math.max(0, ...sums.values()),
    finalisation: Math.max(0, ...averages.map(({ gas: spent }) => spent)),
  };
}

/** Gas by method, and the sums that have limits. */
export function federationGasSection({ gas }: FederationDemoRecord): Html {
  const { member, finalisation } = roundGas(gas);
  const methods = [...new Set(gas.map(({ method }) => method))];
  return html`<section id="roundgas">
    <h2>Gas of a round</h2>
    <p class="soft">
      What a call costs does not depend on how many members there are. Reverted calls are left out.
    </p>
    <div class="wide">
      <table>
        <thead>
          <tr>
            <th scope="col">call</th>
            <th scope="col" class="number">calls</th>
            <th scope="col" class="number">least</th>
            <th scope="col" class="number">most</th>
          </tr>
        </thead>
        <tbody>
          ${methods.map((method) => {
            const spent = gas.filter((entry) => entry.method === method).map((entry) => entry.gas);
            return html`<tr>
              <th scope="row">${method}</th>
              <td class="number">${spent.length}</td>
              <td class="number">${count(Math.min(...spent))}</td>
              <td class="number">${count(Math.max(...spent))}</td>
            </tr>`;
          })}
          ${limitRow("a member's commit, prove and claim in one round", member, GAS_LIMITS.member)}
          ${limitRow("a leader's average", finalisation, GAS_LIMITS.finalisation)}
        </tbody>
      </table>
    </div>
  </section>`;
}

function limitRow(name: string, spent: number, limit: number): Html {
  return html`<tr>
    <th scope="row">${name}</th>
    <td class="number">limit ${count(limit)}</td>
    <td></td>
    <td class="${spent > limit ? "number refused" : "number yes"}">${count(spent)}</td>
  </tr>`;
}
