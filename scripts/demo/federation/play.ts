import type { RoundAction } from "../../../prover/src/federation/next-action.ts";
import { passSeconds, passUntil } from "../clock.ts";
import type { Stage } from "../stage.ts";
import type { Actor } from "./actor.ts";
import { HonestActor, Outage } from "./honest.ts";
import { PoisonerActor } from "./poisoner.ts";
import { riderActor, SecondAccountActor } from "./rider.ts";
import type { FederationSetting, Player } from "./setting.ts";

type Waiting = Extract<RoundAction, { readonly kind: "wait" }>;

/** All actors, those that cheat before most others: among equal models the earlier one gets a place. */
export function castActors(setting: FederationSetting): readonly Actor[] {
  const outage = new Outage(setting.scenario.vanishRound);
  const [first, ...others] = setting.players;
  const cheaters = others.filter(({ role }) => role !== "honest");
  const honest = others.filter(({ role }) => role === "honest");
  return [first!, ...cheaters, ...honest].map((player) => actorOf(setting, player, outage));
}

function actorOf(setting: FederationSetting, player: Player, outage: Outage): Actor {
  switch (player.role) {
    case "honest":
      return new HonestActor(setting, player, outage);
    case "poisoner":
      return new PoisonerActor(setting, player);
    case "free rider":
      return riderActor(setting, player);
    case "second account":
      return new SecondAccountActor(setting, player);
  }
}

/** Everybody takes a step in turn until all rounds are over; when all wait, the clock is moved on. */
export async function playRounds(
  { stage, ledger }: FederationSetting,
  actors: readonly Actor[],
): Promise<void> {
  for (;;) {
    const waiting: Waiting[] = [];
    let [hasActed, isOver] = [false, true];
    for (const actor of actors) {
      const action = await actor.step();
      if (action.kind === "wait") waiting.push(action);
      else if (action.kind !== "finished") hasActed = true;
      if (actor.player.role === "honest" && action.kind !== "finished") isOver = false;
    }
    if (isOver) break;
    if (!hasActed) await passWaiting(stage, waiting);
  }
  ledger.end();
}

/** Moves the chain on to the first moment that somebody waits for. */
async function passWaiting({ connection }: Stage, waiting: readonly Waiting[]): Promise<void> {
  const { provider } = connection;
  const blocks = waiting.flatMap(({ untilBlock }) => untilBlock ?? []);
  const times = waiting.flatMap(({ until }) => until ?? []);
  if (blocks.length > 0) {
    const missing = Math.min(...blocks) - (await provider.getBlockNumber());
    await provider.send("anvil_mine", [`0x${Math.max(missing, 1).toString(16)}`]);
  } else if (times.length > 0) {
    const until = times.reduce((first, time) => (time < first ? time : first));
    const latest = BigInt((await provider.getBlock("latest"))!.timestamp);
    if (until > latest) await passUntil(connection, until);
    else await passSeconds(connection, 1);
  } else {
    throw new Error(`all wait, and nobody knows for what: ${waiting.map(({ why }) => why).join("; ")}`);
  }
}
