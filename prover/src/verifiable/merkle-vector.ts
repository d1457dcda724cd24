import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, concatBytes } from "@noble/hashes/utils.js";

import { bigEndian } from "./bytes.ts";

/** 32 bytes in hexadecimal. */
export type Hash = `0x${string}`;

/**
 * A keccak256 Merkle tree that commits to a vector, one value an index, equal to MerkleVector.sol.
 *
 * It has 2^ceil(log2(count)) leaves; leaf i is keccak256(keccak256(abi.encode(uint256 i, uint256 value))), as in
 * OpenZeppelin's StandardMerkleTree, those from `count` on are zero; a node is the keccak256 of its left and its right
 * child. Pairs are not sorted: the bits of the index say which side is which, so a path fits one place, and no tree
 * holds two values under one index.
 */
export interface MerkleVector {
  readonly count: number;
  /** Leaves first, root last. */
  readonly levels: readonly (readonly Uint8Array[])[];
}

/** The tree of `values`, each below 2^256; throws RangeError for none. */
export function merkleVector(values: readonly bigint[]): MerkleVector {
  if (values.length === 0) throw new RangeError("a Merkle vector needs at least one value");
  const zero = new Uint8Array(32);
  const size = 2 ** Math.ceil(Math.log2(values.length));
  let level: Uint8Array[] = Array.from({ length: size }, (_, index) => {
    const value = values[index];
    return value === undefined
      ? zero
      : keccak_256(keccak_256(concatBytes(bigEndian(index, 32), bigEndian(value, 32))));
  });
  const levels = [level];
  while (level.length > 1) {
    const below = level;
    level = Array.from({ length: below.length / 2 }, (_, index) =>
      parent(below[2 * index]!, below[2 * index + 1]!),
    );
    levels.push(level);
  }
  return { count: values.length, levels };
}

/** The tree's root. */
export function merkleRoot({ levels }: MerkleVector): Hash {
  return hex(levels[levels.length - 1]![0]!);
}

/** The siblings of leaf `index` from below, one a level; throws RangeError for an index the vector does not have. */
export function merklePath(tree: MerkleVector, index: number): Hash[] {
  checkIndex(tree, index);
  return climb(tree, 0, index, tree.levels.length - 1);
}

/**
 * The path of leaves `index` and `index + 1` together, for MerkleVector.rootOfPair: with k trailing one bits of
 * `index` the k siblings of the first leaf, the k siblings of the second, then those of the node above both.
 *
 * Throws RangeError unless the vector has both.
 */
export function merklePairPath(tree: MerkleVector, index: number): Hash[] {
  checkIndex(tree, index);
  checkIndex(tree, index + 1);
  let apart = 0;
  while (Math.floor(index / 2 ** apart) % 2 === 1) apart++;
  const common = Math.floor(index / 2 ** (apart + 1));
  return [
    ...climb(tree, 0, index, apart),
    ...climb(tree, 0, index + 1, apart),
    ...climb(tree, apart + 1, common, tree.levels.length - 1),
  ];
}

/** Siblings on the way from node `index` of level `from` up to, not including, level `to`. */
function climb(tree: MerkleVector, from: number, index: number, to: number): Hash[] {
  const path: Hash[] = [];
  let position = index;
  for (let level = from; level < to; level++) {
    path.push(hex(tree.levels[level]![position ^ 1]!));
    position >>= 1;
  }
  return path;
}

function parent(left: Uint8Array, right: Uint8Array): Uint8Array {
  return keccak_256(concatBytes(left, right));
}

function checkIndex({ count }: MerkleVector, index: number): void {
  if (!Number.isInteger(index) || index < 0 || index >= count) {
    throw new RangeError(`index ${index} is outside 0..${count - 1}`);
  }
}

function hex(bytes: Uint8Array): Hash {
  return `0x${bytesToHex(bytes)}`;
}
