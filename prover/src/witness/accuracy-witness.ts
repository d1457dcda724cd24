import { type AccuracyShape, accuracyDimensions } from "../circuits/accuracy.ts";
import type { SignalValues } from "../circuits/layout.ts";
import type { IntegerSamples } from "../data/samples.ts";
import { toField } from "../field.ts";
import { canonicalArchitecture } from "../model/architecture.ts";
import type { IntegerModel } from "../model/integer-model.ts";
import { type InferenceTrace, runReference } from "../model/reference.ts";
import { LookupTable } from "./lookup-table.ts";
import { parameterLimbs } from "./parameter-limbs.ts";
import { groupSamples, type SampleGroups } from "./sample-groups.ts";
import { WitnessError } from "./witness-error.ts";

/** The values a prover commits to for one claim, all but the block's mask. */
export interface AccuracyBlock {
  /** Committed signals by name; the uniform `blockMask` is added when the block is committed. */
  readonly committed: SignalValues;
  /** Samples the model classifies correctly. */
  readonly achieved: number;
  /** Samples the proof will count: at most `achieved`. */
  readonly claimed: number;
}

/**
 * The dataset block of a test set: packed features, one-hot labels, sample mask and blinding, computable by
 * anybody from the published samples.
 *
 * @param blinding 0 for a public test set; a uniform field element hides a sealed one behind its dataset point.
 * Throws WitnessError when the samples do not fit the instance.
 */
export function accuracyDatasetBlock(
  instance: AccuracyShape,
  samples: IntegerSamples,
  blinding = 0n,
): SignalValues {
  checkShape(instance, samples);
  const { groups, slots, slotBits } = instance;
  const { features, classes } = accuracyDimensions(instance);
  const placed = groupSamples(samples, instance);
  const dataWords: bigint[] = [];
  for (let feature = 0; feature < features; feature++) {
    for (let group = 0; group < groups; group++) {
      dataWords.push(
        packSlots(slots, slotBits, (slot) => {
          const sample = placed.samples[group * slots + slot]!;
          return sample < 0 ? 0 : samples.features[sample * features + feature]!;
        }),
      );
    }
  }
  const labels: bigint[] = [];
  for (let label = 0; label < classes; label++) {
    for (let group = 0; group < groups; group++) labels.push(placed.labels[group] === label ? 1n : 0n);
  }
  const sampleMask = Array.from(placed.samples, (sample) => (sample < 0 ? 0n : 1n));
  return { dataWords, labels, sampleMask, dataBlinding: [blinding] };
}

/**
 * The committed block for the claim that `model` classifies `claim` samples (default: all it can)
 * correctly: weights, every activation and remainder, margins and lookup multiplicities.
 *
 * Throws WitnessError `witness.claim` when the model classifies fewer, and ModelError when a value
 * leaves its range.
 */
export function accuracyCommittedBlock(
  instance: AccuracyShape,
  model: IntegerModel,
  samples: IntegerSamples,
  claim?: number,
): AccuracyBlock {
  checkShape(instance, samples);
  checkModel(instance, model);
  const { architecture, tableBits } = instance;
  const { quotientBits } = architecture;
  const placed = groupSamples(samples, instance);
  // Samples by themselves first: an error then names a sample of the test set, not a slot.
  const achieved = runReference(model, samples).correctCount;
  const trace = runReference(model, withPadding(instance, samples, placed));
  const isCorrect = claimedSlots(trace, placed, achieved, claim ?? achieved);

  const table = new LookupTable(tableBits);
  const { weightLimbs, biasLimbs } = parameterLimbs(model, table);
  const { activations, deficits, remainderLimbs } = hiddenValues(instance, trace, table, quotientBits - 1);
  const { marginLimbs, labelLogits } = marginValues(instance, trace, placed, isCorrect, table);
  return {
    committed: {
      weightLimbs,
      biasLimbs,
      activations,
      deficits,
      remainderLimbs,
      marginLimbs,
      isCorrect: Array.from(isCorrect, BigInt),
      labelLogits,
      multiplicities: table.multiplicities(),
    },
    achieved,
    claimed: isCorrect.reduce((sum, bit) => sum + bit, 0),
  };
}

function hiddenValues(
  instance: AccuracyShape,
  trace: InferenceTrace,
  table: LookupTable,
  magnitudeBits: number,
): Record<"activations" | "deficits" | "remainderLimbs", bigint[]> {
  const slotsTotal = instance.groups * instance.slots;
  const activations: bigint[] = [];
  const deficits: bigint[] = [];
  const remainderLimbs: bigint[] = [];
  trace.hiddenLayers.forEach((layer, index) => {
    for (let unit = 0; unit < layer.width; unit++) {
      for (let slot = 0; slot < slotsTotal; slot++) {
        const quotient = layer.quotients[slot * layer.width + unit]!;
        table.look(Math.abs(quotient), magnitudeBits);
        activations.push(BigInt(Math.max(quotient, 0)));
        deficits.push(BigInt(Math.max(-quotient, 0)));
        const shift = instance.architecture.shiftBits[index]!;
        remainderLimbs.push(...table.limbs(layer.remainders[slot * layer.width + unit]!, shift));
      }
    }
  });
  return { activations, deficits, remainderLimbs };
}

