import { expect } from "chai";

import type { FloatSamples } from "../../../prover/src/data/dataset.ts";
import { decodeDocument, encodeDocument } from "../../../prover/src/data/document.ts";
import { fitInputQuantization, scaleInputs } from "../../../prover/src/data/input-quantization.ts";
import { scorePredictions } from "../../../prover/src/model/evaluation.ts";
import { firstMaximum, floatLogits, type FloatModel } from "../../../prover/src/model/float-model.ts";
import { openBackend, type TrainingBackend } from "../../../prover/src/training/backend.ts";
import {
  type EpochRecord,
  modelOf,
  type TrainingCheckpoint,
} from "../../../prover/src/training/checkpoint.ts";
import { trainModel, type TrainingResult, type TrainingRun } from "../../../prover/src/training/train.ts";
import { TRAINING_CHECKPOINT } from "../../../prover/src/training/training-documents.ts";
import {
  defaultTrainingOptions,
  type TrainingOptions,
} from "../../../prover/src/training/training-options.ts";
import { clusters, datasetOf } from "../support/datasets.ts";
import { expectError } from "../support/expect-error.ts";

const dataset = clusters({ classCount: 3, perClass: 24, featureCount: 6, seed: "train" });
const mapping = fitInputQuantization(dataset, 8);
const train = scaleInputs(dataset, mapping);
const validation = scaleInputs(
  clusters({ classCount: 3, perClass: 10, featureCount: 6, seed: "validation" }),
  mapping,
);
const options: TrainingOptions = {
  hiddenSizes: [5],
  epochs: 6,
  batchSize: 4,
  learningRate: 0.05,
  weightDecay: 0.01,
  inputNoise: 0.1,
  seed: "7",
};

