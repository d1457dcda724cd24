/** Accuracy, backdoors and earnings under attack: the protocol's rules beside plain federated averaging. */
import {
  type Behaviour,
  cautious,
  freeRider,
  heedlessPoisoner,
  hillClimber,
  honest,
  poisoner,
  type PoisonName,
  POISONS,
  testSetLearner,
} from "./behaviours.ts";
import { playFederation, type RoundOutcome } from "./federation.ts";
import { type LocalTraining, trainQuickly } from "./quick-training.ts";
import type { RoundRules } from "./round-rules.ts";
import { type Digits, MEMBER_COUNT, robustnessSetting } from "./setting.ts";
import { FLOAT, INTEGER, MAX_FACTOR } from "./systems.ts";

export const ROUNDS = 5;
export const TRAINING: LocalTraining = { epochs: 10, batchSize: 32, learningRate: 0.02, weightDecay: 0.01 };
/** Who deviates: members with parts of middling size. */
export const DEVIATORS: readonly number[] = [3, 4];

export const RULES: RoundRules = {
  places: 8,
  toleranceCount: 30,
  bandCount: 3,
  keepBetter: false,
  maxFactor: MAX_FACTOR,
  rewardWei: 10n ** 18n,
};

/** Ways to earn without work. */
export const RIDERS = {
  "free rider": freeRider,
  "hill climber": hillClimber,
  "test set learner": testSetLearner,
} as const satisfies Readonly<Record<string, Behaviour>>;

export type AttackName = "none" | PoisonName | keyof typeof RIDERS;

/** One federation to be played for every seed. */
export interface Scenario {
  readonly system: "FedAvg" | "protocol";
  readonly attack: AttackName;
  readonly deviators: 0 | 1 | 2;
  /** Poisoners that hand in what they would without rules. */
  readonly isHeedless?: true;
  /** Whether the sponsor trains the start model, on the smallest part. */
  readonly isStartTrained?: true;
  /** Whether honest members halve updates that would be refused. */
  readonly isCautious?: true;
  /** What differs from `RULES`. */
  readonly rules?: Partial<Pick<RoundRules, "places" | "toleranceCount" | "keepBetter" | "maxFactor">>;
}

/** How a federation ended. */
export interface ScenarioResult {
  /** On samples that nobody has seen, after the last round, in 0..1. */
  readonly accuracy: number;
  readonly backdoorSuccess: number;
  /** Share of the models of honest members, and of others, that had no part, over all rounds. */
  readonly honestRefused: number;
  readonly deviatorsRefused: number;
  readonly abandonedRounds: number;
  readonly ownModelRounds: number;
  /** Each member's part of the rewards paid, from the smallest part of the samples to the largest. */
  readonly earnings: readonly number[];
}

export const POISON_NAMES = Object.keys(POISONS) as PoisonName[];
export const RIDER_NAMES = Object.keys(RIDERS) as (keyof typeof RIDERS)[];
export const TOLERANCES: readonly number[] = [10, 20, 30, 40, 80, 360];

/** A way to federate, whatever happens in it. */
type System = Omit<Scenario, "attack" | "deviators">;

/** Ways to federate, side by side under every attack. */
export const SYSTEMS: readonly { readonly title: string; readonly system: System }[] = [
  { title: "FedAvg", system: { system: "FedAvg" } },
  { title: "FedAvg, trained start", system: { system: "FedAvg", isStartTrained: true } },
  { title: "protocol", system: { system: "protocol" } },
  { title: "protocol, trained start", system: { system: "protocol", isStartTrained: true } },
  { title: "protocol, `keepBetter`", system: { system: "protocol", rules: { keepBetter: true } } },
];

/** What is tried beside each choice of rules. */
export const PROBES: readonly Scenario[] = [
  { system: "protocol", attack: "none", deviators: 0 },
  { system: "protocol", attack: "sign-flipped", deviators: 2 },
  { system: "protocol", attack: "label-flipped", deviators: 2 },
  { system: "protocol", attack: "backdoor", deviators: 2 },
];

/** What may differ from one federation to the next. */
type Choice = Pick<Scenario, "rules" | "isStartTrained" | "isCautious">;

/** Other choices worth a look. */
export const CHOICES: readonly { readonly title: string; readonly choice: Choice }[] = [
  { title: "as above", choice: {} },
  { title: "the start model is trained by the sponsor", choice: { isStartTrained: true } },
  { title: "the leader may keep its own model", choice: { rules: { keepBetter: true } } },
  { title: "five places", choice: { rules: { places: 5 } } },
  { title: "all factors 1", choice: { rules: { maxFactor: 1 } } },
  { title: "members halve updates that would be refused", choice: { isCautious: true } },
  {
    title: "trained start, updates halved, `toleranceCount` 10",
    choice: { isStartTrained: true, isCautious: true, rules: { toleranceCount: 10 } },
  },
  {
    title: "the same with five places and factors 1",
    choice: {
      isStartTrained: true,
      isCautious: true,
      rules: { toleranceCount: 10, places: 5, maxFactor: 1 },
    },
  },
];