/** margin_c = z_y − z_c − [c < y] + (1 − isCorrect)·2^(marginBits−1), and the packed z_y of each group. */
function marginValues(
  instance: AccuracyShape,
  trace: InferenceTrace,
  placed: SampleGroups,
  isCorrect: Uint8Array,
  table: LookupTable,
): Record<"marginLimbs" | "labelLogits", bigint[]> {
  const { groups, slots, slotBits, architecture } = instance;
  const { classes } = accuracyDimensions(instance);
  const slack = 2 ** (architecture.marginBits - 1);
  const logit = (slot: number, label: number) => trace.logits[slot * classes + label]!;
  const marginLimbs: bigint[] = [];
  for (let label = 0; label < classes; label++) {
    for (let slot = 0; slot < groups * slots; slot++) {
      const own = placed.labels[Math.floor(slot / slots)]!;
      const margin = logit(slot, own) - logit(slot, label) - (label < own ? 1 : 0);
      marginLimbs.push(...table.limbs(margin + (isCorrect[slot] ? 0 : slack), architecture.marginBits));
    }
  }
  const labelLogits = placed.labels.map((own, group) =>
    packSlots(slots, slotBits, (slot) => logit(group * slots + slot, own)),
  );
  return { marginLimbs, labelLogits };
}

/** Samples in slot order; padding slots hold zeros and the label of their group. */
function withPadding(instance: AccuracyShape, samples: IntegerSamples, placed: SampleGroups): IntegerSamples {
  const { featureCount } = samples;
  const features = new Int32Array(placed.samples.length * featureCount);
  const labels = new Int32Array(placed.samples.length);
  placed.samples.forEach((sample, slot) => {
    labels[slot] = placed.labels[Math.floor(slot / instance.slots)]!;
    if (sample >= 0) {
      features.set(
        samples.features.subarray(sample * featureCount, (sample + 1) * featureCount),
        slot * featureCount,
      );
    }
  });
  return { ...samples, sampleCount: placed.samples.length, features, labels };
}

function claimedSlots(
  trace: InferenceTrace,
  placed: SampleGroups,
  achieved: number,
  claimed: number,
): Uint8Array {
  if (!Number.isSafeInteger(claimed) || claimed < 0 || claimed > achieved) {
    throw new WitnessError(
      "witness.claim",
      `the claim is ${claimed} correct samples, the model classifies ${achieved} correctly`,
      `Claim a whole number up to ${achieved}, or train a better model.`,
      { claimed, achieved },
    );
  }
  let left = claimed;
  return Uint8Array.from(placed.samples, (sample, slot) => {
    const counts = sample >= 0 && trace.correct[slot] === 1 && left > 0 ? 1 : 0;
    left -= counts;
    return counts;
  });
}

/** Σ value(slot)·2^(slotBits·slot) as a field element; values may be negative. */
function packSlots(slots: number, slotBits: number, value: (slot: number) => number): bigint {
  let word = 0n;
  for (let slot = slots - 1; slot >= 0; slot--) word = (word << BigInt(slotBits)) + BigInt(value(slot));
  return toField(word);
}

function checkShape(instance: AccuracyShape, samples: IntegerSamples): void {
  const { features, classes } = accuracyDimensions(instance);
  if (samples.featureCount !== features || samples.classCount !== classes) {
    throw new WitnessError(
      "witness.shape",
      `the test set has ${samples.featureCount} features and ${samples.classCount} classes, circuit ${instance.id} ${features} and ${classes}`,
      "Name the circuit instance that was built for this test set.",
      { features: samples.featureCount, classes: samples.classCount, instance: instance.id },
    );
  }
  const { sampleCount } = samples;
  if (samples.labels.length !== sampleCount || samples.features.length !== sampleCount * features) {
    throw new WitnessError(
      "witness.shape",
      `${sampleCount} samples of ${features} features have ${samples.labels.length} labels and ${samples.features.length} feature values`,
      "Read the test set again from its file.",
      { sampleCount, labels: samples.labels.length, features: samples.features.length },
    );
  }
  const unknown = samples.labels.findIndex((label) => !(label >= 0 && label < classes));
  if (unknown >= 0) {
    throw new WitnessError(
      "witness.label-range",
      `sample ${unknown + 1}: label ${samples.labels[unknown]} is outside 0..${classes - 1}`,
      "Use the test set the task names.",
      { sample: unknown + 1, value: samples.labels[unknown], limit: classes - 1 },
    );
  }
  const limit = 2 ** instance.architecture.inputBits;
  const offGrid = samples.features.findIndex((value) => value < 0 || value >= limit);
  if (offGrid >= 0) {
    throw new WitnessError(
      "witness.feature-range",
      `sample ${Math.floor(offGrid / features) + 1}, feature ${(offGrid % features) + 1}: ${samples.features[offGrid]} is outside 0..${limit - 1}`,
      "Quantise the inputs with the architecture's inputBits.",
      { value: samples.features[offGrid], limit: limit - 1 },
    );
  }
}

function checkModel(instance: AccuracyShape, model: IntegerModel): void {
  const [own, wanted] = [model.architecture, instance.architecture].map(canonicalArchitecture);
  if (own !== wanted) {
    throw new WitnessError(
      "witness.architecture",
      `the model is "${own}", circuit ${instance.id} proves "${wanted}"`,
      "Quantise the model for the circuit's architecture.",
      { model: own, instance: wanted },
    );
  }
}
