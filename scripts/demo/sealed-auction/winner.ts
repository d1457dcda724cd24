import { ZeroAddress } from "ethers";

import { settleCollateral } from "../../../prover/src/chain/auction.ts";
import { allowLock } from "../../../prover/src/chain/stake.ts";
import { readTask, submitProofs, withdrawReward } from "../../../prover/src/chain/tasks.ts";
import { ProverError } from "../../../prover/src/errors.ts";
import { openShards } from "../../../prover/src/task/task-files.ts";
import { attempt, refusalOf, shardProof } from "../attacks.ts";
import { passUntil } from "../clock.ts";
import { commitTo } from "../provers.ts";
import type { DemoAttempt } from "../record.ts";
import { ether, shortEther } from "../task.ts";
import type { PlayedAct } from "./memoriser.ts";
import { countCorrect, type TrainedModel } from "./models.ts";
import { COLLATERAL_WEI, type Setting, type SealedOffer, shardsText } from "./offers.ts";
import { proveShards } from "./proving.ts";
import { revealHonestly, takeBondBack } from "./reveals.ts";

const PARTY = "prover";

/** The rival would take the next task, too, but has no stake left: the toolkit says so before it sends anything. */
export async function refuseRival({ stage }: Setting, { auction }: SealedOffer): Promise<DemoAttempt> {
  const { result } = await stage.story.act(
    "rival",
    "trying to take the next task",
    () =>
      refusalOf(() =>
        allowLock(
          stage.sender("rival"),
          stage.contracts,
          auction.address,
          ZeroAddress,
          auction.collateralWei,
        ),
      ),
    () => ({ text: "would take this task as cheaply: refused, its stake is gone", isRefused: true }),
  );
  return attempt("rival", "taking the next task without stake", "toolkit", result);
}

/** The prover commits, proves every shard once they are revealed, hands all proofs in at once and is paid. */
export async function playWinner(
  setting: Setting,
  taken: SealedOffer,
  model: TrainedModel,
  salt: bigint,
  seed: string,
): Promise<PlayedAct> {
  const { stage } = setting;
  const { contracts } = stage;
  const { taskId, auction } = taken;
  const opening = await commitTo(stage, PARTY, taken, model, salt, "its collateral answers for it");
  const revealed = await revealHonestly(setting, taken, PARTY);
  const { offer } = revealed;
  const shards = openShards(offer.data.files);
  const { minCorrect, sampleCount } = offer.data.files.document;
  const has = countCorrect(model, shards);
  if (has < minCorrect) throw belowThreshold(has, minCorrect, sampleCount, seed);

  const { bundles, proofs } = await proveShards(setting, offer, model, opening, true);
  const { rewardWei, proveDeadline } = await readTask(contracts, taskId);
  await stage.transact(
    PARTY,
    "hand in the proofs",
    (sender) => submitProofs(sender, contracts, taskId, bundles.map(shardProof)),
    `hands in the proofs of ${shardsText(bundles.length)} at once: checked in one batch, ${has} of ${sampleCount} correct; ${shortEther(rewardWei)} credited`,
  );
  await stage.transact(
    PARTY,
    "settle the collateral",
    (sender) => settleCollateral(sender, auction),
    `has its collateral of ${ether(COLLATERAL_WEI)} released`,
  );
  await stage.transact(
    PARTY,
    "withdraw the reward",
    (sender) => withdrawReward(sender, contracts, ZeroAddress),
    `withdraws ${shortEther(rewardWei)}`,
  );
  await passUntil(stage.connection, proveDeadline + 1n);
  await takeBondBack(setting, offer);
  return { ...revealed.opening, offer, modelCommitment: opening.modelCommitment, proofs };
}

function belowThreshold(correct: number, minCorrect: number, sampleCount: number, seed: string): ProverError {
  return new ProverError(
    "demo.below-threshold",
    `the model trained with seed ${seed} classifies ${correct} of ${sampleCount} sealed samples correctly, the task asks for ${minCorrect}`,
    "Choose another seed, e.g. --seed 1.",
    { correct, minCorrect, sampleCount, seed },
  );
}
