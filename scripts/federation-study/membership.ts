/** Two simple attacks that ask whether a sample was trained on, given models of several rounds. */
import type { FloatSamples } from "../../prover/src/data/dataset.ts";
import { type FloatModel, floatLogits } from "../../prover/src/model/float-model.ts";
import type { Scored } from "./auc.ts";

/** What an attack reads of a sample: means over the models at hand, so that one row is one sample. */
type Features = readonly number[];

/** Samples with what the models at hand say of them. */
export interface Observed {
  readonly features: readonly Features[];
  readonly labels: Int32Array;
}

/** A logistic regression on standardised features. */
export interface AttackModel {
  readonly means: Features;
  readonly deviations: Features;
  /** One a feature, then the intercept. */
  readonly coefficients: readonly number[];
}

const FIT_STEPS = 300;
const FIT_RATE = 0.5;
const RIDGE = 1e-3;
const LOSS = 0;

/** Loss and log-odds of the label, compressed, and entropy of the prediction of every sample, each the mean over the models. */
export function observe(models: readonly FloatModel[], samples: FloatSamples): Observed {
  const { sampleCount, classCount, labels } = samples;
  const sums = Array.from({ length: sampleCount }, () => [0, 0, 0]);
  for (const model of models) {
    const logits = floatLogits(model, samples);
    for (let sample = 0; sample < sampleCount; sample++) {
      const row = logits.subarray(sample * classCount, (sample + 1) * classCount);
      describe(row, labels[sample]!).forEach((value, index) => (sums[sample]![index]! += value));
    }
  }
  return { features: sums.map((row) => row.map((sum) => sum / models.length)), labels };
}

/** The loss threshold of Yeom et al. 2018 (https://arxiv.org/abs/1709.01604): the smaller a sample's loss, the more a member. */
export function lossAttack({ features, labels }: Observed): Scored[] {
  return features.map((row, sample) => ({ score: -row[LOSS]!, label: labels[sample]! }));
}

/**
 * The attack model of Shokri et al. 2017 (https://arxiv.org/abs/1610.05820) in a simple version: one logistic regression for all
 * classes, fitted on shadow federations, whose members the attacker knows. Both sides weigh the same.
 */
export function fitShadowAttack(members: readonly Features[], others: readonly Features[]): AttackModel {
  const rows = [...members, ...others];
  const width = rows[0]!.length;
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const columns = Array.from({ length: width }, (_, index) => rows.map((row) => row[index]!));
  const means = columns.map(mean);
  const deviations = columns.map((column, index) =>
    Math.max(Math.sqrt(mean(column.map((value) => (value - means[index]!) ** 2))), 1e-9),
  );
  const coefficients = new Array<number>(width + 1).fill(0);
  const points = [members, others].flatMap((list, side) =>
    list.map((row) => ({
      values: [...row.map((value, index) => (value - means[index]!) / deviations[index]!), 1],
      target: 1 - side,
      weight: 0.5 / list.length,
    })),
  );
  for (let step = 0; step < FIT_STEPS; step++) {
    const gradient = coefficients.map((coefficient) => RIDGE * coefficient);
    for (const { values, target, weight } of points) {
      const error = weight * (sigmoid(dot(values, coefficients)) - target);
      values.forEach((value, index) => (gradient[index]! += error * value));
    }
    gradient.forEach((slope, index) => (coefficients[index]! -= FIT_RATE * slope));
  }
  return { means, deviations, coefficients };
}

/** Log-odds of membership by a fitted attack model. */
export function shadowAttack({ means, deviations, coefficients }: AttackModel, observed: Observed): Scored[] {
  return observed.features.map((row, sample) => {
    const values = [...row.map((value, index) => (value - means[index]!) / deviations[index]!), 1];
    return { score: dot(values, coefficients), label: observed.labels[sample]! };
  });
}

function describe(logits: Float64Array, label: number): number[] {
  const largest = Math.max(...logits);
  const exponents = [...logits].map((logit) => Math.exp(logit - largest));
  const sum = exponents.reduce((total, value) => total + value, 0);
  const others = [...logits].filter((_, index) => index !== label);
  const best = Math.max(...others);
  const otherSum = others.reduce((total, logit) => total + Math.exp(logit - best), 0);
  const odds = logits[label]! - best - Math.log(otherSum);
  const entropy = exponents.reduce((total, value) => {
    const share = value / sum;
    return share > 0 ? total - share * Math.log(share) : total;
  }, 0);
  const loss = largest + Math.log(sum) - logits[label]!;
  return [compress(loss), compress(odds), entropy];
}

/** Keeps the order, and brings values of any size near each other. */
function compress(value: number): number {
  return Math.sign(value) * Math.log1p(Math.abs(value));
}

function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}

function dot(left: readonly number[], right: readonly number[]): number {
  return left.reduce((sum, value, index) => sum + value * right[index]!, 0);
}
