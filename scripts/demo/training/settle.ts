import { ZeroAddress } from "ethers";

import { type Audit, readRun, slashStake } from "../../../prover/src/chain/audits.ts";
import { chainTime } from "../../../prover/src/chain/connect.ts";
import { readStake, unbondStake, withdrawCredit, withdrawStake } from "../../../prover/src/chain/stake.ts";
import { releaseStake, withdrawReward } from "../../../prover/src/chain/tasks.ts";
import { passSeconds } from "../clock.ts";
import { type Stage, UNBONDING_SECONDS } from "../stage.ts";
import { ether, REWARD_WEI, STAKE_WEI } from "../task.ts";
import type { DemoAudit } from "./record.ts";

/** The prover gets reward and stake, the rival's stake is slashed once its time is over; the clock is moved twice. */
export async function settleAudited(stage: Stage, audit: Audit): Promise<DemoAudit["slashed"]> {
  const { contracts, connection } = stage;
  await stage.transact(
    "prover",
    "withdraw the reward",
    (sender) => withdrawReward(sender, contracts, ZeroAddress),
    `withdraws the reward of ${ether(REWARD_WEI)}`,
  );
  await stage.transact(
    "prover",
    "release the stake",
    (sender) => releaseStake(sender, contracts, audit.taskId, stage.address("prover")),
    "has its stake released",
  );
  await stage.transact(
    "prover",
    "unbond the stake",
    (sender) => unbondStake(sender, contracts, ZeroAddress, STAKE_WEI),
    "asks for its stake back",
  );

  await passSeconds(connection, Number(audit.terms.answerDeadline - (await chainTime(connection))) + 1);
  const { state, pendingSteps } = await readRun(audit, stage.address("rival"));
  if (state !== "failed") throw new Error(`the rival answered for nothing, and its run is ${state}`);
  await stage.transact(
    "buyer",
    "slash the rival",
    (sender) => slashStake(sender, contracts, audit.taskId, stage.address("rival")),
    `slashes the rival, whose time to answer for ${pendingSteps.length} more steps is over (the local chain's clock was moved)`,
  );
  const { creditWei } = await readStake(contracts, stage.address("buyer"), ZeroAddress);
  const slashed = { burnedWei: String(STAKE_WEI - creditWei), paidWei: String(creditWei) };
  await stage.transact(
    "buyer",
    "withdraw its half of the slashed stake",
    (sender) => withdrawCredit(sender, contracts, ZeroAddress),
    `withdraws ${ether(creditWei)} of it; ${ether(STAKE_WEI - creditWei)} are burned`,
  );

  await passSeconds(connection, UNBONDING_SECONDS);
  await stage.transact(
    "prover",
    "withdraw the stake",
    (sender) => withdrawStake(sender, contracts, ZeroAddress),
    `withdraws ${ether(STAKE_WEI)} of stake seven days later (the clock was moved again)`,
  );
  return slashed;
}
