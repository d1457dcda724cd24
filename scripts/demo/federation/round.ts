import { getDocument } from "../../../prover/src/artifacts/documents.ts";
import { readFederation } from "../../../prover/src/chain/federations.ts";
import { claimReward, startRound } from "../../../prover/src/chain/rounds.ts";
import { readGlobalModel } from "../../../prover/src/federation/federation-files.ts";
import { ether } from "../task.ts";
import { leadRound } from "./leading.ts";
import { bestStep, trainFrom } from "./local-training.ts";
import {
  advance,
  commit,
  look,
  mask,
  partyAt,
  passState,
  proveCount,
  publishVectors,
  reportWrongVectors,
  type RoundSetting,
} from "./moves.ts";
import { commitPoison, maskPoison, provePoison } from "./poisoner.ts";
import { claimForNothing, commitCopy, proveCopy } from "./rider.ts";
import type { CommittedModel, FederationSetting, Player } from "./setting.ts";

/** Plays a round from its start to its record and rewards; clocks are moved whenever everybody waits. */
export async function playRound(base: FederationSetting, number: number): Promise<void> {
  const { stage, ledger, files, players, store } = base;
  stage.story.heading(`Round ${number}`);
  ledger.beginRound(number);
  const federation = await readFederation(stage.contracts, base.federation.federationId);
  const global = await readGlobalModel(
    (cid, kind) => getDocument(store, cid, kind),
    files,
    federation.globalModel,
  );
  const setting: RoundSetting = { ...base, federation, number, global };
  const active = players.filter(
    ({ role }) => role !== "second account" || number === base.scenario.copyRound,
  );
  const [first] = players;
  await ledger.deed(
    { party: first!.party, doing: "starting the round", method: "start" },
    async (sender) => ({
      sent: await startRound(sender, federation),
      text: `starts round ${number}: the last global model has ${federation.globalModel.correct} of ${federation.sampleCount} correct`,
    }),
  );
  await passState(setting, await look(setting, first!));

  const committed = new Map<Player, CommittedModel>();
  for (const player of active) committed.set(player, await prepare(setting, player));
  await passState(setting, await look(setting, first!));
  for (const player of cheatersFirst(active)) await prove(setting, player, committed.get(player)!);
  await passState(setting, await look(setting, first!));
  await advance(setting, first!, "closes the scoring: the best models are masked and averaged");

  if (await maskAll(setting, committed)) await leadRound(setting);
  const end = await look(setting, first!);
  if (end.state !== "final") throw new Error(`round ${number} ended as ${end.state}`);
  await claimAll(setting);
  ledger.endRound();
}

async function prepare(setting: RoundSetting, player: Player): Promise<CommittedModel> {
  const { number, seed, data, files, backend } = setting;
  const trainingSeed = `${seed}, ${player.party} in round ${number}`;
  if (player.role === "poisoner") return await commitPoison(setting, player, trainingSeed);
  if (player.role !== "honest") return await commitCopy(setting, player);
  const samples = player.samples!;
  return await commit(setting, player, `training on ${samples.sampleCount} samples of its own`, async () => {
    const test = data.testSet.samples;
    const training = { document: files.document, test, backend };
    const { model, correct } = bestStep(
      await trainFrom(training, setting.global, samples, trainingSeed),
      test,
    );
    return {
      model,
      correct,
      text: `trains on ${samples.sampleCount} samples of its own: ${correct} correct`,
    };
  });
}

async function prove(setting: RoundSetting, player: Player, committed: CommittedModel): Promise<void> {
  if (player.role === "poisoner") await provePoison(setting, player, committed);
  else if (player.role === "honest") await proveCount(setting, player, committed);
  else await proveCopy(setting, player, committed);
}

/** Among equal models the earlier one gets a place: cheaters do not hesitate. */
function cheatersFirst(players: readonly Player[]): readonly Player[] {
  return [
    ...players.filter(({ role }) => role !== "honest"),
    ...players.filter(({ role }) => role === "honest"),
  ];
}

/** Everybody masks, again without those that drop out, until all vectors are there; returns whether they are. */
async function maskAll(
  setting: RoundSetting,
  committed: ReadonlyMap<Player, CommittedModel>,
): Promise<boolean> {
  const [watcher] = setting.players;
  for (;;) {
    const round = await look(setting, watcher!);
    if (round.state !== "masking") return round.state === "electing";
    let isComplete = true;
    for (const place of round.peers) {
      const player = partyAt(setting, round, place);
      const model = committed.get(player)!;
      if (player.role !== "poisoner") await mask(setting, player, model);
      else isComplete = (await maskPoison(setting, player, model, round)) && isComplete;
    }
    if (!isComplete) {
      await passState(setting, round);
      await advance(setting, watcher!, "sees that a vector is missing: the others mask again without it");
      continue;
    }
    await publishVectors(setting, await look(setting, watcher!));
    const peers = round.peers.map((place) => partyAt(setting, round, place));
    await reportWrongVectors(
      setting,
      peers.filter(({ role }) => role !== "poisoner"),
    );
  }
}

/** Who improved on the last global model is paid; the free rider asks, too. */
async function claimAll(setting: RoundSetting): Promise<void> {
  const { ledger, players, scenario, number } = setting;
  for (const player of players) {
    const round = await look(setting, player);
    const { own } = round;
    const isAveraged = own.place !== null && round.peers.includes(own.place);
    if (isAveraged && own.correct > round.baseCorrect) {
      const improvement = own.correct - round.baseCorrect;
      await ledger.deed(
        { party: player.party, doing: "claiming its reward", method: "claim" },
        async (sender) => ({
          sent: await claimReward(sender, round, player.address),
          text: `claims ${improvement} of ${round.improvementSum} parts of ${ether(round.rewardWei)}`,
        }),
      );
    } else if (player.role === "free rider" && number === scenario.copyRound) {
      await claimForNothing(setting, player);
    }
  }
}
