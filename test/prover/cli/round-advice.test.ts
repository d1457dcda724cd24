import { expect } from "chai";

import { parseAdvice } from "../../../prover/src/cli/round-advice.ts";
import { loadCircuitInstance } from "../../../prover/src/circuits/instances.ts";

describe("parseAdvice", () => {
  it("takes the rule of --train-step as it is, but for the epochs, which are the federation's", async () => {
    const { rule } = await loadCircuitInstance("train-step", "train-step-4-3-3x4");
    expect(rule.epochs).not.to.equal(7);
    const flags = { epochs: "7", trainStep: "train-step-4-3-3x4", samplesPerFactor: "5" };
    expect(await parseAdvice(flags, rule.architecture)).to.deep.equal({
      training: { kind: "integer", rule: { ...rule, epochs: 7 } },
      samplesPerFactor: 5,
      weightScales: [2 ** -12, 2 ** -12],
    });
  });
});
