import { expect } from "chai";
import { readFile } from "node:fs/promises";
import path from "node:path";

import { aggregateLayout } from "../../prover/src/circuits/aggregate.ts";
import { CIRCUITS_DIRECTORY } from "../../prover/src/circuits/build.ts";
import { accuracyCost } from "../../prover/src/circuits/cost.ts";
import type { CircuitInstance } from "../../prover/src/circuits/instance.ts";
import { loadCircuitInstances } from "../../prover/src/circuits/instances.ts";
import { type CircuitLayout, publicSignalCount } from "../../prover/src/circuits/layout.ts";
import { maskedUpdateLayout } from "../../prover/src/circuits/masked-update.ts";
import type { TrainInitInstance } from "../../prover/src/circuits/train-init.ts";
import { circuitsReadme } from "../../scripts/circuits-readme.ts";
import { aggregateRowParts, maskedUpdateRowParts, vectorSumRowParts } from "../../scripts/federation-rows.ts";
import { trainInitRowParts, trainStepRowParts } from "../../scripts/training-rows.ts";
import { AGGREGATE, MASKED, VECTOR_SUM } from "./support/federation-case.ts";
import { compileTraining, RULES, stepInstance } from "./support/training-case.ts";

describe("circuits/README.md", function () {
  this.timeout(600_000);
  let instances: readonly CircuitInstance[];

  before(async () => {
    instances = await loadCircuitInstances();
  });

  it("is what scripts/circuits-readme.ts writes from circuits.json", async () => {
    const committed = await readFile(path.join(CIRCUITS_DIRECTORY, "README.md"), "utf8");
    expect(committed).to.equal(await circuitsReadme(await loadCircuitInstances()));
  });

  for (const [instance, parts] of [
    [MASKED, maskedUpdateRowParts(MASKED)],
    [AGGREGATE, aggregateRowParts(AGGREGATE)],
    [VECTOR_SUM, vectorSumRowParts(VECTOR_SUM)],
  ] as const) {
    it(`counts the rows of ${instance.id} exactly`, async () => {
      const { system } = await compileTraining(instance);
      expect(system.rowCount).to.equal(parts.reduce((total, { rows }) => total + rows, 0));
    });
  }

  it("keeps the federation's circuits for the digits within their domains", () => {
    const rows = (parts: readonly { readonly rows: number }[], layout: CircuitLayout): number =>
      parts.reduce((total, part) => total + part.rows, 0) + publicSignalCount(layout) + 1;
    const find = <Template extends CircuitInstance["template"]>(template: Template) =>
      instances.find(
        (instance): instance is Extract<CircuitInstance, { readonly template: Template }> =>
          instance.template === template && instance.id.includes("64-16-10"),
      )!;
    const [masked, aggregate, round] = [find("masked-update"), find("aggregate"), find("round-accuracy")];
    expect([masked.members, aggregate.vectors]).to.deep.equal([8, 8]);
    expect(rows(maskedUpdateRowParts(masked), maskedUpdateLayout(masked))).to.be.at.most(2 ** 16);
    expect(rows(aggregateRowParts(aggregate), aggregateLayout(aggregate))).to.be.at.most(2 ** 16);
    expect(accuracyCost(round).rows).to.be.at.most(2 ** 16);
  });

  for (const name of ["hidden", "linear", "narrow"] as const) {
    it(`counts the rows of training circuits with the ${name} rule exactly`, async () => {
      const sum = (parts: readonly { readonly rows: number }[]): number =>
        parts.reduce((total, { rows }) => total + rows, 0);
      const step = stepInstance(RULES[name]);
      expect((await compileTraining(step)).system.rowCount).to.equal(sum(trainStepRowParts(step)));
      const init: TrainInitInstance = { id: "train-init-test", template: "train-init", rule: RULES[name] };
      expect((await compileTraining(init)).system.rowCount).to.equal(sum(trainInitRowParts(init)));
    });
  }
});
