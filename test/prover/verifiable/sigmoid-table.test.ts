import { expect } from "chai";

import { SIGMOID_TABLE } from "../../../prover/src/verifiable/sigmoid-table.ts";

describe("SIGMOID_TABLE", () => {
  it("runs from 0 over 128 to 256, never down, and is symmetric", () => {
    expect(SIGMOID_TABLE).to.have.length(1_024);
    expect([SIGMOID_TABLE[0], SIGMOID_TABLE[511], SIGMOID_TABLE[512], SIGMOID_TABLE[1_023]]).to.deep.equal([
      0, 128, 128, 256,
    ]);
    SIGMOID_TABLE.forEach((probability, position) => {
      expect(probability).to.be.at.least(SIGMOID_TABLE[position - 1] ?? 0);
      expect(probability + SIGMOID_TABLE[1_023 - position]!).to.equal(256);
    });
  });

  it("does not hang on the last digits of an exponential", () => {
    for (let index = -512; index < 512; index++) {
      const exact = 128 * (1 + Math.tanh((index + 0.5) / 128));
      expect(Math.abs(exact - SIGMOID_TABLE[index + 512]!)).to.be.below(0.5 - 1e-6);
    }
  });
});
