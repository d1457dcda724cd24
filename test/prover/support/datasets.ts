import type { Dataset } from "../../../prover/src/data/dataset.ts";
import { SeededRandom } from "../../../prover/src/data/random.ts";

/** A data set from rows of features and labels. */
export function datasetOf(rows: readonly (readonly number[])[], labels: readonly number[]): Dataset {
  const featureCount = rows[0]!.length;
  const classCount = Math.max(...labels) + 1;
  return {
    featureNames: Array.from({ length: featureCount }, (_, index) => `f${index}`),
    classNames: Array.from({ length: classCount }, (_, index) => `c${index}`),
    sampleCount: rows.length,
    featureCount,
    features: Float64Array.from(rows.flat()),
    labels: Int32Array.from(labels),
  };
}

/** Separable clusters around one corner of the cube per class: quickly learnt by any model. */
export function clusters(options: {
  readonly classCount: number;
  readonly perClass: number;
  readonly featureCount: number;
  readonly seed: string;
}): Dataset {
  const { classCount, perClass, featureCount, seed } = options;
  const random = new SeededRandom(seed, "clusters");
  const rows: number[][] = [];
  const labels: number[] = [];
  for (let sample = 0; sample < classCount * perClass; sample++) {
    const label = sample % classCount;
    labels.push(label);
    rows.push(
      Array.from({ length: featureCount }, (_, feature) => {
        const centre = feature % classCount === label ? 8 : 2;
        return centre + 2 * random.nextUnit();
      }),
    );
  }
  return datasetOf(rows, labels);
}
