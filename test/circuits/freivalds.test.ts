import { expect } from "chai";

import { SeededRandom } from "../../prover/src/data/random.ts";
import { powField, toField } from "../../prover/src/field.ts";
import { fieldElement } from "./support/accuracy-case.ts";
import { compileTemplate, type SmallCircuit } from "./support/small-circuit.ts";

describe("Evaluate", function () {
  this.timeout(60_000);

  for (const count of [1, 2, 7]) {
    it(`evaluates ${count} coefficients, constant term first`, async () => {
      const circuit = await compileTemplate("freivalds", `Evaluate(${count})`, ["coefficients", "point"]);
      const random = new SeededRandom(`${count}`, "evaluate");
      for (const point of [0n, 1n, -1n, fieldElement(random)]) {
        const coefficients = Array.from({ length: count }, () => fieldElement(random));
        const value = coefficients.reduce(
          (sum, coefficient, power) => sum + coefficient * powField(point, BigInt(power)),
          0n,
        );
        expect(circuit.read({ coefficients, point }, "value")).to.equal(toField(value));
      }
    });
  }
});

describe("DenseCheck", function () {
  this.timeout(60_000);
  const [groups, inputCount, outputCount] = [3, 4, 2];
  const unit = 1n + (1n << 40n) + (1n << 80n);
  let circuit: SmallCircuit;

  before(async () => {
    circuit = await compileTemplate("freivalds", `DenseCheck(${groups}, ${inputCount}, ${outputCount})`, [
      "rho",
      "powerSum",
      "inputs",
      "outputs",
      "weights",
      "biases",
    ]);
  });

  /** A true product of random words, weights and biases, signs mixed. */
  function product(random: SeededRandom) {
    const small = () => BigInt(random.nextInteger(2048) - 1024);
    const matrix = <T>(rows: number, columns: number, draw: () => T) =>
      Array.from({ length: rows }, () => Array.from({ length: columns }, draw));
    const inputs = matrix(inputCount, groups, () => fieldElement(random));
    const weights = matrix(inputCount, outputCount, small);
    const biases = Array.from({ length: outputCount }, small);
    const outputs = biases.map((bias, output) =>
      Array.from({ length: groups }, (_, group) =>
        inputs.reduce(
          (sum, row, input) => toField(sum + row[group]! * weights[input]![output]!),
          bias * unit,
        ),
      ),
    );
    return { ...challenge(fieldElement(random)), inputs, outputs, weights, biases };
  }
  const challenge = (rho: bigint) => ({ rho, powerSum: toField(unit * (1n + rho + rho * rho)) });

  it("accepts every true product for every rho, as circom's solver does", async () => {
    for (let seed = 0; seed < 50; seed++) {
      const inputs = product(new SeededRandom(`${seed}`, "dense"));
      expect(circuit.accepts(inputs)).to.equal(true);
      for (const rho of [0n, 1n, -1n])
        expect(circuit.accepts({ ...inputs, ...challenge(rho) })).to.equal(true);
      if (seed < 3) await circuit.solve(inputs);
    }
  });

  it("refuses products with any output, input, weight or bias changed", () => {
    const random = new SeededRandom("1", "dense changed");
    const inputs = product(random);
    const moved = (rows: readonly (readonly bigint[])[], row: number, column: number) =>
      rows.map((values, index) => (index === row ? values.with(column, values[column]! + 1n) : [...values]));
    for (let input = 0; input < inputCount; input++) {
      for (let group = 0; group < groups; group++) {
        expect(circuit.accepts({ ...inputs, inputs: moved(inputs.inputs, input, group) })).to.equal(false);
      }
      for (let output = 0; output < outputCount; output++) {
        expect(circuit.accepts({ ...inputs, weights: moved(inputs.weights, input, output) })).to.equal(false);
      }
    }
    for (let output = 0; output < outputCount; output++) {
      for (let group = 0; group < groups; group++) {
        expect(circuit.accepts({ ...inputs, outputs: moved(inputs.outputs, output, group) })).to.equal(false);
      }
      const biases = inputs.biases.with(output, inputs.biases[output]! - 1n);
      expect(circuit.accepts({ ...inputs, biases })).to.equal(false);
    }
  });

  it("accepts a wrong product at as many rho as the difference has roots, and at no other", () => {
    const inputs = product(new SeededRandom("1", "dense roots"));
    // A difference of (rho − 2)(rho − 3) = 6 − 5·rho + rho² over the three groups of the first output.
    const first = inputs.outputs[0]!.map((word, group) => toField(word + [6n, -5n, 1n][group]!));
    const wrong = { ...inputs, outputs: [first, inputs.outputs[1]!] };
    for (let rho = 0n; rho < 50n; rho++) {
      expect(circuit.accepts({ ...wrong, ...challenge(rho) }), `${rho}`).to.equal(rho === 2n || rho === 3n);
    }
  });
});
