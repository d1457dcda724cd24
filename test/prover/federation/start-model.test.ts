import { expect } from "chai";

import { loadCircuitInstance } from "../../../prover/src/circuits/instances.ts";
import { fitInputQuantization } from "../../../prover/src/data/input-quantization.ts";
import {
  defaultWeightScales,
  randomStartModel,
  trainedStartModel,
} from "../../../prover/src/federation/start-model.ts";
import type { Architecture } from "../../../prover/src/model/architecture.ts";
import { dequantizeModel, sumScalesOf } from "../../../prover/src/quantization/fixed-scales.ts";
import { randomModel } from "../../../prover/src/training/checkpoint.ts";
import { clusters } from "../support/datasets.ts";
import { expectError } from "../support/expect-error.ts";

const CIRCUITS = ["round-64-16-10x360", "round-4-3-3x10"] as const;

describe("randomStartModel", () => {
  for (const id of CIRCUITS) {
    let architecture: Architecture;
    let scales: number[];

    before(async () => {
      ({ architecture } = await loadCircuitInstance("round-accuracy", id));
      scales = defaultWeightScales(architecture);
    });

    it(`follows from the seed and nothing else (${id})`, () => {
      const model = randomStartModel(architecture, scales, "one");
      expect(randomStartModel(architecture, scales, "one")).to.deep.equal(model);
      expect(randomStartModel(architecture, scales, "two")).not.to.deep.equal(model);
    });

    it(`has weights within the range of Glorot and Bengio, and biases of 0 (${id})`, () => {
      const { layers } = dequantizeModel(randomStartModel(architecture, scales, "one"), scales);
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

describe("trainedStartModel", () => {
  let architecture: Architecture;
  let scales: number[];
  const dataset = clusters({ classCount: 3, perClass: 5, featureCount: 4, seed: "1" });
  const inputQuantization = fitInputQuantization(dataset, 4);
  const { classNames } = dataset;
  const testSet = { name: "clusters", classNames, inputQuantization };
  const trained = { model: randomModel([4, 3, 3], "1"), classNames, inputQuantization };

  before(async () => {
    ({ architecture } = await loadCircuitInstance("round-accuracy", "round-4-3-3x10"));
    scales = defaultWeightScales(architecture);
  });

  it("is the trained model at the federation's scales, to half a unit", () => {
    const { quantized, clipped } = trainedStartModel(trained, architecture, scales, testSet);
    expect(clipped.every(({ weights, biases }) => weights === 0 && biases === 0)).to.equal(true);
    dequantizeModel(quantized.model, scales).layers.forEach(({ weights }, layer) => {
      trained.model.layers[layer]!.weights.forEach((weight, index) => {
        expect(weights[index]).to.be.closeTo(weight, scales[layer]! / 2 + 1e-6);
      });
    });
  });

  it("counts what does not fit, and takes the nearest that does", () => {
    const [first, ...rest] = trained.model.layers;
    const weights = first!.weights.map((weight, index) => (index === 0 ? 1e6 : weight));
    const model = { ...trained.model, layers: [{ ...first!, weights }, ...rest] };
    const { quantized, clipped } = trainedStartModel({ ...trained, model }, architecture, scales, testSet);
    expect(clipped[0]).to.deep.equal({ weights: 1, biases: 0 });
    expect(quantized.model.layers[0]!.weights[0]).to.equal(2 ** (architecture.weightBits - 1) - 1);
  });

  it("takes no model of other classes, of another mapping or of other layers", async () => {
    const start = (changes: Partial<typeof trained>) => () =>
      trainedStartModel({ ...trained, ...changes }, architecture, scales, testSet);
    const renamed = classNames.map((name) => `${name}'`);
    await expectError(start({ classNames: renamed }), "federation.start-model", /other classes/);
    const mapping = fitInputQuantization({ ...dataset, features: dataset.features.map((x) => 2 * x) }, 4);
    await expectError(start({ inputQuantization: mapping }), "federation.start-model", /another mapping/);
    await expectError(start({ model: randomModel([4, 3], "1") }), "quantization.layer-sizes", /4-3,.*4-3-3/);
  });
});
