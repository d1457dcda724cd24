/** Rows of the Poseidon hashes that all circuits share, counted from their parameters. */
import type { Architecture } from "../model/architecture.ts";

/** Bits of a word that Poseidon takes. */
const WORD_BITS = 252;
/** Non-linear constraints of circomlib's Poseidon over 16 inputs; a constant input saves three. */
const POSEIDON_16 = 609;
const POSEIDON_CONSTANT = 3;
/** The same over a model's digest and a salt. */
const POSEIDON_2 = 240;

/** Constraints of a Poseidon chain over `count` values, `constants` of them known to the compiler. */
export function chainRows(count: number, constants: number): number {
  const calls = count <= 16 ? 1 : 1 + Math.ceil((count - 16) / 15);
  const padding = 16 + 15 * (calls - 1) - count;
  return calls * POSEIDON_16 - POSEIDON_CONSTANT * (padding + constants);
}

/** Constraints of a model commitment: digest and salt, `constants` of the digest's words known to the compiler. */
export function commitmentRows(architecture: Architecture, constants: number): number {
  return chainRows(commitmentWords(architecture).words, constants) + POSEIDON_2;
}

/** Counts of what a model commitment hashes. */
export function commitmentWords({ layerSizes, weightBits, biasBits }: Architecture): {
  readonly weights: number;
  readonly biasWords: number;
  /** With the architecture id. */
  readonly words: number;
} {
  const weights = layerSizes.slice(1).reduce((sum, size, layer) => sum + size * layerSizes[layer]!, 0);
  const biases = layerSizes.slice(1).reduce((sum, size) => sum + size, 0);
  const biasWords = packedWordCount(biases, biasBits);
  return { weights, biasWords, words: packedWordCount(weights, weightBits) + biasWords + 1 };
}

/** Words that hold `count` values of `bits`, 252 bits at most per word. */
export function packedWordCount(count: number, bits: number): number {
  return Math.ceil(count / Math.floor(WORD_BITS / bits));
}
