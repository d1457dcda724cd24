import { setImmediate } from "node:timers/promises";

import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import type * as TensorFlow from "@tensorflow/tfjs";

import type { FloatSamples } from "../data/dataset.ts";
import { SeededRandom } from "../data/random.ts";
import type { FloatModel } from "../model/float-model.ts";
import type { TrainingBackend } from "./backend.ts";
import { TrainingError } from "./training-error.ts";
import { type TrainingOptions, validateTrainingOptions } from "./training-options.ts";

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
  /** keccak256 of the training samples: a checkpoint belongs to its data. */
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

/** What trainModel returns, finished or interrupted. */
export interface TrainingResult {
  /** The model at the end of the last finished epoch. */
  readonly model: FloatModel;
  readonly history: readonly EpochRecord[];
  /** False when the signal stopped training before its last epoch. */
  readonly completed: boolean;
  readonly checkpoint: TrainingCheckpoint;
}

/** What trainModel needs. */
export interface TrainingRun {
  readonly train: FloatSamples;
  /** Only measured, never learnt from. */
  readonly validation?: FloatSamples;
  readonly options: TrainingOptions;
  readonly backend: TrainingBackend;
  /** Stops training; the unfinished epoch is dropped. */
  readonly signal?: AbortSignal;
  readonly onEpoch?: (record: EpochRecord) => void;
  readonly resumeFrom?: TrainingCheckpoint;
}

const BETA_1 = 0.9;
const BETA_2 = 0.999;
const EPSILON = 1e-7;
/** Batches between two looks at the event loop, so that an interrupt gets through. */
const BATCHES_PER_TURN = 16;
const EVALUATION_BATCH = 4_096;

/**
 * Trains a multi-layer perceptron (ReLU, softmax cross-entropy) with mini-batches and Adam with decoupled weight
 * decay (Kingma and Ba 2015; Loshchilov and Hutter 2019).
 *
 * Weights and batch order come from `options.seed` alone. On the WASM backend a run repeats bit for bit, and an
 * interrupted run that is resumed ends with the weights of one that was not.
 * Throws TrainingError: `training.options`, `training.samples`, `training.checkpoint-mismatch`, `training.diverged`.
 */
export async function trainModel(run: TrainingRun): Promise<TrainingResult> {
  const { train, validation, options, backend, signal, onEpoch, resumeFrom } = run;
  validateTrainingOptions(options);
  checkSamples(train, validation);
  const { tf } = backend;
  const layerSizes = [train.featureCount, ...options.hiddenSizes, train.classCount];
  const samplesDigest = digestSamples(train);
  if (resumeFrom !== undefined) checkCheckpoint(resumeFrom, options, layerSizes, samplesDigest);
  let checkpoint = resumeFrom ?? startingPoint(options, layerSizes, samplesDigest, train);
  const optimizer = new Optimizer(tf, checkpoint);
  try {
    while (checkpoint.epochsDone < options.epochs && !signal?.aborted) {
      const epoch = checkpoint.epochsDone + 1;
      if (!(await runEpoch(tf, optimizer, train, options, epoch, signal))) break;
      const measured = measure(tf, optimizer.parameters, train);
      const validated = validation && measure(tf, optimizer.parameters, validation);
      if (!Number.isFinite(measured.loss)) throw diverged(epoch, options);
      const record: EpochRecord = {
        epoch,
        ...measured,
        validationLoss: validated?.loss ?? null,
        validationAccuracy: validated?.accuracy ?? null,
      };
      checkpoint = {
        ...checkpoint,
        ...optimizer.snapshot(),
        epochsDone: epoch,
        history: [...checkpoint.history, record],
      };
      onEpoch?.(record);
    }
  } finally {
    optimizer.dispose();
  }
  return {
    model: modelOf(checkpoint),
    history: checkpoint.history,
    completed: checkpoint.epochsDone >= options.epochs,
    checkpoint,
  };
}

/** The model a checkpoint holds. */
export function modelOf(checkpoint: TrainingCheckpoint): FloatModel {
  const layers = checkpoint.layerSizes.slice(1).map((_, layer) => ({
    weights: checkpoint.parameters[2 * layer]!,
    biases: checkpoint.parameters[2 * layer + 1]!,
  }));
  return { layerSizes: checkpoint.layerSizes, layers };
}

/** Parameters and Adam's moments as tensors; every step replaces them. */
class Optimizer {
  readonly #tf: typeof TensorFlow;
  parameters: TensorFlow.Tensor[];
  #firstMoments: TensorFlow.Tensor[];
  #secondMoments: TensorFlow.Tensor[];

  constructor(tf: typeof TensorFlow, checkpoint: TrainingCheckpoint) {
    this.#tf = tf;
    const shapeOf = (index: number): number[] => {
      const layer = index >> 1;
      const outputs = checkpoint.layerSizes[layer + 1]!;
      return index % 2 === 0 ? [checkpoint.layerSizes[layer]!, outputs] : [outputs];
    };
    const load = (values: readonly Float32Array[]): TensorFlow.Tensor[] =>
      values.map((value, index) => tf.tensor(value.slice(), shapeOf(index)));
    this.parameters = load(checkpoint.parameters);
    this.#firstMoments = load(checkpoint.firstMoments);
    this.#secondMoments = load(checkpoint.secondMoments);
  }

