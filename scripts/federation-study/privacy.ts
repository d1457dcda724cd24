/** Who can be told to have been in whose samples, from what each way to federate lets others see. */
import { type FloatSamples, selectSamples } from "../../prover/src/data/dataset.ts";
import { SeededRandom } from "../../prover/src/data/random.ts";
import { stratifiedSplit } from "../../prover/src/data/split.ts";
import { maskedVector } from "../../prover/src/federation/masks.ts";
import { pairKey } from "../../prover/src/federation/pair-keys.ts";
import { vectorShape } from "../../prover/src/federation/parameter-vector.ts";
import type { FloatModel } from "../../prover/src/model/float-model.ts";
import type { IntegerModel } from "../../prover/src/model/integer-model.ts";
import { sumScalesOf } from "../../prover/src/quantization/fixed-scales.ts";
import { aucWithinClasses } from "./auc.ts";
import { honest } from "./behaviours.ts";
import { playFederation, type RoundModels } from "./federation.ts";
import { fitShadowAttack, lossAttack, type Observed, observe, shadowAttack } from "./membership.ts";
import type { LocalTraining } from "./quick-training.ts";
import type { RoundRules } from "./round-rules.ts";
import { joinSamples } from "./samples.ts";
import {
  ARCHITECTURE,
  dealOut,
  type Digits,
  drawParts,
  MAX_FACTOR_SUM,
  MEMBER_COUNT,
  type Setting,
  startModel,
  testSamples,
  WEIGHT_SCALES,
} from "./setting.ts";
import { FLOAT, INTEGER, MAX_FACTOR, type Weighted } from "./systems.ts";

/** Long training on small parts: members learn them by heart, as careless ones do. */
const CARELESS_TRAINING: LocalTraining = { epochs: 60, batchSize: 16, learningRate: 0.02, weightDecay: 0 };
const ROUNDS = 5;
/** Samples of all members together, and of who asks. */
const MEMBER_SAMPLES = 490;
const SHADOW_SAMPLES = 640;
const TEST_FRACTION = 0.2;
/** Federations that the curious plays on samples of its own. */
const SHADOW_FEDERATIONS = 2;
/** Words of 32 bits of a mask key, below the order of its group. */
const SCALAR_WORDS = 7;

/** Every model is taken: refused ones would be seen as little as others. */
const RULES: RoundRules = {
  places: 8,
  toleranceCount: Number.MAX_SAFE_INTEGER,
  bandCount: 0,
  keepBetter: false,
  maxFactor: MAX_FACTOR,
  rewardWei: 1n,
};

/** What an onlooker has of one member: models of several rounds, read from whatever there is. */
export const VIEWS = {
  "plain federated averaging: the member's updates": ({ updates }, member) => updates[member]!,
  "protocol: the member's last masked vector, read as if not masked": ({ masked }, member) => [
    masked[member]!,
  ],
  "protocol: the global models": ({ globals }) => globals,
  "protocol, six members in league: the seventh's model": (played, member) => crowd(played, member, 1),
  "protocol, five members in league: the average of two": (played, member) => crowd(played, member, 2),
  "protocol, four members in league: the average of three": (played, member) => crowd(played, member, 3),
  "protocol, one member curious: the average of six": (played, member) => crowd(played, member, 6),
} as const satisfies Readonly<Record<string, (played: Played, member: number) => readonly FloatModel[]>>;

export type ViewName = keyof typeof VIEWS;

export const ATTACKS = ["loss threshold", "shadow models"] as const;
export const QUESTIONS = ["of nobody", "of other members"] as const;

/** One federation after its rounds, seen from inside. */
interface Played {
  readonly parts: readonly FloatSamples[];
  /** By member, then by round. */
  readonly updates: readonly (readonly FloatModel[])[];
  readonly locals: readonly (readonly Weighted<IntegerModel>[])[];
  /** By member: the vector of the last round. */
  readonly masked: readonly FloatModel[];
  readonly globals: readonly FloatModel[];
}

