import { setImmediate } from "node:timers/promises";

import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";

import type { FloatSamples } from "../data/dataset.ts";
import { SeededRandom } from "../data/random.ts";
import { type IntegerSamples, selectIntegerSamples } from "../data/samples.ts";
import type { ProverError } from "../errors.ts";
import type { IntegerModel } from "../model/integer-model.ts";
import { ModelError } from "../model/model-error.ts";
import { runReference } from "../model/reference.ts";
import { type ClippedLayer, dequantizeModel, quantizeAtScales } from "../quantization/fixed-scales.ts";
import type { TrainingBackend } from "../training/backend.ts";
import { trainModel } from "../training/train.ts";
import { TrainingError } from "../training/training-error.ts";
import { trainVerifiably } from "../verifiable/train.ts";
import type {
  FederationDocument,
  FloatTrainingAdvice,
  IntegerTrainingAdvice,
} from "./federation-document.ts";
import { FederationError } from "./federation-error.ts";

/** Halvings of the way from the global model that are tried: down to a 64th of it. */
const MOST_HALVINGS = 6;

/** What local training needs. */
export interface LocalTrainingRun {
  readonly document: Pick<FederationDocument, "training" | "weightScales">;
  /** The model of the last round. */
  readonly globalModel: IntegerModel;
  /** The member's own samples, by the federation's mapping of features. Secret. */
  readonly samples: IntegerSamples;
  /** The public test set, on which a model is proven and paid. Nothing but the length of the way is learnt from it. */
  readonly testSamples: IntegerSamples;
  /** Determines which samples make a batch, the order of batches, and noise. Secret. */
  readonly seed: string;
  /** For float training; asked for when it is needed. */
  readonly openBackend: () => Promise<TrainingBackend>;
  /** Stops training: throws FederationError `federation.interrupted`. */
  readonly signal?: AbortSignal | undefined;
}

/** A model trained on a member's own samples, which the federation's circuits can prove. */
export interface LocalTrainingResult {
  /** Secret. */
  readonly model: IntegerModel;
  /** Samples of the test set that it classifies correctly. */
  readonly correct: number;
  /** Share of the way from the global model that was kept: a power of two, at most 1. */
  readonly keptShare: number;
  /** Parameters that did not fit at the federation's scales, by layer; none for integer training. */
  readonly clipped: readonly ClippedLayer[];
}

/**
 * Trains from the global model by the federation's settings, on the member's own samples, and goes as far from the global model
 * towards what came out as scores best on the test set: all the way, half of it, a quarter … The longer way wins among equals;
 * models that leave the ranges of quotients or margins on the test set cannot be proven, and do not count.
 *
 * Throws FederationError `federation.interrupted`, or `federation.not-provable` when no model can be proven or integer training
 * leaves the ranges of its rule; ModelError for samples off the grid, TrainingError as trainModel and trainVerifiably.
 */
export async function trainLocal(run: LocalTrainingRun): Promise<LocalTrainingResult> {
  const { globalModel, testSamples, signal } = run;
  const { training } = run.document;
  const trained =
    training.kind === "float" ? await trainFloats(run, training) : await trainIntegers(run, training);
  if (!trained.completed) throw interrupted();
  let best: LocalTrainingResult | undefined;
  let failure: ModelError | undefined;
  let { model } = trained;
  for (let halving = 0; halving <= MOST_HALVINGS; halving++) {
    await setImmediate();
    if (signal?.aborted === true) throw interrupted();
    try {
      const correct = runReference(model, testSamples).correctCount;
      if (best === undefined || correct > best.correct) {
        best = { model, correct, keptShare: 2 ** -halving, clipped: trained.clipped };
      }
    } catch (cause) {
      if (!(cause instanceof ModelError) || cause.code !== "model.overflow") throw cause;
      failure = cause;
    }
    model = midpoint(globalModel, model);
  }
  if (best === undefined) {
    throw notProvable(
      `the trained model cannot be proven: on the test set, ${failure!.message}, even ${MOST_HALVINGS} times halfway back to the global model`,
      "Train with fewer epochs, a smaller learning rate or more weight decay, or leave out this round.",
      failure!,
    );
  }
  return best;
}

interface TrainedModel {
  readonly model: IntegerModel;
  readonly completed: boolean;
  readonly clipped: readonly ClippedLayer[];
}

async function trainFloats(
  { document, globalModel, samples, seed, openBackend, signal }: LocalTrainingRun,
  { kind: _, ...options }: FloatTrainingAdvice,
): Promise<TrainedModel> {
  const { weightScales } = document;
  const { architecture } = globalModel;
  const result = await trainModel({
    train: unitSamples(samples, architecture.inputBits),
    options: { ...options, hiddenSizes: architecture.layerSizes.slice(1, -1), seed },
    backend: await openBackend(),
    initialModel: dequantizeModel(globalModel, weightScales),
    signal,
  });
  const { quantized, clipped } = quantizeAtScales(result.model, architecture, weightScales);
  return { model: quantized.model, completed: result.completed, clipped };
}

async function trainIntegers(
  { globalModel, samples, seed, signal }: LocalTrainingRun,
  { rule }: IntegerTrainingAdvice,
): Promise<TrainedModel> {
  try {
    const { model, completed } = await trainVerifiably({
      rule,
      seed: BigInt(`0x${bytesToHex(keccak_256(utf8ToBytes(seed)))}`),
      train: shuffled(samples, seed),
      resumeFrom: { step: 0, model: globalModel, history: [] },
      signal,
    });
    return { model, completed, clipped: model.layers.map(() => ({ weights: 0, biases: 0 })) };
  } catch (cause) {
    if (!(cause instanceof TrainingError) || cause.code !== "training.overflow") throw cause;
    throw notProvable(
      `training from the global model left the range of the federation's rule: ${cause.message}`,
      "Train on other samples, or leave out this round: the federation's document fixes the rule.",
      cause,
    );
  }
}

/** The rule cuts batches in the order of samples: who trains must not have one that others can guess. */
function shuffled(samples: IntegerSamples, seed: string): IntegerSamples {
  const order = new SeededRandom(seed, "order of samples").permutation(samples.sampleCount);
  return selectIntegerSamples(samples, order);
}

/** Samples on the integer grid as the floats that networks read: x/(2^inputBits − 1). */
export function unitSamples(samples: IntegerSamples, inputBits: number): FloatSamples {
  const largest = 2 ** inputBits - 1;
  return { ...samples, features: Float32Array.from(samples.features, (value) => value / largest) };
}

/** Halfway between two models, rounded towards the first. */
function midpoint(from: IntegerModel, to: IntegerModel): IntegerModel {
  const between = (a: Int32Array, b: Int32Array): Int32Array =>
    a.map((value, index) => value + Math.trunc((b[index]! - value) / 2));
  return {
    architecture: from.architecture,
    layers: from.layers.map((layer, index) => ({
      weights: between(layer.weights, to.layers[index]!.weights),
      biases: between(layer.biases, to.layers[index]!.biases),
    })),
  };
}

function interrupted(): FederationError {
  return new FederationError(
    "federation.interrupted",
    "local training was interrupted; nothing was committed",
    "Run the command again while the round is open.",
  );
}

function notProvable(problem: string, nextStep: string, cause: ProverError): FederationError {
  return new FederationError("federation.not-provable", problem, nextStep, cause.details, { cause });
}
