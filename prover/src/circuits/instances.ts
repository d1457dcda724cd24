import { readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";

import { ARCHITECTURE_SCHEMA } from "../model/architecture.ts";
import { TRAINING_RULE_SCHEMA } from "../verifiable/training-rule.ts";
import type { AccuracyInstance } from "./accuracy.ts";
import { CIRCUITS_DIRECTORY } from "./build.ts";
import type { CircuitInstance } from "./instance.ts";

const ID = z.string().regex(/^[a-z0-9][a-z0-9-]{0,99}$/, "is not an instance id (a-z, 0-9, -)");
const TABLE_BITS = z.number().int().min(1).max(20);

/** Schema of an accuracy circuit's parameters inside documents. */
export const INSTANCE_SCHEMA = z
  .object({
    id: ID,
    template: z.literal("accuracy"),
    architecture: ARCHITECTURE_SCHEMA,
    tableBits: TABLE_BITS,
    groups: z.number().int().min(1).max(1_000_000),
    slots: z.number().int().min(1).max(252),
    slotBits: z.number().int().min(1).max(252),
  })
  .strict();

/** Schema of a round's accuracy circuit's parameters. */
export const ROUND_ACCURACY_SCHEMA = INSTANCE_SCHEMA.extend({
  template: z.literal("round-accuracy"),
}).strict();

/** Schema of an initialisation circuit's parameters. */
export const TRAIN_INIT_SCHEMA = z
  .object({ id: ID, template: z.literal("train-init"), rule: TRAINING_RULE_SCHEMA })
  .strict();

/** Schema of a training-step circuit's parameters. */
export const TRAIN_STEP_SCHEMA = z
  .object({
    id: ID,
    template: z.literal("train-step"),
    rule: TRAINING_RULE_SCHEMA,
    tableBits: TABLE_BITS,
    fineTableBits: TABLE_BITS,
  })
  .strict();

const MAX_FACTOR_SUM = z
  .number()
  .int()
  .min(1)
  .max(2 ** 19);
const PLACES = z.number().int().min(2).max(128);

/** Schema of a masked update's circuit's parameters. */
export const MASKED_UPDATE_SCHEMA = z
  .object({
    id: ID,
    template: z.literal("masked-update"),
    architecture: ARCHITECTURE_SCHEMA,
    maxFactorSum: MAX_FACTOR_SUM,
    members: PLACES,
    tableBits: TABLE_BITS,
  })
  .strict();

/** Schema of an aggregation circuit's parameters. */
export const AGGREGATE_SCHEMA = z
  .object({
    id: ID,
    template: z.literal("aggregate"),
    architecture: ARCHITECTURE_SCHEMA,
    maxFactorSum: MAX_FACTOR_SUM,
    vectors: PLACES,
    tableBits: TABLE_BITS,
  })
  .strict();

/** Schema of the parameters of a circuit that sums vectors. */
export const VECTOR_SUM_SCHEMA = z
  .object({
    id: ID,
    template: z.literal("vector-sum"),
    architecture: ARCHITECTURE_SCHEMA,
    maxFactorSum: MAX_FACTOR_SUM,
    vectors: PLACES,
  })
  .strict();

/** Schema of the parameters of a circuit of any template. */
export const CIRCUIT_INSTANCE_SCHEMA = z.discriminatedUnion("template", [
  INSTANCE_SCHEMA,
  ROUND_ACCURACY_SCHEMA,
  TRAIN_INIT_SCHEMA,
  TRAIN_STEP_SCHEMA,
  MASKED_UPDATE_SCHEMA,
  AGGREGATE_SCHEMA,
  VECTOR_SUM_SCHEMA,
]);

/** All instances this checkout ships, from `circuits/circuits.json`. */
export async function loadCircuitInstances(): Promise<readonly CircuitInstance[]> {
  const text = await readFile(path.join(CIRCUITS_DIRECTORY, "circuits.json"), "utf8");
  return z.array(CIRCUIT_INSTANCE_SCHEMA).parse(JSON.parse(text));
}

/** The accuracy circuits among them. */
export async function loadInstances(): Promise<readonly AccuracyInstance[]> {
  return (await loadCircuitInstances()).filter((instance) => instance.template === "accuracy");
}

/** One accuracy circuit by id. Throws RangeError for an id that is not shipped. */
export async function loadInstance(id: string): Promise<AccuracyInstance> {
  return await loadCircuitInstance("accuracy", id);
}

/** One circuit by template and id. Throws RangeError for an id that is not shipped with this template. */
export async function loadCircuitInstance<Template extends CircuitInstance["template"]>(
  template: Template,
  id: string,
): Promise<Extract<CircuitInstance, { readonly template: Template }>> {
  const found = (await loadCircuitInstances()).find(
    (candidate): candidate is Extract<CircuitInstance, { readonly template: Template }> =>
      candidate.template === template && candidate.id === id,
  );
  if (found === undefined) throw new RangeError(`circuits.json has no ${template} instance ${id}`);
  return found;
}
