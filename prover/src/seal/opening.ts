/**
 * Openings of the data points of a sealed test set, as TestSetSeal.sol takes them: all words of all shards in a row, each
 * with the sum of word times base up to it within its shard, under one Merkle root.
 */
import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, concatBytes } from "@noble/hashes/utils.js";

import { bigEndian } from "../bytes.ts";
import { FIELD_ORDER } from "../field.ts";
import {
  type Hash,
  merkleBlockPath,
  merkleDepth,
  merkleRoot,
  type MerkleVector,
  merkleVector,
  partialMerkleVector,
} from "../merkle-vector.ts";
import { sharedCurve } from "../proof/multi-exponentiation.ts";
import { G1_BYTES, type G1Point } from "../proof/points.ts";
import { SealError } from "./seal-error.ts";

/** Levels of the tree that a demanded chunk covers. */
const CHUNK_LEVELS = 5;
/** Values of a chunk, as in Opening.sol. */
export const CHUNK_WORDS = 2 ** CHUNK_LEVELS;

/** Words whose sums are computed before others get their turn on this thread: about a third of a second. */
const BATCH_WORDS = 1024;
const WORD_BYTES = 32;

/** One value of an opening: a word, and the sum of word times base over its shard's words up to and with it. */
export interface OpenedWord {
  readonly word: bigint;
  readonly partialSum: G1Point;
}

/** How many words a sealed test set has. */
export interface OpeningShape {
  readonly shardCount: number;
  /** Words of a shard's dataset block, the blinding word included. */
  readonly wordsPerShard: number;
}

/** An opening, or as much of one as was shown; right or wrong. */
export interface Opening extends OpeningShape {
  /** The value at a place, counted through all shards; undefined where it was not shown. */
  readonly valueAt: (index: number) => OpenedWord | undefined;
  readonly tree: MerkleVector;
}

/** What a demand is answered with. */
export interface ChunkAnswer {
  readonly chunk: number;
  readonly values: readonly OpenedWord[];
  /** Siblings of the chunk's node, from below. */
  readonly path: readonly Hash[];
}

/**
 * Opens data points: the right opening of the words of all shards under the key's dataset points (`datasetBases`, in
 * Montgomery form).
 *
 * It multiplies once per word: 0.3 ms of one core for a full-size word.
 *
 * Throws SealError `seal.words` unless each shard has one word below r per point.
 */
export async function openShards(
  bases: Buffer,
  shards: readonly (readonly bigint[])[],
  onProgress: (done: number, total: number) => void = () => {},
): Promise<Opening> {
  const wordsPerShard = bases.length / G1_BYTES;
  checkWords(shards, wordsPerShard);
  const total = shards.length * wordsPerShard;
  const sums = new Uint8Array(total * G1_BYTES);
  for (const [shard, words] of shards.entries()) {
    const start = shard * wordsPerShard;
    const onShardProgress = (done: number) => onProgress(start + done, total);
    sums.set(await partialSums(bases, words, onShardProgress), start * G1_BYTES);
  }
  const valueAt = (index: number): OpenedWord | undefined => {
    const word = shards[Math.floor(index / wordsPerShard)]?.[index % wordsPerShard];
    return word === undefined ? undefined : { word, partialSum: pointAt(sums, index) };
  };
  const hashes = Array.from({ length: total }, (_, index) => {
    const word = bigEndian(shards[Math.floor(index / wordsPerShard)]![index % wordsPerShard]!, WORD_BYTES);
    return toInteger(keccak_256(concatBytes(word, bytesAt(sums, index))));
  });
  return { shardCount: shards.length, wordsPerShard, valueAt, tree: merkleVector(hashes) };
}

/**
 * An opening as its poster published it, to be checked with `findFault`.
 *
 * Throws SealError `seal.shape` unless there is one value a word.
 */
export function publishedOpening(shape: OpeningShape, values: readonly OpenedWord[]): Opening {
  const { shardCount, wordsPerShard } = shape;
  if (values.length !== shardCount * wordsPerShard) {
    throw new SealError(
      "seal.shape",
      `${values.length} values for ${shardCount} shards of ${wordsPerShard} words`,
      "Fetch the opening again.",
    );
  }
  return {
    shardCount,
    wordsPerShard,
    valueAt: (index) => values[index],
    tree: merkleVector(values.map(hashOf)),
  };
}

/**
 * What the answers to demands show of an opening that was not published. The contract has compared each with the root.
 *
 * Throws SealError `seal.shape` for an answer that is no chunk of such an opening.
 */
export function openingFromAnswers(shape: OpeningShape, answers: readonly ChunkAnswer[]): Opening {
  const { shardCount, wordsPerShard } = shape;
  const total = shardCount * wordsPerShard;
  const levels = chunkLevels(total);
  const shown = new Map<number, OpenedWord>();
  for (const { chunk, values } of answers) {
    const first = chunk * CHUNK_WORDS;
    if (values.length === 0 || values.length !== Math.min(CHUNK_WORDS, total - first)) {
      throw new SealError(
        "seal.shape",
        `${values.length} values for chunk ${chunk} of an opening of ${total} words`,
        "Read the answers of this task from its chain again.",
      );
    }
    values.forEach((value, offset) => shown.set(first + offset, value));
  }
  const blocks = answers.map(({ chunk, values, path }) => ({
    first: chunk * CHUNK_WORDS,
    levels,
    values: values.map(hashOf),
    path,
  }));
  return {
    shardCount,
    wordsPerShard,
    valueAt: (index) => shown.get(index),
    tree: partialMerkleVector(total, blocks),
  };
}

