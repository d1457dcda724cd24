import { expect } from "chai";

import type { SignalValues } from "../../prover/src/circuits/layout.ts";
import { SeededRandom } from "../../prover/src/data/random.ts";
import { maskedVector } from "../../prover/src/federation/masks.ts";
import { parameterVector, vectorDigest } from "../../prover/src/federation/parameter-vector.ts";
import { toField } from "../../prover/src/field.ts";
import { modelCommitment } from "../../prover/src/model/commitment.ts";
import type { IntegerModel } from "../../prover/src/model/integer-model.ts";
import { aggregateWitness, vectorSumWitness } from "../../prover/src/witness/aggregate-witness.ts";
import { LookupTable } from "../../prover/src/witness/lookup-table.ts";
import { parameterLimbs } from "../../prover/src/witness/parameter-limbs.ts";
import { fieldElement, randomModel } from "./support/accuracy-case.ts";
import { AGGREGATE, ARCHITECTURE, members, VECTOR_SUM, withChallenges } from "./support/federation-case.ts";
import { compileTraining, evaluateTraining, type TrainingCircuit } from "./support/training-case.ts";

const { maxFactorSum, tableBits } = AGGREGATE;

/** Masked vectors of all members of a round for these models and factors. */
function maskedVectors(
  models: readonly IntegerModel[],
  factors: readonly number[],
  random: SeededRandom,
): bigint[][] {
  const places = [...models.keys()];
  return members(models.length, random).map((member, place) =>
    maskedVector(models[place]!, factors[place]!, maxFactorSum, member, places),
  );
}

