import { readdirSync } from "node:fs";
import path from "node:path";

import { expect } from "chai";

import { misplacedTestFiles, type Suite, suiteFiles, SUITES } from "../../scripts/suites/suites.ts";

const TESTS = path.join(import.meta.dirname, "..");

describe("the suites of npm test", () => {
  it("run every test file exactly once", () => {
    expect(misplacedTestFiles(SUITES)).to.deep.equal([]);
  });

  it("run this file", () => {
    const scripts = SUITES.find(({ name }) => name === "scripts");
    expect(suiteFiles(scripts!)).to.include("test/scripts/suites.test.ts");
  });

  it("cover every folder of tests", () => {
    const folders = readdirSync(TESTS, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !["support", "vectors"].includes(entry.name))
      .map(({ name }) => `test/${name}/`);
    for (const folder of folders) {
      const covered = SUITES.some(({ files }) => files.some((pattern) => pattern.startsWith(folder)));
      expect(covered, folder).to.equal(true);
    }
  });

  it("are found wanting when a file is run by none", () => {
    const others = SUITES.filter(({ name }) => name !== "scripts");
    expect(misplacedTestFiles(others)).to.include("test/scripts/suites.test.ts is run by no suite");
  });

  it("are found wanting when a file is run by two", () => {
    const twice: Suite = { name: "again", runner: "mocha", files: ["test/scripts/suites.test.ts"] };
    expect(misplacedTestFiles([...SUITES, twice])).to.deep.equal([
      "test/scripts/suites.test.ts is run by scripts and again",
    ]);
  });
});
