import { expect } from "chai";

import { accuracyLayout } from "../../../prover/src/circuits/accuracy.ts";
import { flattenBlock } from "../../../prover/src/circuits/layout.ts";
import { SeededRandom } from "../../../prover/src/data/random.ts";
import type { IntegerSamples } from "../../../prover/src/data/samples.ts";
import type { IntegerModel } from "../../../prover/src/model/integer-model.ts";
import {
  accuracyCommittedBlock,
  accuracyDatasetBlock,
} from "../../../prover/src/witness/accuracy-witness.ts";
import { countCorrect, randomModel, randomSamples } from "../../circuits/support/accuracy-case.ts";
import { ROOMY } from "../../circuits/support/instances.ts";
import { countLookups, lookupValues } from "../../circuits/support/unbounded-prover.ts";
import { expectError } from "../support/expect-error.ts";

const instance = ROOMY.hidden;
const { groups, slots, slotBits } = instance;

function samplesOf(features: readonly (readonly number[])[], labels: readonly number[]): IntegerSamples {
  return {
    sampleCount: labels.length,
    featureCount: 3,
    classCount: 3,
    features: Int32Array.from(features.flat()),
    labels: Int32Array.from(labels),
  };
}

describe("accuracyDatasetBlock", () => {
  it("packs features by label, order of the data and slot", () => {
    const samples = samplesOf(
      [
        [1, 2, 3],
        [4, 5, 6],
        [7, 0, 1],
      ],
      [1, 0, 1],
    );
    const block = accuracyDatasetBlock(instance, samples);
    const word = (...values: number[]) =>
      values.reduce((sum, value, slot) => sum + (BigInt(value) << BigInt(slotBits * slot)), 0n);
    expect(block["dataWords"]).to.deep.equal([
      ...[word(4), word(1, 7), 0n, 0n],
      ...[word(5), word(2, 0), 0n, 0n],
      ...[word(6), word(3, 1), 0n, 0n],
    ]);
    // Groups of padding count as class 0.
    expect(block["labels"]).to.deep.equal([1n, 0n, 1n, 1n, 0n, 1n, 0n, 0n, 0n, 0n, 0n, 0n]);
    expect(block["sampleMask"]).to.deep.equal([1n, 0n, 0n, 1n, 1n, 0n, 0n, 0n, 0n, 0n, 0n, 0n]);
    expect(block["dataBlinding"]).to.deep.equal([0n]);
    expect(flattenBlock(accuracyLayout(instance).dataset, block)).to.have.lengthOf(12 + 12 + 12 + 1);
    expect(accuracyDatasetBlock(instance, samples, 5n)).to.deep.equal({ ...block, dataBlinding: [5n] });
  });

  it("does not depend on the order of classes in the data, but on the order within a class", () => {
    const [a, b, c] = [
      [1, 2, 3],
      [4, 5, 6],
      [7, 0, 1],
    ] as const;
    const block = accuracyDatasetBlock(instance, samplesOf([a, b, c], [1, 0, 1]));
    expect(accuracyDatasetBlock(instance, samplesOf([b, a, c], [0, 1, 1]))).to.deep.equal(block);
    expect(accuracyDatasetBlock(instance, samplesOf([c, b, a], [1, 0, 1]))).not.to.deep.equal(block);
  });

  it("refuses samples of another shape, off the grid or with unknown labels", async () => {
    const good = samplesOf([[1, 2, 3]], [1]);
    for (const [samples, code, message] of [
      [
        { ...good, featureCount: 4 },
        "witness.shape",
        /4 features and 3 classes, circuit test-hidden 3 and 3/,
      ],
      [{ ...good, classCount: 2 }, "witness.shape", /3 features and 2 classes/],
      [{ ...good, labels: Int32Array.of(1, 1) }, "witness.shape", /1 samples of 3 features have 2 labels/],
      [{ ...good, features: new Int32Array(4) }, "witness.shape", /4 feature values/],
      [samplesOf([[1, 8, 3]], [1]), "witness.feature-range", /sample 1, feature 2: 8 is outside 0\.\.7/],
      [samplesOf([[1, 2, -1]], [1]), "witness.feature-range", /feature 3: -1/],
      [samplesOf([[1, 2, 3]], [3]), "witness.label-range", /sample 1: label 3 is outside 0\.\.2/],
      [samplesOf([[1, 2, 3]], [-1]), "witness.label-range", /label -1/],
    ] as const) {
      await expectError(() => accuracyDatasetBlock(instance, samples), code, message);
    }
  });

  it("refuses more samples than the circuit holds", async () => {
    const samples = randomSamples(instance, new SeededRandom("1", "full"));
    accuracyDatasetBlock(instance, samples);
    const labels = Int32Array.from(
      { length: groups * slots + 1 },
      (_, sample) => samples.labels[sample] ?? 0,
    );
    const more = {
      ...samples,
      sampleCount: labels.length,
      features: new Int32Array(labels.length * 3),
      labels,
    };
    await expectError(
      () => accuracyDatasetBlock(instance, more),
      "witness.too-many-samples",
      /13 samples need 5 groups of 3/,
    );
  });
});