describe("trainModel", () => {
  let backend: TrainingBackend;
  before(async () => {
    backend = await openBackend("wasm");
  });

  const run = (changes: Partial<TrainingRun> = {}): Promise<TrainingResult> =>
    trainModel({ train, options, backend, ...changes });

  it("learns separable classes with no, one and two hidden layers", async () => {
    for (const hiddenSizes of [[], [5], [6, 4]]) {
      const { model, completed } = await run({ options: { ...options, hiddenSizes, epochs: 20 } });
      expect(completed).to.equal(true);
      expect(model.layerSizes).to.deep.equal([6, ...hiddenSizes, 3]);
      const predictions = firstMaximum(floatLogits(model, validation), 3);
      expect(scorePredictions(predictions, validation.labels, dataset.classNames).accuracy).to.equal(1);
    }
  });

  it("takes the steps of Adam with decoupled weight decay and a cosine schedule", async () => {
    const whole = { ...options, hiddenSizes: [], inputNoise: 0, epochs: 8, batchSize: train.sampleCount };
    const untrained = await run({ options: whole, signal: AbortSignal.abort() });
    const { model } = await run({ options: { ...whole, weightDecay: 0.5 } });
    const expected = adamOnLinear(untrained.model, train, { ...whole, weightDecay: 0.5 });
    [model.layers[0]!.weights, model.layers[0]!.biases].forEach((values, index) => {
      values.forEach((value, position) => expect(value).to.be.closeTo(expected[index]![position]!, 1e-4));
    });
  });

  it("repeats bit for bit for a seed and changes with it", async () => {
    const first = await run();
    expect(await run()).to.deep.equal(first);
    const other = await run({ options: { ...options, seed: "8" } });
    expect(other.model.layers[0]!.weights).to.not.deep.equal(first.model.layers[0]!.weights);
  });

  it("reports loss and accuracy on both parts after every epoch", async () => {
    const records: EpochRecord[] = [];
    const { model, history } = await run({ validation, onEpoch: (record) => records.push(record) });
    expect(records).to.deep.equal(history);
    expect(history.map(({ epoch }) => epoch)).to.deep.equal([1, 2, 3, 4, 5, 6]);
    expect(history[5]!.loss).to.be.below(history[0]!.loss);
    const last = history[5]!;
    for (const [samples, loss, accuracy] of [
      [train, last.loss, last.accuracy],
      [validation, last.validationLoss!, last.validationAccuracy!],
    ] as const) {
      const logits = floatLogits(model, samples);
      const score = scorePredictions(firstMaximum(logits, 3), samples.labels, dataset.classNames);
      expect(accuracy).to.equal(score.accuracy);
      expect(loss).to.be.closeTo(crossEntropy(logits, samples), 1e-5);
    }
  });

  it("learns nothing from the validation samples", async () => {
    const { model } = await run({ validation });
    expect(model).to.deep.equal((await run()).model);
    expect((await run()).history[0]).to.include({ validationLoss: null, validationAccuracy: null });
  });

  it("stopped between two epochs and resumed from a file ends as if never stopped", async () => {
    const whole = await run({ validation });
    const controller = new AbortController();
    const part = await run({
      validation,
      signal: controller.signal,
      onEpoch: ({ epoch }) => {
        if (epoch === 2) controller.abort();
      },
    });
    expect([part.completed, part.checkpoint.epochsDone, part.history.length]).to.deep.equal([false, 2, 2]);
    const saved = encodeDocument(TRAINING_CHECKPOINT, part.checkpoint);
    const resumed = await run({ validation, resumeFrom: decodeDocument(TRAINING_CHECKPOINT, saved) });
    expect(resumed).to.deep.equal(whole);
  });

  it("stopped within an epoch drops that epoch, and resumed ends as if never stopped", async () => {
    const single = { ...options, batchSize: 1, epochs: 3 };
    const whole = await run({ options: single });
    const controller = new AbortController();
    // 72 steps an epoch with a look at the event loop every 16: the abort lands within the second epoch.
    const part = await run({
      options: single,
      signal: controller.signal,
      onEpoch: () => {
        setImmediate(() => setImmediate(() => controller.abort()));
      },
    });
    expect([part.completed, part.checkpoint.epochsDone]).to.deep.equal([false, 1]);
    expect(await run({ options: single, resumeFrom: part.checkpoint })).to.deep.equal(whole);
  });

  it("stopped before it starts returns the initial model", async () => {
    const { completed, history, model } = await run({ signal: AbortSignal.abort() });
    expect(completed).to.equal(false);
    expect(history).to.deep.equal([]);
    expect(model.layers[0]!.biases.every((bias) => bias === 0)).to.equal(true);
    const limit = Math.sqrt(6 / (6 + 5));
    const weights = [...model.layers[0]!.weights];
    expect(Math.max(...weights.map(Math.abs))).to.be.within(limit / 2, limit);
  });

  it("resumed from a finished run returns it unchanged", async () => {
    const whole = await run();
    expect(await run({ resumeFrom: whole.checkpoint })).to.deep.equal(whole);
  });

  it("gives no weight to a feature that never varies, noise or not", async () => {
    const constant = datasetOf(
      Array.from({ length: dataset.sampleCount }, (_, sample) => [
        ...dataset.features.subarray(6 * sample, 6 * sample + 6),
        42,
      ]),
      [...dataset.labels],
    );
    const samples = scaleInputs(constant, fitInputQuantization(constant, 8));
    const { model } = await run({ train: samples });
    const weights = [...model.layers[0]!.weights];
    expect(weights.slice(6 * 5).every((weight) => weight === 0)).to.equal(true);
    expect(weights.slice(0, 6 * 5).every((weight) => weight !== 0)).to.equal(true);
  });

  it("leaves no tensor behind, finished or failed", async () => {
    await run();
    const before = backend.tf.memory().numTensors;
    await run();
    await run({ signal: AbortSignal.abort() });
    const huge: FloatSamples = { ...train, features: train.features.map(() => 3e38) };
    await expectError(
      () => run({ train: huge }),
      "training.diverged",
      /diverged in epoch 1.*learning rate 0\.05/,
    );
    expect(backend.tf.memory().numTensors).to.equal(before);
  });

  const badOptions: [Partial<TrainingOptions>, RegExp][] = [
    [{ epochs: 0 }, /epochs/],
    [{ epochs: 1.5 }, /epochs/],
    [{ batchSize: 0 }, /batchSize/],
    [{ learningRate: 0 }, /learningRate/],
    [{ learningRate: NaN }, /learningRate/],
    [{ weightDecay: -1 }, /weightDecay/],
    [{ inputNoise: 2 }, /inputNoise/],
    [{ hiddenSizes: [0] }, /hiddenSizes\.0/],
  ];
  for (const [changes, message] of badOptions) {
    it(`refuses ${JSON.stringify(changes)}`, async () => {
      await expectError(() => run({ options: { ...options, ...changes } }), "training.options", message);
    });
  }

  it("refuses samples that are missing or do not match", async () => {
    const none: FloatSamples = {
      ...train,
      sampleCount: 0,
      features: new Float32Array(),
      labels: new Int32Array(),
    };
    await expectError(() => run({ train: none }), "training.samples", /no training samples/);
    await expectError(() => run({ validation: none }), "training.samples", /no validation samples/);
    await expectError(
      () => run({ validation: { ...validation, classCount: 4 } }),
      "training.samples",
      /6 features and 4 classes, training samples 6 and 3/,
    );
  });

  it("starts at an initial model, and resumes as if never stopped", async () => {
    const { model: initialModel } = await run();
    const untouched = await run({ initialModel, signal: AbortSignal.abort() });
    expect(untouched.model).to.deep.equal(initialModel);
    const whole = await run({ initialModel, options: { ...options, seed: "8" } });
    expect(whole.model).to.not.deep.equal(initialModel);
    expect(whole.history[0]!.loss).to.be.below((await run()).history[0]!.loss);
    const controller = new AbortController();
    const part = await run({
      initialModel,
      options: { ...options, seed: "8" },
      signal: controller.signal,
      onEpoch: () => controller.abort(),
    });
    const resumed = await run({
      initialModel,
      options: { ...options, seed: "8" },
      resumeFrom: part.checkpoint,
    });
    expect(resumed).to.deep.equal(whole);
  });

  it("refuses an initial model of another shape", async () => {
    const { model } = await run({ options: { ...options, hiddenSizes: [4], epochs: 1 } });
    await expectError(() => run({ initialModel: model }), "training.initial-model", /6-4-3.*6-5-3/);
  });

  it("refuses a checkpoint of other samples, initial model or options", async () => {
    const { checkpoint } = await run({ options: { ...options, epochs: 1 } });
    const resume = (changes: Partial<TrainingRun>): Promise<TrainingResult> =>
      run({ options: checkpoint.options, resumeFrom: checkpoint, ...changes });
    await resume({});
    const cases: [Partial<TrainingRun>, RegExp][] = [
      [{ train: validation }, /other training samples/],
      [{ initialModel: modelOf(checkpoint) }, /another initial model/],
      [{ options: { ...checkpoint.options, hiddenSizes: [4] } }, /other layer sizes/],
      [{ options: { ...checkpoint.options, epochs: 2 } }, /other epochs \(1\)/],
      [{ options: { ...checkpoint.options, batchSize: 5 } }, /other batchSize \(4\)/],
      [{ options: { ...checkpoint.options, learningRate: 1 } }, /other learningRate/],
      [{ options: { ...checkpoint.options, weightDecay: 0 } }, /other weightDecay/],
      [{ options: { ...checkpoint.options, inputNoise: 0 } }, /other inputNoise/],
      [{ options: { ...checkpoint.options, seed: "other" } }, /other seed \(7\)/],
    ];
    for (const [changes, message] of cases) {
      await expectError(() => resume(changes), "training.checkpoint-mismatch", message);
    }
  });

  it("refuses a checkpoint file whose arrays have other sizes", async () => {
    const { checkpoint } = await run({ options: { ...options, epochs: 1 } });
    const broken: TrainingCheckpoint = { ...checkpoint, firstMoments: checkpoint.firstMoments.slice(1) };
    const text = encodeDocument(TRAINING_CHECKPOINT, broken);
    await expectError(() => decodeDocument(TRAINING_CHECKPOINT, text), "document.invalid", /sizes of 6-5-3/);
  });
});

