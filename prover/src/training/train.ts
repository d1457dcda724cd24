import { setImmediate } from "node:timers/promises";

import type * as TensorFlow from "@tensorflow/tfjs";

import type { FloatSamples } from "../data/dataset.ts";
import { SeededRandom } from "../data/random.ts";
import { type FloatModel, validateFloatModel } from "../model/float-model.ts";
import type { TrainingBackend } from "./backend.ts";
import {
  checkCheckpoint,
  digestInputs,
  type EpochRecord,
  modelOf,
  silentFeatures,
  startingPoint,
  type TrainingCheckpoint,
} from "./checkpoint.ts";
import { forward, Optimizer } from "./optimizer.ts";
import { TrainingError } from "./training-error.ts";
import { type TrainingOptions, validateTrainingOptions } from "./training-options.ts";

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
  readonly validation?: FloatSamples | undefined;
  readonly options: TrainingOptions;
  readonly backend: TrainingBackend;
  /** Stops training; the unfinished epoch is dropped. */
  readonly signal?: AbortSignal | undefined;
  readonly onEpoch?: ((record: EpochRecord) => void) | undefined;
  /** Where training starts, instead of at random weights. */
  readonly initialModel?: FloatModel | undefined;
  /** Made from the same initial model, if any. */
  readonly resumeFrom?: TrainingCheckpoint | undefined;
}

/** Batches between two looks at the event loop, so that an interrupt gets through. */
const BATCHES_PER_TURN = 16;
const EVALUATION_BATCH = 4_096;

/**
 * Trains a multi-layer perceptron (ReLU, softmax cross-entropy) with mini-batches and Adam with decoupled weight
 * decay (Kingma and Ba 2015; Loshchilov and Hutter 2019).
 *
 * Initial weights, unless given, batch order and noise come from `options.seed` alone. On the WASM backend a run repeats bit for
 * bit, and an interrupted run that is resumed ends with the weights of one that was not.
 * Throws TrainingError: `training.options`, `training.samples`, `training.initial-model`, `training.checkpoint-mismatch`,
 * `training.diverged`.
 */
export async function trainModel(run: TrainingRun): Promise<TrainingResult> {
  const { train, validation, options, backend, signal, onEpoch, initialModel, resumeFrom } = run;
  validateTrainingOptions(options);
  checkSamples(train, validation);
  const { tf } = backend;
  const layerSizes = [train.featureCount, ...options.hiddenSizes, train.classCount];
  if (initialModel !== undefined) checkInitialModel(initialModel, layerSizes);
  const samplesDigest = digestInputs(train, initialModel);
  if (resumeFrom !== undefined) checkCheckpoint(resumeFrom, options, layerSizes, samplesDigest);
  let checkpoint = resumeFrom ?? startingPoint(options, layerSizes, samplesDigest, train, initialModel);
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
  if (noise) inputs.forEach((value, index) => (inputs[index] = value + noise(index % featureCount)));
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

function checkInitialModel(model: FloatModel, layerSizes: readonly number[]): void {
  validateFloatModel(model);
  if (model.layerSizes.join() === layerSizes.join()) return;
  throw new TrainingError(
    "training.initial-model",
    `the initial model is ${model.layerSizes.join("-")}, samples and options ask for ${layerSizes.join("-")}`,
    "Start from a model of the same architecture.",
    { found: model.layerSizes, expected: layerSizes },
  );
}

function diverged(epoch: number, options: TrainingOptions): TrainingError {
  return new TrainingError(
    "training.diverged",
    `training diverged in epoch ${epoch}: the loss is not a finite number (learning rate ${options.learningRate})`,
    "Use a smaller learning rate.",
    { epoch, learningRate: options.learningRate },
  );
}
