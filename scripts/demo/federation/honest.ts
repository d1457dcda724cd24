import type { RoundAction } from "../../../prover/src/federation/next-action.ts";
import { ether } from "../task.ts";
import { type Actor, idle, MemberActor } from "./actor.ts";
import type { FederationSetting, Player } from "./setting.ts";
import { trainHonestly } from "./trainers.ts";

/** The first honest leader of a round, or of a later one if somebody else leads that, loses its connection, whoever it is. */
export class Outage {
  readonly #round: number;
  #hasHappened = false;

  constructor(round: number) {
    this.#round = round;
  }

  /** Whether the leader that has just taken the lead of a round is hit; once. */
  hits(round: bigint): boolean {
    if (this.#hasHappened || Number(round) < this.#round) return false;
    this.#hasHappened = true;
    return true;
  }
}

/** A member that does all that the toolkit has it do; as a leader it may lose its connection. */
export class HonestActor implements Actor {
  readonly player: Player;
  readonly #setting: FederationSetting;
  readonly #own: MemberActor;
  readonly #outage: Outage;
  #isGone = false;

  constructor(setting: FederationSetting, player: Player, outage: Outage) {
    this.#setting = setting;
    this.player = player;
    this.#outage = outage;
    this.#own = new MemberActor(setting, player, trainHonestly(setting, player));
  }

  async step(): Promise<RoundAction> {
    if (this.#isGone) {
      const { round } = await this.#own.member.chain.read();
      if (round?.state === "leading" && round.leaderPlace === round.own.place) return idle("is not heard of");
      this.#isGone = false;
    }
    const action = await this.#own.step();
    if (action.kind === "take-lead" && this.#outage.hits(this.#own.view!.federation.round)) {
      this.#isGone = true;
      const { story } = this.#setting.stage;
      const bond = ether(this.#setting.federation.bondWei);
      const text = `loses its connection: unless it delivers in time it loses its bond of ${bond}`;
      story.tell(this.player.party, story.seconds(), { text, isRefused: true });
    }
    return action;
  }
}
