import { expect } from "chai";

import { loadCircuitInstance } from "../../../prover/src/circuits/instances.ts";
import { defaultWeightScales, startModel } from "../../../prover/src/federation/start-model.ts";
import type { Architecture } from "../../../prover/src/model/architecture.ts";
import { dequantizeModel, sumScalesOf } from "../../../prover/src/quantization/fixed-scales.ts";

const CIRCUITS = ["round-64-16-10x360", "round-4-3-3x10"] as const;

describe("startModel", () => {
  for (const id of CIRCUITS) {
    let architecture: Architecture;
    let scales: number[];

    before(async () => {
      ({ architecture } = await loadCircuitInstance("round-accuracy", id));
      scales = defaultWeightScales(architecture);
    });

    it(`follows from the seed and nothing else (${id})`, () => {
      const model = startModel(architecture, scales, "one");
      expect(startModel(architecture, scales, "one")).to.deep.equal(model);
      expect(startModel(architecture, scales, "two")).not.to.deep.equal(model);
    });

    it(`has weights within the range of Glorot and Bengio, and biases of 0 (${id})`, () => {
      const { layers } = dequantizeModel(startModel(architecture, scales, "one"), scales);
      layers.forEach(({ weights, biases }, layer) => {
        const [inputs, outputs] = [architecture.layerSizes[layer]!, architecture.layerSizes[layer + 1]!];
        const limit = Math.sqrt(6 / (inputs + outputs)) + scales[layer]! / 2;
        expect(weights.every((weight) => Math.abs(weight) <= limit)).to.equal(true);
        expect(weights.some((weight) => weight !== 0)).to.equal(true);
        expect(biases.every((bias) => bias === 0)).to.equal(true);
      });
    });

    it(`is quantised with room for weights of 3, and activations of 11 (${id})`, () => {
      const { weightBits, quotientBits, shiftBits } = architecture;
      scales.forEach((scale) => expect(scale * 2 ** (weightBits - 1)).to.be.at.least(3));
      const [sumScale] = sumScalesOf(architecture, scales);
      const largest = sumScale! * 2 ** (quotientBits - 1 + shiftBits[0]!);
      expect(largest).to.be.at.least(11 - 1e-9);
    });
  }

  it("gives models of the digits scales of about 0.04 and 0.02", async () => {
    const { architecture } = await loadCircuitInstance("round-accuracy", "round-64-16-10x360");
    const [hidden, last] = defaultWeightScales(architecture);
    expect(hidden).to.be.closeTo(0.0403, 0.0001);
    expect(last).to.be.closeTo(0.0195, 0.0001);
  });
});
