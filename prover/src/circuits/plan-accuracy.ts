import { type Architecture, validateArchitecture, worstCaseSum } from "../model/architecture.ts";
import { groupsForAnyLabels, groupsNeeded } from "../witness/sample-groups.ts";
import type { AccuracyInstance, AccuracyShape, RoundAccuracyInstance } from "./accuracy.ts";
import { CircuitError } from "./circuit-error.ts";
import { accuracyCost, LARGEST_DOMAIN_POWER } from "./cost.ts";

/** What a user asks for. */
export interface AccuracyPlan {
  readonly id: string;
  /** Features, hidden widths, classes. */
  readonly layerSizes: readonly number[];
  /** Bits of a quantised feature. */
  readonly inputBits: number;
  /** Samples of each class of the test set; with a plain number the circuit holds any labels. */
  readonly samples: number | readonly number[];
  /** Bit widths and shifts that are given, as by a training rule; planned otherwise. */
  readonly architecture?: Architecture;
}

const WORD_BITS = 252;
const TABLE_BITS: Readonly<Record<"min" | "max", number>> = { min: 6, max: 14 };
/**
 * Bits a hidden layer's accumulator keeps beyond inputs and fan-in, and a margin likewise: room for weights
 * of about three bits on average and six at most, which cost the packaged data sets less than one sample in
 * a hundred (docs/decisions/bit-widths.md).
 */
const HIDDEN_ROOM_BITS = 2;
const MARGIN_ROOM_BITS = 3;

/**
 * The instance with the fewest rows for a model shape and a number of samples: chooses table, weight, bias,
 * quotient and margin widths, shifts, slot width and slots per word from the bounds of every layer.
 *
 * Throws CircuitError `circuit.plan` when no choice fits the proof system.
 */
export function planAccuracyInstance(plan: AccuracyPlan): AccuracyInstance {
  return { ...smallestShape(plan, "accuracy"), template: "accuracy" };
}

/** As planAccuracyInstance, for the rounds of a federation. */
export function planRoundAccuracyInstance(plan: AccuracyPlan): RoundAccuracyInstance {
  return { ...smallestShape(plan, "round-accuracy"), template: "round-accuracy" };
}

function smallestShape(plan: AccuracyPlan, template: AccuracyShape["template"]): AccuracyShape {
  checkPlan(plan);
  let best: { readonly instance: AccuracyShape; readonly rows: number } | undefined;
  for (let tableBits = TABLE_BITS.min; tableBits <= TABLE_BITS.max; tableBits++) {
    const architectures =
      plan.architecture === undefined
        ? architecturesFor(plan, tableBits)
        : fitsTable(plan.architecture, tableBits)
          ? [plan.architecture]
          : [];
    for (const architecture of architectures) {
      for (const instance of packings(plan, template, architecture, tableBits)) {
        const { rows } = accuracyCost(instance);
        if (best === undefined || rows < best.rows) best = { instance, rows };
      }
    }
  }
  if (best === undefined || Math.log2(best.rows) > LARGEST_DOMAIN_POWER) {
    throw new CircuitError(
      "circuit.plan",
      best === undefined
        ? `no bit widths up to ${TABLE_BITS.max} table bits hold layers of ${plan.layerSizes.join("-")} on ${plan.inputBits}-bit features`
        : `the smallest circuit has ${best.rows} rows; the proof system ends at 2^${LARGEST_DOMAIN_POWER}`,
      "Use fewer samples, narrower layers or fewer input bits.",
      { layerSizes: plan.layerSizes, inputBits: plan.inputBits, rows: best?.rows },
    );
  }
  return best.instance;
}

/**
 * Bits per slot that the packed equations of an architecture need (see the assertions of accuracy.circom), or
 * those of one layer.
 */
export function slotBitsNeeded(architecture: Architecture, onlyLayer?: number): number {
  const { layerSizes, shiftBits, quotientBits, marginBits } = architecture;
  const last = layerSizes.length - 2;
  const needs = layerSizes.slice(1).map((_, layer) => {
    const inputBits = layer === 0 ? architecture.inputBits : quotientBits - 1;
    const limit =
      layerSizes[layer]! * 2 ** (inputBits + architecture.weightBits - 1) + 2 ** (architecture.biasBits - 1);
    return layer < last
      ? limit + 2 ** (quotientBits - 1 + shiftBits[layer]!)
      : 2 * limit + 2 ** marginBits + 2 ** (marginBits - 1) + 1;
  });
  return Math.ceil(Math.log2(onlyLayer === undefined ? Math.max(...needs) : needs[onlyLayer]!));
}

