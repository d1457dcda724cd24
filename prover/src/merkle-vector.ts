import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, concatBytes, hexToBytes } from "@noble/hashes/utils.js";

import { bigEndian } from "./bytes.ts";

/** 32 bytes in hexadecimal. */
export type Hash = `0x${string}`;

const HASH_BYTES = 32;

/**
 * A keccak256 Merkle tree that commits to a vector, one value an index, equal to MerkleVector.sol.
 *
 * It has 2^depth leaves, depth = ceil(log2(count)); leaf i is keccak256(keccak256(abi.encode(uint256 i, uint256 value))),
 * as in OpenZeppelin's StandardMerkleTree, those from `count` on are zero; a node is the keccak256 of its left and its
 * right child. Pairs are not sorted: the bits of the index say which side is which, so a path fits one place, and no
 * tree holds two values under one index.
 */
export interface MerkleVector {
  readonly count: number;
  /** Levels between the leaves and the root. */
  readonly depth: number;
  /** The node at `position` of a level, leaves being level 0; throws RangeError for one that is not known. */
  readonly node: (level: number, position: number) => Uint8Array;
}

/** Neighbouring values of a vector, shown by the path of the node above them. */
export interface MerkleBlock {
  /** Index of the first value, a multiple of `2^levels`. */
  readonly first: number;
  /** Levels between the values' leaves and their common node. */
  readonly levels: number;
  readonly values: readonly bigint[];
  /** Siblings of the common node, from below. */
  readonly path: readonly Hash[];
}

/** The tree of `values`, each below 2^256; throws RangeError for none. */
export function merkleVector(values: readonly bigint[]): MerkleVector {
  if (values.length === 0) throw new RangeError("a Merkle vector needs at least one value");
  const depth = merkleDepth(values.length);
  // One buffer a level: an opening has hundreds of thousands of nodes.
  let level = new Uint8Array(2 ** depth * HASH_BYTES);
  values.forEach((value, index) => level.set(leaf(index, value), index * HASH_BYTES));
  const levels = [level];
  while (level.length > HASH_BYTES) {
    const above = new Uint8Array(level.length / 2);
    for (let offset = 0; offset < above.length; offset += HASH_BYTES) {
      above.set(keccak_256(level.subarray(2 * offset, 2 * (offset + HASH_BYTES))), offset);
    }
    levels.push((level = above));
  }
  const node = (height: number, position: number) =>
    levels[height]!.subarray(position * HASH_BYTES, (position + 1) * HASH_BYTES);
  return { count: values.length, depth, node };
}

/**
 * What is known of the tree of `count` values from some blocks of it: all nodes in and beside them, hence the path of
 * every value in them, and of every pair of neighbours. Blocks and paths are believed.
 */
export function partialMerkleVector(count: number, blocks: readonly MerkleBlock[]): MerkleVector {
  const depth = merkleDepth(count);
  const known = new Map<number, Uint8Array>();
  // Positions of a level are below 2^(depth − level), so each node has a number of its own.
  const key = (level: number, position: number) => 2 ** (depth - level) + position;
  for (const { first, levels, values, path } of blocks) {
    for (let offset = 0; offset < 2 ** levels; offset++) {
      const value = values[offset];
      const hash = value === undefined ? new Uint8Array(HASH_BYTES) : leaf(first + offset, value);
      known.set(key(0, first + offset), hash);
    }
    for (let level = 1; level <= levels; level++) {
      const start = first / 2 ** level;
      for (let position = start; position < start + 2 ** (levels - level); position++) {
        const [left, right] = [2 * position, 2 * position + 1].map((child) =>
          known.get(key(level - 1, child))!,
        );
        known.set(key(level, position), keccak_256(concatBytes(left!, right!)));
      }
    }
    path.forEach((sibling, above) => {
      const level = levels + above;
      known.set(key(level, Math.floor(first / 2 ** level) ^ 1), hexToBytes(sibling.slice(2)));
    });
  }
  const node = (level: number, position: number) => {
    const found = known.get(key(level, position));
    if (found === undefined) throw new RangeError(`node ${position} of level ${level} is not known`);
    return found;
  };
  return { count, depth, node };
}

/** Levels between the leaves and the root of a tree of `count` values. */
export function merkleDepth(count: number): number {
  return Math.ceil(Math.log2(count));
}

/** The tree's root. */
export function merkleRoot({ depth, node }: MerkleVector): Hash {
  return hex(node(depth, 0));
}

/** The siblings of leaf `index` from below, one a level; throws RangeError for an index the vector does not have. */
export function merklePath(tree: MerkleVector, index: number): Hash[] {
  checkIndex(tree, index);
  return climb(tree, 0, index, tree.depth);
}

/**
 * The siblings of the node `levels` above leaves `first` … `first + 2^levels − 1`, for MerkleVector.rootOfBlock.
 *
 * Throws RangeError unless the vector has leaf `first`.
 */
export function merkleBlockPath(tree: MerkleVector, first: number, levels: number): Hash[] {
  checkIndex(tree, first);
  return climb(tree, levels, Math.floor(first / 2 ** levels), tree.depth);
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
    ...climb(tree, apart + 1, common, tree.depth),
  ];
}

function leaf(index: number, value: bigint): Uint8Array {
  return keccak_256(keccak_256(concatBytes(bigEndian(index, HASH_BYTES), bigEndian(value, HASH_BYTES))));
}

/** Siblings on the way from node `position` of level `from` up to, not including, level `to`. */
function climb(tree: MerkleVector, from: number, position: number, to: number): Hash[] {
  const path: Hash[] = [];
  let current = position;
  for (let level = from; level < to; level++) {
    path.push(hex(tree.node(level, current ^ 1)));
    current >>= 1;
  }
  return path;
}

function checkIndex({ count }: MerkleVector, index: number): void {
  if (!Number.isInteger(index) || index < 0 || index >= count) {
    throw new RangeError(`index ${index} is outside 0..${count - 1}`);
  }
}

function hex(bytes: Uint8Array): Hash {
  return `0x${bytesToHex(bytes)}`;
}
