import { putDocument } from "../../../prover/src/artifacts/documents.ts";
import { federationWord, ROUND_MASK_PURPOSE, roundContext } from "../../../prover/src/chain/context.ts";
import { isRunning } from "../../../prover/src/chain/round-state.ts";
import type { RoundRecord } from "../../../prover/src/chain/rounds.ts";
import { circuitLayout } from "../../../prover/src/circuits/instance.ts";
import type { FloatSamples } from "../../../prover/src/data/dataset.ts";
import { memberFactor } from "../../../prover/src/federation/federation-document.ts";
import { readGlobalModel } from "../../../prover/src/federation/federation-files.ts";
import { MASKED_VECTOR } from "../../../prover/src/federation/masked-vector.ts";
import type { RoundAction } from "../../../prover/src/federation/next-action.ts";
import type { ChainView } from "../../../prover/src/federation/round-chain.ts";
import type { OpenedModel, ProofSite } from "../../../prover/src/federation/round-proofs.ts";
import { RoundFolder } from "../../../prover/src/federation/round-folder.ts";
import { LOCAL_MODEL } from "../../../prover/src/federation/round-stages.ts";
import { modelCommitment } from "../../../prover/src/model/commitment.ts";
import type { IntegerModel } from "../../../prover/src/model/integer-model.ts";
import { proveCircuit } from "../../../prover/src/proof/prove.ts";
import { randomFieldElement } from "../../../prover/src/random-field.ts";
import { maskedUpdateWitness } from "../../../prover/src/witness/masked-update-witness.ts";
import { type Actor, idle, MemberActor } from "./actor.ts";
import { countOf, trainFrom } from "./local-training.ts";
import { refusedByContract, refusedByToolkit } from "./refusals.ts";
import type { PoisonerPlan } from "./scenarios.ts";
import type { FederationSetting, Player } from "./setting.ts";
import { localTraining, trainHonestly } from "./trainers.ts";

/** How far the poisoner blows its change up. */
const BOOST = 100;
const NO_DATA_POINT = { x: 0n, y: 0n };

const WHAT = {
  labels: "a model trained on wrong labels",
  signs: "the global model with its signs turned",
  scaled: "a model with its change blown up",
} as const;

/** Trains honestly in the first round, and tries one way of poisoning after the other in the next ones. */
export class PoisonerActor implements Actor {
  readonly player: Player;
  readonly #setting: FederationSetting;
  readonly #own: MemberActor;
  /** The model it committed to by hand in the present round. */
  #poison: OpenedModel | undefined;
  /** Rounds in which it has tried what it was there for. */
  readonly #tried = new Set<bigint>();

  constructor(setting: FederationSetting, player: Player) {
    this.#setting = setting;
    this.player = player;
    this.#own = new MemberActor(setting, player, trainHonestly(setting, player));
  }

  async step(): Promise<RoundAction> {
    const view = await this.#own.member.chain.read();
    const { round } = view;
    if (round === undefined || !isRunning(round)) return await this.#own.step();
    const plan = this.#planOf(round);
    if (plan in WHAT) return await this.#poisonRound(view, round, plan as keyof typeof WHAT);
    const isPeer = round.own.place !== null && round.peers.includes(round.own.place);
    if (plan === "swap" && round.state === "masking" && isPeer) {
      return await this.#once(round, () => this.#maskAnother(round));
    }
    if (plan === "garbage" && isPeer && round.state === "elected") {
      return await this.#once(round, () => this.#publishGarbage());
    }
    return await this.#own.step();
  }

