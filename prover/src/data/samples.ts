/**
 * Labelled samples on the integer grid the circuits work on: the canonical form that is hashed,
 * packed into a data point and scored.
 */
export interface IntegerSamples {
  readonly sampleCount: number;
  readonly featureCount: number;
  readonly classCount: number;
  /** Row-major `[sample][feature]`, each in 0..2^inputBits−1. */
  readonly features: Int32Array;
  /** One class index per sample, in 0..classCount−1. */
  readonly labels: Int32Array;
}

/** The samples at `rows`, in that order. */
export function selectIntegerSamples(samples: IntegerSamples, rows: ArrayLike<number>): IntegerSamples {
  const { featureCount, classCount } = samples;
  const features = new Int32Array(rows.length * featureCount);
  const labels = new Int32Array(rows.length);
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index]!;
    features.set(
      samples.features.subarray(row * featureCount, (row + 1) * featureCount),
      index * featureCount,
    );
    labels[index] = samples.labels[row]!;
  }
  return { sampleCount: rows.length, featureCount, classCount, features, labels };
}
