import { keccak_256 } from "@noble/hashes/sha3.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";

/**
 * Seeded generator for splits, initial weights and batch order: xoshiro128** by D. Blackman and S. Vigna
 * (https://prng.di.unimi.it/xoshiro128starstar.c, public domain), its state the first 16 bytes of
 * keccak256("zkpot.random.v1" ‖ 0 ‖ stream ‖ 0 ‖ seed), read as four little-endian words.
 *
 * The same seed and stream give the same numbers on every machine; different streams are independent.
 * It is not a source of secrets: salts and masks come from the system's generator.
 */
export class SeededRandom {
  readonly #state = new Uint32Array(4);

  constructor(seed: string, stream: string) {
    const digest = keccak_256(utf8ToBytes(`zkpot.random.v1\0${stream}\0${seed}`));
    const view = new DataView(digest.buffer, digest.byteOffset);
    for (let word = 0; word < 4; word++) this.#state[word] = view.getUint32(4 * word, true);
    // The all-zero state is the generator's only fixed point.
    if (this.#state.every((word) => word === 0)) this.#state[0] = 1;
  }

  /** The next 32 uniform bits, as an unsigned integer. */
  nextUint32(): number {
    const [s0, s1, s2, s3] = this.#state as unknown as [number, number, number, number];
    const result = Math.imul(rotateLeft(Math.imul(s1, 5), 7), 9) >>> 0;
    const mixed2 = s2 ^ s0;
    const mixed3 = s3 ^ s1;
    this.#state[1] = s1 ^ mixed2;
    this.#state[0] = s0 ^ mixed3;
    this.#state[2] = mixed2 ^ (s1 << 9);
    this.#state[3] = rotateLeft(mixed3, 11);
    return result;
  }

  /** Uniform integer in 0..limit−1, without modulo bias; `limit` is 1..2^32. */
  nextInteger(limit: number): number {
    if (!Number.isInteger(limit) || limit < 1 || limit > 2 ** 32) {
      throw new RangeError(`limit must be an integer in 1..2^32, got ${limit}`);
    }
    const usable = 2 ** 32 - (2 ** 32 % limit);
    for (;;) {
      const value = this.nextUint32();
      if (value < usable) return value % limit;
    }
  }

  /** Uniform number in [0, 1) with 32 bits of resolution. */
  nextUnit(): number {
    return this.nextUint32() / 2 ** 32;
  }

  /** The integers 0..count−1 in random order (Fisher–Yates). */
  permutation(count: number): Int32Array {
    const order = Int32Array.from({ length: count }, (_, index) => index);
    for (let last = count - 1; last > 0; last--) {
      const other = this.nextInteger(last + 1);
      const held = order[last]!;
      order[last] = order[other]!;
      order[other] = held;
    }
    return order;
  }
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