describe("defaultTrainingOptions", () => {
  it("are usable for any depth", async () => {
    const backend = await openBackend("wasm");
    for (const hiddenSizes of [[], [4]]) {
      const defaults = defaultTrainingOptions(hiddenSizes, "1");
      const { history } = await trainModel({ train, options: { ...defaults, epochs: 1 }, backend });
      expect(history).to.have.length(1);
      expect(defaults.hiddenSizes).to.equal(hiddenSizes);
    }
  });
});

/** Weights and biases of a linear model after full-batch training, in double precision and from the definitions. */
function adamOnLinear(
  start: FloatModel,
  samples: FloatSamples,
  { epochs, learningRate, weightDecay }: TrainingOptions,
): [weights: number[], biases: number[]] {
  const { sampleCount, featureCount, classCount, features, labels } = samples;
  const weights = [...start.layers[0]!.weights];
  const biases = [...start.layers[0]!.biases];
  const parameters = [...weights, ...biases];
  const first = parameters.map(() => 0);
  const second = parameters.map(() => 0);
  for (let step = 1; step <= epochs; step++) {
    const gradients = parameters.map(() => 0);
    for (let sample = 0; sample < sampleCount; sample++) {
      const inputs = [...features.subarray(sample * featureCount, (sample + 1) * featureCount), 1];
      const powers = Array.from({ length: classCount }, (_, output) =>
        Math.exp(inputs.reduce((sum, input, row) => sum + input * parameters[row * classCount + output]!, 0)),
      );
      const total = powers.reduce((sum, power) => sum + power, 0);
      inputs.forEach((input, row) => {
        powers.forEach((power, output) => {
          const error = power / total - (labels[sample] === output ? 1 : 0);
          gradients[row * classCount + output]! += (input * error) / sampleCount;
        });
      });
    }
    const rate = (learningRate / 2) * (1 + Math.cos((Math.PI * (step - 1)) / epochs));
    gradients.forEach((gradient, index) => {
      first[index] = 0.9 * first[index]! + 0.1 * gradient;
      second[index] = 0.999 * second[index]! + 0.001 * gradient ** 2;
      const change =
        first[index] / (1 - 0.9 ** step) / (Math.sqrt(second[index] / (1 - 0.999 ** step)) + 1e-7);
      const decay = index < weights.length ? rate * weightDecay : 0;
      parameters[index] = parameters[index]! * (1 - decay) - rate * change;
    });
  }
  return [parameters.slice(0, weights.length), parameters.slice(weights.length)];
}

/** Mean softmax cross-entropy in nats, in double precision. */
function crossEntropy(logits: Float64Array, samples: FloatSamples): number {
  let sum = 0;
  for (let sample = 0; sample < samples.sampleCount; sample++) {
    const row = logits.subarray(sample * samples.classCount, (sample + 1) * samples.classCount);
    const largest = Math.max(...row);
    const total = row.reduce((accumulated, logit) => accumulated + Math.exp(logit - largest), 0);
    sum += largest + Math.log(total) - row[samples.labels[sample]!]!;
  }
  return sum / samples.sampleCount;
}
