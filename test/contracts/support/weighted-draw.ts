/** What draws must give, written from their description. */
import { ethers } from "./deployment.ts";

import type { BaseContract } from "ethers";

/** Entries drawn one after the other from a list of those that are left. */
export function expectedIndices(
  weights: readonly bigint[],
  taken: readonly number[],
  seats: number,
  seed: string,
): number[] {
  const left = new Map(weights.map((weight, index) => [index, weight]));
  for (const index of taken) left.delete(index);
  return Array.from({ length: seats }, (_, i) => {
    const hash = ethers.solidityPackedKeccak256(["bytes32", "uint256"], [seed, i]);
    let point = BigInt(hash) % [...left.values()].reduce((sum, weight) => sum + weight, 0n);
    for (const [index, weight] of left) {
      if (point < weight) {
        left.delete(index);
        return index;
      }
      point -= weight;
    }
    throw new Error("the point lies beyond the list");
  });
}

/**
 * Seed of a draw that uses block `blockNumber`, whose hash is known only for a while: the words of `which` are task and
 * round, or the committee.
 */
export async function drawSeed(
  domain: string,
  contract: BaseContract,
  which: readonly bigint[],
  blockNumber: bigint,
): Promise<string> {
  const { provider } = ethers;
  const { chainId } = await provider.getNetwork();
  const block = await provider.getBlock(Number(blockNumber));
  const words = ["bytes32", "uint256", "address", ...which.map(() => "uint256"), "uint256", "bytes32"];
  const values = [
    ethers.id(domain),
    chainId,
    await contract.getAddress(),
    ...which,
    blockNumber,
    block!.hash!,
  ];
  return ethers.keccak256(ethers.AbiCoder.defaultAbiCoder().encode(words, values));
}
