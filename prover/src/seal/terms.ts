import { SealError } from "./seal-error.ts";

/** Gas of a transaction that answers a demand, at most; under test in seal-gas.test.ts. */
export const ANSWER_GAS = 275_000n;

/** Of TestSetSeal.sol: least bond in basis points of the reward, and most of a demand in those of the bond. */
const MIN_BOND_BPS = 1_000n;
const MAX_DEMAND_BPS = 1_000n;
const BASIS_POINTS = 10_000n;
/** Of TestSetSeal.sol. */
export const MIN_DISPUTE_SECONDS = 1_800;

/** Terms of a seal as far as a key and its circuit fix them. */
export interface OpeningTerms {
  readonly wordsPerShard: number;
  readonly basesRoot: string;
}

/** The stake of a demand half of which pays for an answer at this gas price, in wei of the native coin. */
export function demandWeiFor(gasPriceWei: bigint): bigint {
  return 2n * ANSWER_GAS * gasPriceWei;
}

/**
 * The least bond that the contract accepts.
 *
 * @param rewardWei Of a reward in the token of the bond; 0 for one in another token.
 */
export function leastBondWei(rewardWei: bigint, demandWei: bigint, maxProvers: number): bigint {
  const least = [
    ceilDiv(rewardWei * MIN_BOND_BPS, BASIS_POINTS),
    ceilDiv(demandWei * BASIS_POINTS, MAX_DEMAND_BPS),
    BigInt(maxProvers),
  ];
  return least.reduce((a, b) => (a > b ? a : b));
}

/**
 * The bond of a poster that names none: the reward at least, so that letting the task lapse never costs less than paying.
 *
 * @param leastWei What the contract accepts.
 * @param rewardWei Of a reward in the token of the bond; 0 for one in another token.
 */
export function defaultBondWei(leastWei: bigint, rewardWei: bigint): bigint {
  return leastWei > rewardWei ? leastWei : rewardWei;
}

/**
 * Seconds in which a poster can answer demands for all chunks of an opening: one a second, which is about a quarter of a
 * million gas a second, about a tenth of what a chain with 30 million gas every twelve seconds has.
 */
export function disputeSecondsFor(chunks: number): number {
  return Math.max(MIN_DISPUTE_SECONDS, chunks);
}

/**
 * Checks what a prover must know of a seal before it commits: that disputes will be about the task's own key.
 *
 * Throws SealError `seal.other-words` or `seal.other-bases`, naming both values.
 */
export function checkOpeningTerms(stated: OpeningTerms, own: OpeningTerms): void {
  const fail = (code: string, problem: string): never => {
    throw new SealError(code, problem, "Do not commit: a wrong reveal could not be shown to be wrong.");
  };
  if (stated.wordsPerShard !== own.wordsPerShard) {
    fail(
      "seal.other-words",
      `the seal states ${stated.wordsPerShard} words for each shard, the task's circuit has ${own.wordsPerShard}`,
    );
  }
  if (stated.basesRoot.toLowerCase() !== own.basesRoot.toLowerCase()) {
    fail(
      "seal.other-bases",
      `the seal states bases with root ${stated.basesRoot}, those of the task's key have ${own.basesRoot}`,
    );
  }
}

function ceilDiv(value: bigint, divisor: bigint): bigint {
  return (value + divisor - 1n) / divisor;
}
