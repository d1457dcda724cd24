import fc from "fast-check";

import type { IntegerSamples } from "../../../prover/src/data/samples.ts";
import type { Architecture } from "../../../prover/src/model/architecture.ts";
import type { FloatModel } from "../../../prover/src/model/float-model.ts";
import type { IntegerModel } from "../../../prover/src/model/integer-model.ts";

/** Architectures of up to three layers with small widths. */
export const architectures: fc.Arbitrary<Architecture> = fc
  .record({
    layerSizes: fc.array(fc.integer({ min: 2, max: 5 }), { minLength: 2, maxLength: 4 }),
    inputBits: fc.integer({ min: 1, max: 10 }),
    weightBits: fc.integer({ min: 2, max: 12 }),
    biasBits: fc.integer({ min: 12, max: 24 }),
    quotientBits: fc.integer({ min: 4, max: 16 }),
    marginBits: fc.integer({ min: 8, max: 30 }),
    shift: fc.integer({ min: 0, max: 12 }),
  })
  .map(({ shift, ...rest }) => ({
    ...rest,
    shiftBits: new Array<number>(rest.layerSizes.length - 2).fill(shift),
  }));

/** Integers of `bits` signed bits, the extremes often. */
function signed(bits: number): fc.Arbitrary<number> {
  const [min, max] = [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
  return fc.oneof(fc.constantFrom(min, max, 0), fc.integer({ min, max }));
}

function arrayOf(arbitrary: fc.Arbitrary<number>, length: number): fc.Arbitrary<number[]> {
  return fc.array(arbitrary, { minLength: length, maxLength: length });
}

/** Any integer model of the architecture, extreme weights included. */
export function modelsOf(architecture: Architecture): fc.Arbitrary<IntegerModel> {
  const { layerSizes, weightBits, biasBits } = architecture;
  const layers = layerSizes.slice(1).map((outputs, layer) =>
    fc.record({
      weights: arrayOf(signed(weightBits), layerSizes[layer]! * outputs).map((values) =>
        Int32Array.from(values),
      ),
      biases: arrayOf(signed(biasBits), outputs).map((values) => Int32Array.from(values)),
    }),
  );
  return fc.tuple(...layers).map((drawn) => ({ architecture, layers: drawn }));
}

/** Up to `most` samples on the architecture's grid, the corners often. */
export function samplesOf(architecture: Architecture, most = 6): fc.Arbitrary<IntegerSamples> {
  const { layerSizes, inputBits } = architecture;
  const [featureCount, classCount] = [layerSizes[0]!, layerSizes[layerSizes.length - 1]!];
  const largest = 2 ** inputBits - 1;
  const feature = fc.oneof(fc.constantFrom(0, largest), fc.integer({ min: 0, max: largest }));
  return fc.integer({ min: 1, max: most }).chain((sampleCount) =>
    fc.record({
      sampleCount: fc.constant(sampleCount),
      featureCount: fc.constant(featureCount),
      classCount: fc.constant(classCount),
      features: arrayOf(feature, sampleCount * featureCount).map((values) => Int32Array.from(values)),
      labels: arrayOf(fc.nat({ max: classCount - 1 }), sampleCount).map((values) => Int32Array.from(values)),
    }),
  );
}

/** Float models with these layer sizes, with weights that are 0 or 0.05 to 8 and biases up to 1 in magnitude. */
export function floatModelsOf(layerSizes: readonly number[]): fc.Arbitrary<FloatModel> {
  const weight = fc
    .tuple(fc.constantFrom(-1, 0, 1), fc.integer({ min: 50, max: 8_000 }))
    .map(([sign, thousandths]) => (sign * thousandths) / 1_000);
  const bias = fc.integer({ min: -1_000, max: 1_000 }).map((thousandths) => thousandths / 1_000);
  const layers = layerSizes.slice(1).map((outputs, layer) =>
    fc.record({
      weights: arrayOf(weight, layerSizes[layer]! * outputs).map((values) => Float32Array.from(values)),
      biases: arrayOf(bias, outputs).map((values) => Float32Array.from(values)),
    }),
  );
  return fc.tuple(...layers).map((drawn) => ({ layerSizes, layers: drawn }));
}

/** Everything a sample's inference computes, on bigints and straight from the definition. */
export interface NaiveInference {
  readonly sums: readonly (readonly bigint[])[];
  readonly quotients: readonly (readonly bigint[])[];
  readonly logits: readonly bigint[];
  readonly prediction: number;
}

/** Runs one sample on bigints, without looking at ranges. */
export function inferNaively(model: IntegerModel, features: readonly number[]): NaiveInference {
  const { layerSizes, shiftBits } = model.architecture;
  const sums: bigint[][] = [];
  const quotients: bigint[][] = [];
  let inputs = features.map(BigInt);
  model.layers.forEach(({ weights, biases }, layer) => {
    const width = layerSizes[layer + 1]!;
    const row = Array.from({ length: width }, (_, neuron) =>
      inputs.reduce(
        (sum, input, index) => sum + input * BigInt(weights[index * width + neuron]!),
        BigInt(biases[neuron]!),
      ),
    );
    sums.push(row);
    const shift = shiftBits[layer];
    if (shift === undefined) return;
    // >> of a bigint is floor division by a power of two.
    const shifted = row.map((sum) => sum >> BigInt(shift));
    quotients.push(shifted);
    inputs = shifted.map((quotient) => (quotient < 0n ? 0n : quotient));
  });
  const logits = sums[sums.length - 1]!;
  const prediction = logits.findIndex((logit) => logits.every((other) => other <= logit));
  return { sums: sums.slice(0, -1), quotients, logits, prediction };
}
