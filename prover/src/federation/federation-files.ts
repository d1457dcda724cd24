import { parseArtifactUri } from "../artifacts/artifact-uri.ts";
import type { FederationRecord, GlobalModelRecord } from "../chain/federations.ts";
import type { RoundAccuracyInstance } from "../circuits/accuracy.ts";
import type { AggregateInstance } from "../circuits/aggregate.ts";
import type { MaskedUpdateInstance } from "../circuits/masked-update.ts";
import { documentDigest } from "../data/document.ts";
import type { InputQuantization } from "../data/input-quantization.ts";
import { architectureId, canonicalArchitecture } from "../model/architecture.ts";
import { modelCommitment } from "../model/commitment.ts";
import type { IntegerModel } from "../model/integer-model.ts";
import { pointText, taskDataPoints } from "../task/check-task.ts";
import { shardScores } from "../task/scores.ts";
import { type ReadDocument, readPublicShards, type TaskShard } from "../task/task-files.ts";
import { emptyVectorDigest, GLOBAL_SALT } from "../witness/aggregate-witness.ts";
import type { RoundCircuit } from "./round-proofs.ts";
import { FEDERATION_DOCUMENT, type FederationDocument } from "./federation-document.ts";
import { FederationError } from "./federation-error.ts";
import { GLOBAL_MODEL } from "./global-model.ts";
import { randomStartModel } from "./start-model.ts";

/** A federation's document with the artifacts it names, found to belong together. */
export interface FederationFiles {
  readonly document: FederationDocument;
  /** Digest of the document, which the contract stores. */
  readonly documentHash: string;
  readonly inputQuantization: InputQuantization;
  readonly classNames: readonly string[];
  /** The test set, in the order of the federation's data points. */
  readonly shards: readonly TaskShard[];
}

/** Parameters of any of a federation's circuits. */
export type FederationCircuit = RoundAccuracyInstance | MaskedUpdateInstance | AggregateInstance;

/** What a member proves with. */
export interface FederationProvers {
  readonly score: RoundCircuit<RoundAccuracyInstance>;
  readonly mask: RoundCircuit<MaskedUpdateInstance>;
  readonly aggregate: RoundCircuit<AggregateInstance>;
}

/**
 * Reads a federation's document, by its CID, and the test set that it names.
 * Throws TaskError `task.test-set-mismatch` naming the shard and what differs, and as `read`.
 */
export async function readFederationFiles(read: ReadDocument, cid: string): Promise<FederationFiles> {
  const document = await read(cid, FEDERATION_DOCUMENT);
  const shards = await readPublicShards(read, document.testSet, document.circuits.score.architecture);
  const { inputQuantization, classNames } = shards[0]!.testSet;
  const documentHash = documentDigest(FEDERATION_DOCUMENT, document);
  return { document, documentHash, inputQuantization, classNames, shards };
}

/**
 * Compares keys and circuits with a federation's document. Throws FederationError `federation.key-mismatch` or
 * `federation.circuit-mismatch`.
 */
export function checkFederationKeys(
  { document }: Pick<FederationFiles, "document">,
  provers: FederationProvers,
): void {
  const { circuits } = document;
  for (const [{ circuit, keys }, keyId] of [
    [provers.score, circuits.scoreKeyId],
    [provers.mask, circuits.maskKeyId],
    [provers.aggregate, circuits.aggregateKeyId],
  ] as const) {
    const instance = circuit.instance.id;
    if (keys.keyId !== keyId) {
      throw new FederationError(
        "federation.key-mismatch",
        `the keys of ${instance} at hand have id ${keys.keyId}, the federation names ${keyId}`,
        "Fetch the keys that were published for the federation and name their folder.",
        { instance, found: keys.keyId, expected: keyId },
      );
    }
    if (keys.manifest.r1csSha256 !== circuit.r1csSha256) {
      throw new FederationError(
        "federation.circuit-mismatch",
        `the keys were made for another circuit than ${instance} compiles to here`,
        "Do not take part: whoever made the keys may state something else with them. If this toolkit is older or newer than the federation, use the one that created it.",
        { instance, found: circuit.r1csSha256, expected: keys.manifest.r1csSha256 },
      );
    }
  }
}

