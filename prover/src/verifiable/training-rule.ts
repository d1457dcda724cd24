import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { z } from "zod";

import {
  type Architecture,
  ARCHITECTURE_SCHEMA,
  canonicalArchitecture,
  validateArchitecture,
} from "../model/architecture.ts";
import { TrainingError } from "../training/training-error.ts";
import { PROBABILITY_FRACTION_BITS, SIGMOID_INDEX_FRACTION_BITS, SIGMOID_TABLE } from "./sigmoid-table.ts";

/** Names the arithmetic of sgd-step.ts, the batch order of batch-order.ts and the start of initial-model.ts. */
export const TRAINING_RULE_ID = "integer-sgd.v1";

/** Fraction bits of every weight; a logit or gradient gains as many when it meets one. */
export const WEIGHT_FRACTION_BITS = 12;

/**
 * Everything that, with the batches and the seed, determines every checkpoint of a training run.
 *
 * Step t of T = epochs·batchCount multiplies gradients by the learning-rate factor
 * f(t) = 2^max(0, initialRateBits − floor(t/halvingSteps)), so f = 1 is the smallest rate.
 */
export interface TrainingRule {
  readonly id: typeof TRAINING_RULE_ID;
  readonly architecture: Architecture;
  /** Samples per step; rows left over after the last full batch are not used. */
  readonly batchSize: number;
  readonly epochs: number;
  /** Binary logarithm of the first learning-rate factor. */
  readonly initialRateBits: number;
  /** Steps after which the factor halves. */
  readonly halvingSteps: number;
  /** S per layer: a weight changes by floor((G·f + 2^(S−1))/2^S). */
  readonly weightShiftBits: readonly number[];
  /** k per layer: a bias changes by floor((B·f·2^k + 2^(S−1))/2^S). */
  readonly biasFactorBits: readonly number[];
  /** Per layer: initial weights are uniform in −2^(bits−1)..2^(bits−1)−1. */
  readonly initialRangeBits: readonly number[];
  /** A back-propagated value d keeps |d| < 2^magnitudeBits. */
  readonly magnitudeBits: number;
  /** A logit lies less than 2^excessBits entries above or below the sigmoid table. */
  readonly excessBits: number;
}

const bits = (most: number): z.ZodNumber => z.number().int().min(0).max(most);

/** Schema of a training rule inside other documents; validateTrainingRule checks what it cannot. */
export const TRAINING_RULE_SCHEMA = z
  .object({
    id: z.literal(TRAINING_RULE_ID),
    architecture: ARCHITECTURE_SCHEMA,
    batchSize: z.number().int().min(1).max(65_536),
    epochs: z.number().int().min(1).max(1_000_000),
    initialRateBits: bits(16),
    halvingSteps: z
      .number()
      .int()
      .min(1)
      .max(2 ** 31),
    weightShiftBits: z.array(z.number().int().min(1).max(30)),
    biasFactorBits: z.array(bits(30)),
    initialRangeBits: z.array(bits(16)),
    magnitudeBits: z.number().int().min(1).max(24),
    excessBits: z.number().int().min(1).max(24),
  })
  .strict();

/**
 * Throws ModelError `model.architecture` or TrainingError `training.rule` naming the field and its limit, unless the
 * lists have one entry per layer and every intermediate value stays below 2^53, where JavaScript numbers are exact.
 */
export function validateTrainingRule(rule: TrainingRule): void {
  const parsed = TRAINING_RULE_SCHEMA.safeParse(rule);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw invalidRule(`${issue.path.join(".")}: ${issue.message}`);
  }
  validateArchitecture(rule.architecture);
  const { architecture } = rule;
  const layerCount = architecture.layerSizes.length - 1;
  for (const field of ["weightShiftBits", "biasFactorBits", "initialRangeBits"] as const) {
    if (rule[field].length !== layerCount) {
      throw invalidRule(`${field}: ${rule[field].length} entries given for ${layerCount} layers`);
    }
  }
  rule.initialRangeBits.forEach((rangeBits, layer) => {
    if (rangeBits > architecture.weightBits) {
      throw invalidRule(
        `initialRangeBits: ${rangeBits} in layer ${layer + 1} exceeds the architecture's ${architecture.weightBits} weight bits`,
      );
    }
    const fractionBits = inputFractionBits(rule, layer);
    if (fractionBits < 0) {
      throw invalidRule(
        `architecture.shiftBits: the inputs of layer ${layer + 1} have ${fractionBits} fraction bits`,
      );
    }
  });
  if (sigmoidShiftBits(rule) < 0) {
    throw invalidRule(
      `architecture: logits have ${logitFractionBits(rule)} fraction bits, the sigmoid table needs at least ${SIGMOID_INDEX_FRACTION_BITS}`,
    );
  }
  const worst = worstCaseValue(rule);
  if (worst > Number.MAX_SAFE_INTEGER) {
    throw invalidRule(
      `a gradient or back-propagated sum can reach ${worst}, above 2^53 − 1, where it would no longer be exact`,
    );
  }
}