describe("accuracyCommittedBlock", () => {
  const random = new SeededRandom("3", "committed");
  let model: IntegerModel;
  let samples: IntegerSamples;
  let achieved: number;

  before(() => {
    do {
      model = randomModel(instance.architecture, random);
      samples = randomSamples(instance, random, groups * slots - 2);
      achieved = countCorrect(model, samples);
    } while (achieved < 2 || achieved > samples.sampleCount - 2);
  });

  it("claims what the model achieves when nothing else is asked for", () => {
    const block = accuracyCommittedBlock(instance, model, samples);
    expect(block).to.include({ achieved, claimed: achieved });
    const bits = block.committed["isCorrect"]!;
    expect(bits.reduce((sum, bit) => sum + bit, 0n)).to.equal(BigInt(achieved));
  });

  it("counts every lookup of the circuit, once", () => {
    for (const candidate of Object.values(ROOMY)) {
      const draw = new SeededRandom(candidate.id, "counts");
      const { committed } = accuracyCommittedBlock(
        candidate,
        randomModel(candidate.architecture, draw),
        randomSamples(candidate, draw),
      );
      expect(committed["multiplicities"]).to.deep.equal(
        countLookups(candidate, lookupValues(candidate, committed)),
      );
    }
  });

  it("has the sizes of the circuit's layout, but for the mask", () => {
    const { committed } = accuracyCommittedBlock(instance, model, samples);
    const layout = accuracyLayout(instance).committed.filter(({ name }) => name !== "blockMask");
    expect(Object.keys(committed)).to.deep.equal(layout.map(({ name }) => name));
    expect(() => flattenBlock(layout, committed)).not.to.throw();
  });

  it("claims fewer when asked to, down to none", () => {
    for (const claim of [0, 1, achieved - 1]) {
      const block = accuracyCommittedBlock(instance, model, samples, claim);
      expect(block).to.include({ achieved, claimed: claim });
    }
  });

  it("refuses claims above what is achieved, below nothing, and fractions", async () => {
    for (const claim of [achieved + 1, samples.sampleCount, -1, 0.5, Number.NaN, Infinity]) {
      const error = await expectError(
        () => accuracyCommittedBlock(instance, model, samples, claim),
        "witness.claim",
        /the claim is .* correct samples, the model classifies \d+ correctly/,
      );
      expect(error.details).to.deep.equal({ claimed: claim, achieved });
    }
  });

  it("refuses a model of another architecture", async () => {
    const other = randomModel(ROOMY.oneGroup.architecture, random);
    await expectError(
      () => accuracyCommittedBlock(instance, other, samples),
      "witness.architecture",
      /layerSizes=2,2,2 .*circuit test-hidden proves .*layerSizes=3,2,3/,
    );
  });

  it("names the sample of the test set whose values leave their range", async () => {
    const narrow = {
      ...instance,
      architecture: { ...instance.architecture, quotientBits: 3 },
    };
    const wide = randomModel(narrow.architecture, random, "zero");
    wide.layers[0]!.weights.fill(7);
    // Sorted by label the second sample comes first.
    const two = samplesOf(
      [
        [0, 0, 0],
        [7, 7, 7],
      ],
      [1, 0],
    );
    await expectError(
      () => accuracyCommittedBlock(narrow, wide, two),
      "model.overflow",
      /neuron 1, sample 2: quotient 18/,
    );
  });
});
