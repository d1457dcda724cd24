import { z } from "zod";

import type { DocumentKind } from "../data/document.ts";
import {
  INPUT_QUANTIZATION_SCHEMA,
  type InputQuantization,
  plainInputQuantization,
} from "../data/input-quantization.ts";
import { type FloatModel, validateFloatModel } from "../model/float-model.ts";
import type { EpochRecord, TrainingCheckpoint } from "./checkpoint.ts";
import { TrainingError } from "./training-error.ts";
import { TRAINING_OPTIONS_SCHEMA, type TrainingOptions } from "./training-options.ts";

/** A trained model with all that is needed to use it and to train it again. */
export interface TrainedModel {
  readonly model: FloatModel;
  /** One per class, in the order of the logits. */
  readonly classNames: readonly string[];
  /** Maps real features to the model's inputs. */
  readonly inputQuantization: InputQuantization;
  readonly options: TrainingOptions;
  /** Name and version of the TensorFlow.js backend it was trained on. */
  readonly backend: { readonly name: string; readonly version: string };
  readonly history: readonly EpochRecord[];
}

const LAYER_SIZES_SCHEMA = z.array(z.number().int().positive()).min(2);
const VALUES_SCHEMA = z.array(z.number().finite());

const HISTORY_SCHEMA = z.array(
  z
    .object({
      epoch: z.number().int().positive(),
      loss: z.number().finite(),
      accuracy: z.number().min(0).max(1),
      validationLoss: z.number().finite().nullable(),
      validationAccuracy: z.number().min(0).max(1).nullable(),
    })
    .strict(),
);

const TRAINED_MODEL_SCHEMA = z
  .object({
    layerSizes: LAYER_SIZES_SCHEMA,
    layers: z.array(z.object({ weights: VALUES_SCHEMA, biases: VALUES_SCHEMA }).strict()),
    classNames: z.array(z.string()).min(2),
    inputQuantization: INPUT_QUANTIZATION_SCHEMA,
    options: TRAINING_OPTIONS_SCHEMA,
    backend: z.object({ name: z.string(), version: z.string() }).strict(),
    history: HISTORY_SCHEMA,
  })
  .strict();

type TrainedModelContent = z.infer<typeof TRAINED_MODEL_SCHEMA>;

/** A saved float model; holds the private weights in clear. */
export const FLOAT_MODEL: DocumentKind<TrainedModel, TrainedModelContent> = {
  format: "zkpot.float-model",
  version: 1,
  isSecret: true,
  schema: TRAINED_MODEL_SCHEMA,
  encode: ({ model, classNames, inputQuantization, options, backend, history }) => ({
    layerSizes: [...model.layerSizes],
    layers: model.layers.map(({ weights, biases }) => ({ weights: [...weights], biases: [...biases] })),
    classNames: [...classNames],
    inputQuantization: plainInputQuantization(inputQuantization),
    options: { ...options, hiddenSizes: [...options.hiddenSizes] },
    backend: { name: backend.name, version: backend.version },
    history: [...history],
  }),
  decode: ({ layerSizes, layers, classNames, inputQuantization, options, backend, history }) => {
    const model: FloatModel = {
      layerSizes,
      layers: layers.map(({ weights, biases }) => ({
        weights: Float32Array.from(weights),
        biases: Float32Array.from(biases),
      })),
    };
    validateFloatModel(model);
    const expected = [inputQuantization.features.length, ...options.hiddenSizes, classNames.length];
    if (expected.join() !== layerSizes.join()) {
      throw new TrainingError(
        "training.model-mismatch",
        `features, hidden sizes and classes make ${expected.join("-")}, the layers are ${layerSizes.join("-")}`,
        "Train the model again.",
        { expected, found: layerSizes },
      );
    }
    return { model, classNames, inputQuantization, options, backend, history };
  },
};

const CHECKPOINT_SCHEMA = z
  .object({
    options: TRAINING_OPTIONS_SCHEMA,
    layerSizes: LAYER_SIZES_SCHEMA,
    samplesDigest: z.string(),
    epochsDone: z.number().int().nonnegative(),
    parameters: z.array(VALUES_SCHEMA),
    firstMoments: z.array(VALUES_SCHEMA),
    secondMoments: z.array(VALUES_SCHEMA),
    history: HISTORY_SCHEMA,
  })
  .strict();

type CheckpointContent = z.infer<typeof CHECKPOINT_SCHEMA>;

/** A saved training checkpoint; holds the private weights in clear. */
export const TRAINING_CHECKPOINT: DocumentKind<TrainingCheckpoint, CheckpointContent> = {
  format: "zkpot.training-checkpoint",
  version: 1,
  isSecret: true,
  schema: CHECKPOINT_SCHEMA,
  encode: (checkpoint) => {
    const plain = (arrays: readonly Float32Array[]): number[][] => arrays.map((array) => [...array]);
    return {
      options: { ...checkpoint.options, hiddenSizes: [...checkpoint.options.hiddenSizes] },
      layerSizes: [...checkpoint.layerSizes],
      samplesDigest: checkpoint.samplesDigest,
      epochsDone: checkpoint.epochsDone,
      parameters: plain(checkpoint.parameters),
      firstMoments: plain(checkpoint.firstMoments),
      secondMoments: plain(checkpoint.secondMoments),
      history: [...checkpoint.history],
    };
  },
  decode: (content) => {
    const sizes = content.layerSizes
      .slice(1)
      .flatMap((outputs, layer) => [content.layerSizes[layer]! * outputs, outputs]);
    const typed = (arrays: readonly (readonly number[])[]): Float32Array[] => {
      if (arrays.length !== sizes.length || arrays.some((array, index) => array.length !== sizes[index])) {
        throw new TrainingError(
          "training.checkpoint-shape",
          `the arrays do not have the sizes of ${content.layerSizes.join("-")}`,
          "Start training afresh.",
          { layerSizes: content.layerSizes },
        );
      }
      return arrays.map((array) => Float32Array.from(array));
    };
    return {
      ...content,
      parameters: typed(content.parameters),
      firstMoments: typed(content.firstMoments),
      secondMoments: typed(content.secondMoments),
    };
  },
};
