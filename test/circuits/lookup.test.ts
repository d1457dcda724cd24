import { expect } from "chai";

import { SeededRandom } from "../../prover/src/data/random.ts";
import { FIELD_ORDER, invertField, toField } from "../../prover/src/field.ts";
import { fieldElement } from "./support/accuracy-case.ts";
import { compileTemplate, type SmallCircuit } from "./support/small-circuit.ts";

const BITS = 3;
const COUNT = 5;

/** How often each of 0..7 occurs. */
function counts(values: readonly bigint[]): bigint[] {
  return Array.from({ length: 2 ** BITS }, (_, entry) =>
    BigInt(values.filter((value) => value === BigInt(entry)).length),
  );
}

describe("RangeLookup", function () {
  this.timeout(60_000);
  let circuit: SmallCircuit;
  const random = new SeededRandom("1", "lookup");

  before(async () => {
    circuit = await compileTemplate("lookup", `RangeLookup(${BITS}, ${COUNT})`, [
      "alpha",
      "values",
      "multiplicities",
    ]);
  });

  it("has a row per value and per table entry", () => {
    expect(circuit.system.rowCount).to.equal(COUNT + 2 ** BITS);
  });

  it("accepts values at both ends of the table, repeated or not, as circom's solver does", async () => {
    for (const values of [
      [0n, 0n, 0n, 0n, 0n],
      [7n, 7n, 7n, 7n, 7n],
      [0n, 7n, 3n, 3n, 1n],
    ]) {
      const inputs = { alpha: fieldElement(random), values, multiplicities: counts(values) };
      expect(circuit.accepts(inputs)).to.equal(true);
      expect(circuit.system.violated(await circuit.solve(inputs))).to.deep.equal([]);
    }
  });

  it("accepts random multisets of table entries and refuses other counts", () => {
    for (let draw = 0; draw < 100; draw++) {
      const values = Array.from({ length: COUNT }, () => BigInt(random.nextInteger(2 ** BITS)));
      const inputs = { alpha: fieldElement(random), values, multiplicities: counts(values) };
      expect(circuit.accepts(inputs)).to.equal(true);
      const entry = random.nextInteger(2 ** BITS);
      const multiplicities = inputs.multiplicities.with(entry, inputs.multiplicities[entry]! + 1n);
      expect(circuit.accepts({ ...inputs, multiplicities })).to.equal(false);
    }
  });

  it("refuses values outside the table for any small or random multiplicities", async () => {
    for (const outside of [8n, 9n, 16n, FIELD_ORDER - 1n, FIELD_ORDER >> 1n, invertField(2n)]) {
      const values = [0n, 1n, 2n, 3n, outside];
      const honest = counts(values);
      const attempts = [honest, ...honest.map((count, entry) => honest.with(entry, count + 1n))];
      attempts.push(honest.map(() => fieldElement(random)));
      for (const multiplicities of attempts) {
        const inputs = { alpha: fieldElement(random), values, multiplicities };
        expect(circuit.accepts(inputs), `${outside}`).to.equal(false);
      }
      const inputs = { alpha: fieldElement(random), values, multiplicities: honest };
      const message = await circuit.solve(inputs).then(String, String);
      expect(message).to.match(/Assert Failed/);
    }
  });

  it("accepts a value outside the table from who chooses multiplicities after alpha", () => {
    const alpha = fieldElement(random);
    const values = [0n, 1n, 2n, 3n, 8n];
    const multiplicities = counts(values);
    const missing = toField(invertField(alpha - 8n) * alpha);
    const inputs = { alpha, values, multiplicities: multiplicities.with(0, multiplicities[0]! + missing) };
    expect(circuit.accepts(inputs)).to.equal(true);
    expect(circuit.accepts({ ...inputs, alpha: alpha + 1n })).to.equal(false);
  });

  it("refuses an alpha that equals a value, and any counts of it", async () => {
    const values = [5n, 1n, 1n, 1n, 1n];
    for (const multiplicities of [counts(values), counts(values.slice(1))]) {
      const message = await circuit.solve({ alpha: 5n, values, multiplicities }).then(String, String);
      expect(message).to.match(/Assert Failed/);
    }
  });
});
