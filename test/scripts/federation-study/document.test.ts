/** docs/federation-study.md has the tables of the study: their form here, every figure with ZKPOT_LONG=1, which takes minutes. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";

import { expect } from "chai";

import { markedTables, replaceTables } from "../../../scripts/federation-study/document.ts";
import { CHOICES, POISON_NAMES, SYSTEMS, TOLERANCES } from "../../../scripts/federation-study/robustness.ts";
import { runStudy } from "../../../scripts/federation-study/study.ts";
import { tablesOf } from "../../../scripts/federation-study/tables.ts";

const ROOT = path.join(import.meta.dirname, "..", "..", "..");
const DOCUMENT = readFileSync(path.join(ROOT, "docs", "federation-study.md"), "utf8");
const IS_LONG = process.env["ZKPOT_LONG"] === "1";

function command(...args: string[]) {
  const script = path.join(ROOT, "scripts", "simulate.ts");
  return spawnSync(process.execPath, [script, ...args], { encoding: "utf8" });
}

describe("The tables of the federation study", function () {
  this.timeout(1_200_000);

  it("are all in the documentation, with a row for each attack, tolerance and choice", () => {
    const tables = markedTables(DOCUMENT);
    const rows = (name: string): string[][] =>
      tables[name]!.split("\n").map((line) =>
        line
          .slice(1, -1)
          .split("|")
          .map((cell) => cell.trim()),
      );
    const titles = (name: string): string[] =>
      rows(name)
        .slice(2)
        .map(([title]) => title!);
    expect(Object.keys(tables)).to.have.length(10);
    expect(rows("accuracy")[0]!.slice(2)).to.deep.equal(SYSTEMS.map(({ title }) => title));
    expect(titles("accuracy")).to.deep.equal(["none", ...POISON_NAMES.flatMap((name) => [name, name])]);
    expect(titles("tolerance").map((title) => parseInt(title, 10))).to.deep.equal(TOLERANCES);
    expect(titles("choices")).to.deep.equal(CHOICES.map(({ title }) => title));
    for (const name of Object.keys(tables)) {
      const [header, , ...body] = rows(name);
      for (const row of body) expect(row, name).to.have.length(header!.length);
    }
  });

  if (IS_LONG) {
    it("are what the study gives with the seed and the number that the page states", async () => {
      const [, seed, seeds] = /Seed `([^`]+)`, (\d+) federations/.exec(DOCUMENT)!;
      const study = await runStudy({ seed: seed!, seeds: Number(seeds) }, () => {});
      expect(tablesOf(study)).to.deep.equal(markedTables(DOCUMENT));
    });
  }
});

describe("replaceTables", () => {
  const place = (name: string, text: string) =>
    `<!-- study:${name} -->\n<!-- prettier-ignore -->\n${text}\n\n<!-- /study -->`;

  it("puts each table in its place and leaves the rest", () => {
    const text = `a\n${place("one", "old")}\nb\n${place("two", "older\nlines")}\nc`;
    expect(replaceTables(text, { two: "2", one: "$& 1" })).to.equal(
      `a\n${place("one", "$& 1")}\nb\n${place("two", "2")}\nc`,
    );
  });

  it("refuses a document without a place for a table, or with another", () => {
    expect(() => replaceTables(place("one", "x"), { one: "1", two: "2" })).to.throw("places for one");
    expect(() => replaceTables(place("one", "x"), {})).to.throw("places for one");
  });
});

describe("npm run simulate -- --study", function () {
  this.timeout(60_000);

  it("explains itself", () => {
    const { status, stdout } = command("--study", "federation", "--help");
    expect(status).to.equal(0);
    expect(stdout).to.match(/usage: npm run simulate -- --study federation/);
  });

  it("refuses another study, unknown options and numbers out of range", () => {
    for (const [args, message] of [
      [["--study", "other"], "there is no study other"],
      [["--study=federation", "--games", "3"], "--games"],
      [["--study", "federation", "--seeds", "0"], "--seeds must be a whole number from 1 to 100, not 0"],
    ] as const) {
      const { status, stderr } = command(...args);
      expect(status).to.equal(2);
      expect(stderr).to.include(message);
      expect(stderr).not.to.match(/^ +at /m);
    }
  });
});
