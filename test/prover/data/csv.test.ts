import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

import { expect } from "chai";
import fc from "fast-check";

import { MAX_CLASSES, MAX_CSV_BYTES, parseCsv, readCsv } from "../../../prover/src/data/csv.ts";
import { expectError } from "../support/expect-error.ts";

describe("parseCsv", () => {
  it("reads features and the label in the last column, without a header", () => {
    const dataset = parseCsv("1,2.5,7\n-3,4e2,9\n.5,+6.,7\n");
    expect(dataset.featureNames).to.deep.equal(["feature 1", "feature 2"]);
    expect(dataset.classNames).to.deep.equal(["7", "9"]);
    expect([dataset.sampleCount, dataset.featureCount]).to.deep.equal([3, 2]);
    expect([...dataset.features]).to.deep.equal([1, 2.5, -3, 400, 0.5, 6]);
    expect([...dataset.labels]).to.deep.equal([0, 1, 0]);
  });

  it("recognises a header and takes the label by name or by index", () => {
    const text = "kind,width,height\nb,1,2\na,3,4\n";
    for (const label of ["kind", 0, -3]) {
      const dataset = parseCsv(text, { label });
      expect(dataset.featureNames).to.deep.equal(["width", "height"]);
      expect([...dataset.features]).to.deep.equal([1, 2, 3, 4]);
      expect(dataset.classNames).to.deep.equal(["a", "b"]);
      expect([...dataset.labels]).to.deep.equal([1, 0]);
    }
  });

  it("takes a first row with string labels for a sample, not a header", () => {
    const dataset = parseCsv("5.1,3.5,setosa\n7,3.2,versicolor\n");
    expect(dataset.sampleCount).to.equal(2);
    expect(dataset.classNames).to.deep.equal(["setosa", "versicolor"]);
  });

  it("obeys an explicit header choice", () => {
    expect(parseCsv("1,2\n3,0\n4,1\n", { header: true }).featureNames).to.deep.equal(["1"]);
    expect(parseCsv("3,0\n4,1\n", { header: false }).sampleCount).to.equal(2);
  });

  it("orders numeric labels by value and other labels by code unit", () => {
    expect(parseCsv("0,10\n0,9\n0,-1\n").classNames).to.deep.equal(["-1", "9", "10"]);
    expect(parseCsv("0,b\n0,10\n0,B\n").classNames).to.deep.equal(["10", "B", "b"]);
  });

  it("takes different spellings of a number for one class", () => {
    const dataset = parseCsv("0,1\n0,1.0\n0,01\n0,2\n");
    expect(dataset.classNames).to.deep.equal(["1", "2"]);
    expect([...dataset.labels]).to.deep.equal([0, 0, 0, 1]);
  });

  it("understands quotes, a byte order mark, blank lines, spaces and other delimiters", () => {
    const dataset = parseCsv('\uFEFF"a, b";c\n\n 1 ;"x;y"\n2;z\n', { delimiter: ";" });
    expect(dataset.featureNames).to.deep.equal(["a, b"]);
    expect(dataset.classNames).to.deep.equal(["x;y", "z"]);
    expect([...dataset.features]).to.deep.equal([1, 2]);
  });

  it("reads −0 as 0", () => {
    expect(Object.is(parseCsv("-0,0\n1,1\n").features[0], 0)).to.equal(true);
  });

  it("leaves out ignored columns, by name or index", () => {
    const text = "id,a,b,y\nrow1,1,2,0\nrow2,3,4,1\n";
    for (const column of ["id", 0]) {
      const dataset = parseCsv(text, { label: "y", ignoreColumns: [column] });
      expect(dataset.featureNames).to.deep.equal(["a", "b"]);
    }
  });

  it("gives back the numbers and labels it was written from", () => {
    const row = fc.tuple(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer(),
      fc.nat({ max: 3 }),
    );
    fc.assert(
      fc.property(fc.array(row, { minLength: 2, maxLength: 30 }), (rows) => {
        const labels = new Set(rows.map(([, , label]) => label));
        fc.pre(labels.size > 1);
        const dataset = parseCsv(rows.map((cells) => cells.join(",")).join("\n"));
        expect([...dataset.features]).to.deep.equal(rows.flatMap(([a, b]) => [a + 0, b]));
        expect([...dataset.labels].map((label) => Number(dataset.classNames[label]))).to.deep.equal(
          rows.map(([, , label]) => label),
        );
      }),
      { numRuns: 200 },
    );
  });

  const rejected: [
    name: string,
    text: string,
    options: Parameters<typeof parseCsv>[1],
    code: string,
    RegExp,
  ][] = [
    ["a row that is too short", "1,2,0\n1,1\n", {}, "data.ragged-row", /line 2: 2 columns.*has 3/],
    ["a row that is too long", "1,2,0\n1,1,1,1\n", {}, "data.ragged-row", /line 2: 4 columns.*has 3/],
    ["an empty value", "1,,0\n1,1,1\n", {}, "data.missing-value", /line 1, column 2: the value is empty/],
    ["NaN", "a,b,y\n1,NaN,0\n1,1,1\n", {}, "data.missing-value", /line 2, column 2 \(b\): the value is NaN/],
    [
      "text among numbers",
      "1,2,0\n1,?,1\n",
      {},
      "data.not-a-number",
      /line 2, column 2: "\?" is not a number/,
    ],
    ["hexadecimal", "1,2,0\n1,0x10,1\n", {}, "data.not-a-number", /"0x10"/],
    ["infinity", "1,2,0\n1,-inf,1\n", {}, "data.not-finite", /line 2, column 2: -inf/],
    ["a number beyond doubles", "1,2,0\n1,1e999,1\n", {}, "data.not-finite", /1e999/],
    ["an empty label", "1,2,0\n1,1,\n", {}, "data.missing-label", /line 2/],
    ["one class only", "1,2,0\n1,1,0\n", {}, "data.one-class", /all 2 samples have the label 0/],
    ["empty text", "", {}, "data.empty", /no samples/],
    ["a header alone", "a,b,y\n", {}, "data.empty", /below its header/],
    ["an unknown label name", "a,y\n1,0\n", { label: "z" }, "data.missing-label-column", /no column z.*a, y/],
    [
      "a label index too large",
      "1,0\n1,1\n",
      { label: 2 },
      "data.missing-label-column",
      /no column 2.*2 columns/,
    ],
    ["a label index too small", "1,0\n1,1\n", { label: -3 }, "data.missing-label-column", /no column -3/],
    ["a fractional label index", "1,0\n1,1\n", { label: 0.5 }, "data.missing-label-column", /no column 0.5/],
    [
      "a label name without header",
      "1,0\n",
      { label: "y", header: false },
      "data.missing-label-column",
      /without a header/,
    ],
    [
      "an unknown ignored column",
      "a,y\n1,0\n",
      { ignoreColumns: ["id"] },
      "data.missing-label-column",
      /no column id/,
    ],
    [
      "ignoring the label",
      "a,y\n1,0\n",
      { ignoreColumns: ["y"] },
      "data.missing-label-column",
      /among the ignored/,
    ],
    [
      "a repeated column name",
      "a,a,y\n1,2,0\n",
      {},
      "data.duplicate-column",
      /columns 1 and 2 are both named a/,
    ],
    [
      "a column without name",
      "a,,y\n1,2,0\n",
      { header: true },
      "data.duplicate-column",
      /column 2.*no name/,
    ],
    ["a file with labels only", "0\n1\n", {}, "data.no-features", /1 columns, none of them a feature/],
    [
      "more values than allowed",
      "1,2,0\n1,1,1\n",
      { maxValues: 3 },
      "data.too-large",
      /more than 3 values; the limit is 3/,
    ],
    ["an unclosed quote", '1,2,0\n1,"1,1\n', {}, "data.invalid-csv", /not valid CSV/],
  ];
  for (const [name, text, options, code, message] of rejected) {
    it(`refuses ${name}`, async () => {
      await expectError(() => parseCsv(text, options), code, message);
    });
  }

  it("refuses a label column of quantities", async () => {
    const text = Array.from({ length: MAX_CLASSES + 1 }, (_, row) => `1,${row}`).join("\n");
    await expectError(() => parseCsv(text), "data.too-many-classes", /more than 1000/);
  });

  it("shows only the beginning of a long cell", async () => {
    const error = await expectError(
      () => parseCsv(`1,0\n${"x".repeat(500)},1\n`),
      "data.not-a-number",
      /x{40}…/,
    );
    expect(error.message.length).to.be.below(120);
  });
});

