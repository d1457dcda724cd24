import { expect } from "chai";
import fc from "fast-check";

import type { IntegerSamples } from "../../../prover/src/data/samples.ts";
import {
  countLabels,
  groupSamples,
  groupsForAnyLabels,
  groupsNeeded,
} from "../../../prover/src/witness/sample-groups.ts";
import { expectError } from "../support/expect-error.ts";

function labelled(labels: readonly number[], classCount = 3): IntegerSamples {
  return {
    sampleCount: labels.length,
    featureCount: 1,
    classCount,
    features: new Int32Array(labels.length),
    labels: Int32Array.from(labels),
  };
}

describe("groupSamples", () => {
  it("orders by class, then by place in the data, with padding last in each class and after all", () => {
    const placed = groupSamples(labelled([2, 0, 2, 0, 0, 2, 2]), { groups: 5, slots: 2 });
    expect(placed.labels).to.deep.equal([0, 0, 2, 2, 0]);
    expect([...placed.samples]).to.deep.equal([1, 3, 4, -1, 0, 2, 5, 6, -1, -1]);
  });

  it("places every sample once, in a group of its label", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 7 }),
        fc.nat({ max: 3 }),
        (labels, slots, spare) => {
          const samples = labelled(labels, 5);
          const groups = groupsNeeded(countLabels(samples), slots) + spare;
          const placed = groupSamples(samples, { groups, slots });
          expect(placed.labels).to.have.lengthOf(groups);
          const found = [...placed.samples].filter((sample) => sample >= 0);
          expect(found.sort((a, b) => a - b)).to.deep.equal([...labels.keys()]);
          placed.samples.forEach((sample, slot) => {
            if (sample >= 0) expect(placed.labels[Math.floor(slot / slots)]).to.equal(labels[sample]);
          });
        },
      ),
    );
  });

  it("fills a circuit to the last slot and refuses one sample more", async () => {
    expect([...groupSamples(labelled([1, 1, 0, 0]), { groups: 2, slots: 2 }).samples]).to.deep.equal([
      2, 3, 0, 1,
    ]);
    await expectError(
      () => groupSamples(labelled([1, 1, 0, 0, 0]), { groups: 2, slots: 2 }),
      "witness.too-many-samples",
      /5 samples need 3 groups of 2 .*the circuit has 2/,
    );
  });
});

describe("groupsForAnyLabels", () => {
  it("is the most that any labels need", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 2, max: 6 }),
        fc.integer({ min: 1, max: 8 }),
        fc.infiniteStream(fc.nat()),
        (sampleCount, classCount, slots, stream) => {
          const enough = groupsForAnyLabels(sampleCount, classCount, slots);
          const counts = new Array<number>(classCount).fill(0);
          for (let sample = 0; sample < sampleCount; sample++) {
            counts[(stream.next().value as number) % classCount]!++;
          }
          expect(groupsNeeded(counts, slots)).to.be.at.most(enough);
          // The worst: one sample in each class but the first, which holds the rest.
          const spread = Math.min(sampleCount, classCount);
          const worst = [sampleCount - spread + 1, ...new Array<number>(spread - 1).fill(1)];
          expect(groupsNeeded(worst, slots)).to.equal(enough);
        },
      ),
    );
  });
});
