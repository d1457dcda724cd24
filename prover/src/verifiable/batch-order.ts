import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex } from "@noble/hashes/utils.js";

import { bigEndian } from "../bytes.ts";

/** Rounds of the shuffle; Ethereum's consensus layer takes 90 for a million validators, batches are far fewer. */
export const SHUFFLE_ROUNDS = 32;

/**
 * The batch that is learnt at `position` (0..batchCount−1) of `epoch` (from 0): the swap-or-not shuffle of Hoang,
 * Morris and Rogaway (2012) as Ethereum's consensus specification has it, computable for one position alone.
 *
 * Round r takes pivot = keccak256(abi.encodePacked(bytes32 seed, uint64 epoch, uint8 r)) mod batchCount and pairs an
 * index with (pivot − index) mod batchCount; the larger of the two, packed after r as uint64, decides by the lowest
 * bit of its hash whether they swap.
 */
export function batchIndex(seed: bigint, epoch: number, position: number, batchCount: number): number {
  return walk(seed, epoch, position, batchCount, pivotsOf(seed, epoch, batchCount));
}

/** batchIndex of every position of an epoch: a permutation of 0..batchCount−1. */
export function batchOrder(seed: bigint, epoch: number, batchCount: number): Int32Array {
  const pivots = pivotsOf(seed, epoch, batchCount);
  return Int32Array.from({ length: batchCount }, (_, position) =>
    walk(seed, epoch, position, batchCount, pivots),
  );
}

function walk(
  seed: bigint,
  epoch: number,
  position: number,
  batchCount: number,
  pivots: readonly number[],
): number {
  const bytes = new Uint8Array(49);
  bytes.set(roundBytes(seed, epoch));
  let index = position;
  pivots.forEach((pivot, round) => {
    const partner = (pivot + batchCount - index) % batchCount;
    bytes[40] = round;
    bytes.set(bigEndian(Math.max(index, partner), 8), 41);
    if (keccak_256(bytes)[31]! & 1) index = partner;
  });
  return index;
}

function pivotsOf(seed: bigint, epoch: number, batchCount: number): number[] {
  if (!Number.isSafeInteger(batchCount) || batchCount < 1) {
    throw new RangeError(`batchCount must be a positive integer, got ${batchCount}`);
  }
  const bytes = roundBytes(seed, epoch);
  return Array.from({ length: SHUFFLE_ROUNDS }, (_, round) => {
    bytes[40] = round;
    return Number(BigInt(`0x${bytesToHex(keccak_256(bytes))}`) % BigInt(batchCount));
  });
}

/** Seed, epoch and one byte for the round. */
function roundBytes(seed: bigint, epoch: number): Uint8Array {
  const bytes = new Uint8Array(41);
  bytes.set(bigEndian(seed, 32));
  bytes.set(bigEndian(epoch, 8), 32);
  return bytes;
}
