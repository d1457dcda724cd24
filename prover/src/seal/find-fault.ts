import { FIELD_ORDER } from "../field.ts";
import { type Hash, merklePairPath, merklePath } from "../merkle-vector.ts";
import { sharedCurve } from "../proof/multi-exponentiation.ts";
import { BASE_FIELD_ORDER, g1Bytes, type G1Point, readG1 } from "../proof/points.ts";
import { baseAt, basesVector, type OpenedWord, type Opening } from "./opening.ts";

/** What `disputeStep` takes: a word that with its base does not lead from one partial sum to the next. */
export interface StepClaim {
  /** Place of the word, counted through all shards. */
  readonly index: number;
  /** The value before; infinity with word 0 where a shard begins, which the contract does not read. */
  readonly previous: OpenedWord;
  readonly current: OpenedWord;
  readonly openingPath: readonly Hash[];
  readonly base: G1Point;
  readonly basePath: readonly Hash[];
}

/** What `disputeEnd` takes: a shard whose last partial sum is not its data point. */
export interface EndClaim {
  readonly shard: number;
  readonly last: OpenedWord;
  readonly path: readonly Hash[];
}

/** A place at which an opening is wrong, as the contract's dispute takes it. */
export type OpeningFault =
  { readonly kind: "step"; readonly claim: StepClaim } | { readonly kind: "end"; readonly claim: EndClaim };

const INFINITY: G1Point = { x: 0n, y: 0n };

/** Steps that are checked before others get their turn on this thread. */
const BATCH_STEPS = 1024;

/**
 * The first step or end at which an opening is wrong, or undefined if what is known of it is right.
 *
 * It multiplies once per step. Steps of an opening made here (`openShards`) are right: `findWrongEnd` is enough.
 */
export async function findFault(
  opening: Opening,
  bases: Buffer,
  dataPoints: readonly G1Point[],
): Promise<OpeningFault | undefined> {
  const { shardCount, wordsPerShard } = opening;
  for (let shard = 0; shard < shardCount; shard++) {
    const claim = await findWrongStep(opening, bases, shard * wordsPerShard);
    if (claim !== undefined) return { kind: "step", claim };
    const end = endClaim(opening, shard, dataPoints[shard]!);
    if (end !== undefined) return { kind: "end", claim: end };
  }
  return undefined;
}

/** The first shard whose last partial sum is known and not its data point, or undefined. */
export function findWrongEnd(opening: Opening, dataPoints: readonly G1Point[]): EndClaim | undefined {
  for (const [shard, dataPoint] of dataPoints.entries()) {
    const claim = endClaim(opening, shard, dataPoint);
    if (claim !== undefined) return claim;
  }
  return undefined;
}

function endClaim(opening: Opening, shard: number, dataPoint: G1Point): EndClaim | undefined {
  const index = (shard + 1) * opening.wordsPerShard - 1;
  const last = opening.valueAt(index);
  if (last === undefined || isSamePoint(last.partialSum, dataPoint)) return undefined;
  return { shard, last, path: merklePath(opening.tree, index) };
}

/** The first wrong step of the shard whose words begin at `start`. */
async function findWrongStep(opening: Opening, bases: Buffer, start: number): Promise<StepClaim | undefined> {
  const isWrong = await stepChecker(bases);
  for (let position = 0; position < opening.wordsPerShard; position++) {
    if (position % BATCH_STEPS === 0) await new Promise((resolve) => setImmediate(resolve));
    const index = start + position;
    const current = opening.valueAt(index);
    const previous = position === 0 ? { word: 0n, partialSum: INFINITY } : opening.valueAt(index - 1);
    if (current === undefined || previous === undefined) continue;
    if (!isWrong(position, previous.partialSum, current)) continue;
    return {
      index,
      previous,
      current,
      openingPath: position === 0 ? merklePath(opening.tree, index) : merklePairPath(opening.tree, index - 1),
      base: readG1(baseAt(bases, position)),
      basePath: merklePath(await basesVector(bases), position),
    };
  }
  return undefined;
}

/** Opening.isWrong of the contracts, for well-formed bases. */
async function stepChecker(
  bases: Buffer,
): Promise<(position: number, before: G1Point, current: OpenedWord) => boolean> {
  const { G1 } = await sharedCurve();
  return (position, before, { word, partialSum }) => {
    if (word >= FIELD_ORDER || !isPoint(before) || !isPoint(partialSum)) return true;
    // No step at all, apart: the addition below is wrong for two points at infinity.
    if (word === 0n) return !isSamePoint(before, partialSum);
    const step = G1.timesScalar(baseAt(bases, position), word);
    return !G1.eq(G1.add(step, g1Bytes(before)), g1Bytes(partialSum));
  };
}

function isPoint({ x, y }: G1Point): boolean {
  if (x === 0n && y === 0n) return true;
  return x < BASE_FIELD_ORDER && y < BASE_FIELD_ORDER && (y * y - x * x * x - 3n) % BASE_FIELD_ORDER === 0n;
}

function isSamePoint(one: G1Point, other: G1Point): boolean {
  return one.x === other.x && one.y === other.y;
}
