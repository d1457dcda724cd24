import path from "node:path";

import { getDocument, putDocument } from "../../../prover/src/artifacts/documents.ts";
import type { RoundState } from "../../../prover/src/chain/round-state.ts";
import type { SentTransaction } from "../../../prover/src/chain/send.ts";
import { type Member, stepMember } from "../../../prover/src/federation/member.ts";
import { type MemberStages, memberStages } from "../../../prover/src/federation/member-stages.ts";
import type { RoundAction } from "../../../prover/src/federation/next-action.ts";
import {
  type ChainView,
  openRoundChain,
  type RoundChain,
} from "../../../prover/src/federation/round-chain.ts";
import { runReference } from "../../../prover/src/model/reference.ts";
import type { FederationSetting, Player } from "./setting.ts";

/** Whoever takes a step when it is its turn. */
export interface Actor {
  readonly player: Player;
  /** Does what there is to do, and tells of it; returns what it did. */
  step(): Promise<RoundAction>;
}

/** Actions that call the contract: the method, and whether a proof is made first. */
const METHODS: Partial<Record<RoundAction["kind"], readonly [method: string, isProof: boolean]>> = {
  start: ["start", false],
  commit: ["commit", false],
  prove: ["prove", true],
  mask: ["mask", true],
  report: ["reportMissing", false],
  "take-lead": ["takeLead", false],
  aggregate: ["aggregate", true],
  "score-global": ["scoreGlobal", true],
  "keep-own": ["keepOwn", true],
  advance: ["advance", false],
  claim: ["claim", false],
};

/** What is told of a step that time allows, by the state it ends. */
const ADVANCES: Partial<Record<RoundState, string>> = {
  proving: "closes the scoring: the best models are to be masked",
  masking: "sees that a vector is missing: the others mask again without it",
  electing: "has the leader drawn from the hash of a block",
  elected: "sees that the leader does not take the lead: the next one is elected",
  leading: "sees that the leader has not delivered: it loses its bond, and the next one is elected",
};

/** How a member makes its models. */
export type Trainer = MemberStages["train"];

/** A member that does what the toolkit has it do, step by step, with all that is told of it. */
export class MemberActor implements Actor {
  readonly player: Player;
  readonly member: Member;
  readonly #setting: FederationSetting;
  #sent: SentTransaction | undefined;
  #count = 0;
  #view: ChainView | undefined;

