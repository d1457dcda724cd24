import { expect } from "chai";

import { LookupTable } from "../../../prover/src/witness/lookup-table.ts";

/** Entries that were looked up, with how often. */
function counted(table: LookupTable): Record<number, bigint> {
  return Object.fromEntries([...table.multiplicities().entries()].filter(([, count]) => count > 0n));
}

describe("LookupTable", () => {
  it("splits values into limbs and counts one lookup per full limb", () => {
    const table = new LookupTable(4);
    expect(table.limbs(0x5a, 8)).to.deep.equal([10n, 5n]);
    expect(table.limbs(15, 4)).to.deep.equal([15n]);
    expect(counted(table)).to.deep.equal({ 5: 1n, 10: 1n, 15: 1n });
  });

  it("counts a partial top limb twice: as it is and shifted to the table's end", () => {
    const table = new LookupTable(4);
    expect(table.limbs(0x3a, 6)).to.deep.equal([10n, 3n]);
    expect(counted(table)).to.deep.equal({ 3: 1n, 10: 1n, 12: 1n });
    table.look(1, 1);
    expect(counted(table)).to.deep.equal({ 1: 1n, 3: 1n, 8: 1n, 10: 1n, 12: 1n });
  });

  it("has no limbs for values of no bits", () => {
    const table = new LookupTable(4);
    expect(table.limbs(0, 0)).to.deep.equal([]);
    expect(counted(table)).to.deep.equal({});
    expect(() => table.limbs(1, 0)).to.throw(RangeError);
  });

  it("refuses values beyond their bits, negative ones and fractions", () => {
    const table = new LookupTable(4);
    for (const [value, bits] of [
      [16, 4],
      [64, 6],
      [256, 8],
      [-1, 8],
      [2, 1],
    ] as const) {
      expect(() => table.limbs(value, bits), `${value} in ${bits} bits`).to.throw(RangeError);
    }
    expect(() => table.look(8, 3)).to.throw(RangeError);
  });
});
