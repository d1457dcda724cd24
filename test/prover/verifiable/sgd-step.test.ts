import { expect } from "chai";
import fc from "fast-check";

import type { IntegerModel } from "../../../prover/src/model/integer-model.ts";
import { runReference } from "../../../prover/src/model/reference.ts";
import { initialModel } from "../../../prover/src/verifiable/initial-model.ts";
import { type Rescaled, sgdStep, type SgdStep } from "../../../prover/src/verifiable/sgd-step.ts";
import {
  sigmoidShiftBits,
  type TrainingRule,
  validateTrainingRule,
} from "../../../prover/src/verifiable/training-rule.ts";
import type { IntegerSamples } from "../../../prover/src/data/samples.ts";
import { TrainingError } from "../../../prover/src/training/training-error.ts";
import { cutBatches } from "../../../prover/src/verifiable/batches.ts";
import { expectError } from "../support/expect-error.ts";
import { modelsOf, samplesOf } from "../support/integer-models.ts";
import {
  type NaiveStep,
  stepNaively,
  TINY_RULE,
  tinySamples,
  trainingRules,
} from "../support/training-rules.ts";

/** Whether every value of a step keeps its range. */
function isInRange(rule: TrainingRule, naive: NaiveStep): boolean {
  const below = (values: readonly (readonly bigint[])[], bits: number): boolean =>
    values.flat().every((value) => value < 1n << BigInt(bits) && -value < 1n << BigInt(bits));
  const signed = (values: readonly (readonly bigint[])[], bits: number): boolean =>
    values.flat().every((value) => BigInt.asIntN(bits, value) === value);
  const { quotientBits, weightBits, biasBits } = rule.architecture;
  return (
    below(naive.quotients, quotientBits - 1) &&
    below(naive.backQuotients, rule.magnitudeBits) &&
    below([naive.excesses], rule.excessBits) &&
    signed(naive.weights, weightBits) &&
    signed(naive.biases, biasBits)
  );
}

function expectRescaled({ sums, quotients, remainders }: Rescaled, shift: number): void {
  sums.forEach((sum, index) => {
    expect(remainders[index]).to.be.within(0, 2 ** shift - 1);
    expect(quotients[index]! * 2 ** shift + remainders[index]!).to.equal(sum);
  });
}

function expectConsistent(rule: TrainingRule, batch: IntegerSamples, { trace }: SgdStep): void {
  trace.hiddenLayers.forEach(({ forward, activations, backward, deltas }, layer) => {
    expectRescaled(forward, rule.architecture.shiftBits[layer]!);
    expectRescaled(backward, 12);
    deltas.forEach((delta, index) => {
      expect(activations[index]).to.equal(Math.max(forward.quotients[index]!, 0));
      expect(delta).to.equal(activations[index]! > 0 ? backward.quotients[index] : 0);
    });
  });
  const { logits, tableIndices, excesses, probabilities, deltas } = trace.output;
  expectRescaled(logits, sigmoidShiftBits(rule));
  tableIndices.forEach((index, position) => {
    expect(index).to.be.within(-512, 511);
    expect(index + excesses[position]!).to.equal(logits.quotients[position]);
    if (excesses[position]! > 0) expect(index).to.equal(511);
    if (excesses[position]! < 0) expect(index).to.equal(-512);
    const isLabel = batch.labels[Math.floor(position / batch.classCount)] === position % batch.classCount;
    expect(deltas[position]).to.equal(probabilities[position]! - (isLabel ? 256 : 0));
  });
  trace.updates.forEach(({ weightGradients, weightChanges, biasGradients, biasChanges }, layer) => {
    const shift = rule.weightShiftBits[layer]!;
    const half = 2 ** (shift - 1);
    expectRescaled(weightChanges, shift);
    expectRescaled(biasChanges, shift);
    const biasFactor = trace.factor * 2 ** rule.biasFactorBits[layer]!;
    expect([...weightChanges.sums]).to.deep.equal([...weightGradients].map((g) => g * trace.factor + half));
    expect([...biasChanges.sums]).to.deep.equal([...biasGradients].map((g) => g * biasFactor + half));
  });
}

const cases = trainingRules
  .filter((rule) => {
    try {
      validateTrainingRule(rule);
      return true;
    } catch {
      return false;
    }
  })
  .chain((rule) =>
    fc.record({
      rule: fc.constant(rule),
      model: modelsOf(rule.architecture).chain((extreme) =>
        fc.constantFrom(extreme, shrunk(extreme, 4), shrunk(extreme, 8)),
      ),
      batch: samplesOf(rule.architecture, rule.batchSize),
      factor: fc.integer({ min: 0, max: rule.initialRateBits }).map((bits) => 2 ** bits),
    }),
  );

/** The model with every value divided by 2^bits, so that a step can stay in range. */
function shrunk({ architecture, layers }: IntegerModel, bits: number): IntegerModel {
  return {
    architecture,
    layers: layers.map(({ weights, biases }) => ({
      weights: weights.map((value) => value >> bits),
      biases: biases.map((value) => value >> bits),
    })),
  };
}

