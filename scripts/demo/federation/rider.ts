import { isRunning } from "../../../prover/src/chain/round-state.ts";
import { readContribution } from "../../../prover/src/chain/rounds.ts";
import { readGlobalModel } from "../../../prover/src/federation/federation-files.ts";
import type { RoundAction } from "../../../prover/src/federation/next-action.ts";
import type { OpenedModel } from "../../../prover/src/federation/round-proofs.ts";
import { modelCommitment } from "../../../prover/src/model/commitment.ts";
import { type Actor, idle, MemberActor, type Trainer } from "./actor.ts";
import { refusedByContract } from "./refusals.ts";
import type { FederationSetting, Player } from "./setting.ts";

/** Hands in the last global model instead of training. */
const trainNothing: Trainer = (_, globalModel) => Promise.resolve(globalModel);

/** A member that trains nothing, and else does what all do. */
export function riderActor(setting: FederationSetting, player: Player): Actor {
  return new MemberActor(setting, player, trainNothing);
}

/** The free rider's second account: in one round it hands in the same weights once more, under a salt of its own. */
export class SecondAccountActor implements Actor {
  readonly player: Player;
  readonly #setting: FederationSetting;
  readonly #own: MemberActor;
  #copy: OpenedModel | undefined;
  #hasTried = false;

  constructor(setting: FederationSetting, player: Player) {
    this.#setting = setting;
    this.player = player;
    this.#own = new MemberActor(setting, player, trainNothing);
  }

  async step(): Promise<RoundAction> {
    const { member } = this.#own;
    const { federation, round } = await member.chain.read();
    if (round === undefined || !isRunning(round)) return idle("is there for one round only");
    if (Number(round.round) !== this.#setting.scenario.copyRound) return idle("is there for one round only");
    if (round.state === "committing" && this.#copy === undefined) {
      const model = await readGlobalModel(member.artifacts.read, member.files, federation.globalModel);
      const copy = { model, salt: this.#setting.drawSalt() };
      this.#copy = copy;
      await this.#own.deed("commit", false, async () => {
        await member.chain.commit(round, modelCommitment(copy.model, copy.salt), 1);
        return "commits to the last global model, too, under another salt";
      });
      return { kind: "commit" };
    }
    if (round.state === "proving" && !this.#hasTried && (await this.#isCopied())) {
      this.#hasTried = true;
      const site = { place: round, member: this.player.address };
      const score = await member.stages.proveLocalCount(site, this.#copy!);
      await refusedByContract(this.#setting, this.player, Number(round.round), {
        title: "the free rider's weights again, under another salt and account",
        text: "proves the same weights from a second account",
        method: "prove",
        values: [score],
      });
      return { kind: "prove" };
    }
    return idle("has nothing more to try");
  }

  /** Whether the first account has proven these weights. */
  async #isCopied(): Promise<boolean> {
    const { stage, players, federation, scenario } = this.#setting;
    const rider = players.find(({ role }) => role === "free rider")!;
    const round = { federationId: federation.federationId, round: BigInt(scenario.copyRound) };
    return (await readContribution(stage.contracts, round, rider.address)).isProven;
  }
}

/** The free rider asks for a part of a reward, having improved nothing. */
export async function claimForNothing(setting: FederationSetting): Promise<void> {
  const { players, scenario } = setting;
  const rider = players.find(({ role }) => role === "free rider")!;
  await refusedByContract(setting, rider, scenario.copyRound, {
    title: "claiming a reward for the last global model",
    text: `asks for its part of the reward of round ${scenario.copyRound}`,
    method: "claim",
    values: [scenario.copyRound, rider.address],
  });
}
