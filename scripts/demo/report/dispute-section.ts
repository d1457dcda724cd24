import type { SealedAuctionRecord } from "../sealed-auction/record.ts";
import { count, duration, ether, facts, roundEther } from "./format.ts";
import { type Html, html } from "./html.ts";

/** How the false reveal was refuted, and what that cost. */
export function disputeSection({ dispute, tasks, transactions }: SealedAuctionRecord): Html {
  const [, , { sampleCount }] = tasks;
  const gasOf = (action: string): string => {
    const found = transactions.find((transaction) => transaction.action === action);
    return found === undefined ? "none" : `${count(found.gas)} gas`;
  };
  return html`<section id="dispute">
    <h2>A false reveal, refuted by one step</h2>
    <p class="soft">
      A data point is a sum of words times fixed points. The forger published its ${sampleCount} samples with
      ${dispute.changedLabels} labels changed, so that nobody could pass, and a root over partial sums the
      last of which it set to the data point. Such a row of sums is wrong at some step, whatever it does. The
      prover demanded the end of it, found the step in the answer, and the contract computed that step anew:
      one multiplication and one addition.
    </p>
    <div class="columns">
      <div>
        <h3>What was shown</h3>
        ${facts([
          ["words of the opening", count(dispute.wordCount)],
          ["demanded", `${dispute.shownWords} of them: chunk ${dispute.chunk} of ${dispute.chunkCount}`],
          ["wrong step", `word ${count(dispute.wrongIndex)}`],
          ["found in", duration(dispute.searchSeconds)],
        ])}
      </div>
      <div>
        <h3>What it cost</h3>
        ${facts([
          ["the demand, of the prover's stake", ether(dispute.demandWei)],
          ["demanding", gasOf("demand a chunk")],
          ["answering", gasOf("answer the demand")],
          ["showing the wrong step", gasOf("dispute a step")],
          ["the forger's bond", `${roundEther(dispute.bondWei)}: half burned, half the prover's`],
        ])}
      </div>
    </div>
  </section>`;
}
