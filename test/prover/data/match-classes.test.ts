import { expect } from "chai";

import { DataError } from "../../../prover/src/data/data-error.ts";
import type { Dataset } from "../../../prover/src/data/dataset.ts";
import { matchClasses } from "../../../prover/src/data/match-classes.ts";

const PART: Dataset = {
  featureNames: ["x"],
  classNames: ["cat", "eel"],
  sampleCount: 3,
  featureCount: 1,
  features: Float64Array.of(1, 2, 3),
  labels: Int32Array.of(1, 0, 1),
};

describe("matchClasses", () => {
  it("gives the samples of a part the labels of the whole, by the classes' names", () => {
    const matched = matchClasses(PART, ["ape", "eel", "cat"]);
    expect(matched.classNames).to.deep.equal(["ape", "eel", "cat"]);
    expect([...matched.labels]).to.deep.equal([1, 2, 1]);
    expect(matched.features).to.equal(PART.features);
    expect([...PART.labels]).to.deep.equal([1, 0, 1]);
  });

  it("leaves a data set with the same classes as it is", () => {
    expect(matchClasses(PART, PART.classNames)).to.deep.equal(PART);
  });

  it("refuses a class that the whole does not have, naming it", () => {
    expect(() => matchClasses(PART, ["cat", "dog"]))
      .to.throw(DataError, /"eel".*"dog"/)
      .with.property("code", "data.unknown-class");
  });
});