describe("sgdStep", () => {
  it("equals a naive bigint step wherever that stays in range, and refuses where it does not", () => {
    let inRange = 0;
    let outOfRange = 0;
    fc.assert(
      fc.property(cases, ({ rule, model, batch, factor }) => {
        const naive = stepNaively(rule, model, batch, factor);
        if (!isInRange(rule, naive)) {
          outOfRange++;
          expect(() => sgdStep(rule, model, batch, factor, 0)).to.throw(TrainingError, /outside/);
          return;
        }
        inRange++;
        const step = sgdStep(rule, model, batch, factor, 0);
        step.model.layers.forEach(({ weights, biases }, layer) => {
          expect([...weights].map(BigInt)).to.deep.equal(naive.weights[layer]);
          expect([...biases].map(BigInt)).to.deep.equal(naive.biases[layer]);
        });
        step.trace.hiddenLayers.forEach(({ forward, backward }, layer) => {
          expect([...forward.quotients].map(BigInt)).to.deep.equal(naive.quotients[layer]);
          expect([...backward.quotients].map(BigInt)).to.deep.equal(naive.backQuotients[layer]);
        });
        expect([...step.trace.output.deltas].map(BigInt)).to.deep.equal(naive.errors);
        expectConsistent(rule, batch, step);
      }),
      { numRuns: 1_500, seed: 1 },
    );
    expect(inRange).to.be.greaterThan(200);
    expect(outOfRange).to.be.greaterThan(200);
  });

  it("runs forward exactly as the reference does", () => {
    const [batch] = cutBatches(TINY_RULE, tinySamples());
    const model = initialModel(TINY_RULE, 9n);
    const reference = runReference(model, batch!);
    const { trace } = sgdStep(TINY_RULE, model, batch!, 1, 0);
    expect([...trace.hiddenLayers[0]!.activations]).to.deep.equal([
      ...reference.hiddenLayers[0]!.activations,
    ]);
    expect([...trace.output.logits.sums]).to.deep.equal([...reference.logits]);
  });

  it("leaves its inputs as they are and gives the same result each time", () => {
    const [batch] = cutBatches(TINY_RULE, tinySamples());
    const model = initialModel(TINY_RULE, 9n);
    const before = structuredClone(model);
    const first = sgdStep(TINY_RULE, model, batch!, 4, 0);
    const second = sgdStep(TINY_RULE, model, batch!, 4, 0);
    expect(model).to.deep.equal(before);
    expect(first).to.deep.equal(second);
    expect(first.model).to.not.deep.equal(before);
  });

  describe("names step, layer, value and limit of", () => {
    const [batch] = cutBatches(TINY_RULE, tinySamples());
    const start = initialModel(TINY_RULE, 9n);
    const withLayer = (layer: number, change: Partial<IntegerModel["layers"][number]>): IntegerModel => ({
      ...start,
      layers: start.layers.map((kept, index) => (index === layer ? { ...kept, ...change } : kept)),
    });
    const failing = (model: IntegerModel, message: RegExp, rule: TrainingRule = TINY_RULE) =>
      expectError(() => sgdStep(rule, model, batch!, 8, 17), "training.overflow", message);

    it("a quotient", () =>
      failing(
        withLayer(0, { biases: Int32Array.of(0, 2 ** 23 - 1, 0) }),
        /^step 17, layer 1: a quotient of 20\d\d is outside -15..15; nothing has been committed$/,
        { ...TINY_RULE, architecture: { ...TINY_RULE.architecture, quotientBits: 5 } },
      ));

    it("a back-propagated value", () =>
      failing(
        withLayer(1, {
          weights: new Int32Array(9).fill(-20_000),
          biases: Int32Array.of(0, 2 ** 22, 2 ** 22),
        }),
        /^step 17, layer 1: a back-propagated value of -?\d+ is outside -255..255/,
        { ...TINY_RULE, magnitudeBits: 8 },
      ));

    it("an excess over the sigmoid table", () =>
      failing(
        withLayer(1, { biases: Int32Array.of(-(2 ** 23), 0, 0) }),
        /^step 17, layer 2: an excess over the sigmoid table of -\d+ is outside -4095..4095/,
      ));

    it("a weight", () =>
      failing(
        withLayer(0, { weights: new Int32Array(12).fill(32_767), biases: Int32Array.of(0, 0, 0) }),
        /^step 17, layer \d: a weight of -?\d+ is outside -32768..32767/,
        { ...TINY_RULE, weightShiftBits: [1, 1], magnitudeBits: 12 },
      ));

    it("a bias", () =>
      failing(
        withLayer(1, { biases: Int32Array.of(2 ** 14, 0, 0) }),
        /^step 17, layer \d: a bias of -?\d+ is outside -32768..32767/,
        {
          ...TINY_RULE,
          biasFactorBits: [16, 16],
          architecture: { ...TINY_RULE.architecture, biasBits: 16 },
        },
      ));
  });
});
