import { expect } from "chai";
import fc from "fast-check";

import type { IntegerSamples } from "../../../prover/src/data/samples.ts";
import { countLabels, groupsNeeded } from "../../../prover/src/witness/sample-groups.ts";
import { MAX_SHARDS, shardRows } from "../../../prover/src/witness/shards.ts";
import { expectError } from "../support/expect-error.ts";

function labelled(labels: readonly number[], classCount: number): IntegerSamples {
  return {
    sampleCount: labels.length,
    featureCount: 1,
    classCount,
    features: new Int32Array(labels.length),
    labels: Int32Array.from(labels),
  };
}

/** Samples of each class in each shard. */
function countsOf(samples: IntegerSamples, shards: readonly Int32Array[]): number[][] {
  return shards.map((rows) =>
    countLabels(
      labelled(
        [...rows].map((row) => samples.labels[row]!),
        samples.classCount,
      ),
    ),
  );
}

const spread = (values: readonly number[]): number => Math.max(...values) - Math.min(...values);
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const CLASSES = 5;
const CASES = fc
  .record({
    labels: fc.array(fc.integer({ min: 0, max: CLASSES - 1 }), { minLength: 1, maxLength: 120 }),
    slots: fc.integer({ min: 1, max: 6 }),
    groups: fc.integer({ min: 1, max: 12 }),
  })
  .filter(
    ({ labels, slots, groups }) =>
      groupsNeeded(countLabels(labelled(labels, CLASSES)), slots) <= groups * MAX_SHARDS,
  );

describe("shardRows", () => {
  it("puts every sample into one shard, each within the circuit, with as few shards as groups allow", () => {
    fc.assert(
      fc.property(CASES, ({ labels, slots, groups }) => {
        const samples = labelled(labels, CLASSES);
        const shards = shardRows(samples, { groups, slots });
        const all = shards.flatMap((rows) => [...rows]);
        expect(all.sort((a, b) => a - b)).to.deep.equal([...labels.keys()]);
        for (const counts of countsOf(samples, shards)) {
          expect(groupsNeeded(counts, slots)).to.be.within(1, groups);
        }
        expect(shards).to.have.lengthOf(Math.ceil(groupsNeeded(countLabels(samples), slots) / groups));
        for (const rows of shards) expect([...rows]).to.deep.equal([...rows].sort((a, b) => a - b));
      }),
      { numRuns: 1000 },
    );
  });

  it("shares samples and every class out to within one sample when groups are to spare", () => {
    fc.assert(
      fc.property(CASES, fc.integer({ min: 2, max: 6 }), ({ labels, slots }, shardCount) => {
        const samples = labelled(labels, CLASSES);
        const needed = groupsNeeded(countLabels(samples), slots);
        // One group more per class than the average shard needs is always enough for equal parts.
        const groups = Math.ceil(needed / shardCount) + CLASSES;
        const counts = countsOf(samples, shardRows(samples, { groups, slots }));
        expect(spread(counts.map(sum))).to.be.at.most(1);
        for (let label = 0; label < CLASSES; label++) {
          expect(spread(counts.map((shard) => shard[label]!))).to.be.at.most(1);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it("gives the samples of a class to the shards in the order of the data", () => {
    const samples = labelled([1, 0, 1, 0, 1, 0, 1, 0], 2);
    const shards = shardRows(samples, { groups: 2, slots: 2 });
    expect(shards.map((rows) => [...rows])).to.deep.equal([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
    ]);
  });

  it("leaves a test set that fits in one shard", () => {
    const samples = labelled([2, 0, 1, 2], 3);
    expect(shardRows(samples, { groups: 3, slots: 2 }).map((rows) => [...rows])).to.deep.equal([
      [0, 1, 2, 3],
    ]);
  });

  it("shares out samples that cost a group each before those that cost none", () => {
    // 3 of 10 samples a class and shard fill a group of three: the odd one of each class opens another.
    const samples = labelled([...new Array<number>(10).fill(0), ...new Array<number>(10).fill(1)], 2);
    const counts = countsOf(samples, shardRows(samples, { groups: 3, slots: 3 }));
    expect(counts.map((shard) => groupsNeeded(shard, 3))).to.deep.equal([3, 3, 2]);
    expect(counts.map(sum)).to.deep.equal([7, 7, 6]);
  });

  it("packs whole groups when there are more labels than groups", () => {
    const labels = Array.from({ length: 12 }, (_, index) => Math.floor(index / 2));
    const samples = labelled(labels, 6);
    const counts = countsOf(samples, shardRows(samples, { groups: 2, slots: 2 }));
    expect(counts.map(sum)).to.deep.equal([4, 4, 4]);
    for (const shard of counts) expect(shard.filter((count) => count > 0)).to.deep.equal([2, 2]);
  });

  it("refuses more shards than the market takes, and takes exactly as many", async () => {
    const samples = labelled(new Array<number>(MAX_SHARDS * 2).fill(0), 2);
    expect(shardRows(samples, { groups: 1, slots: 2 })).to.have.lengthOf(MAX_SHARDS);
    const more = labelled(new Array<number>(MAX_SHARDS * 2 + 1).fill(0), 2);
    await expectError(
      () => shardRows(more, { groups: 1, slots: 2 }),
      "witness.too-many-shards",
      /129 samples need 65 shards of 1 groups of 2; the market takes 64/,
    );
  });
});
