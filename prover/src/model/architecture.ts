import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { z } from "zod";

import { FIELD_ORDER } from "../field.ts";
import { ModelError } from "./model-error.ts";

/**
 * What an integer model computes, apart from its weights: layer sizes and the range of every value.
 *
 * For layer l with inputs a (features or activations), weights w and biases b:
 *   z_h = sum_j a_j·w_jh + b_h
 *   hidden layer:  q = floor(z / 2^shiftBits[l]),  a' = max(q, 0)
 *   last layer:    logits z; prediction = first maximum (lowest class index wins ties)
 *
 * Ranges, all enforced by the circuits:
 *   feature      0 ≤ x < 2^inputBits
 *   weight      −2^(weightBits−1) ≤ w < 2^(weightBits−1)
 *   bias        −2^(biasBits−1) ≤ b < 2^(biasBits−1)
 *   quotient     |q| < 2^(quotientBits−1): the circuits look up its magnitude
 *   margin      |z_y − z_c| < 2^(marginBits−1) between the label's logit and any other
 */
export interface Architecture {
  /** Features, hidden widths, classes: at least two entries; [30, 2] is a linear model. */
  readonly layerSizes: readonly number[];
  readonly inputBits: number;
  readonly weightBits: number;
  readonly biasBits: number;
  readonly quotientBits: number;
  readonly marginBits: number;
  /** One right shift per hidden layer, 0 for none: `layerSizes.length − 2` entries. */
  readonly shiftBits: readonly number[];
}

/** Limits every architecture keeps: integers of the reference stay exact, arrays stay addressable. */
export const ARCHITECTURE_LIMITS = {
  layerCount: 32,
  layerSize: 65_536,
  weightCount: 2 ** 26,
  inputBits: 16,
  weightBits: 24,
  biasBits: 31,
  quotientBits: 24,
  marginBits: 48,
  shiftBits: 30,
} as const;

const size = z.number().int().min(1).max(ARCHITECTURE_LIMITS.layerSize);

/** Schema of an architecture inside other documents; validateArchitecture checks what it cannot. */
export const ARCHITECTURE_SCHEMA = z
  .object({
    layerSizes: z
      .array(size)
      .min(2)
      .max(ARCHITECTURE_LIMITS.layerCount + 1),
    inputBits: z.number().int().min(1).max(ARCHITECTURE_LIMITS.inputBits),
    weightBits: z.number().int().min(2).max(ARCHITECTURE_LIMITS.weightBits),
    biasBits: z.number().int().min(2).max(ARCHITECTURE_LIMITS.biasBits),
    quotientBits: z.number().int().min(2).max(ARCHITECTURE_LIMITS.quotientBits),
    marginBits: z.number().int().min(2).max(ARCHITECTURE_LIMITS.marginBits),
    shiftBits: z.array(z.number().int().min(0).max(ARCHITECTURE_LIMITS.shiftBits)),
  })
  .strict();

/**
 * Throws ModelError `model.architecture` naming the field, its value and its limit, unless every size and width
 * is in range and every sum stays below 2^53, where JavaScript numbers are exact.
 */
export function validateArchitecture(architecture: Architecture): void {
  const parsed = ARCHITECTURE_SCHEMA.safeParse(architecture);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw invalidArchitecture(`${issue.path.join(".") || "architecture"}: ${issue.message}`);
  }
  const { layerSizes, shiftBits } = architecture;
  if (layerSizes[layerSizes.length - 1]! < 2) {
    throw invalidArchitecture("layerSizes: the last entry is the number of classes and must be at least 2");
  }
  if (shiftBits.length !== layerSizes.length - 2) {
    throw invalidArchitecture(
      `shiftBits: ${shiftBits.length} shifts given for ${layerSizes.length - 2} hidden layers`,
    );
  }
  let weightCount = 0;
  for (let layer = 0; layer + 1 < layerSizes.length; layer++) {
    weightCount += layerSizes[layer]! * layerSizes[layer + 1]!;
    const bound = worstCaseSum(architecture, layer);
    if (bound > Number.MAX_SAFE_INTEGER) {
      throw invalidArchitecture(
        `layer ${layer + 1} of ${layerSizes[layer]} inputs can reach a sum of ${bound}, above 2^53 − 1, where it would no longer be exact`,
      );
    }
  }
  if (weightCount > ARCHITECTURE_LIMITS.weightCount) {
    throw invalidArchitecture(
      `layerSizes: ${weightCount} weights exceed the limit of ${ARCHITECTURE_LIMITS.weightCount}`,
    );
  }
}

/** Largest magnitude a layer's sum can have for any weights, biases and inputs in range. */
export function worstCaseSum(architecture: Architecture, layer: number): number {
  const largestInput =
    layer === 0 ? 2 ** architecture.inputBits - 1 : 2 ** (architecture.quotientBits - 1) - 1;
  const fanIn = architecture.layerSizes[layer]!;
  return fanIn * largestInput * 2 ** (architecture.weightBits - 1) + 2 ** (architecture.biasBits - 1);
}

/**
 * The widths used unless others are asked for: features of 8 bits, weights of 10, and every shift equal to the
 * `tableBits` of the circuits' range table, so that a remainder needs one lookup; biases and margins take two.
 *
 * 10 table bits suit layers of up to about a hundred inputs. A wider layer has larger sums for the same weights: each
 * further table bit doubles quotients and shift alike, and so leaves its weights two bits more.
 */
export function defaultArchitecture(layerSizes: readonly number[], tableBits = 10): Architecture {
  const architecture: Architecture = {
    layerSizes: [...layerSizes],
    inputBits: 8,
    weightBits: 10,
    biasBits: 2 * tableBits,
    quotientBits: tableBits,
    marginBits: 2 * tableBits,
    shiftBits: new Array<number>(Math.max(layerSizes.length - 2, 0)).fill(tableBits),
  };
  validateArchitecture(architecture);
  return architecture;
}

/**
 * The one text of an architecture that architectureId hashes, e.g.
 * `zkpot.architecture.v1 layerSizes=64,16,10 inputBits=8 weightBits=10 biasBits=20 quotientBits=10 marginBits=20 shiftBits=10`
 * (decimal numbers, lists joined by commas, fields in this order with one space between).
 */
export function canonicalArchitecture(architecture: Architecture): string {
  const { layerSizes, inputBits, weightBits, biasBits, quotientBits, marginBits, shiftBits } = architecture;
  return [
    "zkpot.architecture.v1",
    `layerSizes=${layerSizes.join(",")}`,
    `inputBits=${inputBits}`,
    `weightBits=${weightBits}`,
    `biasBits=${biasBits}`,
    `quotientBits=${quotientBits}`,
    `marginBits=${marginBits}`,
    `shiftBits=${shiftBits.join(",")}`,
  ].join(" ");
}

/** keccak256 of the canonical text (UTF-8), read big-endian, modulo r: a field element that names the architecture. */
export function architectureId(architecture: Architecture): bigint {
  validateArchitecture(architecture);
  const digest = keccak_256(utf8ToBytes(canonicalArchitecture(architecture)));
  return BigInt(`0x${bytesToHex(digest)}`) % FIELD_ORDER;
}

function invalidArchitecture(problem: string): ModelError {
  return new ModelError(
    "model.architecture",
    `the architecture is not usable: ${problem}`,
    "Change the layer sizes or bit widths as named.",
    { problem },
  );
}
