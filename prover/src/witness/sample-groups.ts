import type { IntegerSamples } from "../data/samples.ts";
import { WitnessError } from "./witness-error.ts";

/** Where the samples of a test set sit in a circuit: the canonical order behind every `dataPoint`. */
export interface SampleGroups {
  /** Class index of each group; 0 for groups that hold nothing but padding. */
  readonly labels: readonly number[];
  /** Row-major `[group][slot]`: sample index, or −1 for padding. */
  readonly samples: Int32Array;
}

/** Groups that samples with these class counts need: each group holds `slots` samples of one class. */
export function groupsNeeded(labelCounts: readonly number[], slots: number): number {
  return labelCounts.reduce((sum, count) => sum + Math.ceil(count / slots), 0);
}

/** Groups that are enough for `sampleCount` samples however they are spread over the classes. */
export function groupsForAnyLabels(sampleCount: number, classCount: number, slots: number): number {
  const spread = Math.min(sampleCount, classCount);
  return Math.floor((sampleCount - spread) / slots) + spread;
}

/** Number of samples of each class. */
export function countLabels(samples: IntegerSamples): number[] {
  const counts = new Array<number>(samples.classCount).fill(0);
  for (const label of samples.labels) counts[label]!++;
  return counts;
}

/**
 * Places samples in groups: classes in ascending order, within a class the order of the data,
 * padding at the end of each class's last group and in groups left over.
 *
 * Throws WitnessError `witness.too-many-samples` when they do not fit.
 */
export function groupSamples(
  samples: IntegerSamples,
  capacity: { readonly groups: number; readonly slots: number },
): SampleGroups {
  const { groups, slots } = capacity;
  const needed = groupsNeeded(countLabels(samples), slots);
  if (needed > groups) {
    throw new WitnessError(
      "witness.too-many-samples",
      `${samples.sampleCount} samples need ${needed} groups of ${slots} with one label each; the circuit has ${groups}`,
      "Build a circuit for this test set with `zkpot circuit build --test-set FILE`.",
      { sampleCount: samples.sampleCount, needed, groups, slots },
    );
  }
  const byClass = Array.from({ length: samples.classCount }, (): number[] => []);
  samples.labels.forEach((label, sample) => byClass[label]!.push(sample));
  const labels = new Array<number>(groups).fill(0);
  const placed = new Int32Array(groups * slots).fill(-1);
  let group = 0;
  byClass.forEach((members, label) => {
    for (let start = 0; start < members.length; start += slots, group++) {
      labels[group] = label;
      placed.set(members.slice(start, start + slots), group * slots);
    }
  });
  return { labels, samples: placed };
}
