import { expect } from "chai";
import fc from "fast-check";

import type { AccuracyInstance } from "../../../prover/src/circuits/accuracy.ts";
import { INSTANCE_SCHEMA, loadInstance, loadInstances } from "../../../prover/src/circuits/instances.ts";
import {
  type AccuracyPlan,
  planAccuracyInstance,
  slotBitsNeeded,
} from "../../../prover/src/circuits/plan-accuracy.ts";
import { validateArchitecture } from "../../../prover/src/model/architecture.ts";
import { groupSamples } from "../../../prover/src/witness/sample-groups.ts";
import { expectError } from "../support/expect-error.ts";
import { ROOMY } from "../../circuits/support/instances.ts";

const RUNS = process.env["ZKPOT_LONG"] ? 1_000 : 100;

/** The assertions of accuracy.circom on bigints. */
function roomIsEnough(
  { architecture, tableBits, slots, slotBits }: AccuracyInstance,
  bits = slotBits,
): boolean {
  const { layerSizes, inputBits, weightBits, biasBits, quotientBits, marginBits, shiftBits } = architecture;
  const power = (exponent: number) => 2n ** BigInt(exponent);
  if (quotientBits - 1 > tableBits || slots * slotBits > 252) return false;
  return layerSizes.slice(1).every((_, layer) => {
    const input = power(layer === 0 ? inputBits : quotientBits - 1);
    const limit = BigInt(layerSizes[layer]!) * input * power(weightBits - 1) + power(biasBits - 1);
    return layer < shiftBits.length
      ? limit + power(quotientBits - 1 + shiftBits[layer]!) <= power(bits)
      : 2n * limit + power(marginBits) + power(marginBits - 1) < power(bits);
  });
}

const shapes = fc.record({
  layerSizes: fc.tuple(
    fc.integer({ min: 1, max: 800 }),
    fc.array(fc.integer({ min: 1, max: 64 }), { maxLength: 3 }),
    fc.integer({ min: 2, max: 12 }),
  ),
  inputBits: fc.integer({ min: 1, max: 8 }),
});

describe("planAccuracyInstance", function () {
  this.timeout(120_000);

  it("plans instances that the circuit's assertions allow and that hold any labels", () => {
    fc.assert(
      fc.property(
        shapes,
        fc.integer({ min: 1, max: 400 }),
        fc.nat(),
        ({ layerSizes, inputBits }, samples, seed) => {
          const sizes = [layerSizes[0], ...layerSizes[1], layerSizes[2]];
          const instance = planAccuracyInstance({ id: "planned", layerSizes: sizes, inputBits, samples });
          validateArchitecture(instance.architecture);
          expect(INSTANCE_SCHEMA.parse(instance)).to.deep.equal(instance);
          expect(roomIsEnough(instance)).to.equal(true);
          expect(roomIsEnough(instance, instance.slotBits - 1), "one bit less").to.equal(false);
          // Labels of one class, of all in turn, and spread unevenly.
          for (const labelOf of [
            () => 0,
            (sample: number) => sample % layerSizes[2],
            (sample: number) => Math.min(sample, (sample * seed) % layerSizes[2]),
          ]) {
            const placed = groupSamples(
              {
                sampleCount: samples,
                featureCount: 1,
                classCount: layerSizes[2],
                features: new Int32Array(samples),
                labels: Int32Array.from({ length: samples }, (_, sample) => labelOf(sample)),
              },
              instance,
            );
            expect(placed.samples.filter((sample) => sample >= 0)).to.have.lengthOf(samples);
          }
        },
      ),
      { numRuns: RUNS, seed: 1 },
    );
  });

  it("makes groups for known label counts, no more than any labels would need", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 2, maxLength: 10 }), (counts) => {
        const total = counts.reduce((sum, count) => sum + count, 0);
        fc.pre(total > 0);
        const layerSizes = [8, counts.length];
        const known = planAccuracyInstance({ id: "known", layerSizes, inputBits: 4, samples: counts });
        expect(known.groups).to.equal(counts.reduce((sum, count) => sum + Math.ceil(count / known.slots), 0));
        expect(known.groups * known.slots).to.be.at.least(total);
      }),
      { numRuns: RUNS, seed: 1 },
    );
  });

  it("computes the least slot width that the assertions allow", () => {
    for (const instance of Object.values(ROOMY)) {
      expect(instance.slotBits).to.equal(slotBitsNeeded(instance.architecture));
      expect(roomIsEnough(instance)).to.equal(true);
      expect(roomIsEnough(instance, instance.slotBits - 1)).to.equal(false);
    }
  });

  it("chooses what circuits.json ships", async () => {
    // The digits' class counts are those of every stratified test part of 360 samples.
    const digits = [36, 36, 35, 37, 36, 36, 36, 36, 35, 37];
    for (const [id, samples] of [
      ["digits-64-16-10x360", digits],
      ["breast-cancer-30-2x114", 114],
      ["tiny-4-3-3x10", 10],
    ] as const) {
      const shipped = await loadInstance(id);
      const { layerSizes, inputBits } = shipped.architecture;
      expect(planAccuracyInstance({ id, layerSizes, inputBits, samples })).to.deep.equal(shipped);
    }
    for (const [id, samples] of [
      ["trained-64-16-10x360", digits],
      ["trained-4-3-3x10", 10],
    ] as const) {
      const shipped = await loadInstance(id);
      const { architecture } = shipped;
      const { layerSizes, inputBits } = architecture;
      expect(planAccuracyInstance({ id, layerSizes, inputBits, samples, architecture })).to.deep.equal(
        shipped,
      );
    }
    expect(await loadInstances()).to.have.lengthOf(5);
  });

  it("refuses what cannot be planned, naming the value", async () => {
    const plan: AccuracyPlan = { id: "bad", layerSizes: [4, 3, 2], inputBits: 4, samples: 10 };
    for (const [change, message] of [
      [{ layerSizes: [4] }, /layers 4/],
      [{ layerSizes: [4, 0, 2] }, /layers 4-0-2/],
      [{ layerSizes: [4, 70_000, 2] }, /layers 4-70000-2.*65536/],
      [{ layerSizes: [4, 1] }, /1 class/],
      [{ inputBits: 0 }, /0 input bits/],
      [{ inputBits: 17 }, /17 input bits/],
      [{ samples: 0 }, /0 samples/],
      [{ samples: 2.5 }, /2.5 samples/],
      [{ samples: [3, -1] }, /-1 samples/],
      [{ samples: [1, 2, 3] }, /3 sample counts for 2 classes/],
      [{ samples: 10_000_000, layerSizes: [4, 60_000, 2] }, /2\^27|table bits/],
    ] as const) {
      await expectError(() => planAccuracyInstance({ ...plan, ...change }), "circuit.plan", message);
    }
  });
});

describe("loadInstance", () => {
  it("throws for an id that is not shipped", async () => {
    const thrown = await loadInstance("digits-1-1x1").catch((error: unknown) => error);
    expect(thrown).to.be.instanceOf(RangeError);
    expect((thrown as Error).message).to.include("digits-1-1x1");
  });
});
