import { type FileHandle, open } from "node:fs/promises";

import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { z } from "zod";

import { canonicalJson, type JsonValue } from "../data/canonical-json.ts";
import type { IntegerModel } from "../model/integer-model.ts";
import { TrainingError } from "../training/training-error.ts";
import { TRAINING_RULE_SCHEMA, type TrainingRule, validateTrainingRule } from "./training-rule.ts";

const HASH_SCHEMA = z.string().regex(/^0x[0-9a-f]{64}$/);
const HEADER_SCHEMA = z
  .object({
    format: z.literal("zkpot.checkpoints"),
    version: z.literal(1),
    rule: TRAINING_RULE_SCHEMA,
    seed: HASH_SCHEMA,
    samplesDigest: HASH_SCHEMA,
  })
  .strict();

/** What a run's checkpoints follow from. */
export interface CheckpointHeader {
  readonly rule: TrainingRule;
  readonly seed: bigint;
  /** keccak256 of the training samples: checkpoints belong to their data. */
  readonly samplesDigest: `0x${string}`;
}

const DIGEST_BYTES = 32;

/** More than any rule's text; a longer first line is not a header. */
const HEADER_LIMIT_BYTES = 65_536;

/**
 * All checkpoints of a run in one file that only grows, readable by its owner alone: it holds private weights in clear.
 *
 * The first line is the header as canonical JSON; then one record a checkpoint: weights of all layers as little-endian
 * int16 (int32 when weightBits > 16), biases of all layers as int32, and keccak256(previous digest ‖ values), the first
 * previous digest being keccak256 of the header line. So the last digest names the whole run.
 */
export class CheckpointFile {
  readonly header: CheckpointHeader;
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #start: number;
  readonly #valueBytes: number;
  readonly #headerDigest: Uint8Array;
  #count: number;
  #digest: Uint8Array;

  private constructor(path: string, file: FileHandle, line: Uint8Array, header: CheckpointHeader) {
    this.#path = path;
    this.#file = file;
    this.header = header;
    this.#start = line.length;
    this.#valueBytes = valueBytes(header.rule);
    this.#headerDigest = keccak_256(line);
    this.#count = 0;
    this.#digest = this.#headerDigest;
  }

  /** A new file with no checkpoints; throws TrainingError `training.checkpoints-exist` when there is one. */
  static async create(path: string, header: CheckpointHeader): Promise<CheckpointFile> {
    const line = headerLine(header);
    let file: FileHandle;
    try {
      // x: never follow a link or reuse a file somebody else put there.
      file = await open(path, "wx+", 0o600);
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code;
      if (code === "EEXIST") {
        throw new TrainingError(
          "training.checkpoints-exist",
          `there is already a file ${path}`,
          "Resume that run, or name another file.",
          { path },
        );
      }
      throw unreadable(path, cause);
    }
    await writeFully(file, line, 0);
    return new CheckpointFile(path, file, line, header);
  }

