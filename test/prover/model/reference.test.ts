import { expect } from "chai";
import fc from "fast-check";

import type { IntegerSamples } from "../../../prover/src/data/samples.ts";
import type { Architecture } from "../../../prover/src/model/architecture.ts";
import { type IntegerModel, validateIntegerModel } from "../../../prover/src/model/integer-model.ts";
import { runReference } from "../../../prover/src/model/reference.ts";
import { expectError } from "../support/expect-error.ts";
import { architectures, inferNaively, modelsOf, samplesOf } from "../support/integer-models.ts";

const tiny: Architecture = {
  layerSizes: [2, 2, 2],
  inputBits: 4,
  weightBits: 6,
  biasBits: 12,
  quotientBits: 6,
  marginBits: 12,
  shiftBits: [2],
};

function modelOf(first: [number[], number[]], last: [number[], number[]]): IntegerModel {
  const layer = ([weights, biases]: [number[], number[]]): IntegerModel["layers"][number] => ({
    weights: Int32Array.from(weights),
    biases: Int32Array.from(biases),
  });
  return { architecture: tiny, layers: [layer(first), layer(last)] };
}

function samples(features: number[], labels: number[]): IntegerSamples {
  return {
    sampleCount: labels.length,
    featureCount: 2,
    classCount: 2,
    features: Int32Array.from(features),
    labels: Int32Array.from(labels),
  };
}

const identity: [number[], number[]] = [
  [1, 0, 0, 1],
  [0, 0],
];

describe("runReference", () => {
  it("computes every value of a model small enough to check by hand", () => {
    const model = modelOf(
      [
        [3, -5, 2, 1],
        [7, -1],
      ],
      [
        [4, -4, 1, 2],
        [0, 10],
      ],
    );
    const trace = runReference(model, samples([5, 6, 1, 15], [0, 1]));
    const [hidden] = trace.hiddenLayers;
    expect([...hidden!.sums]).to.deep.equal([34, -20, 40, 9]);
    expect([...hidden!.quotients]).to.deep.equal([8, -5, 10, 2]);
    expect([...hidden!.remainders]).to.deep.equal([2, 0, 0, 1]);
    expect([...hidden!.activations]).to.deep.equal([8, 0, 10, 2]);
    expect([...trace.logits]).to.deep.equal([32, -22, 42, -26]);
    expect([...trace.predictions]).to.deep.equal([0, 0]);
    expect([...trace.correct]).to.deep.equal([1, 0]);
    expect(trace.correctCount).to.equal(1);
  });

  it("equals a naive bigint model wherever that stays in range, and refuses where it does not", () => {
    let inRange = 0;
    let outOfRange = 0;
    const cases = architectures.chain((architecture) =>
      fc.tuple(modelsOf(architecture), samplesOf(architecture)),
    );
    fc.assert(
      fc.property(cases, ([model, drawn]) => {
        const { layerSizes, quotientBits, marginBits, shiftBits } = model.architecture;
        const naive = Array.from({ length: drawn.sampleCount }, (_, sample) =>
          inferNaively(model, [
            ...drawn.features.subarray(sample * layerSizes[0]!, (sample + 1) * layerSizes[0]!),
          ]),
        );
        const limit = 2n ** BigInt(quotientBits - 1);
        const marginLimit = 2n ** BigInt(marginBits - 1);
        const fits = naive.every(
          ({ quotients, logits }, sample) =>
            quotients.flat().every((quotient) => quotient > -limit && quotient < limit) &&
            logits.every((logit) => {
              const margin = logits[drawn.labels[sample]!]! - logit;
              return margin < marginLimit && -margin < marginLimit;
            }),
        );
        if (!fits) {
          outOfRange++;
          expect(() => runReference(model, drawn))
            .to.throw()
            .with.property("code", "model.overflow");
          return;
        }
        inRange++;
        const trace = runReference(model, drawn);
        naive.forEach(({ sums, quotients, logits, prediction }, sample) => {
          trace.hiddenLayers.forEach((layer, index) => {
            const row = <T>(values: ArrayLike<T>): T[] =>
              Array.from(values).slice(sample * layer.width, (sample + 1) * layer.width);
            const shift = BigInt(shiftBits[index]!);
            expect(row(layer.sums).map(BigInt)).to.deep.equal(sums[index]);
            expect(row(layer.quotients).map(BigInt)).to.deep.equal(quotients[index]);
            expect(row(layer.remainders).map(BigInt)).to.deep.equal(
              sums[index]!.map((sum) => ((sum % 2n ** shift) + 2n ** shift) % 2n ** shift),
            );
            expect(row(layer.activations).map(BigInt)).to.deep.equal(
              quotients[index]!.map((quotient) => (quotient > 0n ? quotient : 0n)),
            );
          });
          const classCount = drawn.classCount;
          const row = [...trace.logits.subarray(sample * classCount, (sample + 1) * classCount)];
          expect(row.map(BigInt)).to.deep.equal(logits);
          expect(trace.predictions[sample]).to.equal(prediction);
          expect(trace.correct[sample]).to.equal(prediction === drawn.labels[sample] ? 1 : 0);
        });
        expect(trace.correctCount).to.equal(trace.correct.filter((bit) => bit === 1).length);
      }),
      { numRuns: 1_000 },
    );
    // Both sides of the property must have been met, or it says nothing.
    expect(inRange).to.be.above(100);
    expect(outOfRange).to.be.above(100);
  });

  it("predicts the lowest class when all logits are equal", () => {
    const equal = modelOf(identity, [
      [0, 0, 0, 0],
      [3, 3],
    ]);
    const trace = runReference(equal, samples([1, 2, 3, 4], [0, 1]));
    expect([...trace.predictions]).to.deep.equal([0, 0]);
    expect([...trace.correct]).to.deep.equal([1, 0]);
  });

  it("accepts quotients at both ends of their range and names the first one beyond", async () => {
    const withBias = (bias: number): IntegerModel =>
      modelOf(
        [
          [0, 0, 0, 0],
          [0, bias],
        ],
        identity,
      );
    for (const bias of [31 * 4 + 3, -31 * 4]) {
      expect(runReference(withBias(bias), samples([0, 0], [0])).hiddenLayers[0]!.quotients[1]).to.equal(
        bias >> 2,
      );
    }
    const above = await expectError(
      () => runReference(withBias(32 * 4), samples([0, 0], [0])),
      "model.overflow",
      /layer 1, neuron 2, sample 1: quotient 32 is outside ±31/,
    );
    expect(above.details).to.deep.equal({ layer: 1, neuron: 2, sample: 1, value: 32, limit: 32 });
    await expectError(
      () => runReference(withBias(-31 * 4 - 1), samples([0, 0], [0])),
      "model.overflow",
      /quotient -32 is outside ±31/,
    );
  });

  it("accepts margins at both ends of their range and names the first one beyond", async () => {
    const withBias = (bias: number): IntegerModel =>
      modelOf(identity, [
        [0, 0, 0, 0],
        [bias, 0],
      ]);
    const wide = (bias: number): IntegerModel => ({
      ...withBias(bias),
      architecture: { ...tiny, marginBits: 10 },
    });
    for (const label of [0, 1]) {
      expect(runReference(wide(511), samples([0, 0], [label])).predictions[0]).to.equal(0);
    }
    await expectError(
      () => runReference(wide(512), samples([0, 0, 0, 0], [0, 1])),
      "model.overflow",
      /last layer, class 1, sample 1: the label's logit differs by 512, outside ±511/,
    );
    await expectError(
      () => runReference(wide(512), samples([0, 0], [1])),
      "model.overflow",
      /differs by -512/,
    );
  });

  it("refuses samples off the grid or of another shape", async () => {
    const model = modelOf(identity, identity);
    await expectError(
      () => runReference(model, samples([1, 2, 16, 3], [0, 1])),
      "model.feature-range",
      /sample 2, feature 1: 16 is outside 0\.\.15/,
    );
    await expectError(
      () => runReference(model, samples([1, -1], [0])),
      "model.feature-range",
      /feature 2: -1/,
    );
    await expectError(
      () => runReference(model, samples([1, 1], [2])),
      "model.label-range",
      /label 2 is outside 0\.\.1/,
    );
    await expectError(() => runReference(model, samples([1, 1], [-1])), "model.label-range", /label -1/);
    for (const changes of [{ featureCount: 3 }, { classCount: 3 }, { sampleCount: 2 }]) {
      await expectError(
        () => runReference(model, { ...samples([1, 1], [0]), ...changes }),
        "model.sample-shape",
        /the samples have/,
      );
    }
  });

  it("runs on no samples at all", () => {
    expect(runReference(modelOf(identity, identity), samples([], [])).correctCount).to.equal(0);
  });
});

