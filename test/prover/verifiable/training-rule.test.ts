import { expect } from "chai";
import { id } from "ethers";

import { ModelError } from "../../../prover/src/model/model-error.ts";
import { DEFAULT_TRAINING_RULES } from "../../../prover/src/verifiable/default-rules.ts";
import {
  canonicalTrainingRule,
  learningRateFactor,
  logitFractionBits,
  sigmoidShiftBits,
  type TrainingRule,
  trainingRuleDigest,
  validateTrainingRule,
} from "../../../prover/src/verifiable/training-rule.ts";
import { expectError } from "../support/expect-error.ts";
import { TINY_RULE } from "../support/training-rules.ts";

const digits = DEFAULT_TRAINING_RULES["digits"]!;

describe("a training rule", () => {
  it("has one canonical text, whose keccak256 is the digest", () => {
    const text =
      "zkpot.training-rule.v1 id=integer-sgd.v1 batchSize=32 epochs=40 initialRateBits=6 halvingSteps=440" +
      " weightShiftBits=12,12 biasFactorBits=8,8 initialRangeBits=11,12 magnitudeBits=11 excessBits=12" +
      " sigmoidTable=0x4b8b4d5d0223acf4e6c09f4571b20340db703ae97e897ee2c0cadf1383735815" +
      " zkpot.architecture.v1 layerSizes=64,16,10 inputBits=4 weightBits=16 biasBits=24 quotientBits=13" +
      " marginBits=24 shiftBits=12";
    expect(canonicalTrainingRule(digits)).to.equal(text);
    expect(trainingRuleDigest(digits)).to.equal(id(text));
  });

  it("has another digest whenever any field differs", () => {
    const variants: Partial<TrainingRule>[] = [
      {},
      { batchSize: 8 },
      { epochs: 41 },
      { initialRateBits: 5 },
      { halvingSteps: 441 },
      { weightShiftBits: [12, 11] },
      { biasFactorBits: [8, 9] },
      { initialRangeBits: [11, 11] },
      { magnitudeBits: 12 },
      { excessBits: 11 },
      { architecture: { ...digits.architecture, biasBits: 23 } },
    ];
    const digests = variants.map((change) => trainingRuleDigest({ ...digits, ...change }));
    expect(new Set(digests).size).to.equal(variants.length);
  });

  it("halves the factor every halvingSteps until it is 1", () => {
    const factors = [0, 439, 440, 879, 880, 2_639, 2_640, 1e9].map((step) =>
      learningRateFactor(digits, step),
    );
    expect(factors).to.deep.equal([64, 64, 32, 32, 16, 2, 1, 1]);
  });

  it("derives the scale of logits and the shift before the sigmoid table", () => {
    expect(logitFractionBits(digits)).to.equal(16);
    expect(sigmoidShiftBits(digits)).to.equal(10);
    expect(sigmoidShiftBits(DEFAULT_TRAINING_RULES["breast-cancer"]!)).to.equal(11);
  });

  it("has defaults for the packaged data sets that are valid and rescale by the 12 bits of a range table", () => {
    expect(Object.keys(DEFAULT_TRAINING_RULES)).to.deep.equal(["digits", "breast-cancer"]);
    for (const rule of Object.values(DEFAULT_TRAINING_RULES)) {
      validateTrainingRule(rule);
      for (const shift of [...rule.weightShiftBits, ...rule.architecture.shiftBits])
        expect(shift).to.equal(12);
      expect(sigmoidShiftBits(rule)).to.be.at.most(12);
    }
  });

  const refusals: [string, Partial<TrainingRule>, RegExp][] = [
    ["an unknown id", { id: "integer-sgd.v2" as "integer-sgd.v1" }, /id: /],
    ["no batch", { batchSize: 0 }, /batchSize: /],
    ["half an epoch", { epochs: 0.5 }, /epochs: /],
    ["a rate beyond 16 bits", { initialRateBits: 17 }, /initialRateBits: /],
    ["no halving", { halvingSteps: 0 }, /halvingSteps: /],
    ["too few shifts", { weightShiftBits: [9] }, /weightShiftBits: 1 entries given for 2 layers/],
    ["too many bias factors", { biasFactorBits: [1, 1, 1] }, /biasFactorBits: 3 entries given for 2 layers/],
    [
      "an initial range wider than weights",
      { architecture: { ...TINY_RULE.architecture, weightBits: 11 } },
      /initialRangeBits: 12 in layer 1 exceeds the architecture's 11 weight bits/,
    ],
    [
      "activations without fraction bits",
      { architecture: { ...TINY_RULE.architecture, shiftBits: [17] } },
      /the inputs of layer 2 have -1 fraction bits/,
    ],
    ["sums beyond 2^53", { initialRateBits: 16, batchSize: 65_536, magnitudeBits: 20 }, /above 2\^53 − 1/],
  ];
  for (const [what, change, message] of refusals) {
    it(`is refused with ${what}`, () =>
      expectError(() => validateTrainingRule({ ...TINY_RULE, ...change }), "training.rule", message));
  }

  it("is refused with an architecture that is", () => {
    const architecture = { ...TINY_RULE.architecture, shiftBits: [] };
    expect(() => validateTrainingRule({ ...TINY_RULE, architecture })).to.throw(ModelError, /shiftBits/);
  });
});