  /**
   * Opens a file to read and to go on with. Every record is checked; with `repair` those from the first damaged one on
   * are cut off, as a crash may leave them, since training makes them again.
   *
   * Throws TrainingError `training.checkpoints-unreadable`, or `training.checkpoints-damaged` naming the checkpoint.
   */
  static async open(path: string, options: { readonly repair?: boolean } = {}): Promise<CheckpointFile> {
    let file: FileHandle;
    try {
      file = await open(path, "r+");
    } catch (cause) {
      throw unreadable(path, cause);
    }
    try {
      const { line, header } = await readHeader(path, file);
      const opened = new CheckpointFile(path, file, line, header);
      await opened.#verify(options.repair ?? false);
      return opened;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Checkpoints in the file: steps done and one more. */
  get count(): number {
    return this.#count;
  }

  /** The last record's digest (the header's while there is none): names header and all checkpoints. */
  get digest(): `0x${string}` {
    return `0x${bytesToHex(this.#digest)}`;
  }

  /** Writes the next checkpoint. */
  async append(model: IntegerModel): Promise<void> {
    const values = encodeValues(this.header.rule, model);
    const digest = keccak_256(concatBytes(this.#digest, values));
    await writeFully(this.#file, concatBytes(values, digest), this.#offset(this.#count));
    this.#digest = digest;
    this.#count++;
  }

  /** Checkpoint `step`; throws RangeError for one the file does not have and TrainingError for a damaged one. */
  async read(step: number): Promise<IntegerModel> {
    if (!Number.isInteger(step) || step < 0 || step >= this.#count) {
      throw new RangeError(`checkpoint ${step} is outside 0..${this.#count - 1}`);
    }
    const values = await this.#checkedValues(step, await this.#digestBefore(step));
    if (values === undefined) throw damaged(this.#path, step);
    return decodeValues(this.header.rule, values.values);
  }

  /** Waits until all that was written is on the disk. */
  async flush(): Promise<void> {
    await this.#file.sync();
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  #offset(step: number): number {
    return this.#start + step * (this.#valueBytes + DIGEST_BYTES);
  }

  async #digestBefore(step: number): Promise<Uint8Array> {
    if (step === 0) return this.#headerDigest;
    return readFully(this.#file, this.#offset(step) - DIGEST_BYTES, DIGEST_BYTES);
  }

  async #checkedValues(
    step: number,
    previous: Uint8Array,
  ): Promise<{ values: Uint8Array; digest: Uint8Array } | undefined> {
    const record = await readFully(this.#file, this.#offset(step), this.#valueBytes + DIGEST_BYTES);
    if (record.length < this.#valueBytes + DIGEST_BYTES) return undefined;
    const values = record.subarray(0, this.#valueBytes);
    const digest = keccak_256(concatBytes(previous, values));
    return Buffer.compare(digest, record.subarray(this.#valueBytes)) === 0 ? { values, digest } : undefined;
  }

  async #verify(repair: boolean): Promise<void> {
    const { size } = await this.#file.stat();
    while (this.#offset(this.#count) < size) {
      const record = await this.#checkedValues(this.#count, this.#digest);
      if (record === undefined) {
        if (!repair) throw damaged(this.#path, this.#count);
        await this.#file.truncate(this.#offset(this.#count));
        return;
      }
      this.#digest = record.digest;
      this.#count++;
    }
  }
}

function headerLine({ rule, seed, samplesDigest }: CheckpointHeader): Uint8Array {
  const content = {
    format: "zkpot.checkpoints",
    version: 1,
    rule: rule as unknown as JsonValue,
    seed: `0x${seed.toString(16).padStart(64, "0")}`,
    samplesDigest,
  };
  return utf8ToBytes(`${canonicalJson(content)}\n`);
}

async function readHeader(
  path: string,
  file: FileHandle,
): Promise<{ line: Uint8Array; header: CheckpointHeader }> {
  const beginning = await readFully(file, 0, HEADER_LIMIT_BYTES);
  const line = beginning.subarray(0, beginning.indexOf(0x0a) + 1);
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder().decode(line));
  } catch (cause) {
    throw unreadable(path, cause);
  }
  const checked = HEADER_SCHEMA.safeParse(parsed);
  if (!checked.success) throw unreadable(path, checked.error);
  const { rule, seed, samplesDigest } = checked.data;
  validateTrainingRule(rule);
  const header = { rule, seed: BigInt(seed), samplesDigest: samplesDigest as `0x${string}` };
  return { line, header };
}

function valueBytes(rule: TrainingRule): number {
  const { layerSizes } = rule.architecture;
  return layerSizes
    .slice(1)
    .reduce((bytes, outputs, layer) => bytes + outputs * (layerSizes[layer]! * weightBytes(rule) + 4), 0);
}

function weightBytes(rule: TrainingRule): 2 | 4 {
  return rule.architecture.weightBits <= 16 ? 2 : 4;
}

function encodeValues(rule: TrainingRule, { layers }: IntegerModel): Uint8Array {
  const bytes = new Uint8Array(valueBytes(rule));
  const view = new DataView(bytes.buffer);
  let offset = 0;
  for (const { weights } of layers) {
    for (const weight of weights) {
      if (weightBytes(rule) === 2) view.setInt16(offset, weight, true);
      else view.setInt32(offset, weight, true);
      offset += weightBytes(rule);
    }
  }
  for (const { biases } of layers) {
    for (const bias of biases) {
      view.setInt32(offset, bias, true);
      offset += 4;
    }
  }
  return bytes;
}

function decodeValues(rule: TrainingRule, bytes: Uint8Array): IntegerModel {
  const { layerSizes } = rule.architecture;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = 0;
  const weights = layerSizes.slice(1).map((outputs, layer) =>
    Int32Array.from({ length: layerSizes[layer]! * outputs }, () => {
      const weight = weightBytes(rule) === 2 ? view.getInt16(offset, true) : view.getInt32(offset, true);
      offset += weightBytes(rule);
      return weight;
    }),
  );
  const biases = layerSizes.slice(1).map((outputs) =>
    Int32Array.from({ length: outputs }, () => {
      const bias = view.getInt32(offset, true);
      offset += 4;
      return bias;
    }),
  );
  return {
    architecture: rule.architecture,
    layers: weights.map((values, layer) => ({ weights: values, biases: biases[layer]! })),
  };
}

/** Up to `length` bytes from `position`; fewer only at the end of the file. */
async function readFully(file: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

async function writeFully(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
}

function unreadable(path: string, cause: unknown): TrainingError {
  const reason = (cause as NodeJS.ErrnoException).code ?? "it does not begin with a header of this version";
  return new TrainingError(
    "training.checkpoints-unreadable",
    `cannot use ${path} as a file of checkpoints: ${reason}`,
    "Pass the path of a file of checkpoints in a directory that exists and is writable.",
    { path },
    { cause },
  );
}

function damaged(path: string, step: number): TrainingError {
  return new TrainingError(
    "training.checkpoints-damaged",
    `${path} is damaged from checkpoint ${step} on`,
    "Copy the file again from where it came, or resume training, which makes the missing checkpoints again.",
    { path, step },
  );
}
