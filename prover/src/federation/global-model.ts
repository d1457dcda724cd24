import { z } from "zod";

import type { DocumentKind } from "../data/document.ts";
import { ARCHITECTURE_SCHEMA } from "../model/architecture.ts";
import { type IntegerModel, validateIntegerModel } from "../model/integer-model.ts";

const INTEGERS = z.array(
  z
    .number()
    .int()
    .min(-(2 ** 31))
    .max(2 ** 31 - 1),
);

const GLOBAL_MODEL_SCHEMA = z
  .object({
    architecture: ARCHITECTURE_SCHEMA,
    layers: z.array(z.object({ weights: INTEGERS, biases: INTEGERS }).strict()),
  })
  .strict();

type GlobalModelContent = z.infer<typeof GLOBAL_MODEL_SCHEMA>;

/** A saved global model of a federation: all members know it, so it is public, unlike other models. */
export const GLOBAL_MODEL: DocumentKind<IntegerModel, GlobalModelContent> = {
  format: "zkpot.global-model",
  version: 1,
  isSecret: false,
  schema: GLOBAL_MODEL_SCHEMA,
  encode: ({ architecture, layers }) => ({
    architecture: {
      ...architecture,
      layerSizes: [...architecture.layerSizes],
      shiftBits: [...architecture.shiftBits],
    },
    layers: layers.map(({ weights, biases }) => ({ weights: [...weights], biases: [...biases] })),
  }),
  decode: ({ architecture, layers }) => {
    const model = {
      architecture,
      layers: layers.map(({ weights, biases }) => ({
        weights: Int32Array.from(weights),
        biases: Int32Array.from(biases),
      })),
    };
    validateIntegerModel(model);
    return model;
  },
};
