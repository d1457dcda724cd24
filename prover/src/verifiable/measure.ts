import type { IntegerSamples } from "../data/samples.ts";
import { firstMaximum } from "../model/float-model.ts";
import type { IntegerModel } from "../model/integer-model.ts";
import { denseSums } from "../model/reference.ts";
import { logitFractionBits, type TrainingRule } from "./training-rule.ts";

/** How a model does on a set of samples. */
export interface Measurement {
  /** Mean over the samples of the one-vs-all logistic loss, summed over the classes, in nats. */
  readonly loss: number;
  /** In 0..1. */
  readonly accuracy: number;
  /** Largest |z_y − z_c| between the label's logit and any other; provable below 2^(marginBits−1). */
  readonly largestMargin: number;
}

/** Scores a model in training without refusing values out of range: those matter when they are proved. */
export function measure(rule: TrainingRule, model: IntegerModel, samples: IntegerSamples): Measurement {
  const { shiftBits } = rule.architecture;
  const { sampleCount, classCount, labels } = samples;
  let inputs = samples.features;
  shiftBits.forEach((shift, layer) => {
    inputs = Int32Array.from(denseSums(model, layer, inputs, sampleCount), (sum) =>
      Math.max(Math.floor(sum / 2 ** shift), 0),
    );
  });
  const logits = denseSums(model, shiftBits.length, inputs, sampleCount);
  const predictions = firstMaximum(logits, classCount);
  const unit = 2 ** logitFractionBits(rule);
  let loss = 0;
  let correctCount = 0;
  let largestMargin = 0;
  for (let sample = 0; sample < sampleCount; sample++) {
    const label = labels[sample]!;
    if (predictions[sample] === label) correctCount++;
    const labelLogit = logits[sample * classCount + label]!;
    for (let candidate = 0; candidate < classCount; candidate++) {
      const logit = logits[sample * classCount + candidate]!;
      const signed = (candidate === label ? -logit : logit) / unit;
      // log(1 + exp(x)) without overflow.
      loss += Math.max(signed, 0) + Math.log1p(Math.exp(-Math.abs(signed)));
      largestMargin = Math.max(largestMargin, Math.abs(labelLogit - logit));
    }
  }
  return { loss: loss / sampleCount, accuracy: correctCount / sampleCount, largestMargin };
}