/** Whether quotients, less their sign, are single lookups, as the circuit wants them. */
function fitsTable({ quotientBits }: Architecture, tableBits: number): boolean {
  return quotientBits - 1 <= tableBits;
}

function* architecturesFor(plan: AccuracyPlan, tableBits: number): Generator<Architecture> {
  const { layerSizes, inputBits } = plan;
  const shiftBits: number[] = [];
  for (let layer = 0; layer + 2 < layerSizes.length; layer++) {
    const needed = (layer === 0 ? inputBits : tableBits) + fanInBits(layerSizes[layer]!) + HIDDEN_ROOM_BITS;
    const shift = [0, tableBits].find((candidate) => tableBits + candidate >= needed);
    if (shift === undefined) return;
    shiftBits.push(shift);
  }
  const lastInput = layerSizes.length > 2 ? tableBits : inputBits;
  if (2 * tableBits < lastInput + fanInBits(layerSizes.at(-2)!) + MARGIN_ROOM_BITS) return;
  for (let weightBits = Math.min(tableBits, 10); weightBits <= tableBits; weightBits++) {
    const architecture: Architecture = {
      layerSizes: [...layerSizes],
      inputBits,
      weightBits,
      biasBits: 2 * tableBits,
      quotientBits: tableBits + 1,
      marginBits: 2 * tableBits,
      shiftBits,
    };
    const exact = layerSizes.slice(1).every((_, layer) => worstCaseSum(architecture, layer) < 2 ** 52);
    if (exact) yield architecture;
  }
}

function* packings(
  plan: AccuracyPlan,
  template: AccuracyShape["template"],
  architecture: Architecture,
  tableBits: number,
): Generator<AccuracyShape> {
  const least = slotBitsNeeded(architecture);
  const classes = plan.layerSizes.at(-1)!;
  for (let slots = Math.floor(WORD_BITS / least); slots >= 1; slots--) {
    const groups =
      typeof plan.samples === "number"
        ? groupsForAnyLabels(plan.samples, classes, slots)
        : groupsNeeded(plan.samples, slots);
    yield { id: plan.id, template, architecture, tableBits, groups, slots, slotBits: least };
  }
}

function fanInBits(inputs: number): number {
  return Math.ceil(Math.log2(inputs));
}

function checkPlan({ layerSizes, inputBits, samples, architecture }: AccuracyPlan): void {
  if (architecture !== undefined) validateArchitecture(architecture);
  const whole = (value: number, least: number, most: number) =>
    Number.isSafeInteger(value) && value >= least && value <= most;
  const counts = typeof samples === "number" ? [samples] : samples;
  const total = counts.reduce((sum, count) => sum + count, 0);
  const problem =
    layerSizes.length < 2 || !layerSizes.every((size) => whole(size, 1, 65_536))
      ? `layers ${layerSizes.join("-")}: needed are features, hidden widths and classes, each from 1 to 65536`
      : layerSizes.at(-1)! < 2
        ? `${layerSizes.at(-1)} class: at least 2 are needed`
        : !whole(inputBits, 1, 16)
          ? `${inputBits} input bits: they must be from 1 to 16`
          : !counts.every((count) => whole(count, 0, 10_000_000)) || total < 1
            ? `${counts.join(", ")} samples: at least 1 is needed`
            : typeof samples !== "number" && samples.length !== layerSizes.at(-1)
              ? `${samples.length} sample counts for ${layerSizes.at(-1)} classes`
              : architecture !== undefined &&
                  (architecture.layerSizes.join() !== layerSizes.join() ||
                    architecture.inputBits !== inputBits)
                ? `the architecture has layers ${architecture.layerSizes.join("-")} on ${architecture.inputBits}-bit features, asked for are ${layerSizes.join("-")} on ${inputBits}-bit features`
                : undefined;
  if (problem === undefined) return;
  throw new CircuitError("circuit.plan", `cannot plan a circuit: ${problem}`, "Correct the named value.", {
    layerSizes,
    inputBits,
  });
}
