import { z } from "zod";

import { DataError } from "./data-error.ts";
import type { Dataset, FloatSamples } from "./dataset.ts";
import type { DocumentKind } from "./document.ts";
import type { IntegerSamples } from "./samples.ts";

/** The affine mapping of one feature: real = scale·(q − zeroPoint). */
export interface FeatureMapping {
  readonly scale: number;
  readonly zeroPoint: number;
  /** Smallest and largest value in the training part; values beyond are clamped to them or refused. */
  readonly minimum: number;
  readonly maximum: number;
}

/**
 * How real features become integers: q = clamp(round(x/scale) + zeroPoint) in 0..2^inputBits−1, x first clamped
 * to the range seen in training. Rounding is to nearest, halves up.
 */
export interface InputQuantization {
  readonly inputBits: number;
  readonly featureNames: readonly string[];
  /** One per feature. */
  readonly features: readonly FeatureMapping[];
}

/** A feature some of whose values lay outside the fitted range and were clamped to it. */
export interface ClampedFeature {
  readonly feature: number;
  readonly name: string;
  /** How many samples were clamped. */
  readonly count: number;
  /** The smallest and largest value met. */
  readonly lowest: number;
  readonly highest: number;
  readonly minimum: number;
  readonly maximum: number;
}

/** Most bits a feature may have: enough for any sensor reading, few enough for exact sums. */
export const MAX_INPUT_BITS = 16;

/**
 * Fits the mapping on the training part, and on nothing else.
 *
 * A feature that is constant there carries no information; it gets scale |x| (1 for x = 0), so that it is
 * exactly 0 on the integer grid, and any other value is out of range.
 * Throws DataError `data.input-bits` or, when a range is too narrow for its magnitude, `data.range-too-narrow`.
 */
export function fitInputQuantization(train: Dataset, inputBits: number): InputQuantization {
  if (!Number.isInteger(inputBits) || inputBits < 1 || inputBits > MAX_INPUT_BITS) {
    throw new DataError(
      "data.input-bits",
      `features cannot have ${inputBits} bits: inputBits is an integer from 1 to ${MAX_INPUT_BITS}`,
      "Use 8 bits unless the architecture says otherwise.",
      { inputBits, limit: MAX_INPUT_BITS },
    );
  }
  if (train.sampleCount === 0) {
    throw new DataError(
      "data.empty",
      "the training part has no samples to fit the input mapping on",
      "Pass a training part with at least one sample.",
    );
  }
  const features = train.featureNames.map((name, feature) => {
    let minimum = Infinity;
    let maximum = -Infinity;
    for (let sample = 0; sample < train.sampleCount; sample++) {
      const value = train.features[sample * train.featureCount + feature]!;
      minimum = Math.min(minimum, value);
      maximum = Math.max(maximum, value);
    }
    return fitFeature(name, minimum, maximum, inputBits);
  });
  return { inputBits, featureNames: train.featureNames, features };
}

function fitFeature(name: string, minimum: number, maximum: number, inputBits: number): FeatureMapping {
  if (minimum === maximum) {
    const scale = minimum === 0 ? 1 : Math.abs(minimum);
    return { scale, zeroPoint: minimum === 0 ? 0 : -Math.sign(minimum), minimum, maximum };
  }
  const scale = (maximum - minimum) / (2 ** inputBits - 1);
  const zeroPoint = -Math.round(minimum / scale);
  // Beyond 2^40 the rounding error of x/scale would no longer be negligible beside one step of the grid.
  if (!Number.isFinite(scale) || scale === 0 || Math.abs(zeroPoint) > 2 ** 40) {
    throw new DataError(
      "data.range-too-narrow",
      `feature ${name} spans ${minimum}..${maximum}: its range cannot be resolved in double precision`,
      "Subtract an offset from the feature, rescale it, or drop it.",
      { feature: name, minimum, maximum },
    );
  }
  // + 0 turns −0 into 0, which JSON cannot tell apart.
  return { scale, zeroPoint: zeroPoint + 0, minimum, maximum };
}

/**
 * Maps every feature of `dataset` to the integer grid.
 *
 * Values outside the fitted range are clamped and counted per feature; with `outOfRange: "error"` the first one
 * throws DataError `data.out-of-range` naming sample, feature, value and range.
 */
