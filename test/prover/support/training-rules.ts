import fc from "fast-check";

import type { IntegerSamples } from "../../../prover/src/data/samples.ts";
import { SeededRandom } from "../../../prover/src/data/random.ts";
import type { Architecture } from "../../../prover/src/model/architecture.ts";
import type { IntegerModel } from "../../../prover/src/model/integer-model.ts";
import type { TrainingRule } from "../../../prover/src/verifiable/training-rule.ts";

/** A rule small enough to train in milliseconds: 4-3-3, batches of 4, 3 epochs. */
export const TINY_RULE: TrainingRule = {
  id: "integer-sgd.v1",
  architecture: {
    layerSizes: [4, 3, 3],
    inputBits: 4,
    weightBits: 16,
    biasBits: 24,
    quotientBits: 13,
    marginBits: 24,
    shiftBits: [12],
  },
  batchSize: 4,
  epochs: 3,
  initialRateBits: 3,
  halvingSteps: 6,
  weightShiftBits: [9, 9],
  biasFactorBits: [8, 8],
  initialRangeBits: [12, 12],
  magnitudeBits: 11,
  excessBits: 12,
};

/** Samples of the tiny rule: the label's feature is bright; the same on every call. */
export function tinySamples(sampleCount = 22): IntegerSamples {
  const random = new SeededRandom("1", "tiny samples");
  const labels = Int32Array.from({ length: sampleCount }, (_, sample) => sample % 3);
  const features = Int32Array.from({ length: 4 * sampleCount }, (_, index) =>
    index % 4 === labels[Math.floor(index / 4)] ? 12 + random.nextInteger(4) : random.nextInteger(6),
  );
  return { sampleCount, featureCount: 4, classCount: 3, features, labels };
}

/** Rules with up to two hidden layers, small and with ranges wide enough or not. */
export const trainingRules: fc.Arbitrary<TrainingRule> = fc
  .record({
    layerSizes: fc.array(fc.integer({ min: 2, max: 4 }), { minLength: 2, maxLength: 4 }),
    inputBits: fc.integer({ min: 1, max: 8 }),
    shift: fc.integer({ min: 4, max: 12 }),
    weightBits: fc.integer({ min: 13, max: 16 }),
    quotientBits: fc.integer({ min: 6, max: 16 }),
    batchSize: fc.integer({ min: 1, max: 5 }),
    initialRateBits: fc.integer({ min: 0, max: 6 }),
    weightShift: fc.integer({ min: 1, max: 14 }),
    biasFactorBits: fc.integer({ min: 0, max: 12 }),
    magnitudeBits: fc.integer({ min: 8, max: 13 }),
    excessBits: fc.integer({ min: 8, max: 14 }),
  })
  .map(({ layerSizes, inputBits, shift, weightBits, quotientBits, weightShift, biasFactorBits, ...rest }) => {
    const architecture: Architecture = {
      layerSizes,
      inputBits,
      weightBits,
      biasBits: 24,
      quotientBits,
      marginBits: 24,
      shiftBits: new Array<number>(layerSizes.length - 2).fill(shift),
    };
    const perLayer = (value: number): number[] => new Array<number>(layerSizes.length - 1).fill(value);
    return {
      id: "integer-sgd.v1",
      architecture,
      epochs: 2,
      halvingSteps: 3,
      weightShiftBits: perLayer(weightShift),
      biasFactorBits: perLayer(biasFactorBits),
      initialRangeBits: perLayer(12),
      ...rest,
    };
  });

/** A step on bigints and straight from the rule, without looking at ranges. */
export interface NaiveStep {
  readonly weights: readonly (readonly bigint[])[];
  readonly biases: readonly (readonly bigint[])[];
  /** Per hidden layer, `[sample][neuron]` flat. */
  readonly quotients: readonly (readonly bigint[])[];
  readonly backQuotients: readonly (readonly bigint[])[];
  readonly excesses: readonly bigint[];
  readonly errors: readonly bigint[];
}

