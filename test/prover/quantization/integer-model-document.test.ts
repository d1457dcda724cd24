import { mkdtemp, rm, stat } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

import { expect } from "chai";
import fc from "fast-check";

import {
  decodeDocument,
  encodeDocument,
  loadDocument,
  saveDocument,
} from "../../../prover/src/data/document.ts";
import { fitInputQuantization } from "../../../prover/src/data/input-quantization.ts";
import { defaultArchitecture } from "../../../prover/src/model/architecture.ts";
import {
  INTEGER_MODEL,
  type IntegerModelFile,
} from "../../../prover/src/quantization/integer-model-document.ts";
import { quantizeModel } from "../../../prover/src/quantization/quantize.ts";
import { clusters } from "../support/datasets.ts";
import { expectError } from "../support/expect-error.ts";
import { floatModelsOf } from "../support/integer-models.ts";

function example(): IntegerModelFile {
  const dataset = clusters({ classCount: 3, perClass: 4, featureCount: 5, seed: "1" });
  const floatModel = fc.sample(floatModelsOf([5, 4, 3]), { numRuns: 1, seed: 3 })[0]!;
  return {
    quantized: quantizeModel(floatModel, defaultArchitecture([5, 4, 3])),
    classNames: dataset.classNames,
    inputQuantization: fitInputQuantization(dataset, 8),
  };
}

describe("INTEGER_MODEL", () => {
  it("is saved readable by its owner alone and loaded without loss", async () => {
    const directory = await mkdtemp(path.join(os.tmpdir(), "zkpot-model-"));
    try {
      const file = path.join(directory, "model.json");
      await saveDocument(file, INTEGER_MODEL, example());
      expect((await stat(file)).mode & 0o777).to.equal(0o600);
      expect(await loadDocument(file, INTEGER_MODEL)).to.deep.equal(example());
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it("carries the bound report of every layer", () => {
    const { bounds } = INTEGER_MODEL.encode(example());
    expect(bounds.layers.map(({ layer, kind, fanIn }) => [layer, kind, fanIn])).to.deep.equal([
      [1, "hidden", 5],
      [2, "output", 4],
    ]);
  });

  it("refuses a damaged file", async () => {
    const text = encodeDocument(INTEGER_MODEL, example());
    const damaged = text.replace(/("weights":\[-?\d+),/, "$11,");
    expect(damaged).to.have.length(text.length + 1);
    await expectError(
      () => decodeDocument(INTEGER_MODEL, damaged, "model.json"),
      "document.damaged",
      /model\.json/,
    );
  });

  it("refuses contents that do not belong together", async () => {
    const content = INTEGER_MODEL.encode(example());
    const [first, last] = content.layers;
    const withWeight = (weight: number): typeof content => ({
      ...content,
      layers: [{ ...first!, weights: [weight, ...first!.weights.slice(1)] }, last!],
    });
    const cases: [broken: typeof content, code: string, message: RegExp][] = [
      [withWeight(first!.weights[0] === 0 ? 1 : 0), "quantization.file-mismatch", /bound report/],
      [withWeight(2 ** 32), "model.weight-range", /a weight of layer 1, at position 0/],
      [withWeight(512), "model.weight-range", /a weight of layer 1/],
      [{ ...content, layers: [first!] }, "model.shape", /1 layers/],
      [
        { ...content, classNames: ["a", "b"] },
        "quantization.file-mismatch",
        /5 feature mappings and 2 class names/,
      ],
      [{ ...content, weightScales: [1] }, "quantization.file-mismatch", /1 weight scales for 2 layers/],
      [
        { ...content, inputQuantization: { ...content.inputQuantization, inputBits: 7 } },
        "quantization.file-mismatch",
        /reads 8 bits, the input mapping gives 7/,
      ],
      [
        {
          ...content,
          bounds: { layers: content.bounds.layers.map((layer) => ({ ...layer, headroomBits: 9 })) },
        },
        "quantization.file-mismatch",
        /bound report/,
      ],
    ];
    for (const [broken, code, message] of cases) {
      await expectError(() => INTEGER_MODEL.decode(broken), code, message);
    }
  });
});
