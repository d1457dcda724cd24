import { expect } from "chai";
import { readFile } from "node:fs/promises";
import path from "node:path";

import { CIRCUITS_DIRECTORY } from "../../prover/src/circuits/build.ts";
import { loadCircuitInstances } from "../../prover/src/circuits/instances.ts";
import type { TrainInitInstance } from "../../prover/src/circuits/train-init.ts";
import { circuitsReadme } from "../../scripts/circuits-readme.ts";
import { trainInitRowParts, trainStepRowParts } from "../../scripts/training-rows.ts";
import { compileTraining, RULES, stepInstance } from "./support/training-case.ts";

describe("circuits/README.md", function () {
  this.timeout(600_000);

  it("is what scripts/circuits-readme.ts writes from circuits.json", async () => {
    const committed = await readFile(path.join(CIRCUITS_DIRECTORY, "README.md"), "utf8");
    expect(committed).to.equal(await circuitsReadme(await loadCircuitInstances()));
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
