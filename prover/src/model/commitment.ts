import { poseidon2, poseidon3, poseidon16 } from "poseidon-lite";

import { architectureId } from "./architecture.ts";
import { type IntegerModel, validateIntegerModel } from "./integer-model.ts";

const WORD_BITS = 252;

/**
 * Poseidon over any fixed number of field elements: 16 inputs per call, the first of each later call
 * being the previous digest, the last call padded with zeros (`PoseidonChain` in circuits/lib).
 */
export function poseidonChain(values: readonly bigint[]): bigint {
  let digest = padded(values.slice(0, 16));
  for (let next = 16; next < values.length; next += 15) {
    digest = padded([digest, ...values.slice(next, next + 15)]);
  }
  return digest;
}

function padded(inputs: readonly bigint[]): bigint {
  return poseidon16([...inputs, ...new Array<bigint>(16 - inputs.length).fill(0n)]);
}

/** Unsigned values of `bits`, as many per 252-bit word as fit, least significant first. */
export function packWords(values: readonly number[], bits: number): bigint[] {
  const perWord = Math.floor(WORD_BITS / bits);
  const words: bigint[] = [];
  for (let start = 0; start < values.length; start += perWord) {
    const word = values
      .slice(start, start + perWord)
      .reduceRight((packed, value) => (packed << BigInt(bits)) + BigInt(value), 0n);
    words.push(word);
  }
  return words;
}

/**
 * The digest of a model: Poseidon over architecture id, packed weights and packed biases (all in offset form),
 * equal to `ModelDigest` in circuits/lib. It hides nothing of a model that can be guessed.
 */
export function modelDigest(model: IntegerModel): bigint {
  validateIntegerModel(model);
  const { weightBits, biasBits } = model.architecture;
  const weights = model.layers.flatMap((layer) => offsetForm(layer.weights, weightBits));
  const biases = model.layers.flatMap((layer) => offsetForm(layer.biases, biasBits));
  return poseidonChain([
    architectureId(model.architecture),
    ...packWords(weights, weightBits),
    ...packWords(biases, biasBits),
  ]);
}

/**
 * The public commitment to a private model: Poseidon over the model's digest and a salt, equal to
 * `ModelCommitment` in circuits/lib.
 *
 * `salt` is a uniform field element that must be kept: without it the commitment cannot be opened.
 */
export function modelCommitment(model: IntegerModel, salt: bigint): bigint {
  return poseidon2([modelDigest(model), salt]);
}

/**
 * The nullifier of a model in one round of a federation, equal to `RoundNullifier` in circuits/lib: the same
 * weights have the same one under any salt.
 *
 * `federation` is the context word that names chain, contract and federation; `round` counts from 0.
 */
export function roundNullifier(federation: bigint, round: bigint, model: IntegerModel): bigint {
  return poseidon3([federation, round, modelDigest(model)]);
}

/** Signed values of `bits` as unsigned ones: v + 2^(bits−1). */
export function offsetForm(values: Int32Array, bits: number): number[] {
  return Array.from(values, (value) => value + 2 ** (bits - 1));
}
