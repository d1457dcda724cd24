/** What a masked vector tells of the model behind it: nothing, as long as the masks of the others are not known. */
import { expect } from "chai";

import { maskedVector } from "../../../prover/src/federation/masks.ts";
import { pairKey } from "../../../prover/src/federation/pair-keys.ts";
import { parameterVector } from "../../../prover/src/federation/parameter-vector.ts";
import { FIELD_ORDER, toField } from "../../../prover/src/field.ts";
import type { IntegerModel } from "../../../prover/src/model/integer-model.ts";
import { dequantizeModel, quantizeAtScales } from "../../../prover/src/quantization/fixed-scales.ts";
import { readVector } from "../../../scripts/federation-study/privacy.ts";
import {
  ARCHITECTURE,
  MAX_FACTOR_SUM,
  startModel,
  WEIGHT_SCALES,
} from "../../../scripts/federation-study/setting.ts";

const FACTOR = 135;
const BINS = 16;
/** Of 15 degrees of freedom: beyond it one run in 1,000. */
const CHI_SQUARE_LIMIT = 37.7;

function integerModel(seed: string): IntegerModel {
  return quantizeAtScales(startModel(seed), ARCHITECTURE, WEIGHT_SCALES).quantized.model;
}

/** The vector of a model in one round, masked towards two others. */
function masked(model: IntegerModel, round: bigint): bigint[] {
  const keys = [7n, 8n, 9n].map(pairKey);
  const roster = keys.map(({ publicKey }) => publicKey);
  const member = { federation: 1n, round, key: keys[0]!, roster };
  return maskedVector(model, FACTOR, MAX_FACTOR_SUM, member, [0, 1, 2]);
}

/** How far words are from uniform over the field, by the part of it that they fall into. */
function chiSquare(words: readonly bigint[]): number {
  const counts = new Array<number>(BINS).fill(0);
  for (const word of words) counts[Number((word * BigInt(BINS)) / FIELD_ORDER)]!++;
  const expected = words.length / BINS;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

describe("readVector", () => {
  it("reads the model itself from a vector without masks", () => {
    const model = integerModel("1");
    const read = readVector(parameterVector(model, FACTOR, MAX_FACTOR_SUM), FACTOR);
    expect(read).to.deep.equal(dequantizeModel(model, WEIGHT_SCALES));
  });

  it("reads numbers from a masked vector that have nothing of the model", () => {
    const model = integerModel("1");
    const [first] = readVector(masked(model, 1n), FACTOR).layers;
    const own = dequantizeModel(model, WEIGHT_SCALES).layers[0]!.weights;
    const correlation = correlate(first!.weights, own);
    // The standard error is 1/√1024.
    expect(Math.abs(correlation)).to.be.lessThan(4 / 32);
  });
});

describe("A masked vector", function () {
  this.timeout(60_000);

  it("has words that are uniform over the field, whatever the model; without masks they are not", () => {
    for (const seed of ["1", "2"]) {
      const model = integerModel(seed);
      const words = Array.from({ length: 6 }, (_, round) => masked(model, BigInt(round + 1))).flat();
      expect(words.length).to.be.greaterThan(500);
      expect(chiSquare(words)).to.be.lessThan(CHI_SQUARE_LIMIT);
      const unmasked = parameterVector(model, FACTOR, MAX_FACTOR_SUM);
      expect(chiSquare(unmasked)).to.be.greaterThan(CHI_SQUARE_LIMIT);
    }
  });

  it("could as well be that of any other model, under masks that are as uniform", () => {
    const [model, other] = [integerModel("1"), integerModel("2")];
    const otherWords = parameterVector(other, FACTOR, MAX_FACTOR_SUM);
    const explaining = Array.from({ length: 6 }, (_, round) =>
      masked(model, BigInt(round + 1)).map((word, index) => toField(word - otherWords[index]!)),
    ).flat();
    expect(chiSquare(explaining)).to.be.lessThan(CHI_SQUARE_LIMIT);
  });
});

function correlate(left: Float32Array, right: Float32Array): number {
  const centred = (values: Float32Array): number[] => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return [...values].map((value) => value - mean);
  };
  const [a, b] = [centred(left), centred(right)];
  const dot = (x: readonly number[], y: readonly number[]): number =>
    x.reduce((sum, value, index) => sum + value * y[index]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}
