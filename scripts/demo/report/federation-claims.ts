import type { FederationDemoRecord } from "../federation/record.ts";
import { count, percent } from "./format.ts";
import { type Html, html } from "./html.ts";

/** What the accepted proofs of a federation's rounds show, and what nobody should read into them. */
export function federationClaimsSection(record: FederationDemoRecord): Html {
  const { dataset, layerSizes, records, federation, keyKind, heldOut } = record;
  const last = records.at(-1)!;
  return html`<section id="claims">
    <h2>What is proved, and what is not</h2>
    <div class="columns equal">
      <div class="proved">
        <h3>Proved</h3>
        <ul>
          <li>
            Every model that was averaged has at least the stated count of ${dataset.testSamples} published
            test samples, with the weights of its commitment: a ${layerSizes.join("-")} integer network.
          </li>
          <li>
            Every masked vector is the committed, scored model times its factor, plus the prescribed masks:
            who proves one model cannot contribute another.
          </li>
          <li>
            Every global model is the weighted average of just these models, rounded by a fixed rule, and the
            last one has at least ${last.globalCorrect} test samples correct.
          </li>
          <li>
            The same weights were proven once a round at most, whatever the salt and whoever submits them: a
            copy has the same nullifier.
          </li>
          <li>
            All proofs are for this chain, this contract, this federation, this round and the prover's own
            address, and reveal nothing else about models or data.
          </li>
        </ul>
      </div>
      <div class="unproved">
        <h3>Not proved</h3>
        <ul>
          <li>
            That the global model generalises: the test set is public, and members choose what they submit by
            it. On ${count(heldOut.sampleCount)} samples of the free rider, which nobody trained on or was
            scored on, the last one has ${percent(heldOut.correct / heldOut.sampleCount)} correct.
          </li>
          <li>
            That members trained at all, on what, or on how many samples: a factor, up to
            ${federation.maxFactor}, is what a member says.
          </li>
          <li>
            That an accepted model has no back door: a model that scores well and fails on chosen inputs is
            averaged like any other.
          </li>
          <li>
            That members do not conspire: all members of a masking but one, together, can tell that one's
            model from the sum.
          </li>
          ${keyKind === "development" ? html`<li>Anything, to people who do not trust the maker of the keys: this run used development keys, whose maker could forge proofs. Registries on public chains refuse such keys.</li>` : html``}
        </ul>
      </div>
    </div>
  </section>`;
}
