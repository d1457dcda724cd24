/** What the constraints of the training circuits are for, counted from their parameters. */
import { lookupCount } from "../prover/src/circuits/accuracy.ts";
import type { RowPart } from "../prover/src/circuits/cost.ts";
import {
  chainRows,
  commitmentRows,
  commitmentWords,
  packedWordCount,
} from "../prover/src/circuits/poseidon-rows.ts";
import type { TrainInitInstance } from "../prover/src/circuits/train-init.ts";
import { type TrainStepInstance, trainStepDimensions } from "../prover/src/circuits/train-step.ts";
import { SIGMOID_TABLE } from "../prover/src/verifiable/sigmoid-table.ts";
import { sigmoidShiftBits, WEIGHT_FRACTION_BITS } from "../prover/src/verifiable/training-rule.ts";

/** Constraints of Poseidon over seed and counter, and of its digest's 254 bits below the field order. */
const DIGEST_BITS = 752;
/** Weights cut from one digest. */
const CHUNKS = 15;

/** Constraints of a train-init instance by purpose; exact. */
export function trainInitRowParts({ rule }: TrainInitInstance): RowPart[] {
  const { weights, biasWords } = commitmentWords(rule.architecture);
  return [
    {
      part: "bits of Poseidon(seed, counter), 15 weights a digest",
      rows: Math.ceil(weights / CHUNKS) * DIGEST_BITS,
    },
    // Architecture id and biases are constants.
    { part: "commitment to checkpoint 0 (Poseidon)", rows: commitmentRows(rule.architecture, 1 + biasWords) },
    { part: "squares of context, alpha, rho and blockMask", rows: 4 },
  ];
}

/** Lookups of a train-step instance in its two range tables. */
export function trainStepLookups(instance: TrainStepInstance): {
  readonly range: number;
  readonly fine: number;
} {
  const { rule, tableBits, fineTableBits } = instance;
  const { layerSizes, inputBits, weightBits, biasBits, quotientBits } = rule.architecture;
  const size = trainStepDimensions(instance);
  const lookups = (bits: number): number => lookupCount(bits, tableBits);
  const updates = rule.weightShiftBits.reduce(
    (sum, shift, layer) => sum + (layerSizes[layer]! + 1) * layerSizes[layer + 1]! * lookups(shift),
    0,
  );
  const perUnit =
    lookups(quotientBits - 1) + lookups(size.shift) + lookups(size.backBits) + lookups(WEIGHT_FRACTION_BITS);
  return {
    range:
      2 * (size.weights * lookups(weightBits) + size.biases * lookups(biasBits)) +
      size.units * perUnit +
      size.logits * (2 + lookups(sigmoidShiftBits(rule))) +
      updates,
    fine: size.features * size.batch * lookupCount(inputBits, fineTableBits),
  };
}

/** Constraints of a train-step instance by purpose; exact. */
export function trainStepRowParts(instance: TrainStepInstance): RowPart[] {
  const { rule, tableBits, fineTableBits } = instance;
  const { layerSizes, inputBits } = rule.architecture;
  const size = trainStepDimensions(instance);
  const { batch, hidden, classes } = size;
  const { range, fine } = trainStepLookups(instance);
  const layers = layerSizes.slice(1).map((outputs, layer) => ({ inputs: layerSizes[layer]!, outputs }));
  const sum = (rows: (layer: { inputs: number; outputs: number }) => number): number =>
    layers.reduce((total, layer) => total + rows(layer), 0);
  const combined = (groups: number, inputs: number, outputs: number): number =>
    (groups - 1) * (inputs + outputs) + inputs * outputs;
  // The sum of the powers of rho that biases are multiplied by is 1 for a batch of one.
  const biasFactors = batch > 1 ? 1 : 0;
  const batchWords =
    packedWordCount(size.features * batch, inputBits) + packedWordCount(classes * batch, 1) + 1;
  return [
    { part: "range checks: a row per lookup", rows: range + fine },
    { part: "range checks: a row per table entry", rows: 2 ** tableBits + 2 ** fineTableBits },
    { part: "sigmoid table: two rows a logit, one an entry", rows: 2 * size.logits + SIGMOID_TABLE.length },
    { part: "ReLU and rescale: three rows a hidden unit and sample", rows: 3 * size.units },
    { part: "clamped logits: two rows each", rows: 2 * size.logits },
    { part: "errors of inactive units are zero", rows: size.units },
    { part: "labels are one-hot", rows: size.logits + batch },
    {
      part: "matrix products: forward",
      rows:
        sum(({ inputs, outputs }) => combined(batch, inputs, outputs) + biasFactors * outputs) +
        Math.max(batch - 2, 0),
    },
    { part: "matrix products: backward", rows: hidden > 0 ? combined(batch, classes, hidden) : 0 },
    {
      part: "matrix products: gradients",
      rows: sum(({ inputs, outputs }) => combined(inputs, batch, outputs) + outputs),
    },
    { part: "bias updates", rows: size.biases },
    {
      part: "commitments to both checkpoints (Poseidon)",
      rows: 2 * commitmentRows(rule.architecture, 1),
    },
    { part: "commitment to the batch (Poseidon)", rows: chainRows(batchWords, 0) },
    { part: "squares of context and blockMask", rows: 2 },
  ];
}

/** n such that some check of a train-step instance errs with probability at most n/r over alpha and rho. */
export function trainStepErrors(
  instance: TrainStepInstance,
): { readonly check: string; readonly n: number }[] {
  const { rule, tableBits, fineTableBits } = instance;
  const { layerSizes } = rule.architecture;
  const { logits, units, biases, batch, weights } = trainStepDimensions(instance);
  const { range, fine } = trainStepLookups(instance);
  const entries = SIGMOID_TABLE.length;
  const outputs = layerSizes.slice(1).reduce((sum, size) => sum + size, 0);
  if (outputs !== biases) throw new Error("there is a bias per output");
  return [
    { check: "range lookups", n: range + 2 ** tableBits + fine + 2 ** fineTableBits },
    { check: "sigmoid lookups", n: (logits + entries) * (logits + 1) },
    { check: "products, forward and backward", n: outputs * batch + units },
    { check: "gradients", n: weights },
  ];
}