describe("Aggregate", function () {
  this.timeout(600_000);

  const random = new SeededRandom("1", "aggregate");
  let circuit: TrainingCircuit;
  let inputs: SignalValues;
  let average: IntegerModel;
  const factors = [3, 1, 7, 2];

  const violated = (changes: SignalValues) =>
    evaluateTraining(circuit, { ...inputs, ...changes }).violated.length;

  before(async () => {
    circuit = await compileTraining(AGGREGATE);
    const models = factors.map(() => randomModel(ARCHITECTURE, random));
    const witness = aggregateWitness(AGGREGATE, 7n, maskedVectors(models, factors, random), 13);
    inputs = withChallenges(witness, random);
    average = witness.model;
  });

  it("holds for the average of masked vectors, for extreme models and factors", () => {
    for (const [style, weights] of [
      ["uniform", [3, 1, 7, 2]],
      ["largest", [7, 7, 7, 7]],
      ["smallest", [7, 7, 7, 7]],
      ["extreme", [1, 2, 1]],
    ] as const) {
      const models = weights.map(() => randomModel(ARCHITECTURE, random, style));
      const sum = weights.reduce((total: number, weight) => total + weight, 0);
      const witness = aggregateWitness(AGGREGATE, 7n, maskedVectors(models, weights, random), sum);
      expect(evaluateTraining(circuit, withChallenges(witness, random)).violated, style).to.deep.equal([]);
    }
  });

  it("holds for one vector without masks: its own model", () => {
    const model = randomModel(ARCHITECTURE, random);
    const witness = aggregateWitness(AGGREGATE, 7n, [parameterVector(model, 1, maxFactorSum)], 1);
    expect(witness.model).to.deep.equal(model);
    expect(evaluateTraining(circuit, withChallenges(witness, random)).violated).to.deep.equal([]);
  });

  it("fails for an average off by one, whatever the remainder", () => {
    for (const part of ["weights", "biases"] as const) {
      for (const step of [-1, 1]) {
        const layers = average.layers.with(0, {
          ...average.layers[0]!,
          [part]: average.layers[0]![part].slice(),
        });
        layers[0]![part][0]! += layers[0]![part][0]! + step >= 32 ? -1 : step;
        if (layers[0]![part][0]! < -32) continue;
        const model = { ...average, layers };
        const honest = inputs[part === "weights" ? "weightRemainders" : "biasRemainders"]!;
        const difference = BigInt(layers[0]![part][0]! - average.layers[0]![part][0]!);
        const table = new LookupTable(tableBits);
        const changes = {
          ...parameterLimbs(model, table),
          globalCommitment: [modelCommitment(model, 0n)],
          [part === "weights" ? "weightRemainders" : "biasRemainders"]: honest.with(
            0,
            toField(honest[0]! - 26n * difference),
          ),
        };
        // Only the lookups can tell: every equation of the division holds with the shifted remainder.
        expect(violated(changes), `${part} ${step}`).to.equal(1);
        expect(
          violated({
            ...changes,
            weightRemainders: inputs["weightRemainders"]!,
            biasRemainders: inputs["biasRemainders"]!,
          }),
        ).to.be.greaterThan(0);
      }
    }
  });

  it("fails for another factor sum, vector, digest or salt", () => {
    expect(violated({ factorSum: [14n] })).to.be.greaterThan(0);
    expect(violated({ factorSum: [12n] })).to.be.greaterThan(0);
    expect(violated({ globalCommitment: [modelCommitment(average, 1n)] })).to.be.greaterThan(0);
    const digests = inputs["vectorDigests"]!;
    expect(violated({ vectorDigests: digests.with(0, digests[1]!).with(1, digests[0]!) })).to.be.greaterThan(
      0,
    );
    const vectors = inputs["vectors"]!;
    expect(violated({ vectors: vectors.with(0, toField(vectors[0]! + 1n)) })).to.be.greaterThan(0);
  });

  it("fails for a factor sum beyond the largest, even when the division is right", () => {
    const model = randomModel(ARCHITECTURE, random, "zero");
    const factor = maxFactorSum + 1;
    const vector = parameterVector(model, 1, maxFactorSum).map((word) => toField(word * BigInt(factor)));
    const wider = { ...AGGREGATE, maxFactorSum: factor };
    const witness = aggregateWitness(wider, 7n, [vector], factor);
    expect(evaluateTraining(circuit, withChallenges(witness, random)).violated.length).to.be.greaterThan(0);
  });

  it("fails for a factor sum of zero", () => {
    const zeros = { ...inputs, vectors: inputs["vectors"]!.map(() => 0n) };
    const digest = vectorDigest(new Array<bigint>(zeros.vectors.length / 4).fill(0n));
    const remainders = {
      weightRemainders: inputs["weightRemainders"]!.map(() => 0n),
      biasRemainders: inputs["biasRemainders"]!.map(() => 0n),
    };
    expect(
      violated({ ...zeros, ...remainders, factorSum: [0n], vectorDigests: [digest, digest, digest, digest] }),
    ).to.be.greaterThan(0);
  });

  it("leaves no wire free: a valid witness with one wire changed violates some row", () => {
    const { witness } = evaluateTraining(circuit, inputs);
    const free: string[] = [];
    for (let wire = 1; wire < circuit.system.wireCount; wire++) {
      const rows = circuit.system.rowsOf(wire);
      const changed = [witness[wire]! + 1n, fieldElement(random)].map(toField);
      if (changed.some((value) => circuit.system.violated(witness.with(wire, value), rows).length === 0)) {
        free.push(circuit.wireNames[wire]!);
      }
    }
    expect(free).to.deep.equal([]);
  });
});

describe("VectorSum", function () {
  this.timeout(600_000);

  it("holds for sums of sums, and for nothing else", async () => {
    const circuit = await compileTraining(VECTOR_SUM);
    const random = new SeededRandom("1", "vector-sum");
    const factors = [1, 2, 3, 4, 5, 6];
    const models = factors.map(() => randomModel(ARCHITECTURE, random));
    const vectors = maskedVectors(models, factors, random);
    const parts = [vectors.slice(0, 4), vectors.slice(4)].map((part) =>
      vectorSumWitness(VECTOR_SUM, 7n, part),
    );
    for (const part of parts) {
      const inputs = withChallenges(part, random);
      expect(evaluateTraining(circuit, inputs).violated).to.deep.equal([]);
      for (const name of ["sumDigest", "vectorDigests", "vectors"]) {
        const values = inputs[name]!;
        const changed = { ...inputs, [name]: values.with(0, toField(values[0]! + 1n)) };
        expect(evaluateTraining(circuit, changed).violated.length, name).to.be.greaterThan(0);
      }
    }
    const direct = aggregateWitness(
      { ...AGGREGATE, vectors: 6 },
      7n,
      vectors,
      factors.reduce((sum, factor) => sum + factor),
    );
    const tree = aggregateWitness(
      AGGREGATE,
      7n,
      parts.map(({ vector }) => vector),
      21,
    );
    expect(tree.model).to.deep.equal(direct.model);
  });
});
