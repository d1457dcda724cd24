/** Merkle trees that commit to a vector, as the contracts check them; written apart from every other implementation. */
import { keccak_256 } from "@noble/hashes/sha3.js";

const WORD_BYTES = 32;
const ZERO = new Uint8Array(WORD_BYTES);

function word(value: bigint): Uint8Array {
  return Buffer.from(value.toString(16).padStart(2 * WORD_BYTES, "0"), "hex");
}

function node(left: Uint8Array, right: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(2 * WORD_BYTES);
  bytes.set(left);
  bytes.set(right, WORD_BYTES);
  return keccak_256(bytes);
}

function hex(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes).toString("hex")}`;
}

export class MerkleVector {
  /** Levels from the leaves to the root. */
  readonly #levels: Uint8Array[][];

  constructor(values: readonly bigint[]) {
    const leaves: Uint8Array[] = values.map((value, index) =>
      keccak_256(node(word(BigInt(index)), word(value))),
    );
    while ((leaves.length & (leaves.length - 1)) !== 0) leaves.push(ZERO);
    this.#levels = [leaves];
    for (let level = leaves; level.length > 1;) {
      const below = level;
      level = Array.from({ length: below.length / 2 }, (_, i) => node(below[2 * i]!, below[2 * i + 1]!));
      this.#levels.push(level);
    }
  }

  get depth(): number {
    return this.#levels.length - 1;
  }

  get root(): string {
    return hex(this.#levels.at(-1)![0]!);
  }

  #siblings(index: number, from: number, to: number): string[] {
    return this.#levels.slice(from, to).map((level, i) => hex(level[(index >> (from + i)) ^ 1]!));
  }

  /** Siblings of a leaf from below. */
  path(index: number): string[] {
    return this.#siblings(index, 0, this.depth);
  }

  /** Siblings of the leaf below the node it shares with the next leaf, those of the next leaf, and those of that node. */
  pairPath(index: number): string[] {
    let meet = 0;
    while (index >> (meet + 1) !== (index + 1) >> (meet + 1)) meet++;
    return [
      ...this.#siblings(index, 0, meet),
      ...this.#siblings(index + 1, 0, meet),
      ...this.#siblings(index, meet + 1, this.depth),
    ];
  }
}
