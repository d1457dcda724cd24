import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

import { expect } from "chai";
import { keccak256 } from "ethers";
import fc from "fast-check";

import { canonicalJson } from "../../../prover/src/data/canonical-json.ts";
import {
  canonicalBytes,
  decodeDocument,
  documentDigest,
  encodeDocument,
  loadDocument,
  saveDocument,
} from "../../../prover/src/data/document.ts";
import { fitInputQuantization } from "../../../prover/src/data/input-quantization.ts";
import { DATA_SPLIT } from "../../../prover/src/data/split.ts";
import { createTestSet, TEST_SET, type TestSet, testSetHash } from "../../../prover/src/data/test-set.ts";
import { datasetOf } from "../support/datasets.ts";
import { expectError } from "../support/expect-error.ts";

function smallTestSet(): TestSet {
  const test = datasetOf(
    [
      [0, 3],
      [5, 1],
      [9, 2],
    ],
    [0, 1, 1],
  );
  return createTestSet("small", test, fitInputQuantization(test, 4)).testSet;
}

describe("canonicalJson", () => {
  it("sorts keys at every level and leaves no white space", () => {
    expect(canonicalJson({ b: [1, { d: null, c: "x y" }], a: true })).to.equal(
      '{"a":true,"b":[1,{"c":"x y","d":null}]}',
    );
  });

  it("does not depend on the order in which keys were set, and parses back", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.oneof(fc.integer(), fc.string(), fc.boolean())), (object) => {
        const reversed = Object.fromEntries(Object.entries(object).reverse());
        expect(canonicalJson(reversed)).to.equal(canonicalJson(object));
        expect(JSON.parse(canonicalJson(object))).to.deep.equal(JSON.parse(JSON.stringify(object)));
      }),
    );
  });

  it("refuses numbers JSON does not have", () => {
    expect(() => canonicalJson([NaN])).to.throw(TypeError, "NaN");
    expect(() => canonicalJson({ a: -Infinity })).to.throw(TypeError, "-Infinity");
  });
});

