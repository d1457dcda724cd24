import { expect } from "chai";

import { limbCount, lookupCount } from "../../prover/src/circuits/accuracy.ts";
import { compileTemplate, type SmallCircuit } from "./support/small-circuit.ts";

const TABLE_BITS = 4;
const TABLE = 1n << BigInt(TABLE_BITS);

describe("Limbs", function () {
  this.timeout(60_000);

  for (const bits of [1, 3, 4, 5, 8, 11]) {
    describe(`with ${bits} bits over a table of ${TABLE_BITS}`, () => {
      const limbs = limbCount(bits, TABLE_BITS);
      const lookups = lookupCount(bits, TABLE_BITS);
      let circuit: SmallCircuit;
      const read = (values: readonly bigint[], signal: string) => circuit.read({ limbs: [values] }, signal);
      /** What a RangeLookup behind it would accept. */
      const inRange = (values: readonly bigint[]) =>
        Array.from({ length: lookups }, (_, index) => read(values, `lookups[${index}]`)).every(
          (value) => value < TABLE,
        );

      before(async () => {
        circuit = await compileTemplate("limbs", `Limbs(1, ${bits}, ${TABLE_BITS})`, ["limbs"]);
      });

      it("joins limbs to values and lets through exactly those below 2^bits", () => {
        const step = bits > 8 ? 7 : 1;
        for (let value = 0; value < 2 ** (limbs * TABLE_BITS); value += step) {
          const split = Array.from(
            { length: limbs },
            (_, index) => (BigInt(value) >> BigInt(TABLE_BITS * index)) % TABLE,
          );
          expect(read(split, "values[0]")).to.equal(BigInt(value));
          expect(inRange(split), `${value}`).to.equal(value < 2 ** bits);
        }
      });

      it("refuses limbs beyond the table and negative ones", () => {
        for (let position = 0; position < limbs; position++) {
          for (const limb of [TABLE, TABLE + 1n, -1n, -TABLE, TABLE ** 3n]) {
            const split = new Array<bigint>(limbs).fill(0n).with(position, limb);
            expect(inRange(split), `${limb} at ${position}`).to.equal(false);
          }
        }
      });
    });
  }

  it("has nothing to look up for values of no bits", async () => {
    const circuit = await compileTemplate("limbs", `Limbs(2, 0, ${TABLE_BITS})`, []);
    expect(circuit.read({}, "values[0]")).to.equal(0n);
    expect(circuit.read({}, "values[1]")).to.equal(0n);
    expect(() => circuit.sourceWire("lookups[0]")).to.throw(RangeError);
  });
});
