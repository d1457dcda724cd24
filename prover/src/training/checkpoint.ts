import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex } from "@noble/hashes/utils.js";

import type { FloatSamples } from "../data/dataset.ts";
import { SeededRandom } from "../data/random.ts";
import type { FloatModel } from "../model/float-model.ts";
import { TrainingError } from "./training-error.ts";
import type { TrainingOptions } from "./training-options.ts";

/** How training stood after one epoch; both parts are measured with the weights at its end. */
export interface EpochRecord {
  /** From 1. */
  readonly epoch: number;
  /** Mean softmax cross-entropy on the training samples, in nats. */
  readonly loss: number;
  /** On the training samples, in 0..1. */
  readonly accuracy: number;
  /** The same on the validation samples; null when there are none. */
  readonly validationLoss: number | null;
  readonly validationAccuracy: number | null;
}

/** Training at the end of an epoch: enough to go on as if it had never stopped. */
export interface TrainingCheckpoint {
  readonly options: TrainingOptions;
  readonly layerSizes: readonly number[];
  /** keccak256 of the training samples and the initial model, if one was given: a checkpoint belongs to both. */
  readonly samplesDigest: string;
  readonly epochsDone: number;
  /** Weights and biases in turn, first layer to last. */
  readonly parameters: readonly Float32Array[];
  /** Adam's running means of gradients, in the same order. */
  readonly firstMoments: readonly Float32Array[];
  /** Adam's running means of squared gradients, in the same order. */
  readonly secondMoments: readonly Float32Array[];
  readonly history: readonly EpochRecord[];
}

/** The model a checkpoint holds. */
export function modelOf(checkpoint: TrainingCheckpoint): FloatModel {
  const layers = checkpoint.layerSizes.slice(1).map((_, layer) => ({
    weights: checkpoint.parameters[2 * layer]!,
    biases: checkpoint.parameters[2 * layer + 1]!,
  }));
  return { layerSizes: checkpoint.layerSizes, layers };
}

/**
 * The checkpoint before the first epoch: the initial model, else a random one from the seed.
 */
export function startingPoint(
  options: TrainingOptions,
  layerSizes: readonly number[],
  samplesDigest: string,
  train: FloatSamples,
  initialModel?: FloatModel,
): TrainingCheckpoint {
  const { layers } = initialModel ?? randomStart(options.seed, layerSizes, train);
  const parameters = layers.flatMap(({ weights, biases }) => [weights.slice(), biases.slice()]);
  const zeros = (): Float32Array[] => parameters.map((parameter) => new Float32Array(parameter.length));
  return {
    options,
    layerSizes,
    samplesDigest,
    epochsDone: 0,
    parameters,
    firstMoments: zeros(),
    secondMoments: zeros(),
    history: [],
  };
}

/** Weights uniform in ±sqrt(6/(inputs + outputs)) (Glorot and Bengio 2010), from the seed alone, and biases 0. */
export function randomModel(layerSizes: readonly number[], seed: string): FloatModel {
  const random = new SeededRandom(seed, "initial weights");
  const layers = layerSizes.slice(1).map((outputs, layer) => {
    const inputs = layerSizes[layer]!;
    const limit = Math.sqrt(6 / (inputs + outputs));
    const weights = Float32Array.from(
      { length: inputs * outputs },
      () => limit * (2 * random.nextUnit() - 1),
    );
    return { weights, biases: new Float32Array(outputs) };
  });
  return { layerSizes, layers };
}

/** A random model without weights for features that never vary from 0. */
function randomStart(seed: string, layerSizes: readonly number[], train: FloatSamples): FloatModel {
  const model = randomModel(layerSizes, seed);
  // A feature that is 0 throughout has no gradient: whatever weight it got would stay, and use up integer range.
  const firstWidth = layerSizes[1]!;
  for (const feature of silentFeatures(train)) {
    model.layers[0]!.weights.fill(0, feature * firstWidth, (feature + 1) * firstWidth);
  }
  return model;
}

/**
 * Throws TrainingError `training.checkpoint-mismatch` unless going on from `checkpoint` with these options and
 * samples equals one run without a break.
 */
export function checkCheckpoint(
  checkpoint: TrainingCheckpoint,
  options: TrainingOptions,
  layerSizes: readonly number[],
  samplesDigest: string,
): void {
  const fail = (what: string): never => {
    throw new TrainingError(
      "training.checkpoint-mismatch",
      `the checkpoint was made with other ${what}, so going on from it would not equal one run`,
      "Resume with the data and options of the checkpoint, or start afresh.",
      { what },
    );
  };
  if (checkpoint.samplesDigest !== samplesDigest) fail("training samples or another initial model");
  if (checkpoint.layerSizes.join() !== layerSizes.join()) fail("layer sizes");
  for (const key of ["epochs", "batchSize", "learningRate", "weightDecay", "inputNoise", "seed"] as const) {
    if (checkpoint.options[key] !== options[key]) fail(`${key} (${checkpoint.options[key]})`);
  }
}

/** Features that are 0 in every sample. */
export function silentFeatures(train: FloatSamples): number[] {
  const isSilent = new Array<boolean>(train.featureCount).fill(true);
  train.features.forEach((value, index) => {
    if (value !== 0) isSilent[index % train.featureCount] = false;
  });
  return [...isSilent.keys()].filter((feature) => isSilent[feature]);
}

/** keccak256 of features and labels, then of weights and biases of an initial model, in the byte order of the machine. */
export function digestInputs(samples: FloatSamples, initialModel?: FloatModel): string {
  const hash = keccak_256.create();
  const parameters = initialModel?.layers.flatMap(({ weights, biases }) => [weights, biases]) ?? [];
  for (const array of [samples.features, samples.labels, ...parameters]) {
    hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  }
  return `0x${bytesToHex(hash.digest())}`;
}
