import { open } from "node:fs/promises";
import { gunzipSync } from "node:zlib";

import { MAX_VALUES } from "./csv.ts";
import { DataError } from "./data-error.ts";
import type { Dataset } from "./dataset.ts";

/** Where an IDX pair lies. */
export interface IdxFiles {
  /** Unsigned bytes `[sample][…]`, e.g. `t10k-images-idx3-ubyte.gz`. */
  readonly images: string;
  /** Unsigned bytes `[sample]`, e.g. `t10k-labels-idx1-ubyte.gz`. */
  readonly labels: string;
}

/** An array as IDX stores it: row-major bytes. */
interface IdxArray {
  readonly dimensions: readonly number[];
  readonly values: Uint8Array;
}

/** More dimensions than any data set has; bounds the header. */
const MAX_DIMENSIONS = 8;
const MAX_FILE_BYTES = 4 + 4 * MAX_DIMENSIONS + MAX_VALUES;
const UNSIGNED_BYTE = 0x08;
const TYPE_NAMES: Readonly<Record<number, string>> = {
  0x09: "signed bytes",
  0x0b: "16-bit integers",
  0x0c: "32-bit integers",
  0x0d: "32-bit floats",
  0x0e: "64-bit floats",
};

/**
 * Reads a data set from a pair of files in IDX, the format of MNIST (unsigned bytes, dimensions as 32-bit big-endian
 * numbers; https://yann.lecun.com/exdb/mnist/), each plain or compressed with gzip. A feature is a byte of an image, in
 * the file's order; the classes are the labels that occur, in numerical order.
 *
 * Throws DataError naming the file: `data.missing-file`, `data.invalid-gzip`, `data.invalid-idx`, `data.idx-type`,
 * `data.idx-dimensions`, `data.too-large`, `data.idx-length`, `data.idx-counts`, `data.empty`, `data.one-class`.
 */
export async function readIdx(files: IdxFiles): Promise<Dataset> {
  const images = parseIdx(await readBytes(files.images), files.images);
  const labels = parseIdx(await readBytes(files.labels), files.labels);
  const sampleCount = images.dimensions[0]!;
  const featureCount = images.dimensions.slice(1).reduce((product, size) => product * size, 1);
  if (images.dimensions.length < 2 || labels.dimensions.length !== 1) {
    const [file, found, expected] =
      labels.dimensions.length === 1
        ? [files.images, images.dimensions.length, "at least 2: samples, rows, columns"]
        : [files.labels, labels.dimensions.length, "1: a label per sample"];
    throw new DataError(
      "data.idx-dimensions",
      `${file} has ${found} dimensions, expected ${expected}`,
      "Name the images first and their labels with --idx-labels.",
      { file, found },
    );
  }
  if (labels.values.length !== sampleCount) {
    throw new DataError(
      "data.idx-counts",
      `${files.images} has ${sampleCount} samples, ${files.labels} ${labels.values.length} labels`,
      "Name two files that were published together.",
      { samples: sampleCount, labels: labels.values.length },
    );
  }
  if (sampleCount === 0 || featureCount === 0) {
    throw new DataError(
      "data.empty",
      `${files.images} has ${sampleCount} samples of ${featureCount} features`,
      "A data set needs at least one sample and one feature.",
      { source: files.images },
    );
  }
  const classes = labelsPresent(labels.values, files.labels);
  const classOf = new Map(classes.map((label, index) => [label, index]));
  return {
    featureNames: Array.from({ length: featureCount }, (_, index) => `feature ${index + 1}`),
    classNames: classes.map(String),
    sampleCount,
    featureCount,
    features: Float64Array.from(images.values),
    labels: Int32Array.from(labels.values, (label) => classOf.get(label)!),
  };
}

