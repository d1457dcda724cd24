import { settleCollateral } from "../../../prover/src/chain/auction.ts";
import {
  answerDemand,
  claimBond,
  demandChunk,
  disputeOpening,
  readAnswers,
} from "../../../prover/src/chain/seal.ts";
import { endTask, readTask } from "../../../prover/src/chain/tasks.ts";
import type { G1Point } from "../../../prover/src/proof/points.ts";
import { findFault } from "../../../prover/src/seal/find-fault.ts";
import {
  CHUNK_WORDS,
  chunkAnswer,
  chunkCount,
  type OpenedWord,
  type Opening,
  openingFromAnswers,
  publishedOpening,
} from "../../../prover/src/seal/opening.ts";
import { openTestSet, reviewReveal } from "../../../prover/src/seal/reveal.ts";
import { checkTask } from "../../../prover/src/task/check-task.ts";
import { openShards, type TaskShard } from "../../../prover/src/task/task-files.ts";
import { attempt, refusalOf } from "../attacks.ts";
import { passUntil } from "../clock.ts";
import { commitTo } from "../provers.ts";
import type { DemoAttempt } from "../record.ts";
import { ether, shortEther } from "../task.ts";
import type { PlayedAct } from "./memoriser.ts";
import type { TrainedModel } from "./models.ts";
import { layDown } from "./money.ts";
import { BOND_WEI, COLLATERAL_WEI, type Setting, readOffer, type SealedOffer } from "./offers.ts";
import type { DemoDispute } from "./record.ts";
import { openWords, readRevealed, reveal } from "./reveals.ts";

const PARTY = "prover";

/**
 * The poster reveals the samples with other labels, so that nobody could pass, under an opening whose last sum it set to
 * the data point. The prover sees that the data are not what was sealed, demands the end of the opening, finds the wrong
 * step in the answer, and takes the bond with it.
 */
export async function playForgery(
  setting: Setting,
  taken: SealedOffer,
  model: TrainedModel,
  salt: bigint,
): Promise<PlayedAct & { readonly attempt: DemoAttempt; readonly dispute: DemoDispute }> {
  const { stage } = setting;
  const { contracts, story } = stage;
  const { poster, taskId, material } = taken;
  const { keys, circuit } = material;
  const opening = await commitTo(stage, PARTY, taken, model, salt, "its collateral answers for it");
  const { dataPoints } = await readTask(contracts, taskId);
  const altered = taken.shards.map(changeLabels);
  const timed = await openWords(setting, taken, altered);
  const forged = forgeEnds(timed.opening, dataPoints);
  await reveal(
    setting,
    taken,
    altered,
    forged,
    "reveals its samples with every label changed, so that nobody passes, and a root over sums whose last one it wrote by hand",
  );

  const offer = await readRevealed(setting, taken);
  const { result: mismatch } = await story.act(
    PARTY,
    "recomputing the data point",
    async () =>
      refusalOf(async () => checkTask(await readTask(contracts, taskId), offer.data.files, keys, circuit)),
    () => ({
      text: "recomputes the data point: the published samples are not those that were sealed",
      isRefused: true,
    }),
  );
  const chunk = Math.floor((forged.wordsPerShard - 1) / CHUNK_WORDS);
  const { seconds: openingSeconds } = await story.act(
    PARTY,
    "opening what was published",
    async () => {
      const own = await openTestSet(circuit.instance, keys, openShards(offer.data.files));
      const { kind } = reviewReveal(own, offer.seal.openingRoot as `0x${string}`, dataPoints);
      if (kind !== "other") throw new Error(`the false reveal is taken for one that is ${kind}`);
    },
    () => ({
      text: "opens what was published: the stated root is another, so the sums behind it must be shown",
    }),
  );
  const { demandWei } = offer.seal;
  await layDown(stage, PARTY, offer.seal.address, demandWei, "a demand");
  await stage.transact(
    PARTY,
    "demand a chunk",
    (sender) => demandChunk(sender, offer.seal, chunk),
    `demands the last ${chunkLength(forged, chunk)} of ${forged.wordsPerShard.toLocaleString("en")} sums, and stakes ${shortEther(demandWei)} on it`,
  );
  await stage.transact(
    poster,
    "answer the demand",
    (sender) => answerDemand(sender, offer.seal, chunkAnswer(forged, chunk)),
    "answers: silence would cost it the bond as well",
  );
  const { result: fault, seconds: checkingSeconds } = await story.act(
    PARTY,
    "checking every step of the answer",
    async () => {
      const shown = openingFromAnswers(forged, await readAnswers(contracts, offer.seal));
      const found = await findFault(shown, keys.commitmentKey.datasetBases, dataPoints);
      if (found?.kind !== "step") throw new Error("the answer has no wrong step");
      return found;
    },
    ({ claim: { index } }) => ({
      text: `finds the step that is wrong: word ${index.toLocaleString("en")} times its base does not lead to the sum after it`,
    }),
  );
  await stage.transact(
    PARTY,
    "dispute a step",
    (sender) => disputeOpening(sender, offer.seal, fault),
    `shows that one step to the contract, which computes it anew: the forger's bond of ${ether(BOND_WEI)} is lost`,
  );
  await share(setting, offer);
  return {
    ...timed,
    opening: forged,
    offer: await readOffer(setting, taken),
    modelCommitment: opening.modelCommitment,
    proofs: [],
    attempt: attempt(poster, "revealing other labels than were sealed", "toolkit", mismatch),
    dispute: {
      changedLabels: altered.reduce((sum, { testSet }) => sum + testSet.samples.sampleCount, 0),
      chunk,
      chunkCount: chunkCount(forged),
      shownWords: chunkLength(forged, chunk),
      wordCount: forged.shardCount * forged.wordsPerShard,
      wrongIndex: fault.claim.index,
      demandWei: String(demandWei),
      bondWei: String(BOND_WEI),
      searchSeconds: openingSeconds + checkingSeconds,
    },
  };
}

