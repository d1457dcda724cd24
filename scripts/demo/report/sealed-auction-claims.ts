import type { SealedAuctionRecord } from "../sealed-auction/record.ts";
import { type Html, html } from "./html.ts";

/** What the accepted proofs on the sealed test set show, and what nobody should read into them. */
export function sealedClaimsSection({ tasks, layerSizes, keys }: SealedAuctionRecord): Html {
  const [, task] = tasks;
  return html`<section id="claims">
    <h2>What is proved, and what is not</h2>
    <div class="columns equal">
      <div class="proved">
        <h3>Proved</h3>
        <ul>
          <li>
            The prover knew weights of a ${layerSizes.join("-")} integer network that open its model
            commitment, and with exactly these weights at least ${task.provenCorrect} of ${task.sampleCount}
            test samples are classified correctly, over ${task.dataPoints.length} shards.
          </li>
          <li>
            The commitment was made while the test set was sealed. What was revealed afterwards is what the
            data points had fixed before anybody could commit: anybody can recompute them.
          </li>
          <li>
            The proofs are for this chain, this market, this task and this prover's address, and reveal
            nothing else about weights or predictions.
          </li>
        </ul>
      </div>
      <div class="unproved">
        <h3>Not proved</h3>
        <ul>
          <li>That the buyer showed the sealed test set to nobody: whoever it tells can win with it.</li>
          <li>
            That its labels are true. A test set that was sealed with wrong labels and revealed as it was
            costs provers their work, and by its burned collateral earns its buyer nothing.
          </li>
          <li>How, when and on what data the model was trained.</li>
          <li>That the buyer gets the model: it paid for proofs; delivery is not part of these tasks.</li>
          ${keys.kind === "development" ? html`<li>Anything, to people who do not trust the maker of the keys: this run used a development key, whose maker could forge proofs. Registries on public chains refuse such keys.</li>` : html``}
        </ul>
      </div>
    </div>
  </section>`;
}
