import { formatEther, ZeroAddress } from "ethers";

import { formatArtifactUri } from "../../prover/src/artifacts/artifact-uri.ts";
import { getDocument, putDocument } from "../../prover/src/artifacts/documents.ts";
import { ArtifactStore } from "../../prover/src/artifacts/store.ts";
import type { AuditTerms } from "../../prover/src/chain/audits.ts";
import { chainTime } from "../../prover/src/chain/connect.ts";
import { postTask, type TaskTerms } from "../../prover/src/chain/tasks.ts";
import type { AccuracyInstance } from "../../prover/src/circuits/accuracy.ts";
import type { Dataset } from "../../prover/src/data/dataset.ts";
import { fitInputQuantization, scaleInputs } from "../../prover/src/data/input-quantization.ts";
import { findPackagedDataset, loadPackagedDataset } from "../../prover/src/data/packaged-datasets.ts";
import { type DataSplit, stratifiedSplit } from "../../prover/src/data/split.ts";
import { createTestSet } from "../../prover/src/data/test-set.ts";
import { architectureId } from "../../prover/src/model/architecture.ts";
import type { KeySet } from "../../prover/src/proof/keys/key-set.ts";
import { taskDataPoints } from "../../prover/src/task/check-task.ts";
import { publishShards } from "../../prover/src/task/publish-task.ts";
import { TASK_DOCUMENT } from "../../prover/src/task/task-document.ts";
import { openShards, readTaskFiles, type TaskFiles } from "../../prover/src/task/task-files.ts";
import type { TestSamples } from "./models.ts";
import type { Scenario } from "./scenarios.ts";
import type { Stage } from "./stage.ts";

/** Escrowed by the buyer. */
export const REWARD_WEI = 2n * 10n ** 18n;
/** Locked by every prover that commits. */
export const STAKE_WEI = 5n * 10n ** 17n;
const COMMIT_SECONDS = 3_600n;
/** From posting to the last answer for a training run. */
const ANSWER_SECONDS = 6_300n;
const PROVE_SECONDS = 7_200n;
const MAX_PROVERS = 8;

/** The data of a run: a public test set, and a training part that the provers keep. */
export interface DemoData {
  readonly title: string;
  readonly dataset: Dataset;
  readonly split: DataSplit;
  readonly test: TestSamples;
  /** Public. */
  readonly files: TaskFiles;
  /** Where the task's document is found. */
  readonly documentUri: string;
  readonly testSetHash: string;
  readonly clampedValues: number;
}

/** Splits the data set, and stores test set and task document as artifacts below `workFolder`. */
export async function prepareData(
  scenario: Pick<Scenario, "dataset" | "licence" | "minCorrectShare">,
  instance: AccuracyInstance,
  keys: KeySet,
  seed: string,
  workFolder: string,
): Promise<DemoData> {
  const { title } = findPackagedDataset(scenario.dataset)!;
  const dataset = await loadPackagedDataset(scenario.dataset);
  const split = stratifiedSplit(dataset, { seed });
  const inputQuantization = fitInputQuantization(split.train, instance.architecture.inputBits);
  const { testSet, clamped } = createTestSet(scenario.dataset, split.test, inputQuantization);
  const { sampleCount } = testSet.samples;
  const store = new ArtifactStore(workFolder);
  const published = await publishShards((kind, value) => putDocument(store, kind, value), [testSet]);
  const document = await putDocument(store, TASK_DOCUMENT, {
    title,
    testSet: published,
    instance,
    keyId: keys.keyId,
    sampleCount,
    minCorrect: Math.ceil(scenario.minCorrectShare * sampleCount),
    licence: scenario.licence,
    jurisdiction: null,
  });
  return {
    title,
    dataset,
    split,
    test: { scaled: scaleInputs(split.test, inputQuantization), integer: testSet.samples },
    files: await readTaskFiles((cid, kind) => getDocument(store, cid, kind), { document }),
    documentUri: formatArtifactUri(document),
    testSetHash: published.shards[0]!.hash,
    clampedValues: clamped.length,
  };
}

/** What a task asks of the training, but for the deadline. */
export interface DemoTrainingTerms {
  readonly auditAddress: string;
  readonly terms: Omit<AuditTerms, "answerDeadline">;
}

/**
 * The buyer computes the data point, posts the task, with `training` one that asks for training proof, and escrows the
 * reward; returns the task's id.
 */
export async function postDemoTask(
  stage: Stage,
  data: DemoData,
  keys: KeySet,
  training?: DemoTrainingTerms,
): Promise<bigint> {
  const { document, documentHash } = data.files;
  const { story, contracts, connection } = stage;
  const { result: dataPoints } = await story.act(
    "buyer",
    "computing the data point of the test set",
    () => taskDataPoints(document.instance, openShards(data.files), keys),
    ([point]) => ({
      text: `publishes a test set of ${document.sampleCount} samples; its data point is ${short(point!.x)}`,
    }),
  );
  const now = await chainTime(connection);
  let taskId = 0n;
  await stage.transact(
    "buyer",
    "post the task",
    async (sender) => {
      const terms: TaskTerms = {
        rewardToken: ZeroAddress,
        rewardWei: REWARD_WEI,
        keyId: document.keyId,
        dataPoints,
        sampleCount: document.sampleCount,
        minCorrect: document.minCorrect,
        commitDeadline: now + COMMIT_SECONDS,
        proveDeadline: now + PROVE_SECONDS,
        stakeToken: ZeroAddress,
        stakeWei: STAKE_WEI,
        split: "first-valid",
        winners: 1,
        maxProvers: MAX_PROVERS,
        architectureId: architectureId(document.instance.architecture),
        documentHash,
        documentUri: data.documentUri,
      };
      const posted = await postTask(sender, contracts, terms, {
        training: training && {
          auditAddress: training.auditAddress,
          terms: { ...training.terms, answerDeadline: now + ANSWER_SECONDS },
        },
      });
      taskId = posted.taskId;
      return posted.transaction;
    },
    `posts the task: at least ${document.minCorrect} of ${document.sampleCount} correct${training === undefined ? "" : ", training proved"}, ${ether(REWARD_WEI)} escrowed`,
  );
  return taskId;
}

/** The beginning of a field element's hexadecimal digits, for people. */
export function short(value: bigint): string {
  return `0x${value.toString(16).padStart(64, "0").slice(0, 10)}…`;
}

/** An amount of the native coin for people, exact. */
export function ether(wei: bigint): string {
  return `${formatEther(wei).replace(/\.0$/, "")} ETH`;
}

/** An amount of the native coin for people, with four digits after the point. */
export function shortEther(wei: bigint): string {
  return `${Number(formatEther(wei)).toFixed(4)} ETH`;
}
