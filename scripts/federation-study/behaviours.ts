/** What members hand in: honest models, poisoned ones, and those of who would earn without work. */
import type { FloatSamples } from "../../prover/src/data/dataset.ts";
import { SeededRandom } from "../../prover/src/data/random.ts";
import type { FloatModel } from "../../prover/src/model/float-model.ts";
import { type LocalTraining, trainQuickly } from "./quick-training.ts";
import { joinSamples, withFlippedLabels, withTrigger } from "./samples.ts";
import { TARGET_CLASS, type TestSamples } from "./setting.ts";
import { accuracyOf, type Arithmetic, mixModels } from "./systems.ts";

/** What a member trains with in a round. */
export interface Lesson {
  /** The last global model, where local training starts. */
  readonly global: FloatModel;
  /** Its own samples. */
  readonly samples: FloatSamples;
  readonly training: LocalTraining;
  /** Differs from member to member and round to round. */
  readonly seed: string;
  /** The federation's, which is public. */
  readonly test: TestSamples;
}

/** All that a member knows when it makes its model of a round. */
export interface View<Model> extends Lesson {
  readonly arithmetic: Arithmetic<Model>;
  /** The test set with the trigger of a backdoor, without the target class. */
  readonly triggeredTest: TestSamples;
  /** Correct samples asked for; undefined without rules. */
  readonly floor: number | undefined;
  /** The share of an average that all models like this one will have. */
  readonly expectedShare: number;
}

/** Makes a member's model of a round; undefined to stay out of it. */
export type Behaviour = <Model>(view: View<Model>) => Model | undefined;

/** A way to spoil the global model. */
export interface Poison {
  /** Whether it hides a backdoor; else it is to lower accuracy. */
  readonly isBackdoor: boolean;
  /** Where the global model is to be pushed; strength 1 hands in just this. */
  readonly target: (lesson: Lesson) => FloatModel;
}

/** How far a poisoner may go towards its target or beyond: from a quarter of the way to 32 times, in steps of √2. */
const STRENGTHS: readonly number[] = Array.from({ length: 15 }, (_, step) => 2 ** (step / 2 - 2));
/** Most halvings of an honest update. */
const MAX_HALVINGS = 4;
/** Learning two things at once takes longer. */
const BACKDOOR_EPOCH_FACTOR = 2;
/** Random neighbours of the global model that a hill climber tries. */
const CLIMBER_TRIALS = 100;
/** Standard deviation of their weights' differences. */
const CLIMBER_NOISE = 0.05;

/** Trains on its own samples; an update that no count can be proven of is halved until one can. */
export const honest: Behaviour = (view) => firstPassing(view, 0);

/** The same, but an update that falls short of the floor is halved, too. */
export const cautious: Behaviour = (view) => firstPassing(view, view.floor ?? 0);

export const POISONS = {
  scaled: { isBackdoor: false, target: (lesson) => trainedOn(lesson, lesson.samples) },
  "sign-flipped": {
    isBackdoor: false,
    target: (lesson) => moved(lesson.global, trainedOn(lesson, lesson.samples), -1),
  },
  "label-flipped": {
    isBackdoor: false,
    target: (lesson) => trainedOn(lesson, withFlippedLabels(lesson.samples)),
  },
  backdoor: { isBackdoor: true, target: (lesson) => trainedOnBackdoor(lesson, lesson.samples) },
  "backdoor, test set learnt": {
    isBackdoor: true,
    target: (lesson) => trainedOnBackdoor(lesson, joinSamples([lesson.samples, lesson.test.float])),
  },
} as const satisfies Readonly<Record<string, Poison>>;

export type PoisonName = keyof typeof POISONS;

/**
 * Hands in, of all strengths that pass the floor, the one that spoils the average most which it expects if all others hand in
 * what it would have trained itself; the weakest of equals. Without a floor every strength passes.
 */
export function poisoner({ isBackdoor, target }: Poison): Behaviour {
  return (view) => strongest(view, isBackdoor, target(view), view.floor);
}

/** The same without a look at the floor: what is handed in where there is none. */
export function heedlessPoisoner({ isBackdoor, target }: Poison): Behaviour {
  return (view) => strongest(view, isBackdoor, target(view), undefined);
}

