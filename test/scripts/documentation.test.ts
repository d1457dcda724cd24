/** What the documentation refers to exists: files behind links, and the tests that the threat model names. */
import { existsSync, globSync, readFileSync } from "node:fs";
import path from "node:path";

import { expect } from "chai";

const root = path.join(import.meta.dirname, "..", "..");
const DOCUMENTS = globSync(["*.md", "docs/**/*.md", "prover/*.md", "circuits/*.md", "datasets/*.md"], {
  cwd: root,
});

/** Local targets of the links in a document, fragments dropped. */
function linkedFiles(text: string): string[] {
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!.split("#")[0]!);
  return targets.filter((target) => target !== "" && !/^[a-z]+:/.test(target));
}

/** Tests that a document names as `[…](file) "title"`. */
function namedTests(text: string): { file: string; title: string }[] {
  const named = text.matchAll(/\]\((\.\.\/test\/[^)]+)\) "([^"]+)"/g);
  return [...named].map(([, file, title]) => ({ file: file!, title: title! }));
}

describe("The documentation", () => {
  it("links to files that exist", () => {
    const broken = DOCUMENTS.flatMap((document) =>
      linkedFiles(readFileSync(path.join(root, document), "utf8"))
        .filter((target) => !existsSync(path.join(root, path.dirname(document), target)))
        .map((target) => `${document}: ${target}`),
    );
    expect(DOCUMENTS).to.include(path.join("docs", "threat-model.md"));
    expect(broken).to.deep.equal([]);
  });

  it("names tests that exist, at least one for every attack in the threat model", () => {
    const folder = path.join(root, "docs");
    const text = readFileSync(path.join(folder, "threat-model.md"), "utf8");
    const attacks = text.split("\n").filter((line) => /^\| (?!asset|-)/.test(line));
    const missing = attacks.flatMap((attack) => {
      const tests = namedTests(attack);
      if (tests.length === 0) return [`no test: ${attack}`];
      return tests
        .filter(({ file, title }) => !isDeclared(path.join(folder, file), title))
        .map(({ file, title }) => `${file}: ${title}`);
    });
    expect(attacks).to.have.length.above(20);
    expect(missing).to.deep.equal([]);
  });
});

/** Whether a file declares a test, a group of tests or a Solidity function of that name. */
function isDeclared(file: string, title: string): boolean {
  const source = readFileSync(file, "utf8");
  const declarations = [`it("${title}"`, `describe("${title}"`, `function ${title}(`];
  return declarations.some((declaration) => source.includes(declaration));
}
