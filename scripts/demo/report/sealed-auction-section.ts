import type { DemoBid, SealedAuctionRecord, SealedTaskRecord } from "../sealed-auction/record.ts";
import { badge, count, ether, roundEther } from "./format.ts";
import { type Html, html } from "./html.ts";
import { minutes, priceRamp } from "./price-ramp.ts";

const TITLES = ["First auction", "Second auction", "Third auction"] as const;

/** The three auctions: the price with the asks on it, and what the asks are made of. */
export function auctionsSection({ tasks }: SealedAuctionRecord): Html {
  const [{ auction }] = tasks;
  return html`<section id="auctions">
    <h2>The auctions</h2>
    <p class="soft">
      The price rises from ${roundEther(auction.minPriceWei)} to ${roundEther(auction.maxPriceWei)} in
      ${minutes(auction.rampSeconds)}. Whoever takes the task first works on it alone, for the price of that
      second, and answers for it with ${roundEther(auction.collateralWei)} of collateral. Each prover waits
      for the price that covers its own estimate; dots mark when that is, the dashed line what the price would
      have become.
    </p>
    <div class="columns">
      ${tasks.map(
        (task, index) =>
          html`<div>
            <h3>${TITLES[index]!}: ${outcome(task)}</h3>
            ${priceRamp(task.auction)}
          </div>`,
      )}
    </div>
    <div class="wide">
      <table>
        <thead>
          <tr>
            <th scope="col">auction</th>
            <th scope="col">bidder</th>
            <th scope="col" class="number">data and training</th>
            <th scope="col" class="number">gas, at most</th>
            <th scope="col" class="number">proving, expected</th>
            <th scope="col" class="number">asks for</th>
            <th scope="col" class="number">paid from</th>
            <th scope="col" class="number">takes it for</th>
          </tr>
        </thead>
        <tbody>
          ${tasks.flatMap((task, index) => task.auction.bids.map((bid) => bidRow(TITLES[index]!, task, bid)))}
        </tbody>
      </table>
    </div>
  </section>`;
}

function outcome({ auction, state }: SealedTaskRecord): string {
  return `taken by the ${auction.takenBy}, ${state}`;
}

function bidRow(title: string, { auction }: SealedTaskRecord, bid: DemoBid): Html {
  const took = bid.party === auction.takenBy;
  return html`<tr>
    <th scope="row">${title}</th>
    <td class="tight">${badge(bid.party)}</td>
    <td class="number">${roundEther(bid.trainingWei)}</td>
    <td class="number">${count(bid.gas)}</td>
    <td class="number">${bid.provingSeconds.toFixed(0)} s</td>
    <td class="number">${ether(bid.askWei)}</td>
    <td class="number">${minutes(bid.paidFromSecond)}</td>
    <td class="number">${took ? ether(auction.priceWei) : "too late"}</td>
  </tr>`;
}
