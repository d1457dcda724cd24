import type { FloatSamples } from "../data/dataset.ts";
import type { IntegerSamples } from "../data/samples.ts";
import { type FloatModel, firstMaximum, floatLogits } from "./float-model.ts";
import type { IntegerModel } from "./integer-model.ts";
import { ModelError } from "./model-error.ts";
import { runReference } from "./reference.ts";

/** How one class fared. */
export interface ClassScore {
  readonly className: string;
  /** Samples of this class. */
  readonly support: number;
  /** Share of this class's samples that were recognised; null without samples. */
  readonly recall: number | null;
  /** Share of this class's predictions that were right; null when it was never predicted. */
  readonly precision: number | null;
}

/** Predictions against labels. */
export interface Score {
  readonly sampleCount: number;
  readonly correctCount: number;
  /** correctCount / sampleCount, in 0..1. */
  readonly accuracy: number;
  /** `confusion[label][prediction]`: counts. */
  readonly confusion: readonly (readonly number[])[];
  readonly perClass: readonly ClassScore[];
}

/** A sample on which the float and the integer model differ. */
export interface Disagreement {
  /** Index into the samples, from 0. */
  readonly sample: number;
  readonly label: number;
  readonly floatPrediction: number;
  readonly integerPrediction: number;
}

/** The float model against the integer model made from it, on the same samples. */
export interface ModelComparison {
  readonly float: Score;
  readonly integer: Score;
  /** Float accuracy minus integer accuracy, in −1..1. */
  readonly accuracyLoss: number;
  readonly disagreements: readonly Disagreement[];
}

/** Accuracy, confusion matrix and per-class figures; throws ModelError `model.sample-shape` for empty or unequal lists. */
export function scorePredictions(
  predictions: ArrayLike<number>,
  labels: ArrayLike<number>,
  classNames: readonly string[],
): Score {
  if (labels.length === 0 || predictions.length !== labels.length) {
    throw new ModelError(
      "model.sample-shape",
      `cannot score ${predictions.length} predictions against ${labels.length} labels`,
      "Pass one prediction for each of at least one sample.",
      { predictions: predictions.length, labels: labels.length },
    );
  }
  const confusion = classNames.map(() => new Array<number>(classNames.length).fill(0));
  for (let sample = 0; sample < labels.length; sample++) {
    confusion[labels[sample]!]![predictions[sample]!]!++;
  }
  const perClass = classNames.map((className, index) => {
    const support = confusion[index]!.reduce((sum, count) => sum + count, 0);
    const predicted = confusion.reduce((sum, row) => sum + row[index]!, 0);
    const hits = confusion[index]![index]!;
    return {
      className,
      support,
      recall: support === 0 ? null : hits / support,
      precision: predicted === 0 ? null : hits / predicted,
    };
  });
  const correctCount = confusion.reduce((sum, row, index) => sum + row[index]!, 0);
  return {
    sampleCount: labels.length,
    correctCount,
    accuracy: correctCount / labels.length,
    confusion,
    perClass,
  };
}

/** Scores both models on the same samples, once unrounded and once on the integer grid. */
export function compareModels(
  floatModel: FloatModel,
  integerModel: IntegerModel,
  floatSamples: FloatSamples,
  integerSamples: IntegerSamples,
  classNames: readonly string[],
): ModelComparison {
  const floatPredictions = firstMaximum(floatLogits(floatModel, floatSamples), classNames.length);
  const integerPredictions = runReference(integerModel, integerSamples).predictions;
  const float = scorePredictions(floatPredictions, floatSamples.labels, classNames);
  const integer = scorePredictions(integerPredictions, integerSamples.labels, classNames);
  const disagreements: Disagreement[] = [];
  integerPredictions.forEach((integerPrediction, sample) => {
    const floatPrediction = floatPredictions[sample]!;
    if (floatPrediction === integerPrediction) return;
    disagreements.push({ sample, label: integerSamples.labels[sample]!, floatPrediction, integerPrediction });
  });
  return { float, integer, accuracyLoss: float.accuracy - integer.accuracy, disagreements };
}
