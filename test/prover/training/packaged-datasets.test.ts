import { expect } from "chai";

import {
  fitInputQuantization,
  quantizeInputs,
  scaleInputs,
} from "../../../prover/src/data/input-quantization.ts";
import { findPackagedDataset, loadPackagedDataset } from "../../../prover/src/data/packaged-datasets.ts";
import { stratifiedSplit } from "../../../prover/src/data/split.ts";
import { defaultArchitecture } from "../../../prover/src/model/architecture.ts";
import { compareModels, type ModelComparison } from "../../../prover/src/model/evaluation.ts";
import { type BoundReport } from "../../../prover/src/quantization/bounds.ts";
import { quantizeModel } from "../../../prover/src/quantization/quantize.ts";
import { openBackend } from "../../../prover/src/training/backend.ts";
import { trainModel } from "../../../prover/src/training/train.ts";
import { defaultTrainingOptions } from "../../../prover/src/training/training-options.ts";

/** Split, fit, train, quantise and score with nothing but defaults. */
async function runAll(
  name: string,
  seed: string,
): Promise<{ comparison: ModelComparison; bounds: BoundReport; layerSizes: readonly number[] }> {
  const dataset = await loadPackagedDataset(name);
  const split = stratifiedSplit(dataset, { seed });
  const mapping = fitInputQuantization(split.train, 8);
  const { model } = await trainModel({
    train: scaleInputs(split.train, mapping),
    options: defaultTrainingOptions(findPackagedDataset(name)!.hiddenSizes, seed),
    backend: await openBackend("wasm"),
  });
  const { model: integerModel, bounds } = quantizeModel(model, defaultArchitecture(model.layerSizes));
  const comparison = compareModels(
    model,
    integerModel,
    scaleInputs(split.test, mapping),
    quantizeInputs(split.test, mapping).samples,
    dataset.classNames,
  );
  return { comparison, bounds, layerSizes: model.layerSizes };
}

describe("the packaged data sets, trained and quantised with the defaults", () => {
  it("reach 95 % of 360 held-out digits with 64-16-10 integers, within a point of float", async () => {
    const { comparison, bounds, layerSizes } = await runAll("digits", "1");
    expect(layerSizes).to.deep.equal([64, 16, 10]);
    expect(comparison.integer.sampleCount).to.equal(360);
    expect(comparison.integer.accuracy).to.be.at.least(0.95);
    expect(comparison.accuracyLoss).to.be.at.most(0.01);
    // The scales use the whole range, and no more.
    for (const { headroomBits } of bounds.layers) expect(headroomBits).to.be.within(0, 0.05);
  });

  it("reach 94 % of 114 held-out tumours with 30-2 integers, within a point of float", async () => {
    const { comparison, bounds, layerSizes } = await runAll("breast-cancer", "1");
    expect(layerSizes).to.deep.equal([30, 2]);
    expect(comparison.integer.sampleCount).to.equal(114);
    expect(comparison.integer.accuracy).to.be.at.least(0.94);
    expect(comparison.accuracyLoss).to.be.at.most(0.01);
    expect(bounds.layers[0]!.headroomBits).to.be.within(0, 0.05);
  });
});
