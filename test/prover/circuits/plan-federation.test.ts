import { expect } from "chai";
import fc from "fast-check";

import { accuracyCost } from "../../../prover/src/circuits/cost.ts";
import { aggregateCost, maskedUpdateCost } from "../../../prover/src/circuits/federation-cost.ts";
import {
  AGGREGATE_SCHEMA,
  loadCircuitInstance,
  MASKED_UPDATE_SCHEMA,
  ROUND_ACCURACY_SCHEMA,
} from "../../../prover/src/circuits/instances.ts";
import { planAccuracyInstance } from "../../../prover/src/circuits/plan-accuracy.ts";
import {
  type FederationInstances,
  type FederationPlan,
  planFederation,
} from "../../../prover/src/circuits/plan-federation.ts";
import { MAX_FACTOR, MAX_PLACES, MIN_PLACES } from "../../../prover/src/federation/federation-limits.ts";
import type { Architecture } from "../../../prover/src/model/architecture.ts";
import { expectError } from "../support/expect-error.ts";

const RUNS = process.env["ZKPOT_LONG"] ? 1_000 : 100;
const IDS = { score: "round-planned", mask: "masked-planned", aggregate: "aggregate-planned" };
/** The class counts of every stratified test part of 360 digits. */
const DIGITS = [36, 36, 35, 37, 36, 36, 36, 36, 35, 37];

const plans = fc.record({
  layerSizes: fc
    .tuple(
      fc.integer({ min: 1, max: 400 }),
      fc.array(fc.integer({ min: 1, max: 32 }), { maxLength: 2 }),
      fc.integer({ min: 2, max: 12 }),
    )
    .map(([features, hidden, classes]) => [features, ...hidden, classes]),
  inputBits: fc.integer({ min: 1, max: 8 }),
  samples: fc.integer({ min: 1, max: 400 }),
  members: fc.integer({ min: MIN_PLACES, max: MAX_PLACES }),
});

/** The assertions of aggregate.circom about its numbers, on bigints. */
function aggregateAllows(
  { weightBits, biasBits }: Architecture,
  factorSum: number,
  tableBits: number,
): boolean {
  const sum = BigInt(factorSum);
  const roomBits = (sum - 1n).toString(2).length;
  return (
    2n * sum <= 1n << BigInt(tableBits) &&
    [weightBits, biasBits].every(
      (bits) => 2n * sum * (1n << BigInt(bits)) + sum <= 1n << BigInt(bits + roomBits + 1),
    )
  );
}

/** Whether members with this factor each get an aggregate, whatever its table. */
function factorIsAllowed(architecture: Architecture, members: number, factor: number): boolean {
  return aggregateAllows(architecture, members * factor, 20);
}

