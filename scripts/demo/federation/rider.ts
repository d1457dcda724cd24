import { proveLocalCount } from "../../../prover/src/federation/round-proofs.ts";
import { commit, proveCount, type RoundSetting, scoreShards, siteOf } from "./moves.ts";
import { refusedByContract } from "./refusals.ts";
import type { CommittedModel, Player } from "./setting.ts";

/** The free rider commits to the last global model, under a salt of its own. */
export async function commitCopy(setting: RoundSetting, player: Player): Promise<CommittedModel> {
  const { correct } = setting.federation.globalModel;
  return await commit(setting, player, "copying the global model", () =>
    Promise.resolve({
      model: setting.global,
      correct,
      text: `trains nothing; takes the last global model, ${correct} correct`,
    }),
  );
}

/** The free rider proves what the global model has; from its second account that is refused. */
export async function proveCopy(
  setting: RoundSetting,
  player: Player,
  committed: CommittedModel,
): Promise<void> {
  if (player.role === "free rider") {
    await proveCount(setting, player, committed);
    return;
  }
  const score = await setting.ledger.work(
    player.party,
    "prove",
    () => proveLocalCount(setting.provers.score, siteOf(setting, player), committed, scoreShards(setting)),
    true,
  );
  await refusedByContract(setting, {
    player,
    title: "the free rider's weights again, under another salt and account",
    text: "proves the same weights from a second account",
    method: "prove",
    values: [score],
  });
}

/** The free rider asks for a part of the reward, having improved nothing. */
export async function claimForNothing(setting: RoundSetting, player: Player): Promise<void> {
  await refusedByContract(setting, {
    player,
    title: "claiming a reward for the last global model",
    text: "asks for its part of the reward",
    method: "claim",
    values: [setting.number, player.address],
  });
}
