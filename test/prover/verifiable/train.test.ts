import { expect } from "chai";

import { fitInputQuantization, quantizeInputs } from "../../../prover/src/data/input-quantization.ts";
import { loadPackagedDataset } from "../../../prover/src/data/packaged-datasets.ts";
import type { IntegerSamples } from "../../../prover/src/data/samples.ts";
import { stratifiedSplit } from "../../../prover/src/data/split.ts";
import type { IntegerModel } from "../../../prover/src/model/integer-model.ts";
import { runReference } from "../../../prover/src/model/reference.ts";
import type { EpochRecord } from "../../../prover/src/training/checkpoint.ts";
import { batchIndex } from "../../../prover/src/verifiable/batch-order.ts";
import { cutBatches } from "../../../prover/src/verifiable/batches.ts";
import { DEFAULT_TRAINING_RULES } from "../../../prover/src/verifiable/default-rules.ts";
import { initialModel } from "../../../prover/src/verifiable/initial-model.ts";
import { measure } from "../../../prover/src/verifiable/measure.ts";
import { sgdStep } from "../../../prover/src/verifiable/sgd-step.ts";
import { type TrainingState, trainVerifiably } from "../../../prover/src/verifiable/train.ts";
import { learningRateFactor, type TrainingRule } from "../../../prover/src/verifiable/training-rule.ts";
import { expectError } from "../support/expect-error.ts";
import { TINY_RULE, tinySamples } from "../support/training-rules.ts";

const rule = TINY_RULE;
const train = tinySamples();
const seed = 2n ** 255n + 77n;

describe("trainVerifiably", () => {
  it("takes the steps of the rule, in the seed's order, at the schedule's rate", async () => {
    const checkpoints: IntegerModel[] = [];
    const result = await trainVerifiably({
      rule,
      seed,
      train,
      onCheckpoint: (_, model) => void checkpoints.push(model),
    });
    const batches = cutBatches(rule, train);
    expect(result.stepCount).to.equal(15);
    expect(checkpoints).to.have.length(16);
    expect(checkpoints[0]).to.deep.equal(initialModel(rule, seed));
    for (let step = 0; step < 15; step++) {
      const batch = batches[batchIndex(seed, Math.floor(step / 5), step % 5, 5)]!;
      const { model } = sgdStep(rule, checkpoints[step]!, batch, learningRateFactor(rule, step), step);
      expect(model).to.deep.equal(checkpoints[step + 1]);
    }
    expect(result.model).to.equal(checkpoints[15]);
    expect(result.completed).to.be.true;
  });

  it("learns, and records every epoch with loss and accuracy", async () => {
    const records: EpochRecord[] = [];
    const longer = { ...rule, epochs: 12, halvingSteps: 60, weightShiftBits: [7, 7] };
    const result = await trainVerifiably({
      rule: longer,
      seed,
      train,
      validation: tinySamples(9),
      onEpoch: (record) => records.push(record),
    });
    expect(result.history).to.deep.equal(records);
    expect(records.map(({ epoch }) => epoch)).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(records[11]!.loss).to.be.below(records[0]!.loss);
    expect(records[11]!.accuracy).to.be.at.least(0.95);
    expect(records[11]!.validationAccuracy).to.equal(measure(longer, result.model, tinySamples(9)).accuracy);
    const { accuracy } = measure(longer, result.model, train);
    expect(accuracy).to.equal(runReference(result.model, train).correctCount / train.sampleCount);
  });

  it("gives the same model again, and another for another seed", async () => {
    const [first, second, other] = await Promise.all(
      [seed, seed, seed + 1n].map((drawn) => trainVerifiably({ rule, seed: drawn, train })),
    );
    expect(second).to.deep.equal(first);
    expect(other!.model).to.not.deep.equal(first!.model);
  });

  it("ends, stopped after any step and resumed, as a run without a break", async () => {
    const whole = await trainVerifiably({ rule, seed, train });
    for (let last = 0; last <= 15; last++) {
      const stop = new AbortController();
      const checkpoints: number[] = [];
      const run = { rule, seed, train, onCheckpoint: (step: number) => void checkpoints.push(step) };
      const part = await trainVerifiably({
        ...run,
        signal: stop.signal,
        onCheckpoint: (step) => {
          checkpoints.push(step);
          if (step === last) stop.abort();
        },
      });
      expect([part.step, part.completed]).to.deep.equal([last, last === 15]);
      const rest = await trainVerifiably({ ...run, resumeFrom: part });
      expect([rest.model, rest.history, rest.completed]).to.deep.equal([whole.model, whole.history, true]);
      expect(checkpoints).to.deep.equal([...new Array(16).keys()]);
    }
  });

  it("refuses to resume from a state that is not one of the run's", async () => {
    const { model, history } = await trainVerifiably({ rule, seed, train });
    const resume = (resumeFrom: TrainingState, message: RegExp) =>
      expectError(() => trainVerifiably({ rule, seed, train, resumeFrom }), "training.resume", message);
    await resume({ step: 16, model, history }, /step 16 is outside 0..15/);
    await resume({ step: 9, model, history }, /3 epochs are recorded, step 9 comes after 1/);
    const narrower = { ...model, architecture: { ...model.architecture, quotientBits: 12 } };
    await resume({ step: 15, model: narrower, history }, /another architecture/);
  });

  it("stops with step and layer when a value leaves its range", () =>
    expectError(
      () => trainVerifiably({ rule: { ...rule, initialRateBits: 12 }, seed, train }),
      "training.overflow",
      /^step \d+, layer \d: .* is outside -\d+..\d+; nothing has been committed$/,
    ));

  it("reports the largest values with their headroom", async () => {
    const { ranges, model } = await trainVerifiably({ rule, seed, train });
    const byName = new Map(ranges.map((range) => [range.name, range]));
    const weights = byName.get("layer 2 weight")!;
    expect(weights.limit).to.equal(32_768);
    expect(weights.largest).to.be.at.least(Math.max(...model.layers[1]!.weights.map(Math.abs)));
    expect(weights.headroomBits).to.equal(Math.log2(32_768 / weights.largest));
    expect(byName.get("layer 1 sum")).to.include({ limit: null, headroomBits: null });
    for (const { largest, limit } of ranges) expect(largest).to.be.below(limit ?? Infinity);
  });
});

