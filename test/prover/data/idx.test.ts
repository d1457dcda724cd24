import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";

import { expect } from "chai";
import fc from "fast-check";

import { MAX_VALUES } from "../../../prover/src/data/csv.ts";
import { DataError } from "../../../prover/src/data/data-error.ts";
import type { Dataset } from "../../../prover/src/data/dataset.ts";
import { parseIdx, readIdx } from "../../../prover/src/data/idx.ts";
import { expectError } from "../support/expect-error.ts";
import { idxBytes } from "../support/idx-files.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "zkpot-idx-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

const write = async (name: string, bytes: Uint8Array): Promise<string> => {
  const file = path.join(folder, name);
  await writeFile(file, bytes);
  return file;
};

async function read(images: Uint8Array, labels: Uint8Array): Promise<Dataset> {
  return await readIdx({ images: await write("images", images), labels: await write("labels", labels) });
}

const IMAGES = idxBytes([3, 2, 2], [0, 1, 2, 3, 4, 5, 6, 7, 252, 253, 254, 255]);
const LABELS = idxBytes([3], [7, 2, 7]);

describe("readIdx", () => {
  it("reads a pixel as a feature and the labels that occur as classes, in numerical order", async () => {
    const dataset = await read(IMAGES, LABELS);
    expect(dataset.featureNames).to.deep.equal(["feature 1", "feature 2", "feature 3", "feature 4"]);
    expect(dataset.classNames).to.deep.equal(["2", "7"]);
    expect([dataset.sampleCount, dataset.featureCount]).to.deep.equal([3, 4]);
    expect([...dataset.features]).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 252, 253, 254, 255]);
    expect([...dataset.labels]).to.deep.equal([1, 0, 1]);
  });

  it("reads either file plain or compressed with gzip", async () => {
    const plain = await read(IMAGES, LABELS);
    expect(await read(gzipSync(IMAGES), LABELS)).to.deep.equal(plain);
    expect(await read(IMAGES, gzipSync(LABELS))).to.deep.equal(plain);
    expect(await read(gzipSync(IMAGES), gzipSync(LABELS))).to.deep.equal(plain);
  });

  it("gives back every generated data set", async () => {
    const shapes = fc
      .tuple(
        fc.integer({ min: 2, max: 6 }),
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
      )
      .chain(([sampleCount, sizes]) => {
        const featureCount = sizes.reduce((product, size) => product * size, 1);
        return fc.record({
          dimensions: fc.constant([sampleCount, ...sizes]),
          values: fc.uint8Array({
            minLength: sampleCount * featureCount,
            maxLength: sampleCount * featureCount,
          }),
          labels: fc
            .uint8Array({ minLength: sampleCount, maxLength: sampleCount })
            .filter((labels) => new Set(labels).size > 1),
          isCompressed: fc.boolean(),
        });
      });
    await fc.assert(
      fc.asyncProperty(shapes, async ({ dimensions, values, labels, isCompressed }) => {
        const pack = isCompressed ? gzipSync : (bytes: Uint8Array): Uint8Array => bytes;
        const dataset = await read(
          pack(idxBytes(dimensions, values)),
          pack(idxBytes([labels.length], labels)),
        );
        expect([...dataset.features]).to.deep.equal([...values]);
        expect(dataset.sampleCount * dataset.featureCount).to.equal(values.length);
        const named = [...dataset.labels].map((label) => Number(dataset.classNames[label]));
        expect(named).to.deep.equal([...labels]);
        const sorted = [...dataset.classNames].sort((a, b) => Number(a) - Number(b));
        expect(dataset.classNames).to.deep.equal(sorted);
      }),
      { numRuns: 100 },
    );
  });

  it("refuses a file that is not there", async () => {
    const labels = await write("labels", LABELS);
    const images = path.join(folder, "absent");
    await expectError(() => readIdx({ images, labels }), "data.missing-file", /there is no file .*absent/);
    await expectError(() => readIdx({ images: folder, labels }), "data.missing-file", /EISDIR/);
  });

  it("refuses images and labels that differ in number", async () => {
    await expectError(() => read(IMAGES, idxBytes([2], [1, 2])), "data.idx-counts", /3 samples, .*2 labels/);
  });

  it("refuses images and labels in the wrong places", async () => {
    await expectError(() => read(LABELS, IMAGES), "data.idx-dimensions", /labels has 3 dimensions/);
    await expectError(() => read(LABELS, LABELS), "data.idx-dimensions", /images has 1 dimensions/);
  });

  it("refuses data sets without samples, without features, or with one class", async () => {
    await expectError(() => read(idxBytes([0, 2], []), idxBytes([0], [])), "data.empty", /0 samples of 2/);
    await expectError(() => read(idxBytes([3, 0], []), LABELS), "data.empty", /3 samples of 0 features/);
    await expectError(() => read(IMAGES, idxBytes([3], [4, 4, 4])), "data.one-class", /all 3 .* label 4/);
  });

  it("refuses a damaged gzip file", async () => {
    const packed = gzipSync(IMAGES);
    await expectError(
      () => read(packed.subarray(0, 20), LABELS),
      "data.invalid-gzip",
      /images starts as a gzip/,
    );
    await expectError(() => read(packed.with(15, packed[15]! ^ 0xff), LABELS), "data.invalid-gzip", /images/);
  });

  it("refuses more than the largest data set, compressed or not", async () => {
    const images = await write("images", IMAGES);
    const labels = await write("labels", LABELS);
    await truncate(images, MAX_VALUES + 37);
    await expectError(() => readIdx({ images, labels }), "data.too-large", /has 67108901 bytes/);
    await writeFile(images, gzipSync(new Uint8Array(MAX_VALUES + 37)));
    await expectError(() => readIdx({ images, labels }), "data.too-large", /decompresses to more/);
  });

  it("refuses every cut and never fails without a name when a byte is changed", async () => {
    for (let length = 0; length < IMAGES.length; length++) {
      await expectError(
        () => read(IMAGES.slice(0, length), LABELS),
        length < 4 ? "data.invalid-idx" : "data.idx-length",
        /images/,
      );
    }
    await fc.assert(
      fc.asyncProperty(fc.nat(IMAGES.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const outcome = await read(IMAGES.with(at, IMAGES[at]! ^ change), LABELS).catch(
          (error: unknown) => error,
        );
        if (at < 16) expect(outcome).to.be.instanceOf(DataError);
        else expect((outcome as Dataset).features[at - 16]).to.equal(IMAGES[at]! ^ change);
      }),
      { numRuns: 200 },
    );
  });
});