/** The array in the bytes of an IDX file; what it claims to hold is compared with what is there before use. */
export function parseIdx(bytes: Uint8Array, source = "the IDX file"): IdxArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 4 || view.getUint16(0) !== 0) {
    throw new DataError(
      "data.invalid-idx",
      `${source} does not start with 00 00, a type and a number of dimensions: it is no IDX file`,
      "Check the path; an IDX file may be plain or compressed with gzip, nothing else.",
      { source },
    );
  }
  const type = bytes[2]!;
  if (type !== UNSIGNED_BYTE) {
    throw new DataError(
      "data.idx-type",
      `${source} holds ${TYPE_NAMES[type] ?? `values of the unknown type ${type}`}, read are unsigned bytes (type 8)`,
      "Convert the file to unsigned bytes, or the data set to CSV.",
      { source, type },
    );
  }
  const rank = bytes[3]!;
  const headerBytes = 4 + 4 * rank;
  if (rank < 1 || rank > MAX_DIMENSIONS) {
    throw new DataError(
      "data.idx-dimensions",
      `${source} has ${rank} dimensions, read are 1 to ${MAX_DIMENSIONS}`,
      "Check that the file was not damaged.",
      { source, found: rank, limit: MAX_DIMENSIONS },
    );
  }
  if (bytes.length < headerBytes) throw wrongLength(source, `a header of ${headerBytes} bytes`, bytes.length);
  const dimensions = Array.from({ length: rank }, (_, index) => view.getUint32(4 + 4 * index));
  // In floating point a huge product is inexact, but still huge.
  const count = dimensions.reduce((product, size) => product * size, 1);
  if (count > MAX_VALUES) {
    throw tooLarge(source, `claims ${dimensions.join("×")} values`, `${MAX_VALUES} values`);
  }
  if (bytes.length !== headerBytes + count) {
    throw wrongLength(
      source,
      `${headerBytes + count} bytes for ${dimensions.join("×")} values`,
      bytes.length,
    );
  }
  return { dimensions, values: bytes.subarray(headerBytes) };
}

/** The bytes of a file, decompressed if it is gzip, never more than the largest data set takes. */
async function readBytes(file: string): Promise<Uint8Array> {
  let bytes: Buffer;
  try {
    const handle = await open(file);
    try {
      const { size } = await handle.stat();
      if (size > MAX_FILE_BYTES) throw tooLarge(file, `has ${size} bytes`, `${MAX_FILE_BYTES} bytes`);
      bytes = await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    const reason = (cause as NodeJS.ErrnoException).code;
    throw new DataError(
      "data.missing-file",
      reason === "ENOENT" ? `there is no file ${file}` : `cannot read ${file}: ${reason ?? String(cause)}`,
      "Pass the paths of an IDX file of images and one of labels.",
      { path: file },
      { cause },
    );
  }
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_FILE_BYTES });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") {
      throw tooLarge(file, "decompresses to more", `${MAX_FILE_BYTES} bytes`);
    }
    throw new DataError(
      "data.invalid-gzip",
      `${file} starts as a gzip file, but cannot be decompressed: ${(cause as Error).message}`,
      "Fetch the file again; it was cut off or damaged.",
      { path: file },
      { cause },
    );
  }
}

function labelsPresent(values: Uint8Array, source: string): number[] {
  const classes = [...new Set(values)].sort((a, b) => a - b);
  if (classes.length > 1) return classes;
  throw new DataError(
    "data.one-class",
    `${source}: all ${values.length} samples have the label ${classes[0]}; a classifier needs two classes`,
    "Check that the right file of labels was named.",
    { source, className: String(classes[0]) },
  );
}

function wrongLength(source: string, expected: string, found: number): DataError {
  return new DataError(
    "data.idx-length",
    `${source} has ${found} bytes, expected ${expected}`,
    "Fetch the file again; it was cut off or something was appended to it.",
    { source, found },
  );
}

function tooLarge(source: string, found: string, limit: string): DataError {
  return new DataError(
    "data.too-large",
    `${source} ${found}; the limit is ${limit}`,
    "Use a part of the samples.",
    { source, found, limit },
  );
}
