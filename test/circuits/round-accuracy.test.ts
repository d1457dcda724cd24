import { expect } from "chai";

import type { RoundAccuracyInstance } from "../../prover/src/circuits/accuracy.ts";
import { accuracyCost } from "../../prover/src/circuits/cost.ts";
import type { SignalValues } from "../../prover/src/circuits/layout.ts";
import { SeededRandom } from "../../prover/src/data/random.ts";
import { modelCommitment, roundNullifier } from "../../prover/src/model/commitment.ts";
import type { IntegerModel } from "../../prover/src/model/integer-model.ts";
import {
  type AccuracyCircuit,
  compileInstance,
  evaluateInputs,
  fieldElement,
  honestInputs,
  randomModel,
  randomSamples,
} from "./support/accuracy-case.ts";
import { ROOMY } from "./support/instances.ts";

describe("Accuracy in a round", function () {
  this.timeout(300_000);

  const instance: RoundAccuracyInstance = {
    ...ROOMY.hidden,
    id: "test-round",
    template: "round-accuracy",
  };
  const random = new SeededRandom("1", "round-accuracy");
  const [federation, round] = [fieldElement(random), 3n];
  let circuit: AccuracyCircuit;

  const inputsOf = (model: IntegerModel): SignalValues => ({
    ...honestInputs(instance, model, randomSamples(instance, random), random),
    roundStatement: [federation, round, roundNullifier(federation, round, model)],
  });
  const violated = (inputs: SignalValues) => evaluateInputs(circuit, inputs).violated.length;

  before(async () => {
    circuit = await compileInstance(instance);
  });

  it("holds for the nullifier of the scored model", () => {
    for (const style of ["uniform", "extreme", "largest", "smallest", "zero"] as const) {
      expect(violated(inputsOf(randomModel(instance.architecture, random, style))), style).to.equal(0);
    }
  });

  it("is solved by circom's own witness generator as by the constraints", async () => {
    const inputs = inputsOf(randomModel(instance.architecture, random));
    expect(await circuit.solve(inputs)).to.deep.equal(evaluateInputs(circuit, inputs).witness);
  });

  it("fails for any other nullifier, federation, round or model", () => {
    const model = randomModel(instance.architecture, random);
    const inputs = inputsOf(model);
    const words = inputs["roundStatement"]!;
    for (const index of [0, 1, 2]) {
      expect(violated({ ...inputs, roundStatement: words.with(index, words[index]! + 1n) })).to.be.above(0);
    }
    const other = randomModel(instance.architecture, random);
    const nullifier = roundNullifier(federation, round, other);
    expect(violated({ ...inputs, roundStatement: words.with(2, nullifier) })).to.be.above(0);
    const commitment = [modelCommitment(other, inputs["salt"]![0]!)];
    expect(violated({ ...inputs, modelCommitment: commitment })).to.be.above(0);
  });

  it("gives the same weights one nullifier under any salt", () => {
    const model = randomModel(instance.architecture, random);
    const [first, second] = [inputsOf(model), inputsOf(model)];
    expect(first["modelCommitment"]).not.to.deep.equal(second["modelCommitment"]);
    expect(violated(second)).to.equal(0);
    expect(first["roundStatement"]).to.deep.equal(second["roundStatement"]);
    expect(roundNullifier(federation, round + 1n, model)).not.to.equal(first["roundStatement"]![2]);
    expect(roundNullifier(federation + 1n, round, model)).not.to.equal(first["roundStatement"]![2]);
  });

  it("has the rows of the accuracy circuit and those of the nullifier", () => {
    const cost = accuracyCost(instance);
    expect(circuit.system.rowCount).to.equal(cost.constraints);
    expect(circuit.system.publicCount).to.equal(cost.publicSignals);
    expect(cost.constraints).to.equal(accuracyCost(ROOMY.hidden).constraints + 261);
  });
});
