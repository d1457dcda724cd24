import type { IntegerSamples } from "../data/samples.ts";
import { countLabels, groupsNeeded } from "./sample-groups.ts";
import { WitnessError } from "./witness-error.ts";

/** Most shards of one task, as the market has it. */
export const MAX_SHARDS = 64;

/** What a circuit holds: groups of slots, with one label per group. */
interface Capacity {
  readonly groups: number;
  readonly slots: number;
}

/** Samples of each class that a shard takes. */
type ClassCounts = readonly number[];

/**
 * Cuts a test set into the fewest shards that each fit the circuit: rows of each shard, ascending. The samples of a
 * class go to the shards in the order of the data, so the same samples always give the same shards.
 *
 * Where it fits, shards differ by at most one sample in all and in every class; where it does not, because there are
 * more labels than groups to spare, whole groups are shared out as evenly as they go.
 *
 * Throws WitnessError `witness.too-many-shards` when more than MAX_SHARDS are needed.
 */
export function shardRows(samples: IntegerSamples, capacity: Capacity): Int32Array[] {
  const labelCounts = countLabels(samples);
  const shardCount = Math.ceil(groupsNeeded(labelCounts, capacity.slots) / capacity.groups);
  if (shardCount > MAX_SHARDS) {
    throw new WitnessError(
      "witness.too-many-shards",
      `${samples.sampleCount} samples need ${shardCount} shards of ${capacity.groups} groups of ${capacity.slots}; the market takes ${MAX_SHARDS}`,
      "Build a larger circuit with `zkpot circuit plan` and `circuit build`, or use fewer samples.",
      { sampleCount: samples.sampleCount, shardCount, limit: MAX_SHARDS, ...capacity },
    );
  }
  const balanced = balancedCounts(labelCounts, shardCount, capacity);
  const fits = balanced.every((counts) => groupsNeeded(counts, capacity.slots) <= capacity.groups);
  return takeRows(samples, fits ? balanced : packedCounts(labelCounts, shardCount, capacity));
}

/**
 * Every class in equal parts. What is left over goes round the shards, the classes first whose parts fill their
 * groups exactly: there one sample more costs a group more, and going round shares these out evenly, too.
 */
function balancedCounts(labelCounts: ClassCounts, shardCount: number, { slots }: Capacity): number[][] {
  const parts = labelCounts.map((count) => Math.floor(count / shardCount));
  const shards = Array.from({ length: shardCount }, () => [...parts]);
  const costsGroup = (label: number): number => (parts[label]! % slots === 0 ? 0 : 1);
  const labels = [...labelCounts.keys()].sort((a, b) => costsGroup(a) - costsGroup(b) || a - b);
  let next = 0;
  for (const label of labels) {
    for (let left = labelCounts[label]! % shardCount; left > 0; left--, next++) {
      shards[next % shardCount]![label]!++;
    }
  }
  return shards;
}

/** Whole groups, the fullest first, each to the shard with the fewest samples among those with a group free. */
function packedCounts(labelCounts: ClassCounts, shardCount: number, capacity: Capacity): number[][] {
  const { groups, slots } = capacity;
  const pieces = labelCounts
    .flatMap((count, label) =>
      Array.from({ length: Math.ceil(count / slots) }, (_, index) => ({
        label,
        size: Math.min(slots, count - index * slots),
      })),
    )
    .sort((a, b) => b.size - a.size);
  const shards = Array.from({ length: shardCount }, () => ({
    counts: labelCounts.map(() => 0),
    used: 0,
    total: 0,
  }));
  for (const { label, size } of pieces) {
    const shard = shards
      .filter(({ used }) => used < groups)
      .reduce((least, other) => (other.total < least.total ? other : least));
    shard.counts[label]! += size;
    shard.used++;
    shard.total += size;
  }
  return shards.map(({ counts }) => counts);
}

function takeRows(samples: IntegerSamples, shards: readonly ClassCounts[]): Int32Array[] {
  const rows = shards.map((): number[] => []);
  const current = new Array<number>(samples.classCount).fill(0);
  const taken = new Array<number>(samples.classCount).fill(0);
  samples.labels.forEach((label, row) => {
    while (taken[label] === shards[current[label]!]![label]) {
      current[label]!++;
      taken[label] = 0;
    }
    rows[current[label]!]!.push(row);
    taken[label]!++;
  });
  return rows.map((shard) => Int32Array.from(shard));
}
