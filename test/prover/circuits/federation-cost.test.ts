import { expect } from "chai";
import path from "node:path";

import type { AggregateInstance } from "../../../prover/src/circuits/aggregate.ts";
import { buildCircuit, CIRCUITS_DIRECTORY } from "../../../prover/src/circuits/build.ts";
import type { CircuitCost } from "../../../prover/src/circuits/cost.ts";
import {
  aggregateCost,
  maskedUpdateCost,
  vectorSumRowParts,
} from "../../../prover/src/circuits/federation-cost.ts";
import { loadCircuitInstance, loadCircuitInstances } from "../../../prover/src/circuits/instances.ts";
import type { MaskedUpdateInstance } from "../../../prover/src/circuits/masked-update.ts";
import { domainPower } from "../../../prover/src/proof/keys/qap.ts";
import { type R1cs, readR1cs } from "../../../prover/src/proof/keys/r1cs.ts";
import type { VectorSumInstance } from "../../../prover/src/circuits/vector-sum.ts";
import { AGGREGATE, MASKED } from "../../circuits/support/federation-case.ts";

const BUILD = path.join(path.dirname(CIRCUITS_DIRECTORY), "build");

async function compile(
  instance: MaskedUpdateInstance | AggregateInstance | VectorSumInstance,
  folder: "circuits" | "test-circuits",
): Promise<R1cs> {
  return await readR1cs((await buildCircuit(instance, path.join(BUILD, folder))).r1csFile);
}

function expectExact(cost: CircuitCost, r1cs: R1cs): void {
  expect(cost.constraints).to.equal(r1cs.constraintCount);
  expect(cost.publicSignals).to.equal(r1cs.publicCount);
  expect(cost.rows).to.equal(r1cs.constraintCount + r1cs.publicCount + 1);
  expect(cost.domainPower).to.equal(domainPower(r1cs));
}

describe("the cost of a federation's circuits", function () {
  this.timeout(600_000);

  it("counts the rows of every shipped masked update exactly", async () => {
    const shipped = (await loadCircuitInstances()).filter(({ template }) => template === "masked-update");
    expect(shipped.map(({ id }) => id)).to.deep.equal(["masked-64-16-10x8", "masked-4-3-3x4"]);
    for (const { id } of shipped) {
      const instance = await loadCircuitInstance("masked-update", id);
      expectExact(maskedUpdateCost(instance), await compile(instance, "circuits"));
    }
  });

  it("counts the rows of every shipped aggregate exactly", async () => {
    const shipped = (await loadCircuitInstances()).filter(({ template }) => template === "aggregate");
    expect(shipped.map(({ id }) => id)).to.deep.equal(["aggregate-64-16-10x8", "aggregate-4-3-3x4"]);
    for (const { id } of shipped) {
      const instance = await loadCircuitInstance("aggregate", id);
      expectExact(aggregateCost(instance), await compile(instance, "circuits"));
    }
  });

  it("counts the rows of a masked update whose limbs, roster and vector are cut into several exactly", async () => {
    // A weight has a full and a partial limb, keys and words take two calls of Poseidon.
    const architecture = { ...MASKED.architecture, layerSizes: [30, 12, 2] };
    const instance = { ...MASKED, id: "masked-wide", architecture, members: 9, tableBits: 4 };
    expectExact(maskedUpdateCost(instance), await compile(instance, "test-circuits"));
  });

  it("counts the rows of an aggregate whose parameters are single partial limbs exactly", async () => {
    const architecture = { ...AGGREGATE.architecture, layerSizes: [30, 12, 2] };
    const instance = { ...AGGREGATE, id: "aggregate-wide", architecture, vectors: 3, tableBits: 13 };
    expectExact(aggregateCost(instance), await compile(instance, "test-circuits"));
  });

  it("counts the rows of a tree's node exactly", async () => {
    const instance = await loadCircuitInstance("vector-sum", "vector-sum-4-3-3x4");
    const rows = vectorSumRowParts(instance).reduce((sum, part) => sum + part.rows, 0);
    expect(rows).to.equal((await compile(instance, "circuits")).constraintCount);
  });

  it("fits the digits' network with 8 members into 2^16 rows", async () => {
    const masked = await loadCircuitInstance("masked-update", "masked-64-16-10x8");
    const aggregate = await loadCircuitInstance("aggregate", "aggregate-64-16-10x8");
    expect([masked.members, aggregate.vectors]).to.deep.equal([8, 8]);
    for (const cost of [maskedUpdateCost(masked), aggregateCost(aggregate)]) {
      expect(cost.domainPower).to.equal(16);
      expect(cost.memoryBytes).to.be.below(1e9);
    }
  });
});