  #planOf({ round }: RoundRecord): PoisonerPlan {
    return this.#setting.scenario.poisoner[Number(round) - 1]!;
  }

  async #once({ round }: RoundRecord, work: () => Promise<void>): Promise<RoundAction> {
    if (this.#tried.has(round)) return idle("has tried");
    this.#tried.add(round);
    await work();
    return { kind: "mask" };
  }

  /** Commits to a poisoned model and tries to prove it. */
  async #poisonRound(view: ChainView, round: RoundRecord, plan: keyof typeof WHAT): Promise<RoundAction> {
    if (round.state === "committing" && round.own.modelCommitment === 0n) {
      await this.#own.deed("commit", false, async () => await this.#commitPoison(view, round, plan));
      return { kind: "commit" };
    }
    if (round.state === "proving" && !this.#tried.has(round.round)) {
      this.#tried.add(round.round);
      await this.#provePoison(view, round, WHAT[plan]);
      return { kind: "prove" };
    }
    return idle("has nothing more to try in this round");
  }

  async #commitPoison(view: ChainView, round: RoundRecord, plan: keyof typeof WHAT): Promise<string> {
    const { files, data, drawSalt } = this.#setting;
    const { chain, artifacts, sampleCount } = this.#own.member;
    const global = await readGlobalModel(artifacts.read, files, view.federation.globalModel);
    const model = await this.#poisonedModel(global, round, plan);
    this.#poison = { model, salt: drawSalt() };
    const factor = memberFactor(sampleCount, files.document, view.federation.maxFactor);
    await chain.commit(round, modelCommitment(model, this.#poison.salt), factor);
    const correct = countOf(model, data.testSet.samples);
    return `commits to ${WHAT[plan]}${correct === undefined ? "" : `: ${correct} correct`}`;
  }

  async #poisonedModel(
    global: IntegerModel,
    { round }: RoundRecord,
    plan: keyof typeof WHAT,
  ): Promise<IntegerModel> {
    if (plan === "signs") return turnedSigns(global);
    const { samples } = this.player.part!;
    const learnt = plan === "labels" ? wrongLabels(samples) : samples;
    const seed = `${this.#setting.seed}, ${this.player.party} in round ${round}`;
    const path = await trainFrom(localTraining(this.#setting), global, learnt, seed);
    return path(plan === "scaled" ? BOOST : 1);
  }

  async #provePoison({ federation }: ChainView, round: RoundRecord, what: string): Promise<void> {
    const setting = this.#setting;
    const number = Number(round.round);
    const { stages } = this.#own.member;
    const prove = () => stages.proveLocalCount(this.#siteOf(round), this.#poison!);
    if (countOf(this.#poison!.model, setting.data.testSet.samples) === undefined) {
      const attempt = { title: what, text: `tries to prove ${what}` };
      await refusedByToolkit(setting, this.player, number, attempt, prove);
      return;
    }
    const score = await this.#timed(round, "prove", prove);
    const correct = score.counts.reduce((sum, count) => sum + count, 0);
    await refusedByContract(setting, this.player, number, {
      title: `${what}, which has ${correct} correct`,
      text: `proves ${correct} with ${what}`,
      method: "prove",
      values: [score],
    });
    const claimed = federation.globalModel.correct;
    await refusedByContract(setting, this.player, number, {
      title: `the same proof with ${claimed} written over the count`,
      text: `writes ${claimed} over the ${correct} in its proof`,
      method: "prove",
      values: [{ ...score, counts: [claimed - sumOf(score.counts.slice(1)), ...score.counts.slice(1)] }],
    });
  }

  /** Tries to contribute another model than the proven one: no proof exists, and the proof of the other does not fit. */
  async #maskAnother(round: RoundRecord): Promise<void> {
    const setting = this.#setting;
    const { circuit, keys } = setting.provers.mask;
    const { secrets, chain, stages, workingFolder } = this.#own.member;
    const folder = new RoundFolder(workingFolder, round, chain.account, secrets.folderKey);
    const proven = (await folder.load("local-model", LOCAL_MODEL))!;
    const poison = { model: turnedSigns(proven.model), salt: proven.salt };
    const roster = round.places.map(({ key }) => key);
    const { factor } = round.own;
    const { vector: _, ...witness } = maskedUpdateWitness(circuit.instance, {
      ...poison,
      context: roundContext(round, chain.account, ROUND_MASK_PURPOSE),
      weightFactor: factor,
      member: { federation: federationWord(round), round: round.round, key: secrets.maskKey, roster },
      peerPlaces: round.peers,
    });
    const number = Number(round.round);
    await refusedByToolkit(
      setting,
      this.player,
      number,
      {
        title: "the vector of another model than the proven one",
        text: "tries to prove that the vector of a poisoned model is that of its proven one",
      },
      () =>
        proveCircuit({
          circuit,
          layout: circuitLayout(circuit.instance),
          keys,
          ...witness,
          statement: { ...witness.statement, modelCommitment: [round.own.modelCommitment] },
          dataset: {},
          dataPoint: NO_DATA_POINT,
        }),
    );
    const masking = { factor, key: secrets.maskKey, roster, peerPlaces: round.peers };
    const update = await this.#timed(round, "mask", () =>
      stages.proveMaskedModel(this.#siteOf(round), poison, masking),
    );
    await refusedByContract(setting, this.player, number, {
      title: "a valid proof about another model than the committed one",
      text: "hands in the vector of a poisoned model with a valid proof about that one",
      method: "mask",
      values: [update.rosterDigest, update.vectorDigest, "ipfs://withheld", update.proof],
    });
  }

  /** Publishes something else than the vector that it has proven. */
  async #publishGarbage(): Promise<void> {
    await this.#own.deed("publish-vector", false, async () => {
      const noise = Array.from({ length: 8 }, randomFieldElement);
      await putDocument(this.#setting.store, MASKED_VECTOR, noise);
      return "publishes noise in place of its proven vector";
    });
  }

  async #timed<Result>(round: RoundRecord, action: string, work: () => Promise<Result>): Promise<Result> {
    const { stage, ledger } = this.#setting;
    const start = stage.story.seconds();
    const result = await work();
    const seconds = stage.story.seconds() - start;
    ledger.noteWork(Number(round.round), { party: this.player.party, action, seconds, isProof: true });
    return result;
  }

  #siteOf(place: RoundRecord): ProofSite {
    return { place, member: this.player.address };
  }
}

/** A model whose last layer says the opposite. */
function turnedSigns({ architecture, layers }: IntegerModel): IntegerModel {
  const last = layers.length - 1;
  const turn = (values: Int32Array, bits: number): Int32Array =>
    values.map((value) => Math.min(-value, 2 ** (bits - 1) - 1));
  return {
    architecture,
    layers: layers.map((layer, index) =>
      index < last
        ? layer
        : {
            weights: turn(layer.weights, architecture.weightBits),
            biases: turn(layer.biases, architecture.biasBits),
          },
    ),
  };
}

/** Samples that are labelled with the next class. */
function wrongLabels(samples: FloatSamples): FloatSamples {
  return { ...samples, labels: samples.labels.map((label) => (label + 1) % samples.classCount) };
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
