import { expect } from "chai";

import { SeededRandom } from "../../../prover/src/data/random.ts";
import { averageVectors } from "../../../prover/src/federation/average.ts";
import {
  parameterVector,
  sumVectors,
  unpackSums,
  vectorDigest,
  vectorShape,
} from "../../../prover/src/federation/parameter-vector.ts";
import { FIELD_ORDER } from "../../../prover/src/field.ts";
import type { IntegerModel } from "../../../prover/src/model/integer-model.ts";
import { randomModel } from "../../circuits/support/accuracy-case.ts";
import { ARCHITECTURE } from "../../circuits/support/federation-case.ts";
import { expectError } from "../support/expect-error.ts";

const MAX_FACTOR_SUM = 28;

/** The weighted average of one parameter, rounded half up, straight from the definition. */
function averageOf(values: readonly number[], factors: readonly number[]): number {
  const sum = values.reduce((subtotal, value, index) => subtotal + value * factors[index]!, 0);
  const total = factors.reduce((subtotal, factor) => subtotal + factor, 0);
  return Math.floor(sum / total + 0.5);
}

describe("vectorShape", () => {
  it("leaves room for twice the weighted sum", () => {
    expect(vectorShape(ARCHITECTURE, MAX_FACTOR_SUM)).to.deep.equal({
      weights: 21,
      biases: 6,
      weightSlotBits: 12,
      biasSlotBits: 18,
      weightWords: 1,
      words: 2,
    });
    expect(vectorShape({ ...ARCHITECTURE, layerSizes: [4, 4, 3] }, MAX_FACTOR_SUM).weightWords).to.equal(2);
  });
});

describe("averageVectors", () => {
  it("is the weighted average of every parameter, rounded half up", () => {
    const random = new SeededRandom("1", "average");
    for (let round = 0; round < 50; round++) {
      const count = 1 + random.nextInteger(7);
      const factors = Array.from({ length: count }, () => 1 + random.nextInteger(4));
      const factorSum = factors.reduce((sum, factor) => sum + factor);
      const styles = ["uniform", "extreme", "largest", "smallest"] as const;
      const models = factors.map(() => randomModel(ARCHITECTURE, random, styles[random.nextInteger(4)]));
      const vectors = models.map((model, index) => parameterVector(model, factors[index]!, MAX_FACTOR_SUM));
      const { model } = averageVectors(vectors, ARCHITECTURE, factorSum, MAX_FACTOR_SUM);
      for (const part of ["weights", "biases"] as const) {
        model.layers.forEach((layer, index) =>
          layer[part].forEach((value, position) => {
            const values = models.map((own: IntegerModel) => own.layers[index]![part][position]!);
            expect(value).to.equal(averageOf(values, factors));
          }),
        );
      }
    }
  });

  it("rounds a half up, also below zero", () => {
    const zero = randomModel(ARCHITECTURE, new SeededRandom("0", "half"), "zero");
    const with1 = (value: number): IntegerModel => ({
      ...zero,
      layers: zero.layers.with(0, { ...zero.layers[0]!, weights: zero.layers[0]!.weights.with(0, value) }),
    });
    for (const [value, rounded] of [
      [1, 1],
      [-1, 0],
      [3, 2],
      [-3, -1],
    ] as const) {
      const vectors = [zero, with1(value)].map((model) => parameterVector(model, 1, MAX_FACTOR_SUM));
      const { model } = averageVectors(vectors, ARCHITECTURE, 2, MAX_FACTOR_SUM);
      expect(model.layers[0]!.weights[0], `half of ${value}`).to.equal(rounded);
    }
  });
});

describe("parameterVector", () => {
  const model = randomModel(ARCHITECTURE, new SeededRandom("1", "vector"));

  it("refuses factors outside 1 to the largest sum", async () => {
    for (const factor of [0, -1, 1.5, MAX_FACTOR_SUM + 1, Number.NaN]) {
      await expectError(
        () => parameterVector(model, factor, MAX_FACTOR_SUM),
        "federation.factor",
        /from 1 to 28/,
      );
    }
    expect(parameterVector(model, MAX_FACTOR_SUM, MAX_FACTOR_SUM)).to.have.lengthOf(2);
  });

  it("is refused by unpackSums with a mask, another length or a smaller sum of factors", async () => {
    const vector = parameterVector(model, 3, MAX_FACTOR_SUM);
    const unpack = (words: readonly bigint[], factorSum = 3) =>
      unpackSums(words, ARCHITECTURE, factorSum, MAX_FACTOR_SUM);
    expect(unpack(vector).weights).to.have.lengthOf(21);
    await expectError(() => unpack(vector.with(0, FIELD_ORDER - 1n)), "federation.masked", /not cancelled/);
    await expectError(
      () => unpack(vector.with(1, vector[1]! + (1n << 200n))),
      "federation.masked",
      /not cancelled/,
    );
    const largest = parameterVector(
      randomModel(ARCHITECTURE, new SeededRandom("2", "vector"), "largest"),
      3,
      MAX_FACTOR_SUM,
    );
    await expectError(() => unpack(largest, 2), "federation.masked", /not cancelled/);
    await expectError(() => unpack(vector.slice(1)), "federation.vector", /vector|word/);
  });
});

describe("sumVectors and vectorDigest", () => {
  it("refuse vectors of different lengths, none, and words outside the field", async () => {
    await expectError(() => sumVectors([]), "federation.vector", /vector|word/);
    await expectError(() => sumVectors([[1n], [1n, 2n]]), "federation.vector", /vector|word/);
    await expectError(() => vectorDigest([FIELD_ORDER]), "federation.vector", /vector|word/);
    await expectError(() => vectorDigest([-1n]), "federation.vector", /vector|word/);
    expect(sumVectors([[FIELD_ORDER - 1n], [3n]])).to.deep.equal([2n]);
  });
});
