import { z } from "zod";

import { canonicalJson } from "../data/canonical-json.ts";
import type { DocumentKind } from "../data/document.ts";
import {
  INPUT_QUANTIZATION_SCHEMA,
  type InputQuantization,
  plainInputQuantization,
} from "../data/input-quantization.ts";
import { ARCHITECTURE_SCHEMA } from "../model/architecture.ts";
import { type IntegerModel, validateIntegerModel } from "../model/integer-model.ts";
import { analyseBounds, type BoundReport } from "./bounds.ts";
import { QuantizationError } from "./quantization-error.ts";
import type { QuantizedModel } from "./quantize.ts";

/** A quantised model with what is needed to apply it to real features. */
export interface IntegerModelFile {
  readonly quantized: QuantizedModel;
  /** One per class, in the order of the logits. */
  readonly classNames: readonly string[];
  readonly inputQuantization: InputQuantization;
}

const INTEGERS_SCHEMA = z.array(z.number().int());

const INTEGER_MODEL_SCHEMA = z
  .object({
    architecture: ARCHITECTURE_SCHEMA,
    layers: z.array(z.object({ weights: INTEGERS_SCHEMA, biases: INTEGERS_SCHEMA }).strict()),
    weightScales: z.array(z.number().positive().finite()),
    sumScales: z.array(z.number().positive().finite()),
    bounds: z.object({ layers: z.array(z.record(z.union([z.number(), z.string()]))) }).strict(),
    classNames: z.array(z.string()).min(2),
    inputQuantization: INPUT_QUANTIZATION_SCHEMA,
  })
  .strict();

type IntegerModelContent = z.infer<typeof INTEGER_MODEL_SCHEMA>;

/**
 * A saved integer model with its bound report. It holds the private weights in clear: it is written only when asked
 * for, readable by its owner alone, and belongs on no shared disk.
 */
export const INTEGER_MODEL: DocumentKind<IntegerModelFile, IntegerModelContent> = {
  format: "zkpot.integer-model",
  version: 1,
  isSecret: true,
  schema: INTEGER_MODEL_SCHEMA,
  encode: ({ quantized, classNames, inputQuantization }) => {
    const { architecture, layers } = quantized.model;
    return {
      architecture: {
        ...architecture,
        layerSizes: [...architecture.layerSizes],
        shiftBits: [...architecture.shiftBits],
      },
      layers: layers.map(({ weights, biases }) => ({ weights: [...weights], biases: [...biases] })),
      weightScales: [...quantized.weightScales],
      sumScales: [...quantized.sumScales],
      bounds: plainBounds(quantized.bounds),
      classNames: [...classNames],
      inputQuantization: plainInputQuantization(inputQuantization),
    };
  },
  decode: ({ architecture, layers, weightScales, sumScales, bounds, classNames, inputQuantization }) => {
    const model: IntegerModel = {
      architecture,
      layers: layers.map(({ weights, biases }) => ({
        weights: toInt32(weights),
        biases: toInt32(biases),
      })),
    };
    validateIntegerModel(model);
    const { layerSizes, inputBits } = architecture;
    const [featureCount, classCount] = [layerSizes[0], layerSizes[layerSizes.length - 1]];
    if (featureCount !== inputQuantization.features.length || classCount !== classNames.length) {
      throw mismatch(
        `the model is ${layerSizes.join("-")}, but there are ${inputQuantization.features.length} feature mappings and ${classNames.length} class names`,
      );
    }
    if (inputBits !== inputQuantization.inputBits) {
      throw mismatch(
        `the model reads ${inputBits} bits, the input mapping gives ${inputQuantization.inputBits}`,
      );
    }
    if (weightScales.length !== layers.length || sumScales.length !== layers.length) {
      throw mismatch(`${weightScales.length} weight scales for ${layers.length} layers`);
    }
    // The report is a consequence of the weights: one that says something else is wrong.
    const actual = analyseBounds(model);
    if (canonicalJson(bounds) !== canonicalJson(plainBounds(actual))) {
      throw mismatch("the bound report does not belong to these weights");
    }
    return { quantized: { model, weightScales, sumScales, bounds: actual }, classNames, inputQuantization };
  },
};

function plainBounds(bounds: BoundReport): { layers: Record<string, number | string>[] } {
  return { layers: bounds.layers.map((layer) => ({ ...layer })) };
}

/** Int32Array.from would wrap what does not fit; such a value becomes the largest one, which no range contains. */
function toInt32(values: readonly number[]): Int32Array {
  return Int32Array.from(values, (value) => (value === (value | 0) ? value : 2 ** 31 - 1));
}

function mismatch(problem: string): QuantizationError {
  return new QuantizationError("quantization.file-mismatch", problem, "Quantise the float model again.", {
    problem,
  });
}
