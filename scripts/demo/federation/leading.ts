import { formatArtifactUri } from "../../../prover/src/artifacts/artifact-uri.ts";
import { putDocument } from "../../../prover/src/artifacts/documents.ts";
import {
  deliverAverage,
  type RoundRecord,
  scoreAverage,
  takeLead,
} from "../../../prover/src/chain/rounds.ts";
import { GLOBAL_MODEL } from "../../../prover/src/federation/global-model.ts";
import { proveAverage, proveGlobalCount } from "../../../prover/src/federation/round-proofs.ts";
import type { IntegerModel } from "../../../prover/src/model/integer-model.ts";
import { GLOBAL_SALT } from "../../../prover/src/witness/aggregate-witness.ts";
import { ether } from "../task.ts";
import {
  advance,
  fetchVectors,
  look,
  partyAt,
  passState,
  type RoundSetting,
  scoreShards,
  siteOf,
} from "./moves.ts";
import type { Player } from "./setting.ts";

/** Blocks that pass until a leader can be drawn. */
const DRAW_BLOCKS = 10;

/** From the complete masking to the end of the round: leaders are elected until one delivers. */
export async function leadRound(setting: RoundSetting): Promise<void> {
  const { stage, federation, scenario, number, players } = setting;
  const [watcher] = players;
  await stage.connection.provider.send("anvil_mine", [`0x${DRAW_BLOCKS.toString(16)}`]);
  await advance(setting, watcher!, "has the leader drawn from the hash of a block");
  let hasVanished = false;
  for (;;) {
    const round = await look(setting, watcher!);
    if (round.state !== "elected") return;
    const leader = partyAt(setting, round, round.leaderPlace!);
    if (leader.role !== "honest") {
      await waitOut(setting, round, `waits in vain: the ${leader.party} was elected and does no work`);
    } else if (number === scenario.vanishRound && !hasVanished) {
      hasVanished = true;
      await take(setting, leader, round, "takes the lead, and is not heard of again");
      const bond = ether(federation.bondWei);
      await waitOut(
        setting,
        await look(setting, watcher!),
        `sees the leader's time pass: it loses its bond of ${bond}`,
      );
    } else {
      await deliver(setting, leader, round);
      return;
    }
  }
}

/** Somebody else than the leader waits until its time is over, and takes the next step. */
async function waitOut(setting: RoundSetting, round: RoundRecord, text: string): Promise<void> {
  const leader = partyAt(setting, round, round.leaderPlace!);
  const other = setting.players.find(({ role, party }) => role === "honest" && party !== leader.party)!;
  await passState(setting, round);
  await advance(setting, other, text);
}

async function take(setting: RoundSetting, leader: Player, round: RoundRecord, text: string): Promise<void> {
  await setting.ledger.deed(
    { party: leader.party, doing: "taking the lead", method: "takeLead" },
    async (sender) => ({ sent: await takeLead(sender, round), text }),
  );
}

/** The leader averages, proves it, and proves how good the average is. */
async function deliver(setting: RoundSetting, leader: Player, elected: RoundRecord): Promise<void> {
  const { provers, store, ledger, federation } = setting;
  const vectors = (await fetchVectors(setting, elected)).filter((vector) => vector !== undefined);
  if (vectors.length !== elected.peers.length) throw new Error("a vector is missing after all were checked");
  const own = elected.places[elected.leaderPlace!]!;
  await take(setting, leader, elected, `has ${own.correct} correct and takes the lead, its bond at stake`);
  const factorSum = elected.peers.reduce((sum, place) => sum + elected.places[place]!.factor, 0);
  const site = siteOf(setting, leader);
  let average: IntegerModel | undefined;
  await ledger.deed(
    { party: leader.party, doing: "averaging", method: "aggregate", isProof: true },
    async (sender) => {
      const { model, globalCommitment, proof } = await proveAverage(
        provers.aggregate,
        site,
        vectors,
        factorSum,
      );
      average = model;
      const uri = formatArtifactUri(await putDocument(store, GLOBAL_MODEL, model));
      return {
        sent: await deliverAverage(sender, elected, { globalCommitment, uri, proof }),
        text: `sums ${vectors.length} masked vectors, in which the masks cancel, and proves the average`,
      };
    },
  );
  await ledger.deed(
    { party: leader.party, doing: "proving the average's count", method: "scoreGlobal", isProof: true },
    async (sender) => {
      const opened = { model: average!, salt: GLOBAL_SALT };
      const score = await proveGlobalCount(provers.score, site, opened, scoreShards(setting));
      const correct = score.counts.reduce((sum, count) => sum + count, 0);
      return {
        sent: await scoreAverage(sender, await look(setting, leader), score),
        text: `proves that the new global model has ${correct} of ${federation.sampleCount} correct`,
      };
    },
  );
  const round = await look(setting, leader);
  if (round.state === "leading") {
    await waitOut(setting, round, "sees that nobody proves more for the average, and closes the round");
  }
}
