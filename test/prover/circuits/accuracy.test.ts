import { expect } from "chai";

import {
  accuracyDimensions,
  accuracyLayout,
  accuracyMain,
  limbCount,
  lookupCount,
} from "../../../prover/src/circuits/accuracy.ts";
import {
  blockSize,
  flattenBlock,
  publicSignalCount,
  type SignalShape,
} from "../../../prover/src/circuits/layout.ts";
import { architectureId } from "../../../prover/src/model/architecture.ts";
import { compileInstance } from "../../circuits/support/accuracy-case.ts";
import { ROOMY } from "../../circuits/support/instances.ts";

/** Names of a signal's elements, row-major: `a[0][0]`, `a[0][1]`, … */
function elementNames({ name, dimensions }: SignalShape): string[] {
  return dimensions.reduce<string[]>(
    (names, size) =>
      names.flatMap((prefix) => Array.from({ length: size }, (_, index) => `${prefix}[${index}]`)),
    [name],
  );
}

describe("accuracyLayout", function () {
  this.timeout(120_000);

  for (const instance of Object.values(ROOMY)) {
    it(`names the wires of ${instance.id} in circom's order, public signals first`, async () => {
      const { system, wireNames } = await compileInstance(instance);
      const layout = accuracyLayout(instance);
      const expected = [layout.statement, layout.challenges, layout.dataset, layout.committed].flatMap(
        (block) => block.flatMap(elementNames),
      );
      expect(wireNames.slice(1, system.publicCount + 1)).to.deep.equal(expected);
      expect(publicSignalCount(layout)).to.equal(system.publicCount);
      expect(wireNames[system.publicCount + 1]).to.equal("salt");
    });
  }

  it("starts with the context and ends the committed block with its mask", () => {
    const layout = accuracyLayout(ROOMY.hidden);
    expect(layout.statement.map(({ name }) => name)).to.deep.equal(["context", "modelCommitment", "correct"]);
    expect(layout.challenges.map(({ name }) => name)).to.deep.equal(["alpha", "rho"]);
    expect(layout.committed.at(-1)).to.deep.equal({ name: "blockMask", dimensions: [] });
  });
});

describe("accuracyDimensions", () => {
  it("counts units, weights and limbs over all layers", () => {
    expect(accuracyDimensions(ROOMY.deep)).to.deep.equal({
      features: 2,
      classes: 2,
      hiddenUnits: 5,
      weights: 4 + 6 + 6,
      biases: 2 + 3 + 2,
      slotsTotal: 6,
      weightLimbs: 1,
      biasLimbs: 1,
      marginLimbs: 3,
      // No shift in the first hidden layer, one of two limbs in the second.
      remainderLimbs: 3 * 2,
    });
    expect(accuracyDimensions(ROOMY.linear)).to.include({ hiddenUnits: 0, remainderLimbs: 0, weights: 6 });
  });

  it("counts limbs and the lookups that bound them", () => {
    expect([0, 1, 4, 5, 8, 9].map((bits) => limbCount(bits, 4))).to.deep.equal([0, 1, 1, 2, 2, 3]);
    expect([0, 1, 4, 5, 8, 9].map((bits) => lookupCount(bits, 4))).to.deep.equal([0, 2, 1, 3, 2, 4]);
  });
});

describe("accuracyMain", () => {
  it("instantiates the template with every parameter and makes all but the salt public", () => {
    const main = accuracyMain(ROOMY.deep);
    expect(main).to.include(`${architectureId(ROOMY.deep.architecture)},\n    3, [2, 2, 3, 2],`);
    expect(main).to.include(`2, 3, 3, 6, 14, [0, 6],\n    5, 3, 2, ${ROOMY.deep.slotBits}, 0\n`);
    const round = accuracyMain({ ...ROOMY.deep, template: "round-accuracy" });
    expect(round).to.include(`5, 3, 2, ${ROOMY.deep.slotBits}, 1\n`);
    expect(round).to.include("{public [context, modelCommitment, correct, roundStatement, alpha, rho,");
    expect(main).to.include("{public [context, modelCommitment, correct, alpha, rho, dataWords, labels,");
    expect(main).not.to.include("salt");
    // circom has no empty arrays of parameters.
    expect(accuracyMain(ROOMY.linear)).to.include("[0],");
  });
});

describe("flattenBlock", () => {
  const block = [
    { name: "a", dimensions: [2, 2] },
    { name: "b", dimensions: [] },
    { name: "none", dimensions: [0, 3] },
  ];

  it("joins signals in the layout's order", () => {
    expect(blockSize(block)).to.equal(5);
    expect(flattenBlock(block, { b: [5n], none: [], a: [1n, 2n, 3n, 4n] })).to.deep.equal([
      1n,
      2n,
      3n,
      4n,
      5n,
    ]);
  });

  it("refuses a missing signal and one of another size", () => {
    expect(() => flattenBlock(block, { a: [1n, 2n, 3n, 4n], none: [] })).to.throw(
      RangeError,
      /b has 0 values/,
    );
    expect(() => flattenBlock(block, { a: [1n], b: [1n], none: [] })).to.throw(
      RangeError,
      /a has 1 values, .* 4/,
    );
  });
});
