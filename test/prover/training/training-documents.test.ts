import { mkdtemp, rm, stat } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

import { expect } from "chai";

import { loadDocument, saveDocument } from "../../../prover/src/data/document.ts";
import { fitInputQuantization } from "../../../prover/src/data/input-quantization.ts";
import { FLOAT_MODEL, type TrainedModel } from "../../../prover/src/training/training-documents.ts";
import { defaultTrainingOptions } from "../../../prover/src/training/training-options.ts";
import { clusters } from "../support/datasets.ts";
import { expectError } from "../support/expect-error.ts";

const dataset = clusters({ classCount: 2, perClass: 4, featureCount: 3, seed: "1" });
const trained: TrainedModel = {
  model: {
    layerSizes: [3, 2],
    layers: [{ weights: Float32Array.of(0.1, -2e-20, 3, 1e10, 0, 1 / 3), biases: Float32Array.of(-0.7, 1) }],
  },
  classNames: dataset.classNames,
  inputQuantization: fitInputQuantization(dataset, 8),
  options: defaultTrainingOptions([], "1"),
  backend: { name: "wasm", version: "4.22.0" },
  history: [{ epoch: 1, loss: 0.5, accuracy: 0.75, validationLoss: null, validationAccuracy: null }],
};

describe("FLOAT_MODEL", () => {
  it("is saved readable by its owner alone and loaded without loss", async () => {
    const directory = await mkdtemp(path.join(os.tmpdir(), "zkpot-float-model-"));
    try {
      const file = path.join(directory, "model.json");
      await saveDocument(file, FLOAT_MODEL, trained);
      expect((await stat(file)).mode & 0o777).to.equal(0o600);
      expect(await loadDocument(file, FLOAT_MODEL)).to.deep.equal(trained);
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it("refuses contents that do not belong together", async () => {
    const content = FLOAT_MODEL.encode(trained);
    await expectError(
      () => FLOAT_MODEL.decode({ ...content, classNames: ["a", "b", "c"] }),
      "training.model-mismatch",
      /make 3-3, the layers are 3-2/,
    );
    await expectError(
      () => FLOAT_MODEL.decode({ ...content, layers: [{ weights: [1], biases: [0, 0] }] }),
      "model.shape",
      /layer 1 of 3×2 has 1 weights/,
    );
  });
});
