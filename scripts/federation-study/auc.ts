/** How well scores tell samples apart. */
import { SeededRandom } from "../../prover/src/data/random.ts";

/** A sample's score, higher for who looks more like a member, and its class. */
export interface Scored {
  readonly score: number;
  readonly label: number;
}

/** A mean with an interval that holds 95 % of its resampled values. */
export interface Estimate {
  readonly mean: number;
  readonly lower: number;
  readonly upper: number;
}

const RESAMPLES = 2_000;
const TAIL = 0.025;

/**
 * The area under the ROC curve among pairs of the same class: the chance that a member's sample has a larger score than another of
 * its class, equal scores counting half. Members' parts differ in their classes; what tells classes apart is not membership.
 *
 * NaN when no class is on both sides.
 */
export function aucWithinClasses(members: readonly Scored[], others: readonly Scored[]): number {
  let [pairs, wins] = [0, 0];
  for (const member of members) {
    for (const other of others) {
      if (member.label !== other.label) continue;
      pairs++;
      if (member.score > other.score) wins++;
      else if (member.score === other.score) wins += 0.5;
    }
  }
  return wins / pairs;
}

/** The mean of independent values and its percentile interval by the bootstrap (Efron 1979), with 2,000 resamples. */
export function estimate(values: readonly number[], seed: string): Estimate {
  const mean = (list: readonly number[]): number => list.reduce((sum, value) => sum + value, 0) / list.length;
  const random = new SeededRandom(seed, "bootstrap");
  const means = Array.from({ length: RESAMPLES }, () =>
    mean(values.map(() => values[random.nextInteger(values.length)]!)),
  ).sort((a, b) => a - b);
  const at = (share: number): number => means[Math.round(share * (RESAMPLES - 1))]!;
  return { mean: mean(values), lower: at(TAIL), upper: at(1 - TAIL) };
}

/** The middle value, or the mean of both. */
export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
