import { expect } from "chai";

import { note, printError, printReport, warn } from "../../../prover/src/cli/output.ts";
import { facts, table } from "../../../prover/src/cli/text.ts";
import { ProverError } from "../../../prover/src/errors.ts";

/** Clears the screen, goes to a line's start, begins another line, turns text around, and rings. */
const HOSTILE = "a\u001b[2Jb\rc\nd\u202ee\u0007\u009b2J";
const HARMLESS = "a\uFFFD[2Jb\uFFFDc\uFFFDd\uFFFDe\uFFFD\uFFFD2J";

describe("facts", () => {
  it("replaces control characters of names and values", () => {
    const text = facts([
      ["uri", `ipfs://${HOSTILE}`],
      [HOSTILE, "value"],
    ]);
    const lines = text.split("\n");
    expect(lines).to.have.length(2);
    expect(lines[0])
      .to.match(/^uri +ipfs:\/\//)
      .and.include(`ipfs://${HARMLESS}`);
    expect(lines[1]).to.equal(`${HARMLESS}  value`);
  });

  it("keeps letters of all alphabets", () => {
    expect(facts([["title", "Größe 数 😀"]])).to.equal("title  Größe 数 😀");
  });
});

describe("table", () => {
  it("replaces control characters of headings and cells", () => {
    const text = table(["title", HOSTILE], [["x", HOSTILE]]);
    expect(text.split("\n")).to.have.length(2);
    expect(text.match(new RegExp(HARMLESS.replace(/\[/g, "\\["), "g"))).to.have.length(2);
    expect(text).not.to.match(/[\u001b\r\u202e\u0007\u009b]/);
  });
});

describe("what a command prints", () => {
  it("has no control characters but line ends, in reports, errors, notes and warnings", () => {
    const printed: string[] = [];
    const { stdout, stderr } = process;
    const [writeOut, writeErr] = [stdout.write.bind(stdout), stderr.write.bind(stderr)];
    const write = (text: string): boolean => printed.push(text) > 0;
    Object.assign(stdout, { write });
    Object.assign(stderr, { write });
    try {
      printReport({ data: {}, text: HOSTILE }, false);
      printError(new ProverError("x.y", HOSTILE, HOSTILE), false);
      note(HOSTILE);
      warn(HOSTILE);
    } finally {
      Object.assign(stdout, { write: writeOut });
      Object.assign(stderr, { write: writeErr });
    }
    const expected = "a\uFFFD[2Jb\uFFFDc\nd\uFFFDe\uFFFD\uFFFD2J";
    expect(printed).to.have.length(5);
    for (const text of printed) expect(text).to.include(expected);
  });
});