/** The prover gets its part of the bond and its collateral, the poster its reward. */
async function share({ stage }: Setting, { taskId, auction, seal, poster }: SealedOffer): Promise<void> {
  const { contracts } = stage;
  await stage.transact(
    PARTY,
    "claim the bond",
    (sender) => claimBond(sender, seal, stage.address(PARTY)),
    `claims the bond: half of it is credited, ${ether(BOND_WEI / 2n)}, half is burned`,
  );
  await stage.transact(
    PARTY,
    "settle the collateral",
    (sender) => settleCollateral(sender, auction),
    `has its collateral of ${ether(COLLATERAL_WEI)} released: not proving was not its fault`,
  );
  const { proveDeadline } = await readTask(contracts, taskId);
  await passUntil(stage.connection, proveDeadline + 1n);
  await stage.transact(
    poster,
    "expire the task",
    (sender) => endTask(sender, contracts, taskId, "expire"),
    "ends the task after its last deadline: the reward is credited back",
  );
}

/** The same samples with each label moved on to the next class. */
function changeLabels({ testSet, blinding }: TaskShard): TaskShard {
  const { samples } = testSet;
  const labels = samples.labels.map((label) => (label + 1) % samples.classCount);
  return { testSet: { ...testSet, samples: { ...samples, labels } }, blinding };
}

/** An opening that ends in the data points although its words do not lead there. */
function forgeEnds(opening: Opening, dataPoints: readonly G1Point[]): Opening {
  const { shardCount, wordsPerShard } = opening;
  const values = Array.from({ length: shardCount * wordsPerShard }, (_, index): OpenedWord => {
    const value = opening.valueAt(index)!;
    const isLast = (index + 1) % wordsPerShard === 0;
    return isLast ? { ...value, partialSum: dataPoints[Math.floor(index / wordsPerShard)]! } : value;
  });
  return publishedOpening(opening, values);
}

function chunkLength({ shardCount, wordsPerShard }: Opening, chunk: number): number {
  return Math.min(CHUNK_WORDS, shardCount * wordsPerShard - chunk * CHUNK_WORDS);
}
