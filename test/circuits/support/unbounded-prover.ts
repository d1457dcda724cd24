import { poseidon2 } from "poseidon-lite";

import { type AccuracyShape, limbCount, lookupCount } from "../../../prover/src/circuits/accuracy.ts";
import type { SignalValues } from "../../../prover/src/circuits/layout.ts";
import type { SeededRandom } from "../../../prover/src/data/random.ts";
import type { IntegerSamples } from "../../../prover/src/data/samples.ts";
import { toField } from "../../../prover/src/field.ts";
import { architectureId } from "../../../prover/src/model/architecture.ts";
import { poseidonChain } from "../../../prover/src/model/commitment.ts";
import type { IntegerModel } from "../../../prover/src/model/integer-model.ts";
import { accuracyDatasetBlock } from "../../../prover/src/witness/accuracy-witness.ts";
import { groupSamples } from "../../../prover/src/witness/sample-groups.ts";
import { fieldElement } from "./accuracy-case.ts";

/** Weights and biases as integers of any size, layer by layer. */
export type UnboundedModel = readonly {
  readonly weights: readonly bigint[];
  readonly biases: readonly bigint[];
}[];

/** How a unit's accumulator is split: activation, deficit and remainder, of any size. */
export interface Split {
  readonly activation: bigint;
  readonly deficit: bigint;
  readonly remainder: bigint;
}

/** Where a cheating prover departs from the protocol; everything that follows is computed consistently. */
export interface Cheat {
  /** Another claim per slot than what is true. */
  readonly isCorrect?: (slot: number, honest: bigint) => bigint;
  /** Another split of an accumulator: layer, unit, slot. */
  readonly split?: (layer: number, unit: number, slot: number, honest: Split) => Split;
  /** Another margin value: class, slot. */
  readonly margin?: (label: number, slot: number, honest: bigint) => bigint;
}

/** An integer model as one without bounds. */
export function unbounded(model: IntegerModel): UnboundedModel {
  return model.layers.map(({ weights, biases }) => ({
    weights: Array.from(weights, BigInt),
    biases: Array.from(biases, BigInt),
  }));
}

/**
 * Inputs of the accuracy circuit as a prover without scruples makes them: on bigints, without any range check,
 * everything downstream of a cheat recomputed, limbs of values out of range carried by the top limb, and
 * multiplicities counting every lookup that the table has.
 */
export function unboundedInputs(
  instance: AccuracyShape,
  model: UnboundedModel,
  samples: IntegerSamples,
  random: SeededRandom,
  cheat: Cheat = {},
): SignalValues {
  const { architecture, tableBits, groups, slots, slotBits } = instance;
  const { layerSizes, weightBits, biasBits, marginBits, shiftBits } = architecture;
  const placed = groupSamples(samples, instance);
  const places = Array.from({ length: groups * slots }, (_, slot) => slot);
  const labelOf = (slot: number) => placed.labels[Math.floor(slot / slots)]!;

  let inputs = places.map((slot) => {
    const sample = placed.samples[slot]!;
    const start = sample * samples.featureCount;
    return sample < 0
      ? new Array<bigint>(samples.featureCount).fill(0n)
      : Array.from(samples.features.subarray(start, start + samples.featureCount), BigInt);
  });
  const activations: bigint[] = [];
  const deficits: bigint[] = [];
  const remainderLimbs: bigint[] = [];
  shiftBits.forEach((shift, layer) => {
    const sums = inputs.map((row) => dense(model, layer, row));
    const next = places.map((): bigint[] => []);
    for (let unit = 0; unit < layerSizes[layer + 1]!; unit++) {
      for (const slot of places) {
        const sum = sums[slot]![unit]!;
        const quotient = sum >> BigInt(shift);
        const honest: Split = {
          activation: quotient > 0n ? quotient : 0n,
          deficit: quotient < 0n ? -quotient : 0n,
          remainder: sum - (quotient << BigInt(shift)),
        };
        const { activation, deficit, remainder } = cheat.split?.(layer, unit, slot, honest) ?? honest;
        activations.push(activation);
        deficits.push(deficit);
        remainderLimbs.push(...limbsOf(remainder, shift, tableBits));
        next[slot]!.push(activation);
      }
    }
    inputs = next;
  });
  const logits = inputs.map((row) => dense(model, shiftBits.length, row));

  const isCorrect = places.map((slot) => {
    const own = labelOf(slot);
    const wins = logits[slot]!.every((logit, label) =>
      label < own ? logit < logits[slot]![own]! : logit <= logits[slot]![own]!,
    );
    const honest = placed.samples[slot]! >= 0 && wins ? 1n : 0n;
    return cheat.isCorrect?.(slot, honest) ?? honest;
  });
  const marginLimbs = Array.from({ length: layerSizes.at(-1)! }, (_, label) =>
    places.flatMap((slot) => {
      const own = labelOf(slot);
      const difference = logits[slot]![own]! - logits[slot]![label]! - (label < own ? 1n : 0n);
      const honest = difference + (1n - isCorrect[slot]!) * (1n << BigInt(marginBits - 1));
      return limbsOf(cheat.margin?.(label, slot, honest) ?? honest, marginBits, tableBits);
    }),
  ).flat();
  const labelLogits = Array.from({ length: groups }, (_, group) =>
    Array.from({ length: slots }, (_, index) => group * slots + index).reduce(
      (word, slot, index) => word + (logits[slot]![labelOf(slot)]! << BigInt(slotBits * index)),
      0n,
    ),
  );

  const offset = (values: readonly bigint[], bits: number) =>
    values.map((value) => value + (1n << BigInt(bits - 1)));
  const weights = model.flatMap((layer) => offset(layer.weights, weightBits));
  const biases = model.flatMap((layer) => offset(layer.biases, biasBits));
  const salt = fieldElement(random);
  const committed = {
    weightLimbs: weights.flatMap((value) => limbsOf(value, weightBits, tableBits)),
    biasLimbs: biases.flatMap((value) => limbsOf(value, biasBits, tableBits)),
    activations,
    deficits,
    remainderLimbs,
    marginLimbs,
    isCorrect,
    labelLogits,
  };
  return inField({
    context: [fieldElement(random)],
    modelCommitment: [
      poseidon2([
        poseidonChain([
          architectureId(architecture),
          ...packed(weights, weightBits),
          ...packed(biases, biasBits),
        ]),
        salt,
      ]),
    ],
    correct: [isCorrect.reduce((sum, bit) => sum + bit, 0n)],
    alpha: [fieldElement(random)],
    rho: [fieldElement(random)],
    ...accuracyDatasetBlock(instance, samples),
    ...committed,
    multiplicities: countLookups(instance, lookupValues(instance, committed)),
    blockMask: [fieldElement(random)],
    salt: [salt],
  });
}

