import { expect } from "chai";

import { SeededRandom } from "../../prover/src/data/random.ts";
import { toField } from "../../prover/src/field.ts";
import { compileTemplate, type SmallCircuit } from "./support/small-circuit.ts";

describe("PackWord", function () {
  this.timeout(60_000);
  const [slots, slotBits] = [4, 63];
  let circuit: SmallCircuit;

  before(async () => {
    circuit = await compileTemplate("packing", `PackWord(${slots}, ${slotBits})`, ["slots"]);
  });

  it("adds slots at their places, negative ones included", () => {
    const random = new SeededRandom("1", "packing");
    const limit = 2n ** BigInt(slotBits - 1);
    const edges = [0n, 1n, -1n, limit - 1n, -limit];
    for (let draw = 0; draw < 100; draw++) {
      const values = Array.from({ length: slots }, () =>
        random.nextInteger(2) === 0
          ? edges[random.nextInteger(edges.length)]!
          : (BigInt(random.nextUint32()) << 30n) - limit / 2n,
      );
      const expected = values.reduce((sum, value, slot) => sum + value * 2n ** BigInt(slotBits * slot), 0n);
      expect(circuit.read({ slots: values }, "word")).to.equal(toField(expected));
    }
  });

  it("gives equal words to different numbers only when they differ by 2^slotBits or more", () => {
    const word = (...values: bigint[]) => circuit.read({ slots: values }, "word");
    const carry = 2n ** BigInt(slotBits);
    expect(word(carry, -1n, 0n, 0n)).to.equal(word(0n, 0n, 0n, 0n));
    expect(word(carry - 1n, -1n, 0n, 0n)).not.to.equal(word(0n, 0n, 0n, 0n));
    expect(word(carry - 1n, carry - 1n, carry - 1n, carry - 1n)).not.to.equal(word(0n, 0n, 0n, 0n));
  });

  it("refuses words wider than 252 bits", async () => {
    const message = await compileTemplate("packing", "PackWord(4, 64)", ["slots"]).then(String, String);
    expect(message).to.match(/[Aa]ssert/);
  });
});