/** Hands in the global model with one bias changed by one unit, as the same weights earn once. */
export const freeRider: Behaviour = (view) => {
  const { arithmetic, global, seed } = view;
  const [first, ...rest] = global.layers;
  const biases = first!.biases.slice();
  biases[new SeededRandom(seed, "free rider").nextInteger(biases.length)]! += 1e-3;
  return arithmetic.encode({ ...global, layers: [{ ...first!, biases }, ...rest] });
};

/** Hands in the best of many random neighbours of the global model, by the public test set. */
export const hillClimber: Behaviour = (view) => {
  const { arithmetic, global, seed, test } = view;
  const random = new SeededRandom(seed, "hill climber");
  const shaken = (values: Float32Array): Float32Array =>
    values.map((value) => value + CLIMBER_NOISE * Math.sqrt(6) * (random.nextUnit() + random.nextUnit() - 1));
  let best: { readonly model: ReturnType<typeof arithmetic.encode>; readonly count: number } | undefined;
  for (let trial = 0; trial < CLIMBER_TRIALS; trial++) {
    const layers = global.layers.map(({ weights, biases }) => ({ weights: shaken(weights), biases }));
    const model = arithmetic.encode({ ...global, layers });
    const count = arithmetic.countOf(model, test);
    if (count !== undefined && count > (best?.count ?? -1)) best = { model, count };
  }
  return best?.model;
};

/** Trains on the public test set and has no samples of its own. */
export const testSetLearner: Behaviour = (view) => honest({ ...view, samples: view.test.float });

function firstPassing<Model>(view: View<Model>, floor: number): Model | undefined {
  const { arithmetic, global, samples, test } = view;
  const local = trainedOn(view, samples);
  for (let halvings = 0; halvings <= MAX_HALVINGS; halvings++) {
    const model = arithmetic.encode(moved(global, local, 2 ** -halvings));
    if ((arithmetic.countOf(model, test) ?? -1) >= floor) return model;
  }
  return undefined;
}

function strongest<Model>(
  view: View<Model>,
  isBackdoor: boolean,
  target: FloatModel,
  floor: number | undefined,
): Model | undefined {
  const { arithmetic, global, expectedShare, test, triggeredTest } = view;
  const others = trainedOn(view, view.samples);
  let best: { readonly model: Model; readonly harm: number } | undefined;
  for (const strength of STRENGTHS) {
    const model = arithmetic.encode(moved(global, target, strength));
    if (floor !== undefined && (arithmetic.countOf(model, test) ?? -1) < floor) continue;
    const expected = arithmetic.encode(
      mixModels([arithmetic.decode(model), others], [expectedShare, 1 - expectedShare]),
    );
    const harm = isBackdoor
      ? backdoorSuccess(arithmetic, expected, triggeredTest)
      : test.float.sampleCount - (arithmetic.countOf(expected, test) ?? 0);
    if (harm > (best?.harm ?? -Infinity)) best = { model, harm };
  }
  return best?.model;
}

/** Share of samples with the trigger that are taken for the target class, in 0..1. */
export function backdoorSuccess<Model>(
  arithmetic: Arithmetic<Model>,
  model: Model,
  triggeredTest: TestSamples,
): number {
  const { float } = triggeredTest;
  const wanted = new Int32Array(float.sampleCount).fill(TARGET_CLASS);
  return accuracyOf(arithmetic, model, { ...triggeredTest, float: { ...float, labels: wanted } });
}

function trainedOn({ global, training, seed }: Lesson, samples: FloatSamples): FloatModel {
  return trainQuickly(global, samples, training, seed);
}

function trainedOnBackdoor(lesson: Lesson, samples: FloatSamples): FloatModel {
  const training = { ...lesson.training, epochs: BACKDOOR_EPOCH_FACTOR * lesson.training.epochs };
  return trainedOn({ ...lesson, training }, joinSamples([samples, withTrigger(samples)]));
}

/** `from` moved towards `to`, by `strength` times the way. */
function moved(from: FloatModel, to: FloatModel, strength: number): FloatModel {
  return mixModels([from, to], [1 - strength, strength]);
}