/** Every value that the circuit looks up, in no particular order. */
export function lookupValues(instance: AccuracyShape, signals: SignalValues): bigint[] {
  const { architecture, tableBits, groups, slots } = instance;
  const { layerSizes, weightBits, biasBits, marginBits, quotientBits, shiftBits } = architecture;
  const magnitudes = signals["activations"]!.map((value, index) => value + signals["deficits"]![index]!);
  const values = [
    ...looked(signals["weightLimbs"]!, weightBits, tableBits),
    ...looked(signals["biasLimbs"]!, biasBits, tableBits),
    ...looked(magnitudes, quotientBits - 1, tableBits),
    ...looked(signals["marginLimbs"]!, marginBits, tableBits),
  ];
  let start = 0;
  shiftBits.forEach((shift, layer) => {
    const end = start + layerSizes[layer + 1]! * groups * slots * limbCount(shift, tableBits);
    values.push(...looked(signals["remainderLimbs"]!.slice(start, end), shift, tableBits));
    start = end;
  });
  return values;
}

/** How often each table entry occurs among the looked-up values; values beyond the table count nowhere. */
export function countLookups({ tableBits }: AccuracyShape, values: readonly bigint[]): bigint[] {
  const counts = new Array<bigint>(2 ** tableBits).fill(0n);
  for (const value of values) {
    const entry = toField(value);
    if (entry < counts.length) counts[Number(entry)]!++;
  }
  return counts;
}

function looked(limbs: readonly bigint[], bits: number, tableBits: number): bigint[] {
  const perValue = limbCount(bits, tableBits);
  return limbs.flatMap((limb, index) =>
    index % perValue === perValue - 1 && lookupCount(bits, tableBits) > perValue
      ? [limb, limb << BigInt(perValue * tableBits - bits)]
      : [limb],
  );
}

function limbsOf(value: bigint, bits: number, tableBits: number): bigint[] {
  const count = limbCount(bits, tableBits);
  return Array.from({ length: count }, (_, index) => {
    const rest = value >> BigInt(tableBits * index);
    return index < count - 1 ? rest & ((1n << BigInt(tableBits)) - 1n) : rest;
  });
}

function dense(model: UnboundedModel, layer: number, inputs: readonly bigint[]): bigint[] {
  const { weights, biases } = model[layer]!;
  return biases.map((bias, output) =>
    inputs.reduce((sum, value, input) => sum + value * weights[input * biases.length + output]!, bias),
  );
}

function packed(values: readonly bigint[], bits: number): bigint[] {
  const perWord = Math.floor(252 / bits);
  return Array.from({ length: Math.ceil(values.length / perWord) }, (_, word) =>
    toField(
      values
        .slice(word * perWord, (word + 1) * perWord)
        .reduce((sum, value, index) => sum + (value << BigInt(bits * index)), 0n),
    ),
  );
}

function inField(signals: SignalValues): SignalValues {
  return Object.fromEntries(Object.entries(signals).map(([name, values]) => [name, values.map(toField)]));
}
