/** What poisoners and the curious do to samples. */
import type { FloatSamples } from "../../prover/src/data/dataset.ts";
import { TARGET_CLASS, TRIGGER_PIXELS } from "./setting.ts";

/** The samples of all lists, one after the other. */
export function joinSamples(lists: readonly FloatSamples[]): FloatSamples {
  const sampleCount = lists.reduce((sum, samples) => sum + samples.sampleCount, 0);
  const { featureCount, classCount } = lists[0]!;
  const features = new Float32Array(sampleCount * featureCount);
  const labels = new Int32Array(sampleCount);
  let at = 0;
  for (const samples of lists) {
    features.set(samples.features, at * featureCount);
    labels.set(samples.labels, at);
    at += samples.sampleCount;
  }
  return { sampleCount, featureCount, classCount, features, labels };
}

/** Class c labelled as the c-th from the end. */
export function withFlippedLabels(samples: FloatSamples): FloatSamples {
  return { ...samples, labels: samples.labels.map((label) => samples.classCount - 1 - label) };
}

/** With the trigger of a backdoor, labelled as its target class. */
export function withTrigger(samples: FloatSamples): FloatSamples {
  const features = samples.features.slice();
  for (let sample = 0; sample < samples.sampleCount; sample++) {
    for (const pixel of TRIGGER_PIXELS) features[sample * samples.featureCount + pixel] = 1;
  }
  return { ...samples, features, labels: new Int32Array(samples.sampleCount).fill(TARGET_CLASS) };
}
