import type { DemoShardProof, SealedAuctionRecord, SealedTaskRecord } from "../sealed-auction/record.ts";
import { attemptsTable } from "./attempts.ts";
import {
  fieldElement,
  gasSection,
  identityTable,
  type IdentityRow,
  moneySection,
  point,
} from "./chain-section.ts";
import { disputeSection } from "./dispute-section.ts";
import { earningsSection } from "./earnings-section.ts";
import { badge, code, duration, percent, roundEther } from "./format.ts";
import { type Html, html } from "./html.ts";
import { page, tile } from "./page.ts";
import { circuitFacts, keyFacts, machineFacts } from "./proof-section.ts";
import { scoresSection } from "./scores-section.ts";
import { sealedClaimsSection } from "./sealed-auction-claims.ts";
import { auctionsSection } from "./sealed-auction-section.ts";
import { sealedVisibilitySection } from "./sealed-auction-visibility.ts";
import { timelineSection } from "./timeline.ts";

/** The report of auctions on sealed test sets as one HTML page that needs nothing but itself. */
export function renderSealedAuctionReport(record: SealedAuctionRecord): string {
  return page(record, [
    header(record),
    sealedClaimsSection(record),
    auctionsSection(record),
    scoresSection(record),
    timelineSection(record),
    sealedVisibilitySection(record),
    attempts(record),
    disputeSection(record),
    proofs(record),
    gasSection(record),
    earningsSection(record),
    moneySection(record),
    identity(record),
  ]);
}

function header({ tasks, models, dataset, money }: SealedAuctionRecord): Html {
  const [first, second] = tasks;
  const [rival, prover] = models;
  const burnedWei = money.reduce((sum, act) => sum + BigInt(act.burnedWei), 0n);
  return html`<header>
    <h1>Test sets under seal: what was learnt by heart is worth nothing</h1>
    <p class="lead">
      A buyer auctioned tasks on test sets that nobody could see before committing to a model. The cheapest
      bidder had learnt the public sample by heart: ${rival!.publicCorrect} of ${dataset.publicSamples}
      correct there, ${rival!.sealedCorrect[0]!} of ${first.sampleCount} on the sealed set, where
      ${first.minCorrect} were asked for; it lost its collateral. An honest prover took the next task, proved
      ${second.provenCorrect} of ${second.sampleCount} and was paid. A buyer that revealed something else than
      it had sealed lost its bond.
    </p>
    <div class="tiles">
      ${tile(`${rival!.publicCorrect} / ${dataset.publicSamples}`, "the rival, on the public sample")}
      ${tile(percent(rival!.sealedCorrect[0]! / first.sampleCount), `the rival, under seal: ${rival!.sealedCorrect[0]!} of ${first.sampleCount}`)}
      ${tile(percent(prover!.sealedCorrect[1]! / second.sampleCount), `the prover, under seal: ${second.provenCorrect} of ${second.sampleCount}, proved`)}
      ${tile(`${(Number(second.auction.priceWei) / 1e18).toFixed(4)} ETH`, "price of the auction, paid to the prover")}
      ${tile(`${(Number(burnedWei) / 1e18).toFixed(4)} ETH`, `burned: collateral of ${roundEther(first.auction.collateralWei)}, half of a bond and of a demand`)}
    </div>
  </header>`;
}

function attempts({ attempts: tried }: SealedAuctionRecord): Html {
  return html`<section id="attempts">
    <h2>What was tried and refused</h2>
    <p class="soft">
      The rival cannot prove more than its model has, and what it has is not enough. The forger's reveal does
      not open the data point that it had posted.
    </p>
    ${attemptsTable(tried)}
  </section>`;
}

function proofs({ proofs: made, circuit, keys, environment }: SealedAuctionRecord): Html {
  const largest = Math.max(...made.map(({ sampleCount }) => sampleCount));
  return html`<section id="proof">
    <h2>Circuit, keys and proofs</h2>
    <p class="soft">
      One Groth16 proof with a committed block (BN254) for each shard; the market checks those of one call in
      one batch and adds up their counts.
    </p>
    <div class="wide">
      <table>
        <thead>
          <tr>
            <th scope="col">party</th>
            <th scope="col" class="number">task</th>
            <th scope="col" class="number">shard</th>
            <th scope="col" class="number">proved correct</th>
            <th scope="col" class="number">made in</th>
            <th scope="col">market</th>
          </tr>
        </thead>
        <tbody>
          ${made.map(proofRow)}
        </tbody>
      </table>
    </div>
    <div class="columns">
      <div>
        <h3>Circuit</h3>
        ${circuitFacts(circuit, largest)}
      </div>
      <div>
        <h3>Keys</h3>
        ${keyFacts(keys)}
      </div>
      <div>
        <h3>Machine</h3>
        ${machineFacts(environment)}
      </div>
    </div>
  </section>`;
}

function proofRow({ party, taskId, shard, correct, sampleCount, seconds, isAccepted }: DemoShardProof): Html {
  return html`<tr>
    <td class="tight">${badge(party)}</td>
    <td class="number">${taskId}</td>
    <td class="number">${shard + 1}</td>
    <td class="number">${correct} of ${sampleCount}</td>
    <td class="number">${duration(seconds)}</td>
    ${isAccepted ? html`<td>accepted</td>` : html`<td class="refused">refused: the count is below the threshold</td>`}
  </tr>`;
}

function identity(record: SealedAuctionRecord): Html {
  const { chain, keys, tasks } = record;
  return identityTable(record, [
    ["auction", code(chain.taskAuction)],
    ["seal of test sets", code(chain.testSetSeal)],
    ["key id (keccak256 of the verifying key)", code(keys.keyId)],
    ...tasks.flatMap(taskRows),
  ]);
}

function taskRows({
  taskId,
  documentHash,
  dataPoints,
  openingRoot,
  modelCommitment,
}: SealedTaskRecord): readonly IdentityRow[] {
  return [
    [`task ${taskId}: document (keccak256)`, code(documentHash)],
    ...dataPoints.map((dataPoint, shard): IdentityRow => [
      `task ${taskId}: data point of shard ${shard + 1} (x, y)`,
      point(dataPoint),
    ]),
    [`task ${taskId}: root of the stated opening`, code(openingRoot)],
    [`task ${taskId}: model commitment`, fieldElement(modelCommitment)],
  ];
}
