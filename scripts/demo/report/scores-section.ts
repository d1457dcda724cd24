import type { ModelScores, SealedAuctionRecord } from "../sealed-auction/record.ts";
import { badge, count, duration, percent } from "./format.ts";
import { type Html, html } from "./html.ts";

/** Samples that a model was measured on, and the threshold there; null without one. */
interface Measured {
  readonly name: string;
  readonly sampleCount: number;
  readonly minCorrect: number | null;
  readonly correct: number;
}

/** What both models have on the public sample and on the test sets that were sealed. */
export function scoresSection(record: SealedAuctionRecord): Html {
  return html`<section id="scores">
    <h2>Public sample against sealed test sets</h2>
    <p class="soft">
      The rival's model fits the public sample, and nothing else. Each model was committed to before the test
      set of its own auction was revealed. The line in each bar is the threshold of the task.
    </p>
    <div class="wide">
      <table>
        <thead>
          <tr>
            <th scope="col">model of</th>
            <th scope="col">measured on</th>
            <th scope="col" class="number">correct</th>
            <th scope="col" class="number">accuracy</th>
            <th scope="col" class="number">asked for</th>
            <th scope="col">share of the samples</th>
          </tr>
        </thead>
        <tbody>
          ${record.models.flatMap((model) => measured(record, model).map((entry) => row(model, entry)))}
        </tbody>
      </table>
    </div>
    <p class="note">${record.models.map(trainedText).join(" ")}</p>
  </section>`;
}

function measured({ tasks, dataset }: SealedAuctionRecord, model: ModelScores): readonly Measured[] {
  return [
    {
      name: "public sample",
      sampleCount: dataset.publicSamples,
      minCorrect: null,
      correct: model.publicCorrect,
    },
    ...model.sealedCorrect.map((correct, index) => ({
      name: `sealed test set of the ${index === 0 ? "first" : "second"} auction`,
      sampleCount: tasks[index]!.sampleCount,
      minCorrect: tasks[index]!.minCorrect,
      correct,
    })),
  ];
}

function row({ party }: ModelScores, { name, sampleCount, minCorrect, correct }: Measured): Html {
  const fails = minCorrect !== null && correct < minCorrect;
  const mark = minCorrect === null ? html`` : html`<b style="left: ${share(minCorrect, sampleCount)}"></b>`;
  return html`<tr>
    <td class="tight">${badge(party)}</td>
    <th scope="row">${name}</th>
    <td class="number">${correct} of ${sampleCount}</td>
    <td class="${fails ? "number refused" : "number"}">${percent(correct / sampleCount)}</td>
    <td class="number">${minCorrect === null ? "nothing" : count(minCorrect)}</td>
    <td>
      <div class="bar">
        <i class="${party}" style="left: 0; width: ${share(correct, sampleCount)}"></i>${mark}
      </div>
    </td>
  </tr>`;
}

function share(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(2)}%`;
}

function trainedText({ party, trainSamples, epochs, seconds }: ModelScores): string {
  return `The ${party}'s model: ${count(trainSamples)} samples, ${epochs} epochs, ${duration(seconds)}.`;
}
