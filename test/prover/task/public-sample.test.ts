import { expect } from "chai";
import fc from "fast-check";

import type { TestSet } from "../../../prover/src/data/test-set.ts";
import { takePublicSample } from "../../../prover/src/task/public-sample.ts";

/** Samples whose one feature is their row. */
function rows(sampleCount: number): TestSet {
  return {
    name: "rows",
    classNames: ["a", "b"],
    inputQuantization: {} as never,
    samples: {
      sampleCount,
      featureCount: 1,
      classCount: 2,
      features: Int32Array.from({ length: sampleCount }, (_, row) => row),
      labels: Int32Array.from({ length: sampleCount }, (_, row) => row % 2),
    },
  };
}

describe("takePublicSample", () => {
  it("takes samples in equal distances", () => {
    const { hidden, publicSample } = takePublicSample(rows(10), 3);
    expect([...publicSample.samples.features]).to.deep.equal([0, 3, 6]);
    expect([...hidden.samples.features]).to.deep.equal([1, 2, 4, 5, 7, 8, 9]);
    expect([...publicSample.samples.labels]).to.deep.equal([0, 1, 0]);
    expect(publicSample.name).to.equal("rows, public sample");
  });

  it("hides everything when nothing is to be shown", () => {
    expect(takePublicSample(rows(4), 0).hidden).to.deep.equal(rows(4));
  });

  it("puts every sample into one part", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 60 }), fc.nat(), (count, some) => {
        const shown = some % count;
        const { hidden, publicSample } = takePublicSample(rows(count), shown);
        expect(publicSample.samples.sampleCount).to.equal(shown);
        const all = [...hidden.samples.features, ...publicSample.samples.features];
        expect(all.sort((one, other) => one - other)).to.deep.equal([...rows(count).samples.features]);
      }),
    );
  });
});
