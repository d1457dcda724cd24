import type { DemoRecord } from "../record.ts";
import { confusionMatrix } from "./confusion-matrix.ts";
import { count, duration, percent } from "./format.ts";
import { type Html, html } from "./html.ts";
import { lineChart } from "./learning-curve.ts";

/** Training, float against integer model, confusion matrix, ranges of the layers. */
export function accuracySection(record: DemoRecord): Html {
  const { training, model, dataset } = record;
  const losses = training.history.map(({ loss }) => loss);
  const accuracies = training.history.map(({ accuracy }) => accuracy);
  return html`<section id="accuracy">
    <h2>The model</h2>
    <p class="soft">
      A ${model.layerSizes.join("-")} network, ${count(model.parameters)} weights and biases, trained in
      ${duration(training.seconds)} on ${count(dataset.trainSamples)} samples that never left the prover:
      ${training.epochs} epochs, batches of ${training.batchSize}, learning rate ${training.learningRate}.
      ${training.backend}. Curves and matrix are the prover's own view; no other party got them.
    </p>
    <div class="columns">
      <div>
        <h3>Learning curve: accuracy on the training samples</h3>
        ${lineChart({ title: "accuracy", values: accuracies, lowest: floorTenth(Math.min(...accuracies)), highest: 1, format: (value) => percent(value) })}
      </div>
      <div>
        <h3>Learning curve: loss (mean cross-entropy, nats)</h3>
        ${lineChart({ title: "loss", values: losses, lowest: 0, highest: Math.max(...losses), format: (value) => value.toFixed(3) })}
      </div>
      <div>
        <h3>Float against integer, on the test set</h3>
        ${comparison(record)}
      </div>
      <div>
        <h3>Confusion matrix of the integer model, which is the one proved</h3>
        <div class="wide">${confusionMatrix(model.integer.confusion, dataset.classNames)}</div>
      </div>
    </div>
    <h3>Ranges of the integer model</h3>
    <div class="wide">${rangesTable(record.model.layers)}</div>
    <p class="note">
      Headroom is what is left of the range that the circuit checks, for any input whatever: no test sample
      can overflow.
    </p>
  </section>`;
}

function comparison({ model, dataset, task }: DemoRecord): Html {
  const { testSamples } = dataset;
  const row = (name: string, correct: number): Html =>
    html`<tr>
      <th scope="row">${name}</th>
      <td class="number">${correct} of ${testSamples}</td>
      <td class="number">${percent(correct / testSamples)}</td>
    </tr>`;
  const loss = (model.float.correct - model.integer.correct) / testSamples;
  return html`<table>
      <thead>
        <tr>
          <th scope="col">model</th>
          <th scope="col" class="number">correct</th>
          <th scope="col" class="number">accuracy</th>
        </tr>
      </thead>
      <tbody>
        ${row("float, TensorFlow.js", model.float.correct)} ${row("integer, proved", model.integer.correct)}
        ${row("asked for by the task", task.minCorrect)}
      </tbody>
    </table>
    <p class="note">
      Quantisation
      ${loss > 0 ? `costs ${percent(loss)}` : loss < 0 ? `happens to gain ${percent(-loss)}` : "costs nothing"};
      the two models differ on ${model.disagreements} of ${testSamples} samples.
      ${dataset.clampedValues === 0 ? "" : `${dataset.clampedValues} test values lay outside the range of the training part and were moved to its edge.`}
    </p>`;
}

/** Bits of every layer: what is used, and what is left. */
export function rangesTable(layers: DemoRecord["model"]["layers"]): Html {
  return html`<table>
    <thead>
      <tr>
        <th scope="col">layer</th>
        <th scope="col" class="number">inputs × units</th>
        <th scope="col" class="number">weight bits</th>
        <th scope="col" class="number">accumulator bits</th>
        <th scope="col" class="number">checked bits</th>
        <th scope="col" class="number">headroom, bits</th>
      </tr>
    </thead>
    <tbody>
      ${layers.map(
        (layer) =>
          html`<tr>
            <th scope="row">${layer.name}</th>
            <td class="number">${layer.fanIn} × ${layer.width}</td>
            <td class="number">${layer.weightBits}</td>
            <td class="number">${layer.accumulatorBits}</td>
            <td class="number">${layer.boundedBits}</td>
            <td class="number">${layer.headroomBits.toFixed(3)}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

function floorTenth(value: number): number {
  return Math.min(Math.floor(value * 10) / 10, 0.9);
}