/** Fraction bits of what layer `layer` (from 0) reads: features in 0..1 have inputBits of them. */
export function inputFractionBits(rule: TrainingRule, layer: number): number {
  const { inputBits, shiftBits } = rule.architecture;
  return shiftBits
    .slice(0, layer)
    .reduce((fractionBits, shift) => fractionBits + WEIGHT_FRACTION_BITS - shift, inputBits);
}

/** Fraction bits of a logit. */
export function logitFractionBits(rule: TrainingRule): number {
  return inputFractionBits(rule, rule.architecture.shiftBits.length) + WEIGHT_FRACTION_BITS;
}

/** The right shift that turns a logit into an index of the sigmoid table. */
export function sigmoidShiftBits(rule: TrainingRule): number {
  return logitFractionBits(rule) - SIGMOID_INDEX_FRACTION_BITS;
}

/** f(t): what step `step` (from 0) multiplies gradients by; a power of two. */
export function learningRateFactor(rule: TrainingRule, step: number): number {
  return 2 ** Math.max(0, rule.initialRateBits - Math.floor(step / rule.halvingSteps));
}

/** Largest magnitude that a scaled gradient or a back-propagated sum can have. */
function worstCaseValue(rule: TrainingRule): number {
  const { layerSizes, inputBits, weightBits, quotientBits } = rule.architecture;
  const largestDelta = 2 ** Math.max(rule.magnitudeBits, PROBABILITY_FRACTION_BITS);
  const largestInput = 2 ** Math.max(inputBits, quotientBits - 1);
  const largestBiasFactor = 2 ** Math.max(...rule.biasFactorBits);
  const gradient = rule.batchSize * largestDelta * 2 ** rule.initialRateBits;
  const backSum = Math.max(...layerSizes) * largestDelta * 2 ** (weightBits - 1);
  return Math.max(gradient * largestInput + 2 ** 30, gradient * largestBiasFactor, backSum);
}

/**
 * The one text of a rule that trainingRuleDigest hashes: fields in this order with one space between, lists joined by
 * commas, the sigmoid table as keccak256 of its 1,024 entries of two bytes (big-endian), the architecture's text last.
 */
export function canonicalTrainingRule(rule: TrainingRule): string {
  const table = new Uint8Array(2 * SIGMOID_TABLE.length);
  const view = new DataView(table.buffer);
  SIGMOID_TABLE.forEach((probability, position) => view.setUint16(2 * position, probability));
  return [
    "zkpot.training-rule.v1",
    `id=${rule.id}`,
    `batchSize=${rule.batchSize}`,
    `epochs=${rule.epochs}`,
    `initialRateBits=${rule.initialRateBits}`,
    `halvingSteps=${rule.halvingSteps}`,
    `weightShiftBits=${rule.weightShiftBits.join(",")}`,
    `biasFactorBits=${rule.biasFactorBits.join(",")}`,
    `initialRangeBits=${rule.initialRangeBits.join(",")}`,
    `magnitudeBits=${rule.magnitudeBits}`,
    `excessBits=${rule.excessBits}`,
    `sigmoidTable=0x${bytesToHex(keccak_256(table))}`,
    canonicalArchitecture(rule.architecture),
  ].join(" ");
}

/** keccak256 of the canonical text (UTF-8): names the rule in tasks and contracts. */
export function trainingRuleDigest(rule: TrainingRule): `0x${string}` {
  validateTrainingRule(rule);
  return `0x${bytesToHex(keccak_256(utf8ToBytes(canonicalTrainingRule(rule))))}`;
}

function invalidRule(problem: string): TrainingError {
  return new TrainingError(
    "training.rule",
    `the training rule is not usable: ${problem}`,
    "Use the rule of the task, or change the field named.",
    { problem },
  );
}