/** The packaged data set, split and mapped to the rule's grid. */
async function samplesOf(
  name: string,
  { architecture }: TrainingRule,
): Promise<{ train: IntegerSamples; test: IntegerSamples }> {
  const split = stratifiedSplit(await loadPackagedDataset(name), { seed: "1" });
  const mapping = fitInputQuantization(split.train, architecture.inputBits);
  const samples = (part: typeof split.train): IntegerSamples => quantizeInputs(part, mapping).samples;
  return { train: samples(split.train), test: samples(split.test) };
}

describe("the packaged data sets, trained verifiably with their default rules", () => {
  it("reach 96 % of 360 held-out digits in 1,760 steps and at most 20 s", async () => {
    const digits = DEFAULT_TRAINING_RULES["digits"]!;
    const { train: samples, test } = await samplesOf("digits", digits);
    expect(samples.sampleCount).to.equal(1_437);
    const start = performance.now();
    const { model, stepCount, ranges } = await trainVerifiably({ rule: digits, seed: 1n, train: samples });
    expect(performance.now() - start).to.be.below(20_000);
    expect(stepCount).to.equal(1_760);
    // The reference refuses quotients and margins out of range: this model can be proved.
    expect(runReference(model, test).correctCount / test.sampleCount).to.be.at.least(0.96);
    for (const { name, headroomBits } of ranges) expect(headroomBits ?? 1, name).to.be.above(0.25);
  });

  it("reach 94 % of 114 held-out tumours with a linear model", async () => {
    const linear = DEFAULT_TRAINING_RULES["breast-cancer"]!;
    const { train: samples, test } = await samplesOf("breast-cancer", linear);
    const { model } = await trainVerifiably({ rule: linear, seed: 1n, train: samples });
    expect(runReference(model, test).correctCount / test.sampleCount).to.be.at.least(0.94);
  });
});
