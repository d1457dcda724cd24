import { poseidon2 } from "poseidon-lite";

import { toField } from "../field.ts";
import type { IntegerModel } from "../model/integer-model.ts";
import { type TrainingRule, validateTrainingRule } from "./training-rule.ts";

/** 16-bit chunks taken from one Poseidon digest: its low 240 bits. */
const CHUNKS_PER_DIGEST = 15;

/**
 * The model before the first step, from the seed alone, as the `train-init` circuit checks it.
 *
 * Weight i, counted over all layers in row-major order, reads chunk u = floor(h / 2^(16·(i mod 15))) mod 2^16 of
 * h = Poseidon(seed mod r, floor(i/15)) and is floor((u − 2^15)·2^initialRangeBits / 2^16). A hidden bias is
 * 2^(shiftBits−1), which makes the layer's floor round half up; a bias of the last layer is 0.
 */
export function initialModel(rule: TrainingRule, seed: bigint): IntegerModel {
  validateTrainingRule(rule);
  const { architecture, initialRangeBits } = rule;
  const { layerSizes, shiftBits } = architecture;
  const nextChunk = chunks(toField(seed));
  const layers = layerSizes.slice(1).map((outputs, layer) => {
    const divisor = 2 ** (16 - initialRangeBits[layer]!);
    const weights = Int32Array.from({ length: layerSizes[layer]! * outputs }, () =>
      Math.floor((nextChunk() - 2 ** 15) / divisor),
    );
    const shift = shiftBits[layer] ?? 0;
    return { weights, biases: new Int32Array(outputs).fill(shift === 0 ? 0 : 2 ** (shift - 1)) };
  });
  return { architecture, layers };
}

function chunks(seed: bigint): () => number {
  let index = 0;
  let digest = 0n;
  return () => {
    if (index % CHUNKS_PER_DIGEST === 0) digest = poseidon2([seed, BigInt(index / CHUNKS_PER_DIGEST)]);
    index++;
    const chunk = Number(digest & 0xffffn);
    digest >>= 16n;
    return chunk;
  };
}