/** Root of an opening that is known as a whole: what `reveal` takes. */
export function openingRoot({ tree }: Opening): Hash {
  return merkleRoot(tree);
}

/** Chunks of an opening. */
export function chunkCount({ shardCount, wordsPerShard }: OpeningShape): number {
  return Math.ceil((shardCount * wordsPerShard) / CHUNK_WORDS);
}

/**
 * The answer to the demand for a chunk; throws SealError `seal.chunk` for one that the opening does not have or that is
 * not known.
 */
export function chunkAnswer(opening: Opening, chunk: number): ChunkAnswer {
  const total = opening.shardCount * opening.wordsPerShard;
  const first = chunk * CHUNK_WORDS;
  const length = Number.isInteger(chunk) ? Math.min(CHUNK_WORDS, total - first) : 0;
  const values = Array.from({ length: Math.max(length, 0) }, (_, offset) =>
    opening.valueAt(first + offset),
  ).filter((value) => value !== undefined);
  if (values.length === 0 || values.length < length) {
    throw new SealError(
      "seal.chunk",
      `chunk ${chunk} is not known of an opening of ${chunkCount(opening)} chunks`,
      "Name a chunk of the opening, counted from 0.",
    );
  }
  return { chunk, values, path: merkleBlockPath(opening.tree, first, chunkLevels(total)) };
}

/** The vector of a key's dataset points, given in Montgomery form: value i is keccak256(x, y) of point i. */
export async function basesVector(bases: Buffer): Promise<MerkleVector> {
  const { G1 } = await sharedCurve();
  const coordinates = await G1.batchLEMtoU(bases);
  const count = bases.length / G1_BYTES;
  return merkleVector(
    Array.from({ length: count }, (_, index) => toInteger(keccak_256(bytesAt(coordinates, index)))),
  );
}

/** Root over a key's dataset points: `basesRoot` of a seal's terms. */
export async function basesRoot(bases: Buffer): Promise<Hash> {
  return merkleRoot(await basesVector(bases));
}

/** The sums of word times base up to each word, as big-endian coordinates x, y; infinity is zeros. */
async function partialSums(
  bases: Buffer,
  words: readonly bigint[],
  onProgress: (done: number) => void,
): Promise<Uint8Array> {
  const { G1 } = await sharedCurve();
  const coordinates = new Uint8Array(words.length * G1_BYTES);
  let sum = G1.zero;
  for (let start = 0; start < words.length; start += BATCH_WORDS) {
    const batch = words.slice(start, start + BATCH_WORDS);
    const sums = batch.map((word, offset) => {
      if (word !== 0n) sum = G1.add(sum, G1.timesScalar(baseAt(bases, start + offset), word));
      return sum;
    });
    const affine = await G1.batchToAffine(concatBytes(...sums));
    coordinates.set(await G1.batchLEMtoU(affine), start * G1_BYTES);
    onProgress(start + batch.length);
  }
  return coordinates;
}

/** Point `index` of a key's dataset points, in Montgomery form. */
export function baseAt(bases: Buffer, index: number): Buffer {
  return bases.subarray(index * G1_BYTES, (index + 1) * G1_BYTES);
}

function checkWords(shards: readonly (readonly bigint[])[], wordsPerShard: number): void {
  const fail = (problem: string): never => {
    throw new SealError("seal.words", problem, "Open the test set with the key and circuit of its task.");
  };
  if (shards.length === 0) fail("a test set without shards has no opening");
  for (const [shard, words] of shards.entries()) {
    if (words.length !== wordsPerShard) {
      fail(`shard ${shard} has ${words.length} words, the key ${wordsPerShard} dataset points`);
    }
    const index = words.findIndex((word) => word < 0n || word >= FIELD_ORDER);
    if (index >= 0) fail(`word ${index} of shard ${shard} is outside 0..r−1`);
  }
}

function hashOf({ word, partialSum: { x, y } }: OpenedWord): bigint {
  return toInteger(keccak_256(concatBytes(...[word, x, y].map((value) => bigEndian(value, WORD_BYTES)))));
}

function chunkLevels(total: number): number {
  return Math.min(CHUNK_LEVELS, merkleDepth(total));
}

function bytesAt(points: Uint8Array, index: number): Uint8Array {
  return points.subarray(index * G1_BYTES, (index + 1) * G1_BYTES);
}

function pointAt(points: Uint8Array, index: number): G1Point {
  const bytes = bytesAt(points, index);
  return { x: toInteger(bytes.subarray(0, WORD_BYTES)), y: toInteger(bytes.subarray(WORD_BYTES)) };
}

function toInteger(bytes: Uint8Array): bigint {
  return BigInt(`0x${bytesToHex(bytes)}`);
}
