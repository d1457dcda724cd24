import { expect } from "chai";

import { loadCircuitInstance } from "../../../prover/src/circuits/instances.ts";
import type { Dataset } from "../../../prover/src/data/dataset.ts";
import { fitInputQuantization, quantizeInputs } from "../../../prover/src/data/input-quantization.ts";
import type { IntegerSamples } from "../../../prover/src/data/samples.ts";
import {
  type LocalTrainingRun,
  trainLocal,
  unitSamples,
} from "../../../prover/src/federation/local-training.ts";
import { defaultWeightScales, randomStartModel } from "../../../prover/src/federation/start-model.ts";
import type { Architecture } from "../../../prover/src/model/architecture.ts";
import { modelDigest } from "../../../prover/src/model/commitment.ts";
import { validateIntegerModel } from "../../../prover/src/model/integer-model.ts";
import { runReference } from "../../../prover/src/model/reference.ts";
import { openBackend } from "../../../prover/src/training/backend.ts";
import { clusters } from "../support/datasets.ts";
import { expectError } from "../support/expect-error.ts";
import { TINY_RULE } from "../support/training-rules.ts";

describe("trainLocal", () => {
  let architecture: Architecture;
  let samples: IntegerSamples;
  let testSamples: IntegerSamples;
  before(async () => {
    ({ architecture } = await loadCircuitInstance("round-accuracy", "round-4-3-3x10"));
    const draw = (seed: string, perClass: number): Dataset =>
      clusters({ classCount: 3, perClass, featureCount: 4, seed });
    const mapping = fitInputQuantization(draw("mapping", 40), architecture.inputBits);
    samples = quantizeInputs(draw("own", 20), mapping).samples;
    testSamples = quantizeInputs(draw("test", 6), mapping).samples;
  });

  const runOf = (changes: Partial<LocalTrainingRun> = {}): LocalTrainingRun => {
    const weightScales = defaultWeightScales(architecture);
    const training = { kind: "float" as const, epochs: 20, batchSize: 32, learningRate: 0.02 };
    return {
      document: { training: { ...training, weightDecay: 0.01, inputNoise: 0.15 }, weightScales },
      globalModel: randomStartModel(architecture, weightScales, "1"),
      samples,
      testSamples,
      seed: "1",
      openBackend: () => openBackend("wasm"),
      ...changes,
    };
  };
  const integerRun = (changes: Partial<LocalTrainingRun> = {}): LocalTrainingRun => {
    const weightScales = [2 ** -12, 2 ** -12];
    return runOf({
      document: { training: { kind: "integer", rule: { ...TINY_RULE, epochs: 40 } }, weightScales },
      globalModel: randomStartModel(TINY_RULE.architecture, weightScales, "1"),
      ...changes,
    });
  };

  it("learns from the global model with floats, at the federation's scales", async () => {
    const run = runOf();
    const { model, correct, keptShare } = await trainLocal(run);
    validateIntegerModel(model);
    expect(keptShare).to.equal(1);
    expect(correct).to.equal(runReference(model, run.testSamples).correctCount);
    expect(correct).to.be.above(runReference(run.globalModel, run.testSamples).correctCount);
    expect(correct).to.be.at.least(17);
  });

  it("repeats for a seed, and changes with seed and global model", async () => {
    const { model } = await trainLocal(runOf());
    expect((await trainLocal(runOf())).model).to.deep.equal(model);
    expect((await trainLocal(runOf({ seed: "2" }))).model).to.not.deep.equal(model);
    const globalModel = randomStartModel(architecture, defaultWeightScales(architecture), "2");
    expect((await trainLocal(runOf({ globalModel }))).model).to.not.deep.equal(model);
  });

  it("learns from the global model with integers", async () => {
    const run = integerRun();
    const { model, correct, clipped } = await trainLocal(run);
    validateIntegerModel(model);
    expect(correct).to.be.above(runReference(run.globalModel, run.testSamples).correctCount);
    expect(clipped).to.deep.equal([
      { weights: 0, biases: 0 },
      { weights: 0, biases: 0 },
    ]);
    expect((await trainLocal(run)).model).to.deep.equal(model);
  });

  it("learns with integers from other batches for another seed, even where there is but one", async () => {
    const few = { ...samples, sampleCount: TINY_RULE.batchSize + 3 };
    few.features = samples.features.slice(0, few.sampleCount * few.featureCount);
    few.labels = samples.labels.slice(0, few.sampleCount);
    const models = await Promise.all(
      ["1", "2", "3"].map(async (seed) => (await trainLocal(integerRun({ samples: few, seed }))).model),
    );
    expect(new Set(models.map((model) => modelDigest(model)))).to.have.property("size", 3);
  });

  it("moves a model that could not be proven back towards the global one, until it can", async () => {
    // Margins that training is sure to leave.
    const { document } = runOf();
    const narrow = { ...architecture, marginBits: 6 };
    const run = runOf({ globalModel: randomStartModel(narrow, document.weightScales, "1") });
    const { model, keptShare, correct } = await trainLocal(run);
    expect(keptShare).to.be.within(1 / 64, 1 / 2);
    expect(correct).to.equal(runReference(model, run.testSamples).correctCount);
  });

  it("goes as far as scores best, and the longer way among equals", async () => {
    // Labels that are wrong throughout lead away from a good model.
    const good = await trainLocal(runOf());
    const labels = samples.labels.map((label) => (label + 1) % 3);
    const run = runOf({ globalModel: good.model, samples: { ...samples, labels } });
    const { model, correct, keptShare } = await trainLocal(run);
    expect(keptShare).to.be.below(1);
    expect(correct).to.equal(runReference(model, testSamples).correctCount);
    expect(correct).to.be.at.least(good.correct - 2);
    // All models from a good one towards a good one have this sample right.
    const one = {
      ...testSamples,
      sampleCount: 1,
      features: testSamples.features.slice(0, 4),
      labels: testSamples.labels.slice(0, 1),
    };
    const easy = await trainLocal(runOf({ globalModel: good.model, testSamples: one }));
    expect(easy).to.include({ correct: 1, keptShare: 1 });
  });

  it("says so when even that does not help", async () => {
    const start = runOf().globalModel;
    const globalModel = {
      ...start,
      layers: start.layers.map(({ weights, biases }) => ({
        weights: weights.map((_, index) => (index % 3 === 0 ? 31 : -32)),
        biases: biases.map(() => 2_047),
      })),
    };
    await expectError(
      () => trainLocal(runOf({ globalModel })),
      "federation.not-provable",
      /on the test set, last layer, class/,
    );
  });

  it("says so when integer training leaves the ranges of its rule", async () => {
    const { document } = integerRun();
    const training = { kind: "integer" as const, rule: { ...TINY_RULE, epochs: 40, initialRateBits: 12 } };
    await expectError(
      () => trainLocal(integerRun({ document: { ...document, training } })),
      "federation.not-provable",
      /left the range of the federation's rule: .*step/,
    );
  });

  it("stops when it is told to", async () => {
    for (const run of [runOf(), integerRun()]) {
      await expectError(
        () => trainLocal({ ...run, signal: AbortSignal.abort() }),
        "federation.interrupted",
        /nothing was committed/,
      );
    }
  });
});

describe("unitSamples", () => {
  it("maps the integer grid to 0..1", () => {
    const samples = {
      sampleCount: 1,
      featureCount: 3,
      classCount: 2,
      features: Int32Array.of(0, 3, 15),
      labels: Int32Array.of(1),
    };
    const { features, labels } = unitSamples(samples, 4);
    expect([...features]).to.deep.equal([0, Math.fround(0.2), 1]);
    expect(labels).to.equal(samples.labels);
  });
});
