import type { RoundAccuracyInstance } from "../circuits/accuracy.ts";
import type { TestSet } from "../data/test-set.ts";
import { modelCommitment } from "../model/commitment.ts";
import type { IntegerModel } from "../model/integer-model.ts";
import { runReference } from "../model/reference.ts";
import { type PutDocument, publishShards } from "../task/publish-task.ts";
import { shardTestSet } from "../task/test-set-shards.ts";
import { GLOBAL_SALT } from "../witness/aggregate-witness.ts";
import {
  checkFederationDocument,
  FEDERATION_DOCUMENT,
  type FederationDocument,
} from "./federation-document.ts";
import { FederationError } from "./federation-error.ts";
import { GLOBAL_MODEL } from "./global-model.ts";
import { randomStartModel } from "./start-model.ts";

/** Most shards of a federation's test set, as the contract has it. */
const MAX_SHARDS = 16;

/** The model of the start: one that follows from a seed, or one that the sponsor trained and is about to publish. */
export type FederationStart =
  | { readonly kind: "random"; readonly seed: string }
  | { readonly kind: "trained"; readonly model: IntegerModel };

/** A federation's document, but for what follows from its test set, and with the model of the start. */
export interface FederationDraft extends Omit<FederationDocument, "testSet" | "sampleCount" | "start"> {
  readonly start: FederationStart;
}

/** What a sponsor has made of its test set and draft. */
export interface PublishedFederation {
  /** CID of the document. */
  readonly document: string;
  /** CID of the model of the start. */
  readonly start: string;
  /** With salt 0. */
  readonly startCommitment: bigint;
  /** Samples of the test set that the model of the start classifies correctly. */
  readonly startCorrect: number;
}

/**
 * Makes test set, document and model of the start of a federation artifacts.
 * Throws FederationError `federation.shards` for a test set that needs more than 16 shards, `federation.document` for circuits that do
 * not go together, and as shardTestSet and runReference.
 */
export async function publishFederation(
  put: PutDocument,
  draft: FederationDraft,
  testSet: TestSet,
): Promise<PublishedFederation> {
  const { score } = draft.circuits;
  const shards = federationShards(testSet, score);
  const { start } = draft;
  const model =
    start.kind === "trained"
      ? start.model
      : randomStartModel(score.architecture, draft.weightScales, start.seed);
  const startCorrect = runReference(model, testSet.samples).correctCount;
  const document: FederationDocument = {
    ...draft,
    start: start.kind === "trained" ? { kind: "trained" } : start,
    testSet: await publishShards(put, shards),
    sampleCount: testSet.samples.sampleCount,
  };
  checkFederationDocument(document);
  return {
    document: await put(FEDERATION_DOCUMENT, document),
    start: await put(GLOBAL_MODEL, model),
    startCommitment: modelCommitment(model, GLOBAL_SALT),
    startCorrect,
  };
}

function federationShards(testSet: TestSet, instance: RoundAccuracyInstance): TestSet[] {
  const shards = shardTestSet(testSet, instance);
  if (shards.length <= MAX_SHARDS) return shards;
  throw new FederationError(
    "federation.shards",
    `test set ${testSet.name} needs ${shards.length} shards with ${instance.id}; a federation takes ${MAX_SHARDS}`,
    "Use fewer samples or a larger circuit.",
    { shards: shards.length, limit: MAX_SHARDS },
  );
}
