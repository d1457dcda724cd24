import { DataError } from "./data-error.ts";
import { countPerClass, type Dataset, selectSamples } from "./dataset.ts";
import { SeededRandom } from "./random.ts";

/** How a data set is dealt out to members who each keep their part to themselves. */
export interface PartitionOptions {
  /** Determines which samples go where. */
  readonly seed: string;
  /** Relative sizes of the parts, one each, above 0. */
  readonly shares: readonly number[];
  /**
   * Concentration of the Dirichlet distribution that each part's mixture of classes is drawn from: near 0 a part has few
   * classes, `Infinity` gives every part the mixture of the whole.
   */
  readonly concentration: number;
}

/** One part of a data set. */
export interface DataPart {
  readonly samples: Dataset;
  /** Row of each sample in the data set that was dealt out, ascending, from 0. */
  readonly rows: Int32Array;
}

/**
 * Deals a data set out into parts that are disjoint and together the whole, with exactly the sizes that `shares` ask for
 * (largest remainders; equal ones: earliest part first).
 *
 * Each part draws a mixture of classes from Dirichlet(concentration · class frequencies), as Hsu, Qi and Brown 2019
 * (https://arxiv.org/abs/1909.06335). The part that has least of its size takes the next sample: of a class drawn by its
 * mixture among the classes that are left. What is taken last follows from what the others left, so parts are a little less
 * skewed than their mixtures.
 *
 * Throws DataError `data.partition` for shares or a concentration out of range, or when a part would be empty.
 */
export function partitionDataset(dataset: Dataset, options: PartitionOptions): DataPart[] {
  const { seed, shares, concentration } = options;
  if (shares.length === 0 || !shares.every((share) => share > 0 && Number.isFinite(share))) {
    throw partitionError(`the shares are ${shares.join(", ") || "none"}: each must be a number above 0`);
  }
  if (!(concentration > 0)) throw partitionError(`the concentration is ${concentration}: it must be above 0`);
  const sizes = partSizes(dataset.sampleCount, shares);
  const empty = sizes.indexOf(0);
  if (empty >= 0) {
    throw partitionError(
      `part ${empty + 1} of ${shares.length} would have none of ${dataset.sampleCount} samples`,
    );
  }

  const random = new SeededRandom(seed, "partition");
  const classCounts = countPerClass(dataset.labels, dataset.classNames.length);
  const mixtures = sizes.map(() =>
    dirichlet(
      random,
      classCounts.map((count) => (concentration * count) / dataset.sampleCount),
      classCounts,
    ),
  );
  const rowsLeft: number[][] = dataset.classNames.map(() => []);
  for (const row of random.permutation(dataset.sampleCount)) rowsLeft[dataset.labels[row]!]!.push(row);
  const parts: number[][] = sizes.map(() => []);
  for (let dealt = 0; dealt < dataset.sampleCount; dealt++) {
    const part = leastFilled(parts, sizes);
    const label = drawClass(random, mixtures[part]!, rowsLeft);
    parts[part]!.push(rowsLeft[label]!.pop()!);
  }
  return parts.map((part) => {
    const rows = Int32Array.from(part).sort();
    return { samples: selectSamples(dataset, rows), rows };
  });
}

/** Sizes in proportion to shares that add up to `total`. */
function partSizes(total: number, shares: readonly number[]): number[] {
  const sum = shares.reduce((all, share) => all + share, 0);
  const exact = shares.map((share) => (share * total) / sum);
  const sizes = exact.map(Math.floor);
  const missing = total - sizes.reduce((all, size) => all + size, 0);
  exact
    .map((size, part) => ({ part, remainder: size - Math.floor(size) }))
    .sort((a, b) => b.remainder - a.remainder || a.part - b.part)
    .slice(0, missing)
    .forEach(({ part }) => sizes[part]!++);
  return sizes;
}

function leastFilled(parts: readonly (readonly number[])[], sizes: readonly number[]): number {
  let least = 0;
  parts.forEach((part, index) => {
    if (part.length / sizes[index]! < parts[least]!.length / sizes[least]!) least = index;
  });
  return least;
}

/** A class that has samples left, by a part's mixture; by what is left once its own classes are used up. */
function drawClass(
  random: SeededRandom,
  mixture: readonly number[],
  rowsLeft: readonly (readonly number[])[],
): number {
  const own = mixture.map((weight, label) => (rowsLeft[label]!.length > 0 ? weight : 0));
  const weights = own.some((weight) => weight > 0) ? own : rowsLeft.map((rows) => rows.length);
  let point = random.nextUnit() * weights.reduce((sum, weight) => sum + weight, 0);
  const drawn = weights.findIndex((weight) => (point -= weight) < 0);
  // Rounding can leave the point just behind the last class.
  return drawn >= 0 ? drawn : weights.findLastIndex((weight) => weight > 0);
}

/** A draw from the Dirichlet distribution; its mean, in proportion to `means`, for infinite parameters. */
function dirichlet(random: SeededRandom, parameters: readonly number[], means: readonly number[]): number[] {
  if (parameters.includes(Infinity)) return [...means];
  // Logarithms, since draws of small parameters are smaller than any double.
  const logs = parameters.map((parameter) => (parameter > 0 ? logGamma(random, parameter) : -Infinity));
  const largest = Math.max(...logs);
  return logs.map((log) => Math.exp(log - largest));
}

/** Logarithm of a draw from the gamma distribution with scale 1 (Marsaglia and Tsang 2000). */
function logGamma(random: SeededRandom, shape: number): number {
  if (shape < 1) return logGamma(random, shape + 1) + Math.log(openUnit(random)) / shape;
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const normal = Math.sqrt(-2 * Math.log(openUnit(random))) * Math.cos(2 * Math.PI * random.nextUnit());
    const v = (1 + c * normal) ** 3;
    if (v > 0 && Math.log(openUnit(random)) < normal ** 2 / 2 + d * (1 - v + Math.log(v))) {
      return Math.log(d * v);
    }
  }
}

/** Uniform in (0, 1). */
function openUnit(random: SeededRandom): number {
  return (random.nextUint32() + 0.5) / 2 ** 32;
}

function partitionError(problem: string): DataError {
  return new DataError(
    "data.partition",
    problem,
    "Use fewer parts, more even shares or a larger data set, and a concentration such as 10.",
  );
}
