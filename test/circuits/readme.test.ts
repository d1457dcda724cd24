import { expect } from "chai";
import { readFile } from "node:fs/promises";
import path from "node:path";

import { CIRCUITS_DIRECTORY } from "../../prover/src/circuits/build.ts";
import { loadInstances } from "../../prover/src/circuits/instances.ts";
import { circuitsReadme } from "../../scripts/circuits-readme.ts";

describe("circuits/README.md", () => {
  it("is what scripts/circuits-readme.ts writes from circuits.json", async () => {
    const committed = await readFile(path.join(CIRCUITS_DIRECTORY, "README.md"), "utf8");
    expect(committed).to.equal(await circuitsReadme(await loadInstances()));
  });
});
