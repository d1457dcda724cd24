import { ZeroAddress } from "ethers";

import { formatArtifactUri } from "../../../prover/src/artifacts/artifact-uri.ts";
import { getDocument, putDocument } from "../../../prover/src/artifacts/documents.ts";
import type { ArtifactStore } from "../../../prover/src/artifacts/store.ts";
import { type AuctionRecord, readAuction } from "../../../prover/src/chain/auction.ts";
import { pendingTime } from "../../../prover/src/chain/connect.ts";
import { readSeal, type SealRecord } from "../../../prover/src/chain/seal.ts";
import { postTask, readTask, type TaskRecord } from "../../../prover/src/chain/tasks.ts";
import { architectureId } from "../../../prover/src/model/architecture.ts";
import { chunkCount } from "../../../prover/src/seal/opening.ts";
import { openingTermsOf } from "../../../prover/src/seal/reveal.ts";
import { demandWeiFor, disputeSecondsFor } from "../../../prover/src/seal/terms.ts";
import { taskDataPoints } from "../../../prover/src/task/check-task.ts";
import { describeSealed } from "../../../prover/src/task/publish-task.ts";
import { TASK_DOCUMENT } from "../../../prover/src/task/task-document.ts";
import { readTaskFiles, type TaskFiles, type TaskShard } from "../../../prover/src/task/task-files.ts";
import type { OfferedTask } from "../provers.ts";
import type { PublicMaterial } from "../public-material.ts";
import { ruleAddress, type AccountParty, type Stage } from "../stage.ts";
import { ether, short } from "../task.ts";
import type { SealedAuctionData } from "./data.ts";
import { layDown } from "./money.ts";
import type { SealedAuctionScenario } from "./scenarios.ts";

/** Highest and lowest price of the auctions, and seconds from one to the other. */
export const MAX_PRICE_WEI = 2n * 10n ** 18n;
export const MIN_PRICE_WEI = 25n * 10n ** 16n;
const RAMP_SECONDS = 3_600n;
/** What an assignee stakes on being in time. */
export const COLLATERAL_WEI = 75n * 10n ** 16n;
/** What a poster stakes on its reveal. */
export const BOND_WEI = 5n * 10n ** 17n;
const LOCK_SECONDS = 2n * 3_600n;
const COMMIT_SECONDS = 3n * 3_600n;
const UNSEAL_SECONDS = 4n * 3_600n;
/** Left to prove when nothing is in dispute any more. */
const SPARE_SECONDS = 3_600n;
/** Windows after the unsealing: to demand, to answer, to prove. */
const WINDOWS = 3n;

/** What every party of a run works with. */
export interface Setting {
  readonly stage: Stage;
  readonly scenario: SealedAuctionScenario;
  readonly data: SealedAuctionData;
  readonly material: PublicMaterial;
  /** Where documents are published. */
  readonly store: ArtifactStore;
}

/** An auctioned task on a sealed test set. */
export interface SealedOffer extends OfferedTask {
  readonly poster: AccountParty;
  /** The poster's own until it reveals them. */
  readonly shards: readonly TaskShard[];
  readonly documentCid: string;
  readonly auction: AuctionRecord;
  readonly seal: SealRecord;
}