describe("planFederation", function () {
  this.timeout(120_000);

  it("plans circuits that their assertions allow, for models of one architecture", () => {
    fc.assert(
      fc.property(plans, (plan) => {
        const { score, mask, aggregate } = planFederation({ ...plan, ids: IDS });
        expect(ROUND_ACCURACY_SCHEMA.parse(score)).to.deep.equal(score);
        expect(MASKED_UPDATE_SCHEMA.parse(mask)).to.deep.equal(mask);
        expect(AGGREGATE_SCHEMA.parse(aggregate)).to.deep.equal(aggregate);
        const { architecture } = score;
        expect(mask.architecture).to.deep.equal(architecture);
        expect(aggregate.architecture).to.deep.equal(architecture);
        expect([mask.members, aggregate.vectors]).to.deep.equal([plan.members, plan.members]);
        expect(aggregate.maxFactorSum).to.equal(mask.maxFactorSum);
        expect(aggregateAllows(architecture, aggregate.maxFactorSum, aggregate.tableBits)).to.equal(true);
      }),
      { numRuns: RUNS, seed: 1 },
    );
  });

  it("scores with the circuit that a task would have", () => {
    fc.assert(
      fc.property(plans, ({ members, ...models }) => {
        const { score } = planFederation({ ...models, ids: IDS, members });
        const task = planAccuracyInstance({ ...models, id: IDS.score });
        expect(score).to.deep.equal({ ...task, template: "round-accuracy" });
        expect(accuracyCost(score).rows).to.be.above(accuracyCost(task).rows);
      }),
      { numRuns: RUNS, seed: 2 },
    );
  });

  it("has the fewest rows of all tables that the circuits take", () => {
    fc.assert(
      fc.property(plans, (plan) => {
        const { mask, aggregate } = planFederation({ ...plan, ids: IDS });
        for (let tableBits = 1; tableBits <= 20; tableBits++) {
          expect(maskedUpdateCost({ ...mask, tableBits }).rows).to.be.at.least(maskedUpdateCost(mask).rows);
          if (!aggregateAllows(aggregate.architecture, aggregate.maxFactorSum, tableBits)) continue;
          expect(aggregateCost({ ...aggregate, tableBits }).rows).to.be.at.least(
            aggregateCost(aggregate).rows,
          );
        }
      }),
      { numRuns: RUNS, seed: 3 },
    );
  });

  it("lets members have the largest factor that contract and circuits allow, for any widths", () => {
    for (let members = MIN_PLACES; members <= MAX_PLACES; members++) {
      for (let weightBits = 2; weightBits <= 12; weightBits++) {
        const architecture: Architecture = {
          layerSizes: [4, 3],
          inputBits: 2,
          weightBits,
          biasBits: 12,
          quotientBits: 7,
          marginBits: 14,
          shiftBits: [],
        };
        const { mask } = planFederation({
          ...{ ids: IDS, layerSizes: [4, 3], inputBits: 2, samples: 5, members },
          architecture,
        });
        const factor = mask.maxFactorSum / members;
        expect(factor).to.be.within(1, MAX_FACTOR).and.satisfy(Number.isInteger);
        expect(factorIsAllowed(architecture, members, factor)).to.equal(true);
        for (let larger = factor + 1; larger <= MAX_FACTOR; larger++) {
          expect(factorIsAllowed(architecture, members, larger), `${members} × ${larger}`).to.equal(false);
        }
      }
    }
  });

  it("chooses what circuits.json ships for the digits", async () => {
    const shipped: FederationInstances = {
      score: await loadCircuitInstance("round-accuracy", "round-64-16-10x360"),
      mask: await loadCircuitInstance("masked-update", "masked-64-16-10x8"),
      aggregate: await loadCircuitInstance("aggregate", "aggregate-64-16-10x8"),
    };
    const planned = planFederation({
      ids: { score: shipped.score.id, mask: shipped.mask.id, aggregate: shipped.aggregate.id },
      ...{ layerSizes: [64, 16, 10], inputBits: 4, samples: DIGITS, members: 8 },
    });
    expect(planned).to.deep.equal(shipped);
  });

  it("plans for a training rule's architecture", async () => {
    const { rule } = await loadCircuitInstance("train-step", "train-step-64-16-10x32");
    const { architecture } = rule;
    const { score, mask, aggregate } = planFederation({
      ...{ ids: IDS, layerSizes: [64, 16, 10], inputBits: 4, samples: DIGITS, members: 8 },
      architecture,
    });
    for (const instance of [score, mask, aggregate]) {
      expect(instance.architecture).to.deep.equal(architecture);
    }
  });

  it("refuses what cannot be planned, naming value and limit", async () => {
    const plan: FederationPlan = { ids: IDS, layerSizes: [4, 3, 2], inputBits: 4, samples: 10, members: 4 };
    for (const [change, message] of [
      [{ members: 2 }, /2 members.*from 3 to 16/],
      [{ members: 17 }, /17 members.*from 3 to 16/],
      [{ members: 3.5 }, /3.5 members/],
      [{ samples: 0 }, /0 samples/],
      [{ layerSizes: [20_000, 400, 2], samples: 1, members: 16 }, /masked-planned has \d+ rows.*2\^27/],
    ] as const) {
      await expectError(() => planFederation({ ...plan, ...change }), "circuit.plan", message);
    }
  });
});
