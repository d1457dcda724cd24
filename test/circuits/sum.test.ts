import { expect } from "chai";

import { SeededRandom } from "../../prover/src/data/random.ts";
import { toField } from "../../prover/src/field.ts";
import { fieldElement } from "./support/accuracy-case.ts";
import { compileTemplate } from "./support/small-circuit.ts";

describe("Sum", function () {
  this.timeout(60_000);

  for (const count of [1, 64, 65, 130]) {
    it(`adds ${count} terms`, async () => {
      const circuit = await compileTemplate("sum", `Sum(${count})`, ["terms"]);
      const random = new SeededRandom(`${count}`, "sum");
      const terms = Array.from({ length: count }, () => fieldElement(random));
      const sum = toField(terms.reduce((total, term) => total + term, 0n));
      expect(circuit.read({ terms }, "sum")).to.equal(sum);
      expect(circuit.accepts({ terms, sum })).to.equal(true);
      expect(circuit.accepts({ terms, sum: sum + 1n })).to.equal(false);
    });
  }

  it("adds no terms to zero", async () => {
    const circuit = await compileTemplate("sum", "Sum(0)", []);
    expect(circuit.read({}, "sum")).to.equal(0n);
  });
});