  constructor(setting: FederationSetting, player: Player, train: Trainer) {
    this.player = player;
    this.#setting = setting;
    const { stage, store, files, federation } = setting;
    this.member = {
      chain: this.#noted(
        openRoundChain(stage.sender(player.party), stage.contracts, federation.federationId),
      ),
      artifacts: {
        read: (cid, kind) => getDocument(store, cid, kind),
        put: (kind, value) => putDocument(store, kind, value),
        publish: (kind, value) => putDocument(store, kind, value),
      },
      files,
      secrets: player.secrets,
      stages: this.#noticed(setting, train),
      sampleCount: player.part?.samples.sampleCount ?? 0,
      workingFolder: path.join(setting.workFolder, player.party),
    };
  }

  /** What the chain said last. */
  get view(): ChainView | undefined {
    return this.#view;
  }

  async step(): Promise<RoundAction> {
    const { story } = this.#setting.stage;
    const { party } = this.player;
    const startSeconds = story.seconds();
    story.going(party, "at work");
    const action = await stepMember(this.member);
    if (action.kind === "wait" || action.kind === "finished") return action;
    const sent = this.#takeSent();
    const [method, isProof] = METHODS[action.kind] ?? [action.kind, false];
    const round = this.#roundOf(action);
    // The heading comes before whatever is told of the round.
    if (action.kind === "start") this.#setting.ledger.beginRound(round);
    this.#setting.ledger.note({
      ...{ party, round, action: method, isProof, startSeconds },
      sent,
      text: sent === undefined && action.kind !== "train" ? null : this.#textOf(action),
    });
    return action;
  }

  /** Does something by hand that the toolkit would not do, and tells of it. */
  async deed(method: string, isProof: boolean, work: () => Promise<string>): Promise<void> {
    const { stage, ledger } = this.#setting;
    const { party } = this.player;
    const startSeconds = stage.story.seconds();
    const text = await work();
    const round = Number(this.#view!.federation.round);
    ledger.note({ party, round, action: method, isProof, startSeconds, text, sent: this.#takeSent() });
  }

  /** The transaction of the step that has just ended, if there was one. */
  #takeSent(): SentTransaction | undefined {
    const sent = this.#sent;
    this.#sent = undefined;
    return sent;
  }

  #roundOf(action: RoundAction): number {
    if (action.kind === "claim") return Number(action.round);
    return Number(this.#view!.federation.round) + (action.kind === "start" ? 1 : 0);
  }

  #textOf(action: RoundAction): string {
    const { federation, round } = this.#view!;
    const { sampleCount, globalModel } = federation;
    const samples = this.player.part?.samples.sampleCount ?? 0;
    switch (action.kind) {
      case "start":
        return `starts a round: the last global model has ${globalModel.correct} of ${sampleCount} correct`;
      case "train":
        return this.player.role === "free rider"
          ? "trains nothing and takes the last global model"
          : `trains on ${samples} samples of its own: ${this.#count} of ${sampleCount} correct`;
      case "commit":
        return "commits to its model";
      case "prove": {
        const better = this.#count - globalModel.correct;
        return `proves ${this.#count} of ${sampleCount} correct, ${better > 0 ? `${better} more than the last global model` : "no improvement"}`;
      }
      case "mask":
        return `masks its model towards ${round!.peers.length - 1} others, with proof`;
      case "report":
        return `cannot find the vector of ${this.#names(action.missing)}, and reports it`;
      case "take-lead":
        return "is elected and takes the lead, its bond at stake";
      case "aggregate":
        return `sums ${round!.peers.length} masked vectors, in which the masks cancel, and proves the average`;
      case "score-global":
        return `proves that the new global model has ${this.#count} of ${sampleCount} correct`;
      case "keep-own":
        return "puts its own model in place of an average that is worse";
      case "advance":
        return round!.isAggregated
          ? "sees that nobody proves more for the average, and closes the round"
          : (ADVANCES[round!.state] ?? "takes the round on");
      case "claim":
        return "claims its part of the round's reward";
      default:
        return action.kind;
    }
  }

  #names(places: readonly number[]): string {
    const roster = this.#view!.round!.places;
    const { players } = this.#setting;
    return places
      .map((place) => players.find(({ address }) => address === roster[place]!.member)!.party)
      .join(" and ");
  }

  #noted(chain: RoundChain): RoundChain {
    const note = async (sending: Promise<SentTransaction>): Promise<SentTransaction> =>
      (this.#sent = await sending);
    return {
      ...chain,
      read: async () => (this.#view = await chain.read()),
      start: (federation) => note(chain.start(federation)),
      commit: (round, commitment, factor) => note(chain.commit(round, commitment, factor)),
      prove: (round, score) => note(chain.prove(round, score)),
      mask: (round, update) => note(chain.mask(round, update)),
      report: (round, missing) => note(chain.report(round, missing)),
      takeLead: (round) => note(chain.takeLead(round)),
      aggregate: (round, average) => note(chain.aggregate(round, average)),
      scoreGlobal: (round, score) => note(chain.scoreGlobal(round, score)),
      keepOwn: (round, commitment, uri, score) => note(chain.keepOwn(round, commitment, uri, score)),
      advance: (round) => note(chain.advance(round)),
      claim: (round) => note(chain.claim(round)),
    };
  }

  #noticed({ federation, files, provers, backend, data }: FederationSetting, train: Trainer): MemberStages {
    const { party, part, secrets } = this.player;
    const { story } = this.#setting.stage;
    const stages = memberStages({
      ...{ federation, files, provers, secrets },
      samples: part?.integer ?? data.testSet.samples,
      openBackend: () => Promise.resolve(backend),
      proving: { onStep: (step) => story.going(party, `proving: ${step}`) },
    });
    const counted = (counts: readonly number[]): number =>
      (this.#count = counts.reduce((sum, count) => sum + count, 0));
    return {
      ...stages,
      train: async (site, globalModel) => {
        const model = await train(site, globalModel);
        counted(files.shards.map(({ testSet }) => runReference(model, testSet.samples).correctCount));
        return model;
      },
      proveLocalCount: async (site, opened) => {
        const score = await stages.proveLocalCount(site, opened);
        counted(score.counts);
        return score;
      },
      proveGlobalCount: async (site, opened) => {
        const score = await stages.proveGlobalCount(site, opened);
        counted(score.counts);
        return score;
      },
    };
  }
}

/** Nothing is done before somebody else acts. */
export function idle(why: string): RoundAction {
  return { kind: "wait", until: null, untilBlock: null, why };
}
