import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { ZeroAddress, ZeroHash } from "ethers";

import { getDocument, putDocument } from "../../../../prover/src/artifacts/documents.ts";
import { ArtifactStore } from "../../../../prover/src/artifacts/store.ts";
import type { SubmissionRecord, TaskRecord } from "../../../../prover/src/chain/tasks.ts";
import type { AccuracyInstance } from "../../../../prover/src/circuits/accuracy.ts";
import type { CompiledCircuit } from "../../../../prover/src/circuits/build.ts";
import type { TestSet } from "../../../../prover/src/data/test-set.ts";
import { architectureId } from "../../../../prover/src/model/architecture.ts";
import { modelCommitment } from "../../../../prover/src/model/commitment.ts";
import type { IntegerModel } from "../../../../prover/src/model/integer-model.ts";
import type { KeySet } from "../../../../prover/src/proof/keys/key-set.ts";
import { taskDataPoints } from "../../../../prover/src/task/check-task.ts";
import type { CommitmentOpening } from "../../../../prover/src/task/commitment-opening.ts";
import {
  blindShards,
  describeSealed,
  publishReveal,
  publishShards,
  publishTestSet,
  type PutDocument,
} from "../../../../prover/src/task/publish-task.ts";
import { TASK_DOCUMENT, type TaskDocument } from "../../../../prover/src/task/task-document.ts";
import {
  type ReadDocument,
  readTaskFiles,
  type TaskFiles,
  type TaskShard,
} from "../../../../prover/src/task/task-files.ts";
import { shardTestSet } from "../../../../prover/src/task/test-set-shards.ts";
import { randomSamples, smallModel, tinyCircuit } from "../../proof/support/tiny-proof.ts";

const MARKET = "0x00000000000000000000000000000000000000aa";
const SEAL = `0x${"5".repeat(40)}`;
export const PROVER = "0x00000000000000000000000000000000000000bb";
const SALT = 987_654_321n;

/** A test set on the grid of the tiny circuit; classes in turn. */
export function tinyTestSet(instance: AccuracyInstance, seed: string, sampleCount: number): TestSet {
  const { inputBits } = instance.architecture;
  const featureNames = ["a", "b", "c", "d"];
  const mapping = { scale: 1, zeroPoint: 0, minimum: 0, maximum: 2 ** inputBits - 1 };
  return {
    name: "clusters",
    classNames: ["kind 0", "kind 1", "kind 2"],
    inputQuantization: { inputBits, featureNames, features: featureNames.map(() => mapping) },
    samples: randomSamples(instance, seed, sampleCount),
  };
}

/** Artifacts in a folder of their own. */
export class ScratchArtifacts {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), "zkpot-task-"));
  readonly #store = new ArtifactStore(this.folder);
  readonly read: ReadDocument = async (cid, kind) => await getDocument(this.#store, cid, kind);
  readonly put: PutDocument = async (kind, value) => await putDocument(this.#store, kind, value);

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A task over several shards of the tiny circuit, as a market would have stored it, and somebody who committed. */
export interface ShardedTask {
  readonly circuit: CompiledCircuit<AccuracyInstance>;
  readonly keys: KeySet;
  readonly shards: readonly TaskShard[];
  readonly document: TaskDocument;
  /** CID. */
  readonly documentCid: string;
  /** Of the reveal of a sealed test set. */
  readonly revealCid: string | undefined;
  /** As read back before a reveal. */
  readonly files: TaskFiles;
  readonly task: TaskRecord;
  readonly model: IntegerModel;
  readonly opening: CommitmentOpening;
  readonly submission: SubmissionRecord;
}

/** Publishes a task on 16 samples, which need two shards. */
export async function shardedTask(
  { read, put }: ScratchArtifacts,
  options: { readonly isSealed?: boolean; readonly minCorrect?: number } = {},
): Promise<ShardedTask> {
  const { isSealed = false, minCorrect = 1 } = options;
  const { circuit, keys } = await tinyCircuit();
  const { instance } = circuit;
  const parts = shardTestSet(tinyTestSet(instance, "shards", 16), instance);
  const shards = isSealed ? blindShards(parts) : parts.map((testSet) => ({ testSet, blinding: 0n }));
  const sample = tinyTestSet(instance, "public sample", 6);
  const document: TaskDocument = {
    title: "clusters",
    testSet: isSealed
      ? describeSealed(shards, await publishTestSet(put, sample))
      : await publishShards(put, parts),
    instance,
    keyId: keys.keyId,
    sampleCount: 16,
    minCorrect,
    licence: "CC0-1.0",
    jurisdiction: null,
  };
  const documentCid = await put(TASK_DOCUMENT, document);
  const files = await readTaskFiles(read, { document: documentCid });
  const model = smallModel(instance, "shards");
  const commitment = modelCommitment(model, SALT);
  const task: TaskRecord = {
    taskId: 3n,
    state: "committed",
    poster: ZeroAddress,
    split: "first-valid",
    rewardToken: ZeroAddress,
    rewardWei: 1n,
    stakeToken: ZeroAddress,
    stakeWei: 0n,
    commitDeadline: 0n,
    proveDeadline: 0n,
    sampleCount: 16,
    minCorrect,
    maxProvers: 1,
    proverCount: 1,
    provenCount: 0,
    leader: ZeroAddress,
    leaderCorrect: 0,
    winners: 1,
    feeBps: 0,
    keyId: keys.keyId,
    dataPoints: await taskDataPoints(instance, shards, keys),
    architectureId: architectureId(instance.architecture),
    documentHash: files.documentHash,
    assignment: ZeroAddress,
    seal: isSealed ? SEAL : ZeroAddress,
    trainingAudit: ZeroAddress,
  };
  return {
    circuit,
    keys,
    shards,
    document,
    documentCid,
    revealCid: isSealed ? await publishReveal(put, shards) : undefined,
    files,
    task,
    model,
    opening: {
      ...{ chainId: 31337n, market: MARKET, taskId: 3n, prover: PROVER },
      modelCommitment: commitment,
      salt: SALT,
      modelDigest: ZeroHash,
    },
    submission: {
      prover: PROVER,
      state: "committed",
      modelCommitment: commitment,
      correct: 0,
      provenShards: [],
      provenAt: 0n,
      lockId: 0n,
    },
  };
}
