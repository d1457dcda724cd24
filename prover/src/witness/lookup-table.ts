import { limbCount } from "../circuits/accuracy.ts";

/** Counts the lookups of a range table 0..2^tableBits−1 as `Limbs` in circuits/lib makes them. */
export class LookupTable {
  readonly #tableBits: number;
  readonly #counts: Uint32Array;

  constructor(tableBits: number) {
    this.#tableBits = tableBits;
    this.#counts = new Uint32Array(2 ** tableBits);
  }

  /** The table holds 0..2^bits−1. */
  get bits(): number {
    return this.#tableBits;
  }

  /** Splits an unsigned value of `bits` into limbs, least significant first, and counts their lookups. */
  limbs(value: number, bits: number): bigint[] {
    const base = 2 ** this.#tableBits;
    const count = limbCount(bits, this.#tableBits);
    const limbs: bigint[] = [];
    let rest = value;
    for (let index = 0; index < count; index++) {
      const limb = rest % base;
      this.look(limb, Math.min(bits - index * this.#tableBits, this.#tableBits));
      limbs.push(BigInt(limb));
      rest = Math.floor(rest / base);
    }
    if (rest !== 0 || value < 0) throw new RangeError(`a value does not fit in ${bits} bits`);
    return limbs;
  }

  /** Counts the one or two lookups that bound an unsigned value of at most `tableBits` bits. */
  look(value: number, bits: number): void {
    this.#count(value);
    if (bits < this.#tableBits) this.#count(value * 2 ** (this.#tableBits - bits));
  }

  #count(entry: number): void {
    if (!(entry >= 0 && entry < this.#counts.length)) {
      throw new RangeError(`a value exceeds the table of ${this.#tableBits} bits`);
    }
    this.#counts[entry]!++;
  }

  /** How often each entry was looked up. */
  multiplicities(): bigint[] {
    return Array.from(this.#counts, BigInt);
  }
}