/** round(256·sigmoid((t + 1/2)/64)), computed apart from the table. */
function sigmoid(index: bigint): bigint {
  return BigInt(Math.round(128 * (1 + Math.tanh((Number(index) + 0.5) / 128))));
}

/** One step of the rule, sample by sample; `>>` of a bigint is floor division by a power of two. */
export function stepNaively(
  rule: TrainingRule,
  model: IntegerModel,
  batch: IntegerSamples,
  factor: number,
): NaiveStep {
  const { layerSizes, inputBits, shiftBits } = rule.architecture;
  const layerCount = model.layers.length;
  const weight = (layer: number, from: number, to: number): bigint =>
    BigInt(model.layers[layer]!.weights[from * layerSizes[layer + 1]! + to]!);
  const range = (count: number): number[] => [...new Array(count).keys()];
  const zeros = (count: number): bigint[] => new Array<bigint>(count).fill(0n);
  const gradients = range(layerCount).map((layer) => zeros(layerSizes[layer]! * layerSizes[layer + 1]!));
  const biasGradients = range(layerCount).map((layer) => zeros(layerSizes[layer + 1]!));
  const quotients: bigint[][] = shiftBits.map(() => []);
  const backQuotients: bigint[][] = shiftBits.map(() => []);
  const excesses: bigint[] = [];
  const errors: bigint[] = [];
  const logitBits = shiftBits.reduce((bits, shift) => bits + 12 - shift, inputBits) + 12;
  for (const sample of range(batch.sampleCount)) {
    const activations = [
      range(layerSizes[0]!).map((j) => BigInt(batch.features[sample * layerSizes[0]! + j]!)),
    ];
    const sums = (layer: number): bigint[] =>
      range(layerSizes[layer + 1]!).map((h) =>
        activations[layer]!.reduce(
          (sum, a, j) => sum + a * weight(layer, j, h),
          BigInt(model.layers[layer]!.biases[h]!),
        ),
      );
    shiftBits.forEach((shift, layer) => {
      const row = sums(layer).map((sum) => sum >> BigInt(shift));
      quotients[layer]!.push(...row);
      activations.push(row.map((q) => (q > 0n ? q : 0n)));
    });
    let deltas = sums(layerCount - 1).map((logit, c) => {
      const index = logit >> BigInt(logitBits - 6);
      const clamped = index < -512n ? -512n : index > 511n ? 511n : index;
      excesses.push(index - clamped);
      return sigmoid(clamped) - (batch.labels[sample] === c ? 256n : 0n);
    });
    errors.push(...deltas);
    for (let layer = layerCount - 1; layer >= 0; layer--) {
      const width = layerSizes[layer + 1]!;
      activations[layer]!.forEach((a, j) =>
        deltas.forEach((delta, h) => (gradients[layer]![j * width + h]! += a * delta)),
      );
      deltas.forEach((delta, h) => (biasGradients[layer]![h]! += delta));
      if (layer === 0) break;
      const current = deltas;
      const back = range(layerSizes[layer]!).map(
        (j) => current.reduce((sum, delta, h) => sum + delta * weight(layer, j, h), 0n) >> 12n,
      );
      backQuotients[layer - 1]!.push(...back);
      deltas = back.map((d, j) => (activations[layer]![j]! > 0n ? d : 0n));
    }
  }
  const changed = (value: number, gradient: bigint, layer: number, factorBits: number): bigint => {
    const shift = BigInt(rule.weightShiftBits[layer]!);
    return (
      BigInt(value) -
      ((gradient * BigInt(factor) * (1n << BigInt(factorBits)) + (1n << (shift - 1n))) >> shift)
    );
  };
  return {
    weights: model.layers.map(({ weights }, layer) =>
      [...weights].map((value, index) => changed(value, gradients[layer]![index]!, layer, 0)),
    ),
    biases: model.layers.map(({ biases }, layer) =>
      [...biases].map((value, index) =>
        changed(value, biasGradients[layer]![index]!, layer, rule.biasFactorBits[layer]!),
      ),
    ),
    quotients,
    backQuotients,
    excesses,
    errors,
  };
}
