/** What poster and provers compute of a revealed test set. */
import { type AccuracyInstance, accuracyLayout } from "../circuits/accuracy.ts";
import { flattenBlock } from "../circuits/layout.ts";
import type { Hash } from "../merkle-vector.ts";
import type { KeySet } from "../proof/keys/key-set.ts";
import { G1_BYTES, type G1Point } from "../proof/points.ts";
import type { TaskShard } from "../task/task-files.ts";
import { accuracyDatasetBlock } from "../witness/accuracy-witness.ts";
import { findWrongEnd, type OpeningFault } from "./find-fault.ts";
import { basesRoot, type Opening, openingRoot, openShards } from "./opening.ts";
import type { OpeningTerms } from "./terms.ts";

/** What published data are worth to a prover. */
export type RevealReview =
  /** They open the data points: a prover can count on them, and prove. */
  | { readonly kind: "opens" }
  /** They are what the poster stated, and wrong: a dispute takes the bond. */
  | { readonly kind: "fault"; readonly fault: OpeningFault }
  /** They are not what the poster stated: only what it answers to demands shows what that was. */
  | { readonly kind: "other" };

/**
 * Opens a test set under the dataset points of its task's key: what a poster reveals, and answers demands from.
 *
 * Throws WitnessError when a shard does not fit the instance, SealError `seal.words` when the key is another instance's.
 */
export async function openTestSet(
  instance: AccuracyInstance,
  keys: KeySet,
  shards: readonly TaskShard[],
  onProgress?: (done: number, total: number) => void,
): Promise<Opening> {
  const layout = accuracyLayout(instance);
  const words = shards.map(({ testSet, blinding }) =>
    flattenBlock(layout.dataset, accuracyDatasetBlock(instance, testSet.samples, blinding)),
  );
  return await openShards(keys.commitmentKey.datasetBases, words, onProgress);
}

/** What a key fixes of the terms of a seal. */
export async function openingTermsOf({ commitmentKey }: KeySet): Promise<OpeningTerms> {
  const { datasetBases } = commitmentKey;
  return { wordsPerShard: datasetBases.length / G1_BYTES, basesRoot: await basesRoot(datasetBases) };
}

/** Compares the opening of published data with the root that the poster stated and with the task's data points. */
export function reviewReveal(
  published: Opening,
  statedRoot: Hash,
  dataPoints: readonly G1Point[],
): RevealReview {
  // Its steps are right, since it was computed here: only an end can be wrong.
  const claim = findWrongEnd(published, dataPoints);
  if (claim === undefined) return { kind: "opens" };
  if (openingRoot(published) !== statedRoot) return { kind: "other" };
  return { kind: "fault", fault: { kind: "end", claim } };
}
