import type { TrainingDemoRecord } from "../training/record.ts";
import { rangesTable } from "./accuracy-section.ts";
import { confusionMatrix } from "./confusion-matrix.ts";
import { count, duration, percent } from "./format.ts";
import { type Html, html } from "./html.ts";
import { lineChart, type Mark } from "./learning-curve.ts";

/** Training by the rule: learning curves with the audited stages on them, confusion matrix, ranges of the layers. */
export function trainingSection(record: TrainingDemoRecord): Html {
  const { training, model, dataset, audit } = record;
  const losses = training.history.map(({ loss }) => loss);
  const accuracies = training.history.map(({ accuracy }) => accuracy);
  const marks = audit.stages.map(({ step, epochs, reason }): Mark => ({
    epochs,
    label: step === null ? reason : `step ${count(step)}, ${reason}`,
  }));
  return html`<section id="accuracy">
    <h2>The model</h2>
    <p class="soft">
      A ${model.layerSizes.join("-")} network, ${count(model.parameters)} weights and biases, trained in
      ${duration(training.seconds)} on ${count(dataset.trainSamples)} samples that never left the prover:
      ${training.epochs} epochs of ${audit.batchCount} batches of ${training.batchSize} in integers (rule
      ${audit.ruleId}), with a learning-rate factor of 2^${training.initialRateBits}, halved every
      ${count(training.halvingSteps)} steps. Curves and matrix are the prover's own view; no other party got
      them. Vertical lines mark the stages that the chain asked for.
    </p>
    <div class="columns">
      <div>
        <h3>Learning curve: accuracy on the training samples</h3>
        ${lineChart({
          title: "accuracy",
          values: accuracies,
          lowest: Math.min(Math.floor(Math.min(...accuracies) * 10) / 10, 0.9),
          highest: 1,
          format: (value) => percent(value),
          marks,
        })}
      </div>
      <div>
        <h3>Learning curve: loss (one-vs-all logistic, nats)</h3>
        ${lineChart({
          title: "loss",
          values: losses,
          lowest: 0,
          highest: Math.max(...losses),
          format: (value) => value.toFixed(3),
          marks,
        })}
      </div>
      <div>
        <h3>Confusion matrix of the last checkpoint, which is the model proved</h3>
        <div class="wide">${confusionMatrix(model.integer.confusion, dataset.classNames)}</div>
      </div>
    </div>
    <h3>Ranges of the model</h3>
    <div class="wide">${rangesTable(model.layers)}</div>
    <p class="note">
      Headroom is what is left of the range that the circuit checks, in the worst case over any input
      whatever. Training does not bound that case: where headroom is below zero some input could overflow; no
      test sample does, since there is a proof.
    </p>
  </section>`;
}
