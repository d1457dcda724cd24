/** A federation's rounds: who hands in what, and what becomes of it. */
import { SeededRandom } from "../../prover/src/data/random.ts";
import type { FloatModel } from "../../prover/src/model/float-model.ts";
import { backdoorSuccess, type Behaviour } from "./behaviours.ts";
import type { LocalTraining } from "./quick-training.ts";
import {
  floorOf,
  leaderOf,
  mayKeepOwn,
  MIN_PLACES,
  type ProvenCount,
  rewardsOf,
  rosterOf,
  type RoundRules,
} from "./round-rules.ts";
import { type Setting, triggered } from "./setting.ts";
import { accuracyOf, type Arithmetic, MAX_FACTOR, type Weighted } from "./systems.ts";

/** A member, or one that claims to be. */
export interface Member {
  readonly behaviour: Behaviour;
  /** Whether it hands in what is not trained as agreed; then it claims the largest factor. */
  readonly isHonest: boolean;
}

export interface FederationOptions {
  readonly setting: Setting;
  /** One for each part. */
  readonly members: readonly Member[];
  readonly training: LocalTraining;
  readonly rounds: number;
  /** Undefined for plain federated averaging, which takes all models. */
  readonly rules: RoundRules | undefined;
}

/** The models of a round, for who wants to look at them. */
export interface RoundModels<Model> {
  readonly round: number;
  /** By member; undefined for who handed none in. */
  readonly locals: readonly (Weighted<Model> | undefined)[];
  /** The new global model. */
  readonly global: Model;
}

/** How a round ended. */
export interface RoundOutcome {
  /** Accuracy of the global model on samples that nobody has seen, in 0..1. */
  readonly accuracy: number;
  /** Share of such samples with the trigger that it takes for the target class, in 0..1. */
  readonly backdoorSuccess: number;
  /** Its correct samples of the test set; 0 if no count can be proven. */
  readonly correct: number;
  /** Members whose models have no part in it, for lack of a count or for too small a one. */
  readonly refused: readonly number[];
  readonly leader: number | undefined;
  readonly isOwnModel: boolean;
  /** No average that could be proven, or too few members: the last global model stays. */
  readonly isAbandoned: boolean;
  /** Each member's part of the round's reward, in 0..1. */
  readonly rewards: readonly number[];
}

/** A model whose count can be proven. */
interface HandedIn<Model> extends Weighted<Model>, ProvenCount {}

/** What a round makes of the models handed in. */
interface Verdict<Model> {
  readonly model: Model;
  readonly correct: number;
  readonly leader: number | undefined;
  readonly isOwnModel: boolean;
  readonly isAbandoned: boolean;
  readonly accepted: readonly number[];
  readonly rewards: readonly number[];
}

interface Decision<Model> extends Verdict<Model> {
  readonly locals: readonly (Weighted<Model> | undefined)[];
}

/** The same stake for every member. */
const STAKE_WEI = 1n;

/** Plays a federation's rounds. */
export function playFederation<Model>(
  arithmetic: Arithmetic<Model>,
  options: FederationOptions,
  onRound: (models: RoundModels<Model>) => void = () => {},
): RoundOutcome[] {
  const { setting, rounds } = options;
  const heldOut = { plain: setting.heldOut, triggered: triggered(setting.heldOut) };
  let global = arithmetic.encode(setting.start);
  let correct = arithmetic.countOf(global, setting.test) ?? 0;
  return Array.from({ length: rounds }, (_, index) => {
    const decision = playRound(arithmetic, options, index + 1, global, correct);
    ({ model: global, correct } = decision);
    onRound({ round: index + 1, locals: decision.locals, global });
    return {
      accuracy: accuracyOf(arithmetic, global, heldOut.plain),
      backdoorSuccess: backdoorSuccess(arithmetic, global, heldOut.triggered),
      correct,
      refused: [...options.members.keys()].filter((member) => !decision.accepted.includes(member)),
      leader: decision.leader,
      isOwnModel: decision.isOwnModel,
      isAbandoned: decision.isAbandoned,
      rewards: decision.rewards,
    };
  });
}