describe("documents", () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(path.join(os.tmpdir(), "zkpot-documents-"));
  });
  afterEach(() => rm(directory, { recursive: true }));

  it("are saved and loaded without loss, leaving no other file", async () => {
    const file = path.join(directory, "test-set.json");
    const testSet = smallTestSet();
    await saveDocument(file, TEST_SET, testSet);
    await saveDocument(file, TEST_SET, testSet);
    expect(await loadDocument(file, TEST_SET)).to.deep.equal(testSet);
    expect(await readdir(directory)).to.deep.equal(["test-set.json"]);
  });

  it("are readable by their owner alone when they hold secrets", async () => {
    const mode = async (name: string): Promise<number> =>
      (await stat(path.join(directory, name))).mode & 0o777;
    const dataset = datasetOf([[1], [2]], [0, 1]);
    const split = {
      train: { ...dataset, sampleCount: 1, features: Float64Array.of(1), labels: Int32Array.of(0) },
      test: { ...dataset, sampleCount: 1, features: Float64Array.of(2), labels: Int32Array.of(1) },
      trainRows: Int32Array.of(0),
      testRows: Int32Array.of(1),
      seed: "",
      testFraction: 0.5,
    };
    await writeFile(path.join(directory, "split.json"), "", { mode: 0o666 });
    await saveDocument(path.join(directory, "split.json"), DATA_SPLIT, split);
    expect(await mode("split.json")).to.equal(0o600);
    await saveDocument(path.join(directory, "public.json"), TEST_SET, smallTestSet());
    expect((await mode("public.json")) & 0o400).to.equal(0o400);
  });

  it("name a file that is missing, unreadable or cannot be written", async () => {
    const missing = path.join(directory, "none.json");
    await expectError(() => loadDocument(missing, TEST_SET), "document.missing", /no file .*none\.json/);
    await expectError(() => loadDocument(directory, TEST_SET), "document.unreadable", /cannot read/);
    await expectError(
      () => saveDocument(path.join(directory, "no", "dir.json"), TEST_SET, smallTestSet()),
      "document.not-written",
      /cannot write .*dir\.json: ENOENT/,
    );
    const folder = path.join(directory, "folder");
    await mkdir(folder);
    await expectError(
      () => saveDocument(folder, TEST_SET, smallTestSet()),
      "document.not-written",
      /cannot write .*folder/,
    );
    expect(await readdir(directory)).to.deep.equal(["folder"]);
  });

  it("name the file they were read from", async () => {
    const file = path.join(directory, "cut.json");
    await writeFile(file, encodeDocument(TEST_SET, smallTestSet()).slice(0, 200));
    await expectError(() => loadDocument(file, TEST_SET), "document.invalid-json", /cut\.json is not JSON/);
  });

  it("of another format or version are refused", async () => {
    const text = encodeDocument(TEST_SET, smallTestSet());
    await expectError(
      () => decodeDocument(DATA_SPLIT, text),
      "document.wrong-format",
      /zkpot\.test-set, expected zkpot\.data-split/,
    );
    await expectError(() => decodeDocument(TEST_SET, "{}"), "document.wrong-format", /no zkpot document/);
    await expectError(() => decodeDocument(TEST_SET, "3"), "document.wrong-format", /no zkpot document/);
    await expectError(
      () => decodeDocument(TEST_SET, text.replace('"version":1', '"version":2')),
      "document.unsupported-version",
      /version 2; this toolkit reads version 1/,
    );
  });

  it("with any byte of the content changed are refused", async () => {
    const file = path.join(directory, "damaged.json");
    await saveDocument(file, TEST_SET, smallTestSet());
    const text = await readFile(file, "utf8");
    for (let position = 0; position < text.trimEnd().length; position++) {
      const changed = text[position] === "1" ? "2" : "1";
      const damaged = text.slice(0, position) + changed + text.slice(position + 1);
      expect(() => decodeDocument(TEST_SET, damaged), `position ${position}`)
        .to.throw()
        .with.property("code")
        .that.matches(/^document\./);
    }
  });

  it("with a valid digest but an invalid content are refused", async () => {
    const content = TEST_SET.encode(smallTestSet());
    const forge = (changes: object): string =>
      encodeDocument({ ...TEST_SET, encode: () => ({ ...content, ...changes }) }, smallTestSet());
    await expectError(
      () => decodeDocument(TEST_SET, forge({ labels: [0.5, 1, 1] })),
      "document.invalid",
      /labels\.0/,
    );
    await expectError(
      () => decodeDocument(TEST_SET, forge({ labels: [0, 1] })),
      "document.invalid",
      /6 values for 2 samples of 2/,
    );
    await expectError(
      () => decodeDocument(TEST_SET, forge({ labels: [0, 1, 2] })),
      "document.invalid",
      /a label exceeds 1/,
    );
    await expectError(
      () => decodeDocument(TEST_SET, forge({ features: [0, 0, 0, 0, 0, 16] })),
      "document.invalid",
      /a feature exceeds 15/,
    );
    await expectError(() => decodeDocument(TEST_SET, forge({ surplus: 1 })), "document.invalid", /surplus/);
  });

  it("have a digest that is keccak256 of the canonical bytes", () => {
    const testSet = smallTestSet();
    const bytes = canonicalBytes(TEST_SET, testSet);
    expect(documentDigest(TEST_SET, testSet)).to.equal(keccak256(bytes));
    expect(JSON.parse(Buffer.from(bytes).toString())).to.deep.equal({
      content: TEST_SET.encode(testSet),
      format: "zkpot.test-set",
      version: 1,
    });
    expect(JSON.parse(encodeDocument(TEST_SET, testSet))).to.have.property("digest", keccak256(bytes));
  });
});

describe("testSetHash", () => {
  it("changes with any part of the test set", () => {
    const testSet = smallTestSet();
    const { samples, inputQuantization } = testSet;
    const [first, ...others] = inputQuantization.features;
    const variants: TestSet[] = [
      testSet,
      { ...testSet, name: "other" },
      { ...testSet, classNames: ["c0", "C1"] },
      { ...testSet, samples: { ...samples, labels: Int32Array.of(0, 1, 0) } },
      { ...testSet, samples: { ...samples, features: samples.features.map((value) => value ^ 1) } },
      {
        ...testSet,
        inputQuantization: { ...inputQuantization, features: [{ ...first!, scale: 2 }, ...others] },
      },
    ];
    expect(new Set(variants.map(testSetHash)).size).to.equal(variants.length);
    expect(testSetHash(smallTestSet())).to.equal(testSetHash(testSet));
  });
});