/** Areas under the curve, by member from the smallest part to the largest. */
export interface MembershipResult {
  readonly view: ViewName;
  readonly attack: (typeof ATTACKS)[number];
  /** Which samples are to be told from the member's own. */
  readonly question: (typeof QUESTIONS)[number];
  readonly aucs: readonly number[];
}

/** Accuracy of a federation's members on their own samples and on the test set, in 0..1, the means. */
export interface Overfitting {
  readonly ownAccuracy: number;
  readonly testAccuracy: number;
}

/** Attacks all members of one federation, with shadow federations on other samples. */
export function attackMembership(
  digits: Digits,
  seed: string,
): { readonly results: MembershipResult[]; readonly overfitting: Overfitting } {
  const { test, train } = stratifiedSplit(digits.dataset, { seed, testFraction: TEST_FRACTION });
  const nobodySize = train.sampleCount - MEMBER_SAMPLES - SHADOW_SAMPLES;
  const [own, shadow, nobody] = drawParts(train, [MEMBER_SAMPLES, SHADOW_SAMPLES, nobodySize], seed);
  const testSet = testSamples(digits, test);
  const setting = (parts: readonly FloatSamples[], name: string): Setting => ({
    seed: name,
    parts,
    test: testSet,
    heldOut: testSet,
    start: startModel(name),
  });
  const target = {
    played: play(setting(dealOut(digits, own!, seed), seed)),
    nobody: testSamples(digits, nobody!).float,
  };
  const shadows = Array.from({ length: SHADOW_FEDERATIONS }, (_, index) => {
    const name = `${seed}/shadow ${index + 1}`;
    const order = new SeededRandom(name, "shadow").permutation(SHADOW_SAMPLES);
    const members = selectSamples(shadow!, order.subarray(0, MEMBER_SAMPLES));
    const rest = selectSamples(shadow!, order.subarray(MEMBER_SAMPLES));
    return {
      played: play(setting(dealOut(digits, members, name), name)),
      nobody: testSamples(digits, rest).float,
    };
  });
  const results = (Object.keys(VIEWS) as ViewName[]).flatMap((view) => attackView(view, target, shadows));
  const accuracies = target.played.updates.map((updates, member) => {
    const samples = target.played.parts[member]!;
    const last = updates[updates.length - 1]!;
    return [samples, testSet.float].map(
      (float) => FLOAT.countOf(last, { ...testSet, float })! / float.sampleCount,
    );
  });
  const mean = (index: number): number =>
    accuracies.reduce((sum, pair) => sum + pair[index]!, 0) / accuracies.length;
  return { results, overfitting: { ownAccuracy: mean(0), testAccuracy: mean(1) } };
}

interface Attacked {
  readonly played: Played;
  /** Samples of nobody in the federation. */
  readonly nobody: FloatSamples;
}

function attackView(view: ViewName, target: Attacked, shadows: readonly Attacked[]): MembershipResult[] {
  const observed = observeView(view, target);
  const shadowed = shadows.flatMap((shadow) => observeView(view, shadow));
  return QUESTIONS.flatMap((question) => {
    const others = (seen: ObservedMember): Observed => (question === "of nobody" ? seen.nobody : seen.others);
    const model = fitShadowAttack(
      shadowed.flatMap(({ own }) => own.features),
      shadowed.flatMap((seen) => others(seen).features),
    );
    return ATTACKS.map((attack) => {
      const score = (seen: Observed) =>
        attack === "loss threshold" ? lossAttack(seen) : shadowAttack(model, seen);
      const aucs = observed.map((seen) => aucWithinClasses(score(seen.own), score(others(seen))));
      return { view, attack, question, aucs };
    });
  });
}

interface ObservedMember {
  readonly own: Observed;
  readonly others: Observed;
  readonly nobody: Observed;
}

function observeView(view: ViewName, { played, nobody }: Attacked): ObservedMember[] {
  return played.parts.map((part, member) => {
    const models = VIEWS[view](played, member);
    const others = joinSamples(played.parts.filter((_, index) => index !== member));
    return {
      own: observe(models, part),
      others: observe(models, others),
      nobody: observe(models, nobody),
    };
  });
}