export function quantizeInputs(
  dataset: Dataset,
  quantization: InputQuantization,
  options: { readonly outOfRange?: "clamp" | "error" | undefined } = {},
): { readonly samples: IntegerSamples; readonly clamped: readonly ClampedFeature[] } {
  checkFeatures(dataset, quantization);
  const { sampleCount, featureCount } = dataset;
  const features = new Int32Array(sampleCount * featureCount);
  const clamped: ClampedFeature[] = [];
  quantization.features.forEach((mapping, feature) => {
    const { minimum, maximum } = mapping;
    const name = quantization.featureNames[feature]!;
    let count = 0;
    let lowest = Infinity;
    let highest = -Infinity;
    for (let sample = 0; sample < sampleCount; sample++) {
      const value = dataset.features[sample * featureCount + feature]!;
      features[sample * featureCount + feature] = quantizeValue(value, mapping, quantization.inputBits);
      lowest = Math.min(lowest, value);
      highest = Math.max(highest, value);
      if (value >= minimum && value <= maximum) continue;
      if (options.outOfRange === "error") {
        throw new DataError(
          "data.out-of-range",
          `sample ${sample + 1}: feature ${name} is ${value}, outside the fitted range ${minimum}..${maximum}`,
          "Clamp out-of-range values, or fit the input mapping on data that covers them.",
          { sample, feature: name, value, minimum, maximum },
        );
      }
      count++;
    }
    if (count > 0) clamped.push({ feature, name, count, lowest, highest, minimum, maximum });
  });
  return {
    samples: {
      sampleCount,
      featureCount,
      classCount: dataset.classNames.length,
      features,
      labels: dataset.labels.slice(),
    },
    clamped,
  };
}

/**
 * Network inputs u = (x/scale + zeroPoint)/(2^inputBits − 1), x clamped to the fitted range and u to 0..1 but not
 * rounded: the integer model reads the same quantity as u ≈ q/(2^inputBits − 1), so no offset is left to fold.
 */
export function scaleInputs(dataset: Dataset, quantization: InputQuantization): FloatSamples {
  checkFeatures(dataset, quantization);
  const { sampleCount, featureCount } = dataset;
  const features = new Float32Array(sampleCount * featureCount);
  const largest = 2 ** quantization.inputBits - 1;
  for (let index = 0; index < features.length; index++) {
    const mapping = quantization.features[index % featureCount]!;
    features[index] = clamp(position(dataset.features[index]!, mapping), 0, largest) / largest;
  }
  return {
    sampleCount,
    featureCount,
    classCount: dataset.classNames.length,
    features,
    labels: dataset.labels.slice(),
  };
}

function quantizeValue(value: number, mapping: FeatureMapping, inputBits: number): number {
  const bounded = clamp(value, mapping.minimum, mapping.maximum);
  return clamp(Math.round(bounded / mapping.scale) + mapping.zeroPoint, 0, 2 ** inputBits - 1);
}

/** Where a value lies on the integer grid, before rounding. */
function position(value: number, mapping: FeatureMapping): number {
  return clamp(value, mapping.minimum, mapping.maximum) / mapping.scale + mapping.zeroPoint;
}

function clamp(value: number, lower: number, upper: number): number {
  return Math.min(Math.max(value, lower), upper);
}

function checkFeatures(dataset: Dataset, quantization: InputQuantization): void {
  if (dataset.featureCount !== quantization.features.length) {
    throw new DataError(
      "data.feature-mismatch",
      `the data has ${dataset.featureCount} features, the input mapping ${quantization.features.length}`,
      "Use the mapping that was fitted on this data's training part.",
      { found: dataset.featureCount, expected: quantization.features.length },
    );
  }
  const differing = dataset.featureNames.findIndex(
    (name, index) => name !== quantization.featureNames[index],
  );
  if (differing >= 0) {
    throw new DataError(
      "data.feature-mismatch",
      `feature ${differing + 1} is ${dataset.featureNames[differing]} in the data, ${quantization.featureNames[differing]} in the input mapping`,
      "Bring the columns into the mapping's order, or use the mapping fitted on this data's training part.",
      { found: dataset.featureNames[differing], expected: quantization.featureNames[differing] },
    );
  }
}

/** Schema of an input mapping inside other documents. */
export const INPUT_QUANTIZATION_SCHEMA = z
  .object({
    inputBits: z.number().int().min(1).max(MAX_INPUT_BITS),
    featureNames: z.array(z.string()).min(1),
    features: z.array(
      z
        .object({
          scale: z.number().positive().finite(),
          zeroPoint: z.number().int(),
          minimum: z.number().finite(),
          maximum: z.number().finite(),
        })
        .strict()
        .refine(({ minimum, maximum }) => minimum <= maximum, "minimum exceeds maximum"),
    ),
  })
  .strict()
  .refine(({ featureNames, features }) => featureNames.length === features.length, "one mapping per feature");

/** A mapping as plain mutable JSON, for documents that contain one. */
export function plainInputQuantization(
  quantization: InputQuantization,
): z.infer<typeof INPUT_QUANTIZATION_SCHEMA> {
  return {
    inputBits: quantization.inputBits,
    featureNames: [...quantization.featureNames],
    features: quantization.features.map((mapping) => ({ ...mapping })),
  };
}

/** A saved input mapping. */
export const INPUT_QUANTIZATION: DocumentKind<
  InputQuantization,
  z.infer<typeof INPUT_QUANTIZATION_SCHEMA>
> = {
  format: "zkpot.input-quantization",
  version: 1,
  isSecret: false,
  schema: INPUT_QUANTIZATION_SCHEMA,
  encode: plainInputQuantization,
  decode: (content) => content,
};
