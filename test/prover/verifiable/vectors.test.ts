import { readFile } from "node:fs/promises";

import { expect } from "chai";

import { trainingVectors } from "../../support/training-vectors.ts";

describe("test/vectors/training.json", () => {
  it("holds what the training code computes", async () => {
    const file = new URL("../../vectors/training.json", import.meta.url);
    expect(JSON.parse(await readFile(file, "utf8"))).to.deep.equal(await trainingVectors());
  });
});
