import type { IntegerSamples } from "../data/samples.ts";
import { packWords, poseidonChain } from "../model/commitment.ts";
import { checkSamples } from "../model/reference.ts";
import { TrainingError } from "../training/training-error.ts";
import { derivedSalt } from "./salts.ts";
import type { TrainingRule } from "./training-rule.ts";

/**
 * The training samples in their order, cut into batches of rule.batchSize; samples left over are not learnt from.
 *
 * Throws ModelError for samples off the architecture's grid and TrainingError `training.samples` when there are too few
 * for one batch.
 */
export function cutBatches(rule: TrainingRule, samples: IntegerSamples): IntegerSamples[] {
  checkSamples(rule.architecture, samples);
  const { batchSize } = rule;
  const { featureCount } = samples;
  const batchCount = Math.floor(samples.sampleCount / batchSize);
  if (batchCount === 0) {
    throw new TrainingError(
      "training.samples",
      `there are ${samples.sampleCount} training samples, one batch takes ${batchSize}`,
      "Add training samples, or use a rule with smaller batches.",
      { samples: samples.sampleCount, batchSize },
    );
  }
  return Array.from({ length: batchCount }, (_, batch) => {
    const [start, end] = [batch * batchSize, (batch + 1) * batchSize];
    return {
      ...samples,
      sampleCount: batchSize,
      features: samples.features.slice(start * featureCount, end * featureCount),
      labels: samples.labels.slice(start, end),
    };
  });
}

/**
 * The commitment to one batch, equal to `BatchCommitment` in circuits/lib: Poseidon over features packed as many per
 * 252-bit word as fit (row-major `[sample][feature]`), one-hot labels packed likewise (`[sample][class]`), and salt.
 */
export function batchCommitment(batch: IntegerSamples, inputBits: number, salt: bigint): bigint {
  const oneHot = new Array<number>(batch.sampleCount * batch.classCount).fill(0);
  batch.labels.forEach((label, sample) => (oneHot[sample * batch.classCount + label] = 1));
  return poseidonChain([...packWords([...batch.features], inputBits), ...packWords(oneHot, 1), salt]);
}

/** The commitments to all batches of a run, whose Merkle vector's root is registered before the seed is drawn. */
export function batchCommitments(
  rule: TrainingRule,
  batches: readonly IntegerSamples[],
  runKey: Uint8Array,
): bigint[] {
  return batches.map((batch, index) =>
    batchCommitment(batch, rule.architecture.inputBits, derivedSalt(runKey, "batch", index)),
  );
}
