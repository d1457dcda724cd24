import { expect } from "chai";
import { poseidon2 } from "poseidon-lite";

import { FIELD_ORDER } from "../../../prover/src/field.ts";
import { validateIntegerModel } from "../../../prover/src/model/integer-model.ts";
import { DEFAULT_TRAINING_RULES } from "../../../prover/src/verifiable/default-rules.ts";
import { initialModel } from "../../../prover/src/verifiable/initial-model.ts";
import { TINY_RULE } from "../support/training-rules.ts";

const digits = DEFAULT_TRAINING_RULES["digits"]!;

describe("initialModel", () => {
  it("takes weight i from chunk i mod 15 of Poseidon(seed, floor(i/15)), over all layers", () => {
    const seed = 2n ** 200n + 12_345n;
    const model = initialModel(digits, seed);
    const weights = model.layers.flatMap((layer) => [...layer.weights]);
    expect(weights).to.have.length(1_184);
    weights.forEach((weight, index) => {
      const digest = poseidon2([seed, BigInt(Math.floor(index / 15))]);
      const chunk = (digest / 2n ** BigInt(16 * (index % 15))) % 65_536n;
      // >> of a bigint is floor division.
      const range = index < 1_024 ? 11n : 12n;
      expect(weight).to.equal(Number(((chunk - 32_768n) << range) >> 16n));
    });
  });

  it("gives biases that round half up, and 0 in the last layer", () => {
    const [first, last] = initialModel(digits, 1n).layers;
    expect(new Set(first!.biases)).to.deep.equal(new Set([2_048]));
    expect(new Set(last!.biases)).to.deep.equal(new Set([0]));
    const unshifted = { ...TINY_RULE, architecture: { ...TINY_RULE.architecture, shiftBits: [0] } };
    expect([...initialModel(unshifted, 1n).layers[0]!.biases]).to.deep.equal([0, 0, 0]);
  });

  it("draws uniformly from each layer's range", () => {
    const layers = Array.from({ length: 10 }, (_, seed) => initialModel(digits, BigInt(seed)).layers);
    [1_024, 2_048].forEach((half, layer) => {
      const drawn = layers.flatMap((model) => [...model[layer]!.weights]);
      const mean = drawn.reduce((sum, weight) => sum + weight, 0) / drawn.length;
      const variance = drawn.reduce((sum, weight) => sum + (weight - mean) ** 2, 0) / drawn.length;
      expect(Math.min(...drawn)).to.be.within(-half, -half * 0.98);
      expect(Math.max(...drawn)).to.be.within(half * 0.98, half - 1);
      // Standard deviation of the mean: half/sqrt(3·1600) at most.
      expect(Math.abs(mean)).to.be.below(half * 0.06);
      expect(variance / (half ** 2 / 3)).to.be.within(0.93, 1.07);
    });
  });

  it("depends on the seed modulo r alone, and fits the architecture", () => {
    const model = initialModel(digits, 42n);
    validateIntegerModel(model);
    expect(initialModel(digits, 42n)).to.deep.equal(model);
    expect(initialModel(digits, 42n + FIELD_ORDER)).to.deep.equal(model);
    expect(initialModel(digits, 43n)).to.not.deep.equal(model);
  });

  it("reaches the whole range of 16-bit weights and of weights that are all 0 or −1", () => {
    const wide = initialModel({ ...TINY_RULE, initialRangeBits: [16, 0] }, 3n).layers;
    expect(Math.max(...wide[0]!.weights.map(Math.abs))).to.be.greaterThan(16_384);
    expect(new Set(wide[1]!.weights)).to.deep.equal(new Set([0, -1]));
  });
});