/** The choice of a tolerance. */
export function tolerating(toleranceCount: number): Choice {
  return { rules: { toleranceCount } };
}

/** Names a scenario: the same for the same one. */
export function keyOf(scenario: Scenario): string {
  const { system, attack, deviators, rules = {} } = scenario;
  const { isHeedless = false, isStartTrained = false, isCautious = false } = scenario;
  const { places, toleranceCount, keepBetter, maxFactor } = { ...RULES, ...rules };
  const numbers = system === "FedAvg" ? [] : [places, toleranceCount, keepBetter, maxFactor];
  return [system, attack, deviators, isHeedless, isStartTrained, isCautious, ...numbers].join("/");
}

/** All scenarios, each once. */
export function allScenarios(): Scenario[] {
  const attacks = POISON_NAMES.flatMap((attack) =>
    ([1, 2] as const).map((deviators) => ({ attack, deviators })),
  );
  const poisoned = [{ attack: "none", deviators: 0 } as const, ...attacks].flatMap((entry) =>
    SYSTEMS.map(({ system }): Scenario => ({ ...entry, ...system })),
  );
  const heedless = POISON_NAMES.map((attack): Scenario => ({
    system: "protocol",
    attack,
    deviators: 1,
    isHeedless: true,
  }));
  const riders = RIDER_NAMES.map((attack): Scenario => ({ system: "protocol", attack, deviators: 1 }));
  const choices = [...TOLERANCES.map(tolerating), ...CHOICES.map(({ choice }) => choice)].flatMap((choice) =>
    PROBES.map((probe) => ({ ...probe, ...choice })),
  );
  const all = [...poisoned, ...heedless, ...riders, ...choices];
  return [...new Map(all.map((scenario) => [keyOf(scenario), scenario])).values()];
}

/** Plays one scenario with the members, data and chance of a seed. */
export function playScenario(digits: Digits, seed: string, scenario: Scenario): ScenarioResult {
  const deviators = DEVIATORS.slice(0, scenario.deviators);
  const members = Array.from({ length: MEMBER_COUNT }, (_, member) =>
    deviators.includes(member)
      ? { behaviour: behaviourOf(scenario), isHonest: false }
      : { behaviour: scenario.isCautious ? cautious : honest, isHonest: true },
  );
  const untrained = robustnessSetting(digits, seed);
  const [smallest] = untrained.parts;
  const setting = scenario.isStartTrained
    ? { ...untrained, start: trainQuickly(untrained.start, smallest!, TRAINING, `${seed}/start`) }
    : untrained;
  const options = { setting, members, training: TRAINING, rounds: ROUNDS };
  const outcomes =
    scenario.system === "FedAvg"
      ? playFederation(FLOAT, { ...options, rules: undefined })
      : playFederation(INTEGER, { ...options, rules: { ...RULES, ...scenario.rules } });
  return summarise(outcomes, deviators);
}

function behaviourOf({ attack, isHeedless }: Scenario): Behaviour {
  if (attack === "none") return honest;
  if (attack in RIDERS) return RIDERS[attack as keyof typeof RIDERS];
  const poison = POISONS[attack as PoisonName];
  return isHeedless ? heedlessPoisoner(poison) : poisoner(poison);
}

function summarise(outcomes: readonly RoundOutcome[], deviators: readonly number[]): ScenarioResult {
  const last = outcomes[outcomes.length - 1]!;
  const refused = outcomes.flatMap((outcome) => [...outcome.refused]);
  const refusedDeviators = refused.filter((member) => deviators.includes(member)).length;
  const share = (count: number, members: number): number =>
    members === 0 ? 0 : count / (members * outcomes.length);
  const paid = Array.from({ length: MEMBER_COUNT }, (_, member) =>
    outcomes.reduce((sum, { rewards }) => sum + rewards[member]!, 0),
  );
  const total = paid.reduce((sum, part) => sum + part, 0);
  return {
    accuracy: last.accuracy,
    backdoorSuccess: last.backdoorSuccess,
    honestRefused: share(refused.length - refusedDeviators, MEMBER_COUNT - deviators.length),
    deviatorsRefused: share(refusedDeviators, deviators.length),
    abandonedRounds: outcomes.filter(({ isAbandoned }) => isAbandoned).length,
    ownModelRounds: outcomes.filter(({ isOwnModel }) => isOwnModel).length,
    earnings: paid.map((part) => (total === 0 ? 0 : part / total)),
  };
}
