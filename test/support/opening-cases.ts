/** Openings of made-up dataset blocks whose bases have known scalars, so that curve arithmetic can be checked in the field. */
import { FIELD_ORDER, invertField, toField } from "../../prover/src/field.ts";
import { merklePairPath, merklePath } from "../../prover/src/merkle-vector.ts";
import { g1Bytes, type G1Point } from "../../prover/src/proof/points.ts";
import {
  basesRoot,
  basesVector,
  chunkAnswer,
  chunkCount,
  openingRoot,
  openShards,
} from "../../prover/src/seal/opening.ts";
import { g1, seededScalars } from "../contracts/support/trapdoor-key.ts";

/** A key's dataset points, and the words of a test set. */
export interface OpeningCase {
  /** Scalars of the bases. */
  readonly scalars: readonly bigint[];
  /** The bases in Montgomery form. */
  readonly bases: Buffer;
  readonly shards: readonly (readonly bigint[])[];
}

/** The same random words and bases in every run with this label. */
export function openingCase(label: string, shardCount: number, wordsPerShard: number): OpeningCase {
  const draw = seededScalars(label);
  const scalars = Array.from({ length: wordsPerShard }, draw);
  const shards = Array.from({ length: shardCount }, () => Array.from({ length: wordsPerShard }, draw));
  return { scalars, bases: basesOf(scalars), shards };
}

/** A case whose first shard begins with zeros, then holds 1, r − 1 and a word that brings the sum back to infinity. */
export function edgeCase(): OpeningCase {
  const { scalars, bases, shards } = openingCase("edges", 2, 7);
  const back = toField(-(scalars[2]! - scalars[3]!) * invertField(scalars[4]!));
  const first = [0n, 0n, 1n, FIELD_ORDER - 1n, back, 0n, 5n];
  return { scalars, bases, shards: [first, shards[1]!] };
}

/** The points `scalars[i]`·generator in Montgomery form. */
export function basesOf(scalars: readonly bigint[]): Buffer {
  return Buffer.concat(scalars.map((scalar) => g1Bytes(g1(scalar))));
}

/** The sum of word times base up to each word of a shard, by multiplying the generator once. */
export function sumsOf(scalars: readonly bigint[], words: readonly bigint[]): G1Point[] {
  let sum = 0n;
  return words.map((word, index) => g1((sum = toField(sum + word * scalars[index]!))));
}

/** The data points that a case's words open. */
export function dataPointsOf({ scalars, shards }: OpeningCase): G1Point[] {
  return shards.map((words) => sumsOf(scalars, words).at(-1)!);
}

/** What test/vectors/opening.json holds: an opening with all its paths, which TypeScript and contracts must agree on. */
export async function openingVectors(): Promise<unknown> {
  const { scalars, bases, shards } = openingCase("opening vectors", 3, 13);
  const opening = await openShards(bases, shards);
  const baseTree = await basesVector(bases);
  const wordCount = shards.length * scalars.length;
  const places = Array.from({ length: wordCount }, (_, index) => index);
  const text = ({ x, y }: G1Point) => ({ x: String(x), y: String(y) });
  return {
    bases: scalars.map((scalar) => text(g1(scalar))),
    basesRoot: await basesRoot(bases),
    basePaths: scalars.map((_, position) => merklePath(baseTree, position)),
    words: shards.map((words) => words.map(String)),
    dataPoints: dataPointsOf({ scalars, bases, shards }).map(text),
    openingRoot: openingRoot(opening),
    partialSums: places.map((index) => text(opening.valueAt(index)!.partialSum)),
    paths: places.map((index) => merklePath(opening.tree, index)),
    pairPaths: places.slice(1).map((index) => merklePairPath(opening.tree, index - 1)),
    chunkPaths: Array.from({ length: chunkCount(opening) }, (_, chunk) => chunkAnswer(opening, chunk).path),
  };
}
