import type { DemoRecord } from "../record.ts";
import { count } from "./format.ts";
import { type Html, html } from "./html.ts";

/** Who learnt a value, by column: whether, or when; "never" is no. */
export type Sight = readonly (boolean | string)[];

/** Columns of tasks on public test sets: buyer, prover, chain observers, competing provers. */
const PARTIES = ["buyer", "prover", "chain observers", "competing provers"] as const;

export const EVERYBODY: Sight = [true, true, true, true];
export const PROVER_ONLY: Sight = [false, true, false, false];

/** A value, what it is in this run, and who saw it. */
export interface VisibilityRow {
  readonly what: string;
  readonly here: string;
  /** One entry for each party. */
  readonly sight: Sight;
}

/** Who looks, and what a reader should know about the table. */
export interface VisibilityFrame {
  readonly parties: readonly string[];
  readonly intro: string;
  readonly note: string;
}

const FRAME: VisibilityFrame = {
  parties: PARTIES,
  intro:
    "Public is what was published or stands on the chain; everything else stayed in the prover's memory.",
  note: "The mapping of features to integers is fitted on the training part and published with the test set: it tells the range of each feature there. Each prover sees its own model, salt and samples; the column of competing provers is about those of the winner.",
};

/** The table of what each party saw: the public part first. */
export function visibilitySection(record: DemoRecord): Html {
  return visibilityTable(rows(record));
}

/** The section with one row for each value. */
export function visibilityTable(
  entries: readonly VisibilityRow[],
  { parties, intro, note }: VisibilityFrame = FRAME,
): Html {
  return html`<section id="visibility">
    <h2>What each party saw</h2>
    <p class="soft">${intro}</p>
    <div class="wide">
      <table>
        <thead>
          <tr>
            <th scope="col">value</th>
            <th scope="col">in this run</th>
            ${parties.map((party) => html`<th scope="col">${party}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${entries.map(
            ({ what, here, sight }) =>
              html`<tr>
                <th scope="row">${what}</th>
                <td>${here}</td>
                ${sight.map(cell)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    <p class="note">${note}</p>
  </section>`;
}

function cell(sight: boolean | string): Html {
  const text = sight === true ? "yes" : sight === false ? "no" : sight;
  const isSeen = sight !== false && sight !== "never";
  return isSeen ? html`<td class="yes">${text}</td>` : html`<td class="no">${text}</td>`;
}

function rows({ dataset, task, model, proof }: DemoRecord): readonly VisibilityRow[] {
  return [
    {
      what: "Test set: features and labels",
      here: `${dataset.testSamples} samples of ${dataset.featureCount} features`,
      sight: EVERYBODY,
    },
    { what: "Terms of the task", here: `at least ${task.minCorrect} correct`, sight: EVERYBODY },
    { what: "Architecture", here: model.layerSizes.join("-"), sight: EVERYBODY },
    { what: "Model commitment", here: "Poseidon hash with a secret salt", sight: EVERYBODY },
    {
      what: "Proved count",
      here: `at least ${task.provenCorrect} (a prover may claim less than it has)`,
      sight: EVERYBODY,
    },
    { what: "Proof with block commitment", here: `${proof.proofBytes} bytes`, sight: EVERYBODY },
    {
      what: "Training samples",
      here: `${count(dataset.trainSamples)} samples`,
      sight: PROVER_ONLY,
    },
    {
      what: "Weights and biases",
      here: `${count(model.parameters)} integers, and the floats before them`,
      sight: PROVER_ONLY,
    },
    { what: "Salt and mask of the commitments", here: "two random field elements", sight: PROVER_ONLY },
    {
      what: "Predictions: which samples are right",
      here: `${dataset.testSamples} predictions`,
      sight: PROVER_ONLY,
    },
    { what: "Activations and logits", here: "inside the committed block", sight: PROVER_ONLY },
    { what: "Learning curve, float accuracy", here: "in this report only", sight: PROVER_ONLY },
  ];
}