describe("validateIntegerModel", () => {
  it("accepts weights and biases at both ends of their ranges", () => {
    validateIntegerModel(
      modelOf(
        [
          [-32, 31, 0, 0],
          [-2048, 2047],
        ],
        identity,
      ),
    );
  });

  it("refuses values beyond, naming layer and position but never the value", async () => {
    for (const weight of [32, -33, 2 ** 31 - 1]) {
      const error = await expectError(
        () =>
          validateIntegerModel(
            modelOf(identity, [
              [0, 0, weight, 0],
              [0, 0],
            ]),
          ),
        "model.weight-range",
        /a weight of layer 2, at position 2, does not fit in 6 signed bits/,
      );
      expect(JSON.stringify(error.details)).to.not.contain(String(weight));
    }
    for (const bias of [2048, -2049]) {
      await expectError(
        () =>
          validateIntegerModel(
            modelOf(
              [
                [0, 0, 0, 0],
                [0, bias],
              ],
              identity,
            ),
          ),
        "model.weight-range",
        /a bias of layer 1, at position 1, does not fit in 12/,
      );
    }
  });

  it("refuses layers of another shape", async () => {
    const model = modelOf(identity, identity);
    await expectError(() => validateIntegerModel({ ...model, layers: [] }), "model.shape", /0 layers.*2/);
    await expectError(
      () => validateIntegerModel(modelOf([[1], [0, 0]], identity)),
      "model.shape",
      /layer 1 of 2×2 has 1 weights and 2 biases/,
    );
    await expectError(
      () => validateIntegerModel(modelOf(identity, [[1, 0, 0, 1], [0]])),
      "model.shape",
      /layer 2 of 2×2 has 4 weights and 1 biases/,
    );
  });
});
