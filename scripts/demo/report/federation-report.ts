import type { FederationDemoRecord } from "../federation/record.ts";
import { attemptsTable } from "./attempts.ts";
import { fieldElement, gasSection, identityTable, type IdentityRow, moneySection } from "./chain-section.ts";
import { federationClaimsSection } from "./federation-claims.ts";
import { federationGasSection } from "./federation-gas.ts";
import { membersSection } from "./federation-members.ts";
import { roundsSection } from "./federation-rounds.ts";
import { federationTimesSection, honestSeconds } from "./federation-times.ts";
import { federationVisibilitySection } from "./federation-visibility.ts";
import { code, duration, percent, roundEther } from "./format.ts";
import { type Html, html } from "./html.ts";
import { page, tile } from "./page.ts";
import { timelineSection } from "./timeline.ts";

/** The report of a federation's rounds as one HTML page that needs nothing but itself. */
export function renderFederationReport(record: FederationDemoRecord): string {
  return page(record, [
    header(record),
    federationClaimsSection(record),
    roundsSection(record),
    membersSection(record),
    attempts(record),
    federationVisibilitySection(record),
    federationTimesSection(record),
    federationGasSection(record),
    chainOfRecords(record),
    moneySection(record),
    folded(`Timeline (${record.events.length})`, timelineSection(record)),
    folded(`Gas of all transactions (${record.transactions.length})`, gasSection(record)),
    folded("Hashes and addresses", identity(record)),
  ]);
}

/** A section that is long, and closed until somebody opens it. */
function folded(summary: string, section: Html): Html {
  return html`<details>
    <summary>${summary}</summary>
    ${section}
  </details>`;
}

function header({ rounds, records, dataset, members, attempts, federation }: FederationDemoRecord): Html {
  const last = records.at(-1)!;
  const honest = members.filter(({ role }) => role === "honest").length;
  const slowest = Math.max(...rounds.map(honestSeconds));
  const paidWei = rounds
    .flatMap(({ scores }) => scores)
    .reduce((sum, { paidWei: wei }) => sum + BigInt(wei), 0n);
  return html`<header>
    <h1>One model out of many, and nobody saw anybody's</h1>
    <p class="lead">
      ${honest} members trained a common model on data that never left them, over ${rounds.length} rounds.
      Each proved how good its own model is, the best led the round, and what was averaged were masked models
      that are proved to be the scored ones. From ${federation.startCorrect} the global model came to
      ${last.globalCorrect} of ${dataset.testSamples} test samples. One member poisoned and one rode for free;
      whatever they tried was refused or earned nothing.
    </p>
    <div class="tiles">
      ${tile(percent(last.globalCorrect / dataset.testSamples), `of ${dataset.testSamples} test samples correct after ${rounds.length} rounds, proved`)}
      ${tile(`${honest} of ${members.length}`, "accounts were honest members")}
      ${tile(String(attempts.length), "attempts to cheat, all refused")}
      ${tile(duration(slowest), "longest round of the honest members, all proofs included")}
      ${tile(roundEther(String(paidWei)), "paid for proven improvement")}
    </div>
  </header>`;
}

function attempts({ attempts: tried, federation }: FederationDemoRecord): Html {
  return html`<section id="attempts">
    <h2>Who was caught, and how</h2>
    <p class="soft">
      A model that falls more than ${federation.toleranceCount} samples behind the last global one has no
      place in the average; a count without a model that has it has no proof, nor has a masked vector of
      another model than the scored one. The last global model, handed in again, improves nothing and is paid
      nothing, and from a second account it is the same nullifier. Who publishes something else than the
      vector it has proven ends the round, for nobody finds the vector, and sits out the next.
    </p>
    ${attemptsTable(tried)}
  </section>`;
}

function chainOfRecords({ records }: FederationDemoRecord): Html {
  return html`<section id="records">
    <h2>The chain of records</h2>
    <p class="soft">
      One record a round: the hash of the record before, the commitment to the global model, the hash of its
      address, the leader and the proven count. All hashes were computed again from the contract's events, and
      the last one is the one that the contract stores.
    </p>
    <div class="wide">
      <table>
        <thead>
          <tr>
            <th scope="col" class="number">round</th>
            <th scope="col">leader</th>
            <th scope="col" class="number">correct</th>
            <th scope="col">global model: address and commitment</th>
            <th scope="col">hash of the record</th>
          </tr>
        </thead>
        <tbody>
          ${records.map(
            ({ round, leader, globalCorrect, globalUri, globalCommitment, recordHash }) =>
              html`<tr>
                <td class="number">${round === 0 ? "start" : round}</td>
                <td class="tight">${leader}</td>
                <td class="number">${globalCorrect}</td>
                <td>${code(globalUri)}<br />${fieldElement(globalCommitment)}</td>
                <td>${code(recordHash)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}

function identity(record: FederationDemoRecord): Html {
  const { chain, circuits, federation } = record;
  return identityTable(record, [
    ["federated rounds", code(chain.federatedRounds)],
    ["federation", code(federation.federationId)],
    ["federation document (keccak256)", code(federation.documentHash)],
    ...circuits.map(({ instanceId, keyId }): IdentityRow => [`key id of ${instanceId}`, code(keyId)]),
  ]);
}
