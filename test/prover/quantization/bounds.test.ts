import { expect } from "chai";
import fc from "fast-check";

import type { IntegerModel } from "../../../prover/src/model/integer-model.ts";
import { runReference } from "../../../prover/src/model/reference.ts";
import {
  activationBounds,
  analyseBounds,
  signedBits,
  sumBounds,
  uniformBounds,
} from "../../../prover/src/quantization/bounds.ts";
import { architectures, inferNaively, modelsOf, samplesOf } from "../support/integer-models.ts";

/** Every corner of the input cube: where a linear function has its extremes. */
function corners(featureCount: number, largest: number): number[][] {
  return Array.from({ length: 2 ** featureCount }, (_, corner) =>
    Array.from({ length: featureCount }, (_, feature) => ((corner >> feature) & 1) * largest),
  );
}

describe("analyseBounds", () => {
  it("is exact for a single layer", () => {
    const linear = architectures.map((architecture) => ({
      ...architecture,
      layerSizes: [architecture.layerSizes[0]!, architecture.layerSizes[1]!],
      shiftBits: [],
    }));
    fc.assert(
      fc.property(linear.chain(modelsOf), (model) => {
        const { layerSizes, inputBits } = model.architecture;
        const logits = corners(layerSizes[0]!, 2 ** inputBits - 1).map((features) =>
          inferNaively(model, features).logits.map(Number),
        );
        const margins = logits.map((row) => Math.max(...row) - Math.min(...row));
        const [report] = analyseBounds(model).layers;
        expect(report!.sumLower).to.equal(Math.min(...logits.flat()));
        expect(report!.sumUpper).to.equal(Math.max(...logits.flat()));
        expect(report!.boundedUpper).to.equal(Math.max(...margins));
        expect(report!.boundedLower + report!.boundedUpper).to.equal(0);
      }),
      { numRuns: 300 },
    );
  });

  it("is never exceeded by any value of any layer", () => {
    const cases = architectures.chain((architecture) =>
      fc.tuple(modelsOf(architecture), samplesOf(architecture)),
    );
    fc.assert(
      fc.property(cases, ([model, samples]) => {
        const { layerSizes, inputBits, shiftBits } = model.architecture;
        const report = analyseBounds(model).layers;
        for (let sample = 0; sample < samples.sampleCount; sample++) {
          const features = samples.features.subarray(sample * layerSizes[0]!, (sample + 1) * layerSizes[0]!);
          const naive = inferNaively(model, [...features]);
          let inputs = uniformBounds(layerSizes[0]!, 2 ** inputBits - 1);
          [...naive.sums, naive.logits].forEach((sums, layer) => {
            const { weights, biases } = model.layers[layer]!;
            const bounds = sumBounds(weights, biases, inputs);
            sums.forEach((sum, neuron) => {
              expect(Number(sum)).to.be.within(bounds.lower[neuron]!, bounds.upper[neuron]!);
              expect(Number(sum)).to.be.within(report[layer]!.sumLower, report[layer]!.sumUpper);
            });
            const shift = shiftBits[layer];
            if (shift !== undefined) inputs = activationBounds(bounds, shift);
            naive.quotients[layer]?.forEach((quotient) => {
              expect(Number(quotient)).to.be.within(report[layer]!.boundedLower, report[layer]!.boundedUpper);
            });
          });
          const logits = naive.logits.map(Number);
          const margin = Math.max(...logits) - Math.min(...logits);
          expect(margin).to.be.at.most(report[report.length - 1]!.boundedUpper);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("has no negative headroom only where the reference cannot overflow", () => {
    let safe = 0;
    let unsafe = 0;
    const cases = architectures.chain((architecture) =>
      fc.tuple(modelsOf(architecture), samplesOf(architecture)),
    );
    fc.assert(
      fc.property(cases, ([model, samples]) => {
        const isSafe = analyseBounds(model).layers.every(({ headroomBits }) => headroomBits >= 0);
        if (isSafe) {
          safe++;
          runReference(model, samples);
        } else {
          unsafe++;
        }
      }),
      { numRuns: 1_000 },
    );
    expect(safe).to.be.above(50);
    expect(unsafe).to.be.above(50);
  });

  it("describes each layer of a model small enough to check by hand", () => {
    const model: IntegerModel = {
      architecture: {
        layerSizes: [2, 1, 2],
        inputBits: 4,
        weightBits: 6,
        biasBits: 12,
        quotientBits: 6,
        marginBits: 12,
        shiftBits: [2],
      },
      layers: [
        { weights: Int32Array.of(3, -5), biases: Int32Array.of(7) },
        { weights: Int32Array.of(4, -4), biases: Int32Array.of(0, 10) },
      ],
    };
    expect(analyseBounds(model).layers).to.deep.equal([
      {
        layer: 1,
        kind: "hidden",
        fanIn: 2,
        width: 1,
        inputBits: 4,
        weightBits: 4,
        weightBitsLimit: 6,
        biasBits: 4,
        biasBitsLimit: 12,
        sumLower: 7 - 75,
        sumUpper: 7 + 45,
        accumulatorBits: 8,
        accumulatorBitsWorstCase: 13,
        boundedLower: -17,
        boundedUpper: 13,
        boundedBitsLimit: 6,
        headroomBits: Math.floor(1000 * Math.log2(32 / 18)) / 1000,
      },
      {
        layer: 2,
        kind: "output",
        fanIn: 1,
        width: 2,
        inputBits: 4,
        weightBits: 4,
        weightBitsLimit: 6,
        biasBits: 5,
        biasBitsLimit: 12,
        sumLower: 10 - 52,
        sumUpper: 52,
        accumulatorBits: 7,
        accumulatorBitsWorstCase: 13,
        boundedLower: -94,
        boundedUpper: 94,
        boundedBitsLimit: 12,
        headroomBits: Math.floor(1000 * Math.log2(2048 / 95)) / 1000,
      },
    ]);
  });
});

describe("signedBits", () => {
  it("is the smallest two's complement that holds both ends", () => {
    for (const [lower, upper, bits] of [
      [0, 0, 1],
      [-1, 0, 1],
      [0, 1, 2],
      [-2, 1, 2],
      [-128, 127, 8],
      [-129, 127, 9],
      [-128, 128, 9],
      [0, 2 ** 40, 42],
    ] as const) {
      expect(signedBits(lower, upper), `${lower}..${upper}`).to.equal(bits);
    }
  });
});
