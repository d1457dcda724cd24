/** What a machine has left for proofs. */
export interface FreeMachine {
  readonly cores: number;
  readonly freeMemoryBytes: number;
}

/** Share of the free memory that proofs may take: others want some, too. */
const MEMORY_SHARE = 0.8;
/**
 * Cores that one proof keeps busy: a digits proof takes 6.5 s of processor time, and 3.2 s on two cores, so that a second
 * one beside it would gain nothing.
 */
const CORES_PER_PROOF = 2;

/** How many proofs to make at a time, at least one and at most one for each shard. */
export function provingJobs(
  shards: number,
  memoryBytesPerProof: number,
  { cores, freeMemoryBytes }: FreeMachine,
): number {
  const byMemory = Math.floor((MEMORY_SHARE * freeMemoryBytes) / memoryBytesPerProof);
  const byCores = Math.ceil(cores / CORES_PER_PROOF);
  return Math.max(1, Math.min(shards, byMemory, byCores));
}
