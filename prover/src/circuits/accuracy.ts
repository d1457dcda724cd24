import { type Architecture, architectureId } from "../model/architecture.ts";
import { type CircuitLayout, publicNames, scalar } from "./layout.ts";

/** Parameters of one compiled `accuracy.circom` for a task. */
export interface AccuracyInstance extends AccuracyShape {
  readonly template: "accuracy";
}

/** Parameters of one compiled `accuracy.circom` for the rounds of a federation. */
export interface RoundAccuracyInstance extends AccuracyShape {
  readonly template: "round-accuracy";
}

/**
 * What instances of `accuracy.circom` have in common: an integer model's shape, and how many samples of a
 * test set it holds in how many packed words.
 */
export interface AccuracyShape {
  readonly id: string;
  readonly template: "accuracy" | "round-accuracy";
  readonly architecture: Architecture;
  /** Range checks look up in 0..2^tableBits−1. */
  readonly tableBits: number;
  /** Words per feature; all samples of one group have the same label. */
  readonly groups: number;
  /** Samples per word. */
  readonly slots: number;
  /** Bits per sample in a word: slots·slotBits ≤ 252. */
  readonly slotBits: number;
}

/** Counts that follow from an instance. */
export interface AccuracyDimensions {
  readonly features: number;
  readonly classes: number;
  /** Hidden units over all layers. */
  readonly hiddenUnits: number;
  readonly weights: number;
  readonly biases: number;
  /** groups × slots: samples the circuit holds, padding included. */
  readonly slotsTotal: number;
  readonly weightLimbs: number;
  readonly biasLimbs: number;
  readonly marginLimbs: number;
  /** Remainder limbs per sample, over all hidden layers. */
  readonly remainderLimbs: number;
}

/** Number of limbs of `tableBits` that carry a value of `bits`. */
export function limbCount(bits: number, tableBits: number): number {
  return Math.ceil(bits / tableBits);
}

/** Number of lookups that bound those limbs: one per full limb, two for a partial top limb. */
export function lookupCount(bits: number, tableBits: number): number {
  return Math.floor(bits / tableBits) + (bits % tableBits === 0 ? 0 : 2);
}

/** The counts of an instance. */
export function accuracyDimensions(instance: AccuracyShape): AccuracyDimensions {
  const { architecture, tableBits, groups, slots } = instance;
  const { layerSizes, shiftBits } = architecture;
  const hidden = layerSizes.slice(1, -1);
  return {
    features: layerSizes[0]!,
    classes: layerSizes.at(-1)!,
    hiddenUnits: hidden.reduce((sum, size) => sum + size, 0),
    weights: layerSizes.slice(1).reduce((sum, size, layer) => sum + size * layerSizes[layer]!, 0),
    biases: layerSizes.slice(1).reduce((sum, size) => sum + size, 0),
    slotsTotal: groups * slots,
    weightLimbs: limbCount(architecture.weightBits, tableBits),
    biasLimbs: limbCount(architecture.biasBits, tableBits),
    marginLimbs: limbCount(architecture.marginBits, tableBits),
    remainderLimbs: hidden.reduce(
      (sum, size, layer) => sum + size * limbCount(shiftBits[layer]!, tableBits),
      0,
    ),
  };
}

/**
 * The signals of `accuracy.circom`, in its order of declaration; the statement of a round continues with
 * `roundStatement`: federation, round, nullifier.
 */
export function accuracyLayout(instance: AccuracyShape): CircuitLayout {
  const { groups, slots, tableBits } = instance;
  const isRound = instance.template === "round-accuracy";
  const size = accuracyDimensions(instance);
  return {
    statement: [
      scalar("context"),
      scalar("modelCommitment"),
      scalar("correct"),
      ...(isRound ? [{ name: "roundStatement", dimensions: [3] }] : []),
    ],
    challenges: [scalar("alpha"), scalar("rho")],
    dataset: [
      { name: "dataWords", dimensions: [size.features, groups] },
      { name: "labels", dimensions: [size.classes, groups] },
      { name: "sampleMask", dimensions: [groups, slots] },
      scalar("dataBlinding"),
    ],
    committed: [
      { name: "weightLimbs", dimensions: [size.weights, size.weightLimbs] },
      { name: "biasLimbs", dimensions: [size.biases, size.biasLimbs] },
      { name: "activations", dimensions: [size.hiddenUnits, groups, slots] },
      { name: "deficits", dimensions: [size.hiddenUnits, groups, slots] },
      { name: "remainderLimbs", dimensions: [size.remainderLimbs * size.slotsTotal] },
      { name: "marginLimbs", dimensions: [size.classes, groups, slots, size.marginLimbs] },
      { name: "isCorrect", dimensions: [groups, slots] },
      { name: "labelLogits", dimensions: [groups] },
      { name: "multiplicities", dimensions: [2 ** tableBits] },
      scalar("blockMask"),
    ],
    private: [scalar("salt")],
  };
}

/** The circom file that instantiates `accuracy.circom` with an instance's parameters. */
export function accuracyMain(instance: AccuracyShape): string {
  const { architecture, tableBits, groups, slots, slotBits } = instance;
  const { layerSizes, shiftBits, inputBits, weightBits, biasBits, quotientBits, marginBits } = architecture;
  const shifts = shiftBits.length > 0 ? shiftBits : [0];
  return [
    "pragma circom 2.2.0;",
    "",
    'include "accuracy.circom";',
    "",
    `component main {public [${publicNames(accuracyLayout(instance))}]} = Accuracy(`,
    `    ${architectureId(architecture)},`,
    `    ${layerSizes.length - 1}, [${layerSizes.join(", ")}],`,
    `    ${inputBits}, ${weightBits}, ${biasBits}, ${quotientBits}, ${marginBits}, [${shifts.join(", ")}],`,
    `    ${tableBits}, ${groups}, ${slots}, ${slotBits}, ${instance.template === "round-accuracy" ? 1 : 0}`,
    ");",
    "",
  ].join("\n");
}
