import { expect } from "chai";

import { countPerClass } from "../../../prover/src/data/dataset.ts";
import {
  findPackagedDataset,
  loadPackagedDataset,
  openDataset,
} from "../../../prover/src/data/packaged-datasets.ts";
import { expectError } from "../support/expect-error.ts";

describe("packaged data sets", () => {
  it("hold the 1797 digits", async () => {
    const digits = await loadPackagedDataset("digits");
    expect([digits.sampleCount, digits.featureCount]).to.deep.equal([1797, 64]);
    expect(digits.classNames).to.deep.equal("0 1 2 3 4 5 6 7 8 9".split(" "));
    expect(countPerClass(digits.labels, 10)).to.deep.equal([
      178, 182, 177, 183, 181, 182, 181, 179, 174, 180,
    ]);
    expect(digits.features.every((pixel) => Number.isInteger(pixel) && pixel >= 0 && pixel <= 16)).to.equal(
      true,
    );
    expect([...digits.features.subarray(0, 8)]).to.deep.equal([0, 0, 5, 13, 9, 1, 0, 0]);
    expect(digits.featureNames[63]).to.equal("pixel_7_7");
  });

  it("hold the 569 tumours", async () => {
    const tumours = await loadPackagedDataset("breast-cancer");
    expect([tumours.sampleCount, tumours.featureCount]).to.deep.equal([569, 30]);
    expect(tumours.classNames).to.deep.equal(["benign", "malignant"]);
    expect(countPerClass(tumours.labels, 2)).to.deep.equal([357, 212]);
    expect(tumours.featureNames[0]).to.equal("mean_radius");
    expect([...tumours.features.subarray(0, 3)]).to.deep.equal([17.99, 10.38, 122.8]);
  });

  it("are found by name alone", async () => {
    expect(findPackagedDataset("digits")?.hiddenSizes).to.deep.equal([16]);
    expect(findPackagedDataset("toString")).to.equal(undefined);
    await expectError(() => loadPackagedDataset("iris"), "data.unknown-dataset", /no packaged data set iris/);
  });
});

describe("openDataset", () => {
  it("takes a name for a packaged data set and anything with a dot or slash for a path", async () => {
    expect((await openDataset("digits")).sampleCount).to.equal(1797);
    expect((await openDataset("datasets/digits.csv", { csv: { label: "digit" } })).sampleCount).to.equal(
      1797,
    );
    await expectError(() => openDataset("./digits"), "data.missing-file", /no file \.\/digits/);
    await expectError(() => openDataset("digit"), "data.unknown-dataset", /no packaged data set digit/);
  });
});
