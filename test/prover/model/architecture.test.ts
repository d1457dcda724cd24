import { expect } from "chai";
import { keccak256, toUtf8Bytes } from "ethers";
import fc from "fast-check";

import { FIELD_ORDER } from "../../../prover/src/field.ts";
import {
  type Architecture,
  architectureId,
  canonicalArchitecture,
  defaultArchitecture,
  validateArchitecture,
  worstCaseSum,
} from "../../../prover/src/model/architecture.ts";
import { expectError } from "../support/expect-error.ts";
import { architectures } from "../support/integer-models.ts";

const digits = defaultArchitecture([64, 16, 10]);

describe("validateArchitecture", () => {
  it("accepts the default widths for linear and deep models", () => {
    for (const layerSizes of [
      [30, 2],
      [64, 16, 10],
      [784, 32, 10],
      [4, 3, 3, 3, 2],
    ]) {
      const architecture = defaultArchitecture(layerSizes);
      expect(architecture.shiftBits).to.have.length(layerSizes.length - 2);
      validateArchitecture(architecture);
    }
  });

  it("gives quotients and shifts the bits of the table, biases and margins twice as many", () => {
    expect(defaultArchitecture([784, 32, 10], 12)).to.deep.equal({
      layerSizes: [784, 32, 10],
      inputBits: 8,
      weightBits: 10,
      biasBits: 24,
      quotientBits: 12,
      marginBits: 24,
      shiftBits: [12],
    });
    expect(() => defaultArchitecture([784, 32, 10], 16))
      .to.throw()
      .with.property("code", "model.architecture");
  });

  const rejected: [name: string, changes: Partial<Architecture>, message: RegExp][] = [
    ["a single layer size", { layerSizes: [64], shiftBits: [] }, /layerSizes/],
    ["an empty layer", { layerSizes: [64, 0, 10] }, /layerSizes\.1/],
    ["a fractional layer", { layerSizes: [64, 1.5, 10] }, /layerSizes\.1/],
    ["one class", { layerSizes: [64, 16, 1] }, /number of classes.*at least 2/],
    ["a missing shift", { shiftBits: [] }, /0 shifts given for 1 hidden layers/],
    ["a surplus shift", { shiftBits: [10, 10] }, /2 shifts given for 1 hidden layers/],
    ["a negative shift", { shiftBits: [-1] }, /shiftBits\.0/],
    ["a shift of 31", { shiftBits: [31] }, /shiftBits\.0.*30/],
    ["17 input bits", { inputBits: 17 }, /inputBits.*16/],
    ["1 weight bit", { weightBits: 1 }, /weightBits.*2/],
    ["32 bias bits", { biasBits: 32 }, /biasBits.*31/],
    ["25 quotient bits", { quotientBits: 25 }, /quotientBits.*24/],
    ["49 margin bits", { marginBits: 49 }, /marginBits.*48/],
    ["more weights than the limit", { layerSizes: [65_536, 2_000, 10] }, /131092000 weights exceed/],
    [
      "a layer whose sum would not be exact",
      { layerSizes: [65_536, 16, 10], inputBits: 16, weightBits: 24 },
      /layer 1 of 65536 inputs.*2\^53/,
    ],
  ];
  for (const [name, changes, message] of rejected) {
    it(`refuses ${name}`, async () => {
      await expectError(() => validateArchitecture({ ...digits, ...changes }), "model.architecture", message);
    });
  }

  it("bounds every sum of an accepted architecture below 2^53", () => {
    expect(worstCaseSum(digits, 0)).to.equal(64 * 255 * 512 + 2 ** 19);
    expect(worstCaseSum(digits, 1)).to.equal(16 * 511 * 512 + 2 ** 19);
  });
});

describe("architectureId", () => {
  it("is keccak256 of the canonical text modulo r", () => {
    const text =
      "zkpot.architecture.v1 layerSizes=64,16,10 inputBits=8 weightBits=10 biasBits=20 quotientBits=10 marginBits=20 shiftBits=10";
    expect(canonicalArchitecture(digits)).to.equal(text);
    expect(architectureId(digits)).to.equal(BigInt(keccak256(toUtf8Bytes(text))) % FIELD_ORDER);
  });

  it("differs for different architectures", () => {
    fc.assert(
      fc.property(architectures, architectures, (a, b) => {
        expect(architectureId(a) === architectureId(b)).to.equal(
          canonicalArchitecture(a) === canonicalArchitecture(b),
        );
        const changed = { ...a, inputBits: a.inputBits === 10 ? 9 : a.inputBits + 1 };
        expect(architectureId(changed)).to.not.equal(architectureId(a));
      }),
    );
  });

  it("refuses an architecture that is not usable", async () => {
    await expectError(() => architectureId({ ...digits, inputBits: 0 }), "model.architecture", /inputBits/);
  });
});