describe("parseIdx", () => {
  it("refuses what is not IDX", async () => {
    await expectError(
      () => parseIdx(Buffer.from("x,y\n1,2\n"), "a.csv"),
      "data.invalid-idx",
      /a\.csv does not/,
    );
  });

  it("names the type it does not read", async () => {
    await expectError(() => parseIdx(idxBytes([1], [0], 0x0d)), "data.idx-type", /32-bit floats/);
    await expectError(() => parseIdx(idxBytes([1], [0], 0x77)), "data.idx-type", /unknown type 119/);
  });

  it("refuses no dimensions and more than 8", async () => {
    await expectError(() => parseIdx(idxBytes([], [])), "data.idx-dimensions", /0 dimensions/);
    const nine = new Array<number>(9).fill(1);
    await expectError(() => parseIdx(idxBytes(nine, [1])), "data.idx-dimensions", /9 dimensions/);
    expect(parseIdx(idxBytes(nine.slice(1), [1])).dimensions).to.have.length(8);
  });

  it("refuses claims beyond the largest data set whatever is there", async () => {
    const largest = 2 ** 32 - 1;
    for (const dimensions of [[MAX_VALUES + 1], [largest, largest, largest], [largest, 28, 28]]) {
      await expectError(() => parseIdx(idxBytes(dimensions, [1])), "data.too-large", /claims \d+/);
    }
    await expectError(() => parseIdx(idxBytes([MAX_VALUES], [1])), "data.idx-length", /has 9 bytes/);
  });

  it("refuses a file that goes on after its values", async () => {
    await expectError(() => parseIdx(idxBytes([1], [1, 2])), "data.idx-length", /10 bytes, expected 9 bytes/);
  });
});