describe("readCsv", () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(path.join(os.tmpdir(), "zkpot-csv-"));
  });
  afterEach(() => rm(directory, { recursive: true }));

  it("reads a file and names it in errors", async () => {
    const file = path.join(directory, "table.csv");
    await writeFile(file, "1,0\n2,1\n");
    expect((await readCsv(file)).sampleCount).to.equal(2);
    await writeFile(file, "1,0\n2\n");
    for (const options of [{}, { source: undefined }]) {
      await expectError(() => readCsv(file, options), "data.ragged-row", /table\.csv, line 2/);
    }
    await expectError(() => readCsv(file, { source: "t" }), "data.ragged-row", /^t, line 2/);
  });

  it("refuses a file that is not there, and a directory", async () => {
    await expectError(
      () => readCsv(path.join(directory, "none.csv")),
      "data.missing-file",
      /no file .*none\.csv/,
    );
    await expectError(() => readCsv(directory), "data.missing-file", /cannot read .*EISDIR/);
  });

  it("refuses a file above the size limit before reading it", async () => {
    const file = path.join(directory, "huge.csv");
    await writeFile(file, "");
    await truncate(file, MAX_CSV_BYTES + 1);
    await expectError(() => readCsv(file), "data.too-large", /268435457 bytes; the limit is 268435456 bytes/);
  });
});
