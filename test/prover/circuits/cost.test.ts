import { expect } from "chai";
import path from "node:path";

import type { AccuracyInstance } from "../../../prover/src/circuits/accuracy.ts";
import { buildCircuit, CIRCUITS_DIRECTORY } from "../../../prover/src/circuits/build.ts";
import { accuracyCost } from "../../../prover/src/circuits/cost.ts";
import { loadInstance, loadInstances } from "../../../prover/src/circuits/instances.ts";
import { planAccuracyInstance } from "../../../prover/src/circuits/plan-accuracy.ts";
import { domainPower } from "../../../prover/src/proof/keys/qap.ts";
import { readR1cs } from "../../../prover/src/proof/keys/r1cs.ts";
import { compileInstance } from "../../circuits/support/accuracy-case.ts";
import { ROOMY } from "../../circuits/support/instances.ts";

const BUILD = path.join(path.dirname(CIRCUITS_DIRECTORY), "build");

describe("accuracyCost", function () {
  this.timeout(300_000);

  for (const instance of Object.values(ROOMY)) {
    it(`counts the rows of ${instance.id} (${instance.architecture.layerSizes.join("-")}) exactly`, async () => {
      const { system } = await compileInstance(instance);
      const cost = accuracyCost(instance);
      expect(cost.constraints).to.equal(system.rowCount);
      expect(cost.publicSignals).to.equal(system.publicCount);
      expect(cost.rows).to.equal(system.rowCount + system.publicCount + 1);
    });
  }

  async function expectExact(instance: AccuracyInstance, directory: string): Promise<void> {
    const circuit = await buildCircuit(instance, directory);
    const r1cs = await readR1cs(circuit.r1csFile);
    const cost = accuracyCost(instance);
    expect(cost.constraints).to.equal(r1cs.constraintCount);
    expect(cost.publicSignals).to.equal(r1cs.publicCount);
    expect(cost.domainPower).to.equal(domainPower(r1cs));
  }

  it("counts the rows of every shipped instance exactly", async () => {
    for (const instance of await loadInstances()) await expectExact(instance, path.join(BUILD, "circuits"));
  });

  it("counts the rows of planned instances exactly", async () => {
    for (const [layerSizes, samples] of [
      [
        [5, 3],
        [2, 0, 4],
      ],
      [[3, 4, 3, 2], 8],
    ] as const) {
      const instance = planAccuracyInstance({
        id: `planned-${layerSizes.join("-")}`,
        layerSizes,
        inputBits: 4,
        samples,
      });
      await expectExact(instance, path.join(BUILD, "test-circuits"));
    }
  });

  it("fits the digits network on 360 samples into 2^16 rows", async () => {
    const cost = accuracyCost(await loadInstance("digits-64-16-10x360"));
    expect(cost.rows).to.be.at.most(65_536);
    expect(cost.domainPower).to.equal(16);
    expect(cost.memoryBytes).to.be.below(1.5e9);
    expect(cost.provingSeconds).to.be.within(1, 20);
  });
});
