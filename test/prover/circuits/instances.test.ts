import { expect } from "chai";

import { instanceArchitecture } from "../../../prover/src/circuits/instance.ts";
import {
  CIRCUIT_INSTANCE_SCHEMA,
  loadCircuitInstance,
  loadCircuitInstances,
  loadInstances,
} from "../../../prover/src/circuits/instances.ts";
import { planAccuracyInstance } from "../../../prover/src/circuits/plan-accuracy.ts";
import { architectureId } from "../../../prover/src/model/architecture.ts";
import { DEFAULT_TRAINING_RULES } from "../../../prover/src/verifiable/default-rules.ts";
import { validateTrainingRule } from "../../../prover/src/verifiable/training-rule.ts";
import { expectError } from "../support/expect-error.ts";

/** A training circuit's step and start, and the accuracy circuit for the models they lead to. */
const TRAINING_CIRCUITS = [
  ["train-step-64-16-10x32", "train-init-64-16-10", "trained-64-16-10x360"],
  ["train-step-4-3-3x4", "train-init-4-3-3", "trained-4-3-3x10"],
] as const;

describe("the shipped circuit instances", () => {
  it("have different ids", async () => {
    const ids = (await loadCircuitInstances()).map(({ id }) => id);
    expect(new Set(ids).size).to.equal(ids.length);
  });

  it("hold valid training rules", async () => {
    for (const instance of await loadCircuitInstances()) {
      if ("rule" in instance) validateTrainingRule(instance.rule);
    }
  });

  it("start, step and score training runs of the same rule and architecture", async () => {
    for (const [stepId, initId, accuracyId] of TRAINING_CIRCUITS) {
      const step = await loadCircuitInstance("train-step", stepId);
      const init = await loadCircuitInstance("train-init", initId);
      const accuracy = await loadCircuitInstance("accuracy", accuracyId);
      expect(init.rule).to.deep.equal(step.rule);
      expect(architectureId(accuracy.architecture)).to.equal(architectureId(instanceArchitecture(step)));
    }
  });

  it("train the digits by their default rule", async () => {
    const { rule } = await loadCircuitInstance("train-step", "train-step-64-16-10x32");
    expect(rule).to.deep.equal(DEFAULT_TRAINING_RULES.digits);
  });

  it("look their values up in tables that hold them", async () => {
    for (const instance of await loadCircuitInstances()) {
      if (instance.template !== "train-step") continue;
      const { rule, tableBits, fineTableBits } = instance;
      expect(rule.excessBits).to.be.at.most(tableBits);
      expect(rule.magnitudeBits).to.be.below(tableBits);
      expect(rule.architecture.quotientBits - 1).to.be.at.most(tableBits);
      expect(rule.architecture.inputBits).to.be.at.most(fineTableBits);
    }
  });

  it("are found by template and id alone", async () => {
    let refused: unknown;
    try {
      await loadCircuitInstance("accuracy", "train-init-4-3-3");
    } catch (error) {
      refused = error;
    }
    expect(refused).to.be.instanceOf(RangeError);
    const accuracyIds = (await loadInstances()).map(({ id }) => id);
    expect(accuracyIds).to.include("trained-4-3-3x10").and.not.include("train-init-4-3-3");
  });

  it("are refused with a field missing or one too many", async () => {
    for (const instance of await loadCircuitInstances()) {
      expect(CIRCUIT_INSTANCE_SCHEMA.parse(instance)).to.deep.equal(instance);
      expect(CIRCUIT_INSTANCE_SCHEMA.safeParse({ ...instance, extra: 1 }).success).to.equal(false);
      for (const field of Object.keys(instance)) {
        const rest = Object.fromEntries(Object.entries(instance).filter(([name]) => name !== field));
        expect(CIRCUIT_INSTANCE_SCHEMA.safeParse(rest).success, field).to.equal(false);
      }
    }
  });
});

describe("planAccuracyInstance for a given architecture", () => {
  const { architecture } = DEFAULT_TRAINING_RULES["digits"]!;
  const plan = { id: "given", layerSizes: architecture.layerSizes, inputBits: 4, samples: 40, architecture };

  it("keeps the architecture and takes a table that holds its quotients", () => {
    const instance = planAccuracyInstance(plan);
    expect(instance.architecture).to.deep.equal(architecture);
    expect(instance.tableBits).to.be.at.least(architecture.quotientBits - 1);
    expect(instance.slots * instance.slotBits).to.be.at.most(252);
  });

  it("refuses one of another shape or input width than asked for", async () => {
    await expectError(
      () => planAccuracyInstance({ ...plan, layerSizes: [64, 10] }),
      "circuit.plan",
      /64-16-10.*64-10/,
    );
    await expectError(() => planAccuracyInstance({ ...plan, inputBits: 5 }), "circuit.plan", /5-bit/);
  });
});
