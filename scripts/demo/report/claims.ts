import type { DemoRecord } from "../record.ts";
import { type Html, html } from "./html.ts";

/** What the accepted proof shows, and what nobody should read into it. */
export function claimsSection({ task, dataset, model, keys, proof }: DemoRecord): Html {
  return html`<section id="claims">
    <h2>What is proved, and what is not</h2>
    <div class="columns equal">
      <div class="proved">
        <h3>Proved</h3>
        <ul>
          <li>
            The prover knows weights of a ${model.layerSizes.join("-")} integer network that open the model
            commitment it made before.
          </li>
          <li>
            With exactly these weights, at least ${task.provenCorrect} of the ${dataset.testSamples} published
            test samples are classified correctly: every sample counted once, ties going to the lowest class.
          </li>
          <li>
            The proof is for this chain, this market, this task and this prover's address; anywhere else it is
            worth nothing.
          </li>
          <li>
            Proof and commitments (${proof.proofBytes} bytes and one hash) reveal nothing else about weights
            or predictions.
          </li>
        </ul>
      </div>
      <div class="unproved">
        <h3>Not proved</h3>
        <ul>
          <li>That the model generalises: the test set was public, and a prover could have trained on it.</li>
          <li>How, when and on what data the model was trained, or that it was trained at all.</li>
          <li>That the buyer gets the model: it paid for a proof; delivery is not part of this task.</li>
          <li>Anything about the float model; the proof is about the integer one.</li>
          ${keys.kind === "development" ? html`<li>Anything, to people who do not trust the maker of the keys: this run used a development key, whose maker could forge proofs. Registries on public chains refuse such keys.</li>` : html``}
        </ul>
      </div>
    </div>
  </section>`;
}
