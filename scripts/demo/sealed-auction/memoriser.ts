import { settleCollateral } from "../../../prover/src/chain/auction.ts";
import { readTask, endTask } from "../../../prover/src/chain/tasks.ts";
import type { ProofBundle } from "../../../prover/src/proof/bundle.ts";
import { ProverError } from "../../../prover/src/errors.ts";
import { allocateClaim, shardScores } from "../../../prover/src/task/scores.ts";
import { openShards } from "../../../prover/src/task/task-files.ts";
import {
  attempt,
  broadcastAnyway,
  errorName,
  proveCall,
  refusalByContract,
  refusalOf,
  revertedReceipt,
} from "../attacks.ts";
import { passUntil } from "../clock.ts";
import { commitTo } from "../provers.ts";
import type { DemoAttempt } from "../record.ts";
import type { Stage } from "../stage.ts";
import { ether } from "../task.ts";
import { countCorrect, type TrainedModel } from "./models.ts";
import { COLLATERAL_WEI, type Setting, type SealedOffer } from "./offers.ts";
import { proveShards, type ProvenSet } from "./proving.ts";
import { revealHonestly, takeBondBack, type TimedOpening } from "./reveals.ts";

const PARTY = "rival";

/** What is left of an act in which a test set was revealed. */
export interface PlayedAct extends TimedOpening {
  readonly offer: SealedOffer;
  readonly modelCommitment: bigint;
  readonly proofs: ProvenSet["proofs"];
}

/**
 * The rival commits to a model that knows the public sample by heart. Once the test set is revealed it can prove no more
 * than the model has: the toolkit refuses the threshold, and the contract its true counts. Its collateral is burned.
 */
export async function playMemoriser(
  setting: Setting,
  taken: SealedOffer,
  model: TrainedModel,
  salt: bigint,
): Promise<PlayedAct & { readonly attempts: readonly DemoAttempt[] }> {
  const { stage } = setting;
  const { story } = stage;
  const { taskId } = taken;
  const opening = await commitTo(stage, PARTY, taken, model, salt, "its collateral answers for it");
  const revealed = await revealHonestly(setting, taken, PARTY);
  const { offer } = revealed;
  const shards = openShards(offer.data.files);
  const { minCorrect, sampleCount } = offer.data.files.document;
  const has = countCorrect(model, shards);
  if (has >= minCorrect) throw tooGood(has, minCorrect, sampleCount);

  const { result: byToolkit } = await story.act(
    PARTY,
    "measuring its model on the revealed test set",
    () =>
      refusalOf(() =>
        allocateClaim(
          minCorrect,
          shardScores(model.file.quantized.model, shards),
          shards.map(({ testSet }) => testSet.samples.sampleCount),
        ),
      ),
    ({ message }) => ({
      text: `asks the toolkit to prove ${minCorrect}: refused, ${message}`,
      isRefused: true,
    }),
  );
  const { bundles, proofs } = await proveShards(setting, offer, model, opening, false);
  const below = await handInVainly(stage, taskId, bundles, {
    action: "hand in too low a count",
    text: `hands in a valid proof of the ${has} it has`,
    title: `a valid proof of ${has} where ${minCorrect} are asked for`,
  });
  const [head, ...others] = bundles;
  const raised = [{ ...head!, correct: head!.correct + minCorrect - has }, ...others];
  const lied = await handInVainly(stage, taskId, raised, {
    action: "hand in a raised count",
    text: `writes ${minCorrect} over it and hands it in again`,
    title: `proof of ${has} with the count raised to ${minCorrect}`,
  });
  await collectFrom(setting, offer);
  return {
    ...revealed.opening,
    offer,
    modelCommitment: opening.modelCommitment,
    proofs,
    attempts: [
      attempt(PARTY, `proving ${minCorrect} with a model that has ${has}`, "toolkit", byToolkit),
      below,
      lied,
    ],
  };
}

/** Sends proofs that the contract must refuse. */
async function handInVainly(
  stage: Stage,
  taskId: bigint,
  bundles: readonly ProofBundle[],
  { action, text, title }: { readonly action: string; readonly text: string; readonly title: string },
): Promise<DemoAttempt> {
  const refusal = await refusalByContract(stage, PARTY, taskId, ...bundles);
  const { result: reverted } = await stage.story.act(
    PARTY,
    action,
    async () =>
      revertedReceipt(
        stage,
        await broadcastAnyway(stage.sender(PARTY), proveCall(stage, taskId, ...bundles)),
      ),
    ({ gasUsed }) => ({
      text: `${text}: reverted with ${errorName(refusal)}`,
      gas: gasUsed,
      isRefused: true,
    }),
  );
  stage.note(PARTY, action, reverted, errorName(refusal));
  return attempt(PARTY, title, "contract", refusal, reverted.gasUsed);
}

/** Nobody proved in time: the reward goes back, the collateral is burned, the poster gets its bond back. */
async function collectFrom(setting: Setting, offer: SealedOffer): Promise<void> {
  const { stage } = setting;
  const { poster, taskId, auction } = offer;
  const { proveDeadline } = await readTask(stage.contracts, taskId);
  await passUntil(stage.connection, proveDeadline + 1n);
  await stage.transact(
    poster,
    "expire the task",
    (sender) => endTask(sender, stage.contracts, taskId, "expire"),
    "ends the task after its last deadline: the reward is credited back",
  );
  await stage.transact(
    poster,
    "settle the collateral",
    (sender) => settleCollateral(sender, auction),
    `settles the rival's collateral: ${ether(COLLATERAL_WEI)} are burned, for a poster must not gain by a test set that nobody passes`,
  );
  await takeBondBack(setting, offer);
}

function tooGood(correct: number, minCorrect: number, sampleCount: number): ProverError {
  return new ProverError(
    "demo.memoriser-passes",
    `the model that learnt the public sample by heart classifies ${correct} of ${sampleCount} sealed samples correctly, the task asks for ${minCorrect}`,
    "Choose another seed, e.g. --seed 1.",
    { correct, minCorrect, sampleCount },
  );
}