function playRound<Model>(
  arithmetic: Arithmetic<Model>,
  options: FederationOptions,
  round: number,
  global: Model,
  baseCorrect: number,
): Decision<Model> {
  const { setting, members, training, rules } = options;
  const factors = members.map(({ isHonest }, member) =>
    factorOf(setting, member, isHonest, rules?.maxFactor ?? MAX_FACTOR),
  );
  const [all, dishonest] = [factors, factors.filter((_, member) => !members[member]!.isHonest)].map((list) =>
    list.reduce((sum, factor) => sum + factor, 0),
  ) as [number, number];
  const start: FloatModel = arithmetic.decode(global);
  const triggeredTest = triggered(setting.test);
  const handedIn: HandedIn<Model>[] = [];
  members.forEach(({ behaviour }, member) => {
    const model = behaviour({
      arithmetic,
      global: start,
      samples: setting.parts[member]!,
      training,
      seed: `${setting.seed}/${round}/${member}`,
      test: setting.test,
      triggeredTest,
      floor: rules && floorOf(baseCorrect, rules),
      expectedShare: dishonest / all,
    });
    const correct = model && arithmetic.countOf(model, setting.test);
    if (model === undefined || correct === undefined) return;
    handedIn.push({ model, correct, member, factor: factors[member]!, weightWei: STAKE_WEI });
  });
  const decision =
    rules === undefined
      ? averageAll(arithmetic, options, handedIn)
      : applyRules(arithmetic, options, rules, round, { global, baseCorrect, handedIn });
  return {
    ...decision,
    locals: members.map((_, member) => handedIn.find((model) => model.member === member)),
  };
}

/** A member's weight: its samples; who is not honest claims the most that is allowed. */
function factorOf({ parts }: Setting, member: number, isHonest: boolean, maxFactor: number): number {
  return isHonest ? Math.min(parts[member]!.sampleCount, maxFactor) : maxFactor;
}

function averageAll<Model>(
  arithmetic: Arithmetic<Model>,
  { members, setting }: FederationOptions,
  handedIn: readonly HandedIn<Model>[],
): Verdict<Model> {
  const model = arithmetic.average(handedIn);
  return {
    model,
    correct: arithmetic.countOf(model, setting.test) ?? 0,
    leader: undefined,
    isOwnModel: false,
    isAbandoned: false,
    accepted: handedIn.map(({ member }) => member),
    rewards: members.map(() => 0),
  };
}

function applyRules<Model>(
  arithmetic: Arithmetic<Model>,
  { members, setting }: FederationOptions,
  rules: RoundRules,
  round: number,
  { global, baseCorrect, handedIn }: { global: Model; baseCorrect: number; handedIn: HandedIn<Model>[] },
): Verdict<Model> {
  const random = new SeededRandom(setting.seed, `chance of round ${round}`);
  // Proofs arrive in any order.
  const order = [...random.permutation(handedIn.length)].map((index) => handedIn[index]!);
  const roster = rosterOf(order, baseCorrect, rules) as HandedIn<Model>[];
  const accepted = roster.map(({ member }) => member);
  const abandoned: Verdict<Model> = {
    model: global,
    correct: baseCorrect,
    leader: undefined,
    isOwnModel: false,
    isAbandoned: true,
    accepted,
    rewards: members.map(() => 0),
  };
  if (roster.length < MIN_PLACES) return abandoned;

  const leader = leaderOf(roster, rules, BigInt(random.nextUint32())) as HandedIn<Model>;
  const average = arithmetic.average(roster);
  const averageCorrect = arithmetic.countOf(average, setting.test);
  // Nobody takes the lead for an average whose count cannot be proven.
  if (averageCorrect === undefined) return abandoned;
  const isOwnModel = mayKeepOwn(leader.correct, averageCorrect, rules);
  const paid = rewardsOf(roster, baseCorrect, rules);
  return {
    model: isOwnModel ? leader.model : average,
    correct: isOwnModel ? leader.correct : averageCorrect,
    leader: leader.member,
    isOwnModel,
    isAbandoned: false,
    accepted,
    rewards: members.map((_, member) => {
      const place = accepted.indexOf(member);
      return place < 0 ? 0 : Number(paid[place]!) / Number(rules.rewardWei);
    }),
  };
}