/** Plays a federation both ways, and masks what its members hand in under the protocol. */
function play(setting: Setting): Played {
  const options = {
    setting,
    members: setting.parts.map(() => ({ behaviour: honest, isHonest: true })),
    training: CARELESS_TRAINING,
    rounds: ROUNDS,
  };
  const updates: FloatModel[][] = setting.parts.map(() => []);
  playFederation(FLOAT, { ...options, rules: undefined }, ({ locals }) =>
    locals.forEach((local, member) => updates[member]!.push(local!.model)),
  );
  const locals: Weighted<IntegerModel>[][] = setting.parts.map(() => []);
  let masked: FloatModel[] = [];
  const globals: FloatModel[] = [];
  playFederation(INTEGER, { ...options, rules: RULES }, (models) => {
    globals.push(INTEGER.decode(models.global));
    if (models.round === ROUNDS) masked = maskRound(setting.seed, models);
    models.locals.forEach((local, member) => locals[member]!.push(local!));
  });
  return { parts: setting.parts, updates, locals, masked, globals };
}

/** The masked vectors of a round, read as if they were not masked. */
function maskRound(seed: string, { round, locals }: RoundModels<IntegerModel>): FloatModel[] {
  const random = new SeededRandom(seed, "mask keys");
  const keys = locals.map(() => pairKey(secretScalar(random)));
  const roster = keys.map(({ publicKey }) => publicKey);
  const places = [...locals.keys()];
  return locals.map((local, member) => {
    const { model, factor } = local!;
    const place = { federation: 1n, round: BigInt(round), key: keys[member]!, roster };
    const vector = maskedVector(model, factor, MAX_FACTOR_SUM, place, places);
    return readVector(vector, factor);
  });
}

function secretScalar(random: SeededRandom): bigint {
  let scalar = 1n;
  for (let word = 0; word < SCALAR_WORDS; word++) scalar = (scalar << 32n) + BigInt(random.nextUint32());
  return scalar;
}

/** A vector's parameters, brought into their ranges, as real weights: the model itself if the vector has no masks. */
export function readVector(vector: readonly bigint[], factor: number): FloatModel {
  const { layerSizes, weightBits, biasBits } = ARCHITECTURE;
  const shape = vectorShape(ARCHITECTURE, MAX_FACTOR_SUM);
  const weights = slots(vector.slice(0, shape.weightWords), shape.weights, shape.weightSlotBits);
  const biases = slots(vector.slice(shape.weightWords), shape.biases, shape.biasSlotBits);
  const sumScales = sumScalesOf(ARCHITECTURE, WEIGHT_SCALES);
  const real = (value: number, bits: number, scale: number): number =>
    (((value / factor) % 2 ** bits) - 2 ** (bits - 1)) * scale;
  let [weight, bias] = [0, 0];
  const layers = layerSizes.slice(1).map((outputs, layer) => {
    const size = layerSizes[layer]! * outputs;
    return {
      weights: Float32Array.from(weights.slice(weight, (weight += size)), (value) =>
        real(value, weightBits, WEIGHT_SCALES[layer]!),
      ),
      biases: Float32Array.from(biases.slice(bias, (bias += outputs)), (value) =>
        real(value, biasBits, sumScales[layer]!),
      ),
    };
  });
  return { layerSizes, layers };
}

function slots(words: readonly bigint[], count: number, slotBits: number): number[] {
  const perWord = Math.ceil(count / words.length);
  return Array.from({ length: count }, (_, index) =>
    Number(
      BigInt.asUintN(slotBits, words[Math.floor(index / perWord)]! >> BigInt(slotBits * (index % perWord))),
    ),
  );
}

/** The average of a member's models and those of the next `size` − 1 members: what the others know together. */
function crowd({ locals, globals }: Played, member: number, size: number): FloatModel[] {
  const members = Array.from({ length: size }, (_, index) => (member + index) % MEMBER_COUNT);
  return globals.map((_, round) =>
    INTEGER.decode(INTEGER.average(members.map((index) => locals[index]![round]!))),
  );
}