/** The poster blinds a test set, lays down its bond, and puts the task up for auction. */
export async function postSealed(
  setting: Setting,
  poster: AccountParty,
  index: number,
): Promise<SealedOffer> {
  const { stage, material, data } = setting;
  const { contracts, connection, story } = stage;
  const { keys } = material;
  const shards = data.sealed[index]!;
  const { documentCid, files } = await publishDocument(setting, shards);
  const { document, documentHash } = files;
  const { result: dataPoints } = await story.act(
    poster,
    "computing the blinded data points",
    () => taskDataPoints(document.instance, shards, keys),
    ([point]) => ({
      text: `seals ${document.sampleCount} samples in ${shardsText(shards.length)}, each blinded: ${short(point!.x)}${shards.length > 1 ? " and others" : ""}; publishes ${data.sample.rows.sampleCount} other samples beside them`,
    }),
  );
  await layDown(stage, poster, ruleAddress(contracts, "testSetSeal"), BOND_WEI, "its bond");
  const now = await pendingTime(connection);
  const openingTerms = await openingTermsOf(keys);
  const { wordsPerShard } = openingTerms;
  const disputeSeconds = disputeSecondsFor(chunkCount({ shardCount: shards.length, wordsPerShard }));
  const unsealDeadline = now + UNSEAL_SECONDS;
  const proveDeadline = unsealDeadline + WINDOWS * BigInt(disputeSeconds) + SPARE_SECONDS;
  const gasPriceWei = (await connection.provider.getFeeData()).gasPrice!;
  let taskId = 0n;
  await stage.transact(
    poster,
    "post the task",
    async (sender) => {
      const posted = await postTask(
        sender,
        contracts,
        {
          rewardToken: ZeroAddress,
          rewardWei: MAX_PRICE_WEI,
          keyId: document.keyId,
          dataPoints,
          sampleCount: document.sampleCount,
          minCorrect: document.minCorrect,
          commitDeadline: now + COMMIT_SECONDS,
          proveDeadline,
          stakeToken: ZeroAddress,
          // The collateral answers for the assignee, and nobody else can commit.
          stakeWei: 0n,
          split: "first-valid",
          winners: 1,
          maxProvers: 1,
          architectureId: architectureId(document.instance.architecture),
          documentHash,
          documentUri: formatArtifactUri(documentCid),
        },
        {
          assignment: {
            kind: "auction",
            address: ruleAddress(contracts, "taskAuction"),
            terms: {
              minPriceWei: MIN_PRICE_WEI,
              startsAt: now,
              rampSeconds: RAMP_SECONDS,
              lockDeadline: now + LOCK_SECONDS,
              exclusiveDeadline: proveDeadline,
              collateralWei: COLLATERAL_WEI,
            },
          },
          seal: {
            address: ruleAddress(contracts, "testSetSeal"),
            terms: {
              unsealDeadline,
              disputeSeconds,
              bondToken: ZeroAddress,
              bondWei: BOND_WEI,
              demandWei: demandWeiFor(gasPriceWei),
              ...openingTerms,
            },
          },
        },
      );
      taskId = posted.taskId;
      return posted.transaction;
    },
    `posts the task: at least ${document.minCorrect} of ${document.sampleCount} correct; the price rises from ${ether(MIN_PRICE_WEI)} to ${ether(MAX_PRICE_WEI)} in an hour`,
  );
  const task = await readTask(contracts, taskId);
  return {
    taskId,
    data: { files },
    material,
    poster,
    shards,
    documentCid,
    auction: await readAuction(contracts, task),
    seal: await readSeal(contracts, task),
  };
}

/** The offer as everybody knows it by now: with the test set once it is revealed. */
export async function readOffer(
  setting: Setting,
  offer: SealedOffer,
  reveal?: string,
): Promise<SealedOffer & { readonly task: TaskRecord }> {
  const { contracts } = setting.stage;
  const task = await readTask(contracts, offer.taskId);
  return {
    ...offer,
    task,
    data: { files: await readFiles(setting, offer.documentCid, reveal) },
    auction: await readAuction(contracts, task),
    seal: await readSeal(contracts, task),
  };
}

/** "one shard", "2 shards". */
export function shardsText(count: number): string {
  return count === 1 ? "one shard" : `${count} shards`;
}

async function publishDocument(
  setting: Setting,
  shards: readonly TaskShard[],
): Promise<{ readonly documentCid: string; readonly files: TaskFiles }> {
  const { data, material, scenario, store } = setting;
  const sampleCount = shards.reduce((sum, { testSet }) => sum + testSet.samples.sampleCount, 0);
  const documentCid = await putDocument(store, TASK_DOCUMENT, {
    title: data.title,
    testSet: describeSealed(shards, data.sample.artifact),
    instance: material.circuit.instance,
    keyId: material.keys.keyId,
    sampleCount,
    minCorrect: Math.ceil(scenario.minCorrectShare * sampleCount),
    licence: scenario.licence,
    jurisdiction: null,
  });
  return { documentCid, files: await readFiles(setting, documentCid) };
}

async function readFiles({ store }: Setting, document: string, reveal?: string): Promise<TaskFiles> {
  return await readTaskFiles((cid, kind) => getDocument(store, cid, kind), { document, reveal });
}