/**
 * Compares what the contract stored with the published files, the data points recomputed from the samples. Returns the names
 * of what agrees. Throws FederationError `federation.mismatch` naming the first value that differs, and as
 * checkFederationKeys.
 */
export async function checkFederation(
  federation: FederationRecord,
  files: FederationFiles,
  provers: FederationProvers,
): Promise<string[]> {
  const { document, shards } = files;
  const { circuits } = document;
  const agreed: string[] = [];
  const compare = (name: string, onChain: unknown, published: unknown): void => {
    if (onChain !== published) throw mismatch(federation.federationId, name, onChain, published);
    agreed.push(name);
  };
  compare("documentHash", federation.documentHash, files.documentHash);
  checkFederationKeys(files, provers);
  compare("scoreKeyId", federation.scoreKeyId, circuits.scoreKeyId);
  compare("maskKeyId", federation.maskKeyId, circuits.maskKeyId);
  compare("aggregateKeyId", federation.aggregateKeyId, circuits.aggregateKeyId);
  compare("architectureId", federation.architectureId, architectureId(circuits.score.architecture));
  compare("emptyVectorDigest", federation.emptyVectorDigest, emptyVectorDigest(circuits.aggregate));
  compare("maxFactorSum", federation.maxFactorSum, circuits.aggregate.maxFactorSum);
  compare("places", federation.places, circuits.mask.members);
  compare("vectors", federation.vectors, circuits.aggregate.vectors);
  compare("sampleCount", federation.sampleCount, document.sampleCount);
  compare("number of shards", federation.dataPoints.length, shards.length);
  const points = await taskDataPoints(circuits.score, shards, provers.score.keys);
  points.forEach((point, shard) => {
    compare(`dataPoint of shard ${shard}`, pointText(federation.dataPoints[shard]!), pointText(point));
  });
  return agreed;
}

/**
 * Reads the global model that a record names. Throws FederationError `federation.global-mismatch` unless it is the one whose
 * commitment is recorded, of the federation's architecture; for the model of the start, unless it has the count that its
 * sponsor stated, and follows from the seed if it is to.
 */
export async function readGlobalModel(
  read: ReadDocument,
  { document, shards }: FederationFiles,
  { round, commitment, correct, uri }: GlobalModelRecord,
): Promise<IntegerModel> {
  const model = await read(parseArtifactUri(uri), GLOBAL_MODEL);
  const { architecture } = document.circuits.score;
  const compare = (what: string, found: unknown, expected: unknown): void => {
    if (found !== expected) throw globalMismatch(round, what, found, expected);
  };
  compare("architecture", canonicalArchitecture(model.architecture), canonicalArchitecture(architecture));
  const found = modelCommitment(model, GLOBAL_SALT);
  compare("commitment", found, commitment);
  if (round === 0n) {
    const { start, weightScales } = document;
    if (start.kind === "random") {
      const drawn = randomStartModel(architecture, weightScales, start.seed);
      compare("commitment", found, modelCommitment(drawn, GLOBAL_SALT));
    }
    compare("count", sum(shardScores(model, shards)), correct);
  }
  return model;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function mismatch(federationId: bigint, name: string, onChain: unknown, published: unknown): FederationError {
  return new FederationError(
    "federation.mismatch",
    `federation ${federationId} does not match its published files: ${name} is ${String(onChain)} on the chain, ${String(published)} by the files`,
    "Do not take part in this federation, or fetch the files again.",
    { federationId, name, onChain, published },
  );
}

function globalMismatch(round: bigint, what: string, found: unknown, expected: unknown): FederationError {
  const model = round === 0n ? "the model of the start" : `the global model of round ${round}`;
  return new FederationError(
    "federation.global-mismatch",
    `${model} is not the recorded one: its ${what} is ${String(found)}, recorded is ${String(expected)}`,
    "Do not go on in this federation: whoever made the record published something else.",
    { round, what, found, expected },
  );
}
