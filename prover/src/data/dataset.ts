/** A labelled table of real features, as read: the input of splitting and of fitting the input mapping. */
export interface Dataset {
  /** One per feature; `feature 1`, `feature 2`, … where the source had no header. */
  readonly featureNames: readonly string[];
  /** One per class; a label is an index into this list. */
  readonly classNames: readonly string[];
  readonly sampleCount: number;
  readonly featureCount: number;
  /** Row-major `[sample][feature]`, finite. */
  readonly features: Float64Array;
  /** One class index per sample, in 0..classNames.length−1. */
  readonly labels: Int32Array;
}

/** Samples scaled to the network's input range: what training and float evaluation read. */
export interface FloatSamples {
  readonly sampleCount: number;
  readonly featureCount: number;
  readonly classCount: number;
  /** Row-major `[sample][feature]`, each in 0..1. */
  readonly features: Float32Array;
  /** One class index per sample, in 0..classCount−1. */
  readonly labels: Int32Array;
}

/** The samples of `dataset` at `rows`, in that order. */
export function selectSamples(dataset: Dataset, rows: ArrayLike<number>): Dataset {
  const { featureCount } = dataset;
  const features = new Float64Array(rows.length * featureCount);
  const labels = new Int32Array(rows.length);
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index]!;
    features.set(
      dataset.features.subarray(row * featureCount, (row + 1) * featureCount),
      index * featureCount,
    );
    labels[index] = dataset.labels[row]!;
  }
  return { ...dataset, sampleCount: rows.length, features, labels };
}

/** How many samples each class has, indexed by class. */
export function countPerClass(labels: ArrayLike<number>, classCount: number): number[] {
  const counts = new Array<number>(classCount).fill(0);
  for (let index = 0; index < labels.length; index++) counts[labels[index]!]!++;
  return counts;
}
