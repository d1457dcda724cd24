import { expect } from "chai";

import { SeededRandom } from "../../../prover/src/data/random.ts";
import { aucWithinClasses, estimate, medianOf } from "../../../scripts/federation-study/auc.ts";
import {
  fitShadowAttack,
  lossAttack,
  observe,
  shadowAttack,
} from "../../../scripts/federation-study/membership.ts";
import { ARCHITECTURE, startModel } from "../../../scripts/federation-study/setting.ts";

const scored = (scores: readonly number[], label = 0) => scores.map((score) => ({ score, label }));

describe("aucWithinClasses", () => {
  it("is the share of pairs in the right order, equal scores counting half", () => {
    expect(aucWithinClasses(scored([2, 3]), scored([0, 1]))).to.equal(1);
    expect(aucWithinClasses(scored([0]), scored([1, 2]))).to.equal(0);
    expect(aucWithinClasses(scored([1, 2]), scored([1, 3]))).to.equal((0.5 + 0 + 1 + 0) / 4);
  });

  it("compares samples of the same class only", () => {
    const members = [...scored([5], 0), ...scored([1], 1)];
    const others = [...scored([6], 0), ...scored([0], 1)];
    expect(aucWithinClasses(members, others)).to.equal(0.5);
    expect(aucWithinClasses(scored([1], 0), scored([0], 1))).to.be.NaN;
  });
});

describe("estimate", () => {
  it("has the mean, between bounds that equal values leave no room", () => {
    expect(estimate([0.5, 0.5, 0.5], "1")).to.deep.equal({ mean: 0.5, lower: 0.5, upper: 0.5 });
    const { mean, lower, upper } = estimate([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], "1");
    expect(mean).to.equal(4.5);
    // The standard error is 0.91; the interval has 1.96 of them on either side.
    expect(lower).to.be.closeTo(4.5 - 1.78, 0.3);
    expect(upper).to.be.closeTo(4.5 + 1.78, 0.3);
  });
});

describe("medianOf", () => {
  it("is the middle value, or the mean of both", () => {
    expect(medianOf([9, 1, 5])).to.equal(5);
    expect(medianOf([9, 1, 5, 2])).to.equal(3.5);
  });
});

describe("The attacks", () => {
  const random = new SeededRandom("1", "attacks");
  const draws = (count: number, centre: number) =>
    Array.from({ length: count }, () => [centre + random.nextUnit(), random.nextUnit(), random.nextUnit()]);
  const labels = new Int32Array(40);

  it("call the sample with the smaller loss more of a member", () => {
    const scores = lossAttack({ features: [[0.1], [2]], labels: new Int32Array(2) });
    expect(scores[0]!.score).to.be.greaterThan(scores[1]!.score);
  });

  it("learn from shadows which way a feature points, and find the same in others", () => {
    for (const [inside, outside] of [
      [0, 0.5],
      [0.5, 0],
    ] as const) {
      const attack = fitShadowAttack(draws(100, inside), draws(60, outside));
      const score = (centre: number) => shadowAttack(attack, { features: draws(40, centre), labels });
      expect(aucWithinClasses(score(inside), score(outside))).to.be.greaterThan(0.75);
    }
  });

  it("learn nothing from shadows that are alike", () => {
    const attack = fitShadowAttack(draws(200, 0), draws(200, 0));
    const score = () => shadowAttack(attack, { features: draws(40, 0), labels });
    expect(aucWithinClasses(score(), score())).to.be.closeTo(0.5, 0.2);
  });

  it("read loss, log-odds and entropy off a model's logits", () => {
    const [inputs, classCount] = [ARCHITECTURE.layerSizes[0]!, 10];
    const model = startModel("1");
    const silent = {
      ...model,
      layers: model.layers.map(({ weights, biases }) => ({
        weights: new Float32Array(weights.length),
        biases: biases.map((_, index) => (biases.length === classCount && index === 3 ? Math.log(9) : 0)),
      })),
    };
    const samples = {
      sampleCount: 2,
      featureCount: inputs,
      classCount,
      features: new Float32Array(2 * inputs),
      labels: Int32Array.of(3, 4),
    };
    // Probabilities 1/2 for class 3 and 1/18 for each other.
    const { features } = observe([silent, silent], samples);
    const entropy = 0.5 * Math.log(2) + 0.5 * Math.log(18);
    const expected = [
      [Math.log1p(Math.log(2)), 0, entropy],
      [Math.log1p(Math.log(18)), -Math.log1p(Math.log(17)), entropy],
    ];
    features.forEach((row, sample) =>
      row.forEach((value, index) => expect(value).to.be.closeTo(expected[sample]![index]!, 1e-6)),
    );
  });
});
