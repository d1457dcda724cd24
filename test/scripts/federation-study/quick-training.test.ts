import { expect } from "chai";

import { scaleInputs, fitInputQuantization } from "../../../prover/src/data/input-quantization.ts";
import { floatLogits } from "../../../prover/src/model/float-model.ts";
import { openBackend } from "../../../prover/src/training/backend.ts";
import { trainModel } from "../../../prover/src/training/train.ts";
import { trainQuickly } from "../../../scripts/federation-study/quick-training.ts";
import { startModel } from "../../../scripts/federation-study/setting.ts";
import { clusters } from "../../prover/support/datasets.ts";

describe("trainQuickly", function () {
  this.timeout(60_000);
  const dataset = clusters({ classCount: 10, perClass: 7, featureCount: 64, seed: "1" });
  const samples = scaleInputs(dataset, fitInputQuantization(dataset, 4));
  const training = { epochs: 3, batchSize: 32, learningRate: 0.02, weightDecay: 0.1 };
  const start = startModel("1");

  it("ends with the model that trainModel ends with, up to single precision", async () => {
    const { model } = await trainModel({
      train: samples,
      options: { ...training, hiddenSizes: [16], inputNoise: 0, seed: "7" },
      backend: await openBackend("wasm"),
      initialModel: start,
    });
    const quick = trainQuickly(start, samples, training, "7");
    model.layers.forEach(({ weights, biases }, layer) => {
      weights.forEach((weight, index) =>
        expect(quick.layers[layer]!.weights[index]).to.be.closeTo(weight, 1e-5),
      );
      biases.forEach((bias, index) => expect(quick.layers[layer]!.biases[index]).to.be.closeTo(bias, 1e-5));
    });
    expect(model.layers[0]!.weights[0]).not.to.be.closeTo(start.layers[0]!.weights[0]!, 1e-3);
  });

  it("leaves the start model as it was, repeats for a seed and changes with it", () => {
    const before = start.layers.map(({ weights }) => weights.slice());
    const logits = (seed: string) => [...floatLogits(trainQuickly(start, samples, training, seed), samples)];
    expect(logits("a")).to.deep.equal(logits("a"));
    expect(logits("a")).not.to.deep.equal(logits("b"));
    expect(start.layers.map(({ weights }) => weights)).to.deep.equal(before);
  });
});
