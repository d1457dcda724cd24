import type { TrainingDemoRecord } from "../training/record.ts";
import { count, percent } from "./format.ts";
import { type Html, html } from "./html.ts";

/** What the accepted proofs of training and accuracy show, and what nobody should read into them. */
export function trainingClaimsSection({ task, dataset, model, keys, audit }: TrainingDemoRecord): Html {
  const tenth = audit.detection.find(({ badSteps }) => badSteps >= audit.stepCount / 10);
  return html`<section id="claims">
    <h2>What is proved, and what is not</h2>
    <div class="columns equal">
      <div class="proved">
        <h3>Proved</h3>
        <ul>
          <li>
            The prover knows weights of a ${model.layerSizes.join("-")} integer network that open its model
            commitment, and with exactly these weights at least ${task.provenCorrect} of the
            ${dataset.testSamples} published test samples are classified correctly.
          </li>
          <li>
            These weights are the last of ${count(audit.stepCount + 1)} checkpoints that were fixed before
            anybody knew what would be asked. The first is the initialisation from a seed that the chain drew.
          </li>
          <li>
            ${count(audit.stages.length - 1)} steps, the first, the last and ones drawn at random, follow the
            rule exactly: the prescribed batch out of data fixed before the seed, the prescribed learning
            rate, every product and rounding.
          </li>
          <li>
            About all other steps the draw says:
            ${tenth === undefined ? "the more are faked, the likelier it is found out" : `a run with ${count(tenth.badSteps)} of them faked is found out with probability ${percent(tenth.probability)}`},
            and then costs its stake.
          </li>
          <li>
            The proofs are for this chain, this market, this task and this prover's address, and reveal
            nothing else about weights, samples or predictions.
          </li>
        </ul>
      </div>
      <div class="unproved">
        <h3>Not proved</h3>
        <ul>
          <li>
            That every step is right. One faked step, enough to slip in a model trained elsewhere, is found
            out with probability ${percent(audit.detection[0]?.probability ?? 0)} only: more steps drawn or a
            higher stake make that not worth it.
          </li>
          <li>
            Where the training samples come from: they were fixed before the seed, but may be anything, the
            public test set included.
          </li>
          <li>
            That it was trained only once: a prover may train under several accounts, each with its stake, and
            hand in the best.
          </li>
          <li>That the model generalises, or that the buyer gets it: it paid for proofs.</li>
          ${keys.kind === "development" ? html`<li>Anything, to people who do not trust the maker of the keys: this run used development keys, whose maker could forge proofs. Registries on public chains refuse such keys.</li>` : html``}
        </ul>
      </div>
    </div>
  </section>`;
}
