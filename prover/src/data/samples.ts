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