  /** One Adam update; `step` counts from 1 over all epochs. */
  update(
    inputs: TensorFlow.Tensor2D,
    targets: TensorFlow.Tensor2D,
    step: number,
    rate: number,
    decay: number,
  ): void {
    const tf = this.#tf;
    const next = tf.tidy(() => {
      const lossOf = (...parameters: TensorFlow.Tensor[]): TensorFlow.Tensor =>
        tf.losses.softmaxCrossEntropy(targets, forward(tf, parameters, inputs));
      const gradients = tf.grads(lossOf)(this.parameters);
      const firstCorrection = 1 - BETA_1 ** step;
      const secondCorrection = 1 - BETA_2 ** step;
      const firstMoments = gradients.map((gradient, index) =>
        tf.add(this.#firstMoments[index]!.mul(BETA_1), gradient.mul(1 - BETA_1)),
      );
      const secondMoments = gradients.map((gradient, index) =>
        tf.add(this.#secondMoments[index]!.mul(BETA_2), gradient.square().mul(1 - BETA_2)),
      );
      const parameters = this.parameters.map((parameter, index) => {
        const scale = tf.sqrt(secondMoments[index]!.div(secondCorrection)).add(EPSILON);
        const change = firstMoments[index]!.div(firstCorrection).div(scale).mul(rate);
        const kept = index % 2 === 0 ? parameter.mul(1 - rate * decay) : parameter;
        return kept.sub(change);
      });
      return { firstMoments, secondMoments, parameters };
    });
    this.dispose();
    this.parameters = next.parameters;
    this.#firstMoments = next.firstMoments;
    this.#secondMoments = next.secondMoments;
  }

  snapshot(): Pick<TrainingCheckpoint, "parameters" | "firstMoments" | "secondMoments"> {
    const read = (tensors: TensorFlow.Tensor[]): Float32Array[] =>
      tensors.map((tensor) => Float32Array.from(tensor.dataSync()));
    return {
      parameters: read(this.parameters),
      firstMoments: read(this.#firstMoments),
      secondMoments: read(this.#secondMoments),
    };
  }

  dispose(): void {
    this.#tf.dispose([...this.parameters, ...this.#firstMoments, ...this.#secondMoments]);
  }
}

/** Logits; `parameters` are weights and biases in turn. */
function forward(
  tf: typeof TensorFlow,
  parameters: readonly TensorFlow.Tensor[],
  inputs: TensorFlow.Tensor2D,
): TensorFlow.Tensor2D {
  let values: TensorFlow.Tensor = inputs;
  for (let index = 0; index < parameters.length; index += 2) {
    values = tf.matMul(values, parameters[index]!).add(parameters[index + 1]!);
    if (index + 2 < parameters.length) values = tf.relu(values);
  }
  return values as TensorFlow.Tensor2D;
}

/** Learns every training sample once; false when the signal stopped it halfway. */
async function runEpoch(
  tf: typeof TensorFlow,
  optimizer: Optimizer,
  train: FloatSamples,
  options: TrainingOptions,
  epoch: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const { batchSize, learningRate, weightDecay, inputNoise, epochs, seed } = options;
  const order = new SeededRandom(seed, `batch order of epoch ${epoch}`).permutation(train.sampleCount);
  const noise = inputNoise === 0 ? undefined : noiseSource(train, inputNoise, seed, epoch);
  const batchCount = Math.ceil(train.sampleCount / batchSize);
  for (let batch = 0; batch < batchCount; batch++) {
    if (batch % BATCHES_PER_TURN === 0) {
      await setImmediate();
      if (signal?.aborted) return false;
    }
    const step = (epoch - 1) * batchCount + batch;
    const rate = (learningRate / 2) * (1 + Math.cos((Math.PI * step) / (epochs * batchCount)));
    const rows = order.subarray(batch * batchSize, (batch + 1) * batchSize);
    const { inputs, targets } = batchTensors(tf, train, rows, noise);
    optimizer.update(inputs, targets, step + 1, rate, weightDecay);
    tf.dispose([inputs, targets]);
  }
  return true;
}

function batchTensors(
  tf: typeof TensorFlow,
  samples: FloatSamples,
  rows: ArrayLike<number>,
  noise?: (feature: number) => number,
): { inputs: TensorFlow.Tensor2D; targets: TensorFlow.Tensor2D } {
  const { featureCount, classCount } = samples;
  const inputs = new Float32Array(rows.length * featureCount);
  const targets = new Float32Array(rows.length * classCount);
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index]!;
    inputs.set(samples.features.subarray(row * featureCount, (row + 1) * featureCount), index * featureCount);
    targets[index * classCount + samples.labels[row]!] = 1;
  }
  if (noise)
    for (let index = 0; index < inputs.length; index++) inputs[index]! += noise(index % featureCount);
  return {
    inputs: tf.tensor2d(inputs, [rows.length, featureCount]),
    targets: tf.tensor2d(targets, [rows.length, classCount]),
  };
}

/** Noise for one feature value at a time: triangular, with mean 0; none for silent features, as they must stay so. */
function noiseSource(
  train: FloatSamples,
  inputNoise: number,
  seed: string,
  epoch: number,
): (feature: number) => number {
  const random = new SeededRandom(seed, `input noise of epoch ${epoch}`);
  const isSilent = new Uint8Array(train.featureCount);
  for (const feature of silentFeatures(train)) isSilent[feature] = 1;
  // The sum of two uniform numbers has variance 1/6.
  const scale = inputNoise * Math.sqrt(6);
  return (feature) => (isSilent[feature] ? 0 : scale * (random.nextUnit() + random.nextUnit() - 1));
}

/** Mean loss and accuracy on all samples. */
function measure(
  tf: typeof TensorFlow,
  parameters: readonly TensorFlow.Tensor[],
  samples: FloatSamples,
): { loss: number; accuracy: number } {
  let loss = 0;
  let correctCount = 0;
  for (let start = 0; start < samples.sampleCount; start += EVALUATION_BATCH) {
    const count = Math.min(EVALUATION_BATCH, samples.sampleCount - start);
    const rows = Array.from({ length: count }, (_, index) => start + index);
    const { inputs, targets } = batchTensors(tf, samples, rows);
    const [batchLoss, predictions] = tf.tidy(() => {
      const logits = forward(tf, parameters, inputs);
      return [
        tf.losses.softmaxCrossEntropy(targets, logits).dataSync()[0]!,
        tf.argMax(logits, 1).dataSync(),
      ] as const;
    });
    tf.dispose([inputs, targets]);
    loss += batchLoss * count;
    rows.forEach((row, index) => {
      if (predictions[index] === samples.labels[row]) correctCount++;
    });
  }
  return { loss: loss / samples.sampleCount, accuracy: correctCount / samples.sampleCount };
}

/** Initial weights uniform in ±sqrt(6/(inputs + outputs)) (Glorot and Bengio 2010), biases 0. */
function startingPoint(
  options: TrainingOptions,
  layerSizes: readonly number[],
  samplesDigest: string,
  train: FloatSamples,
): TrainingCheckpoint {
  const random = new SeededRandom(options.seed, "initial weights");
  const parameters = layerSizes.slice(1).flatMap((outputs, layer) => {
    const inputs = layerSizes[layer]!;
    const limit = Math.sqrt(6 / (inputs + outputs));
    const weights = Float32Array.from(
      { length: inputs * outputs },
      () => limit * (2 * random.nextUnit() - 1),
    );
    return [weights, new Float32Array(outputs)];
  });
  // A feature that is 0 throughout has no gradient: whatever weight it got would stay, and use up integer range.
  const firstWidth = layerSizes[1]!;
  for (const feature of silentFeatures(train)) {
    parameters[0]!.fill(0, feature * firstWidth, (feature + 1) * firstWidth);
  }
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

function silentFeatures(train: FloatSamples): number[] {
  const isSilent = new Array<boolean>(train.featureCount).fill(true);
  train.features.forEach((value, index) => {
    if (value !== 0) isSilent[index % train.featureCount] = false;
  });
  return [...isSilent.keys()].filter((feature) => isSilent[feature]);
}

function digestSamples(samples: FloatSamples): string {
  const hash = keccak_256.create();
  for (const array of [samples.features, samples.labels]) {
    hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  }
  return `0x${bytesToHex(hash.digest())}`;
}

function checkSamples(train: FloatSamples, validation: FloatSamples | undefined): void {
  const fail = (problem: string): never => {
    throw new TrainingError("training.samples", problem, "Pass samples of one data set, split and scaled.");
  };
  if (train.sampleCount === 0) fail("there are no training samples");
  if (validation === undefined) return;
  if (validation.sampleCount === 0) fail("there are no validation samples");
  if (validation.featureCount !== train.featureCount || validation.classCount !== train.classCount) {
    fail(
      `validation samples have ${validation.featureCount} features and ${validation.classCount} classes, training samples ${train.featureCount} and ${train.classCount}`,
    );
  }
}

function checkCheckpoint(
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
  if (checkpoint.samplesDigest !== samplesDigest) fail("training samples");
  if (checkpoint.layerSizes.join() !== layerSizes.join()) fail("layer sizes");
  for (const key of ["epochs", "batchSize", "learningRate", "weightDecay", "inputNoise", "seed"] as const) {
    if (checkpoint.options[key] !== options[key]) fail(`${key} (${checkpoint.options[key]})`);
  }
}

function diverged(epoch: number, options: TrainingOptions): TrainingError {
  return new TrainingError(
    "training.diverged",
    `training diverged in epoch ${epoch}: the loss is not a finite number (learning rate ${options.learningRate})`,
    "Use a smaller learning rate.",
    { epoch, learningRate: options.learningRate },
  );
}
