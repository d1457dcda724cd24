/** Who has which samples, and what all members of a federation share. */
import { type Dataset, type FloatSamples, selectSamples } from "../../prover/src/data/dataset.ts";
import {
  fitInputQuantization,
  type InputQuantization,
  quantizeInputs,
  scaleInputs,
} from "../../prover/src/data/input-quantization.ts";
import { loadPackagedDataset } from "../../prover/src/data/packaged-datasets.ts";
import { partitionDataset } from "../../prover/src/data/partition.ts";
import { SeededRandom } from "../../prover/src/data/random.ts";
import type { IntegerSamples } from "../../prover/src/data/samples.ts";
import { stratifiedSplit } from "../../prover/src/data/split.ts";
import type { Architecture } from "../../prover/src/model/architecture.ts";
import type { FloatModel } from "../../prover/src/model/float-model.ts";

/** The network of the digits, as `circuits/circuits.json` has it for rounds. */
export const ARCHITECTURE: Architecture = {
  layerSizes: [64, 16, 10],
  inputBits: 4,
  weightBits: 10,
  biasBits: 24,
  quotientBits: 13,
  marginBits: 24,
  shiftBits: [0],
};
/** Real weight of one unit in each layer, so coarse that the sums of trained models keep to their bits. */
export const WEIGHT_SCALES: readonly number[] = [0.04, 0.02];
/** What the factors of an average may add up to, as the circuits fix it. */
export const MAX_FACTOR_SUM = 2_040;
/** Relative sizes of the parts. */
const SHARES: readonly number[] = [1, 2, 3, 3, 4, 5, 6];
export const MEMBER_COUNT = SHARES.length;
/** Mixtures of classes differ clearly, and every member meets most classes. */
const CONCENTRATION = 10;

/** A backdoor's trigger, the four pixels of the upper right corner at their brightest, and what it is to be taken for. */
export const TRIGGER_PIXELS: readonly number[] = [6, 7, 14, 15];
export const TARGET_CLASS = 0;

/** A test set on the integer grid, as integer models read it and as float models do. */
export interface TestSamples {
  readonly float: FloatSamples;
  readonly integer: IntegerSamples;
}

/** One federation's data. */
export interface Setting {
  readonly seed: string;
  /** Each member's own samples. */
  readonly parts: readonly FloatSamples[];
  /** The federation's, which all know. */
  readonly test: TestSamples;
  /** Samples that nobody has seen. */
  readonly heldOut: TestSamples;
  readonly start: FloatModel;
}

/** The digits and how they are read; loaded once. */
export interface Digits {
  readonly dataset: Dataset;
  readonly mapping: InputQuantization;
}

export async function loadDigits(): Promise<Digits> {
  const dataset = await loadPackagedDataset("digits");
  return { dataset, mapping: fitInputQuantization(dataset, ARCHITECTURE.inputBits) };
}

/** Cuts the digits into members' parts, the federation's test set and as many samples that nobody sees. */
export function robustnessSetting(digits: Digits, seed: string): Setting {
  const outer = stratifiedSplit(digits.dataset, { seed: `${seed}/held out` });
  const inner = stratifiedSplit(outer.train, { seed: `${seed}/test`, testFraction: 0.25 });
  return {
    seed,
    parts: dealOut(digits, inner.train, seed),
    test: testSamples(digits, inner.test),
    heldOut: testSamples(digits, outer.test),
    start: startModel(seed),
  };
}

/** Each member's samples, dealt out unevenly. */
export function dealOut({ mapping }: Digits, dataset: Dataset, seed: string): FloatSamples[] {
  const parts = partitionDataset(dataset, { seed, shares: SHARES, concentration: CONCENTRATION });
  return parts.map(({ samples }) => scaleInputs(samples, mapping));
}

export function testSamples({ mapping }: Digits, dataset: Dataset): TestSamples {
  const integer = quantizeInputs(dataset, mapping).samples;
  return { integer, float: onGrid(integer) };
}

/** Integer samples as float models read them, in 0..1. */
function onGrid(integer: IntegerSamples): FloatSamples {
  const largest = 2 ** ARCHITECTURE.inputBits - 1;
  return { ...integer, features: Float32Array.from(integer.features, (value) => value / largest) };
}

/** Test samples with the trigger of a backdoor, those of the target class left out. */
export function triggered({ integer }: TestSamples): TestSamples {
  const { featureCount } = integer;
  const rows = [...integer.labels.keys()].filter((row) => integer.labels[row] !== TARGET_CLASS);
  const features = new Int32Array(rows.length * featureCount);
  rows.forEach((row, index) => {
    features.set(
      integer.features.subarray(row * featureCount, (row + 1) * featureCount),
      index * featureCount,
    );
    for (const pixel of TRIGGER_PIXELS)
      features[index * featureCount + pixel] = 2 ** ARCHITECTURE.inputBits - 1;
  });
  const labels = Int32Array.from(rows, (row) => integer.labels[row]!);
  const samples = { ...integer, sampleCount: rows.length, features, labels };
  return { integer: samples, float: onGrid(samples) };
}

/** Random weights that all members start with: uniform, after Glorot and Bengio 2010; biases 0. */
export function startModel(seed: string): FloatModel {
  const random = new SeededRandom(seed, "start model");
  const { layerSizes } = ARCHITECTURE;
  const layers = layerSizes.slice(1).map((outputs, layer) => {
    const inputs = layerSizes[layer]!;
    const limit = Math.sqrt(6 / (inputs + outputs));
    return {
      weights: Float32Array.from({ length: inputs * outputs }, () => limit * (2 * random.nextUnit() - 1)),
      biases: new Float32Array(outputs),
    };
  });
  return { layerSizes, layers };
}

/** `dataset` in parts of these sizes, drawn at random; what is left is dropped. */
export function drawParts(dataset: Dataset, sizes: readonly number[], seed: string): Dataset[] {
  const order = new SeededRandom(seed, "parts").permutation(dataset.sampleCount);
  let from = 0;
  return sizes.map((size) => selectSamples(dataset, order.subarray(from, (from += size))));
}
