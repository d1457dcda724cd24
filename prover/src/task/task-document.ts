import { z } from "zod";

import type { AccuracyInstance } from "../circuits/accuracy.ts";
import type { DocumentKind } from "../data/document.ts";
import { ProverError } from "../errors.ts";
import { INSTANCE_SCHEMA, TRAIN_INIT_SCHEMA, TRAIN_STEP_SCHEMA } from "../circuits/instances.ts";
import type { TrainInitInstance } from "../circuits/train-init.ts";
import type { TrainStepInstance } from "../circuits/train-step.ts";

/** A task, its document or its test set that do not go together; codes start with `task.`. */
export class TaskError extends ProverError {}

/** How a task wants its model trained: circuits of both statements, whose rule is the one to train by, and their keys. */
export interface TaskTraining {
  readonly init: TrainInitInstance;
  readonly initKeyId: string;
  readonly step: TrainStepInstance;
  readonly stepKeyId: string;
}

/**
 * What a poster publishes about a task, beside the test set: enough for anybody to rebuild the circuit, to
 * recompute the data point and to know under which terms the data may be used.
 */
export interface TaskDocument {
  readonly title: string;
  /** Where the test set is found: a path relative to this document. */
  readonly testSetFile: string;
  /** keccak256 of the test set's canonical bytes. */
  readonly testSetHash: string;
  /** Parameters of the circuit; its architecture is the one the model must have. */
  readonly instance: AccuracyInstance;
  readonly keyId: string;
  readonly sampleCount: number;
  readonly minCorrect: number;
  /** Licence of the test set, e.g. an SPDX identifier. */
  readonly licence: string;
  /** Where the data may be processed; null without restriction. */
  readonly jurisdiction: string | null;
  /** Left out when no training proof is asked for. */
  readonly training?: TaskTraining | undefined;
}

const HASH = z.string().regex(/^0x[0-9a-f]{64}$/, "is not 32 bytes in lower-case hexadecimal");

const TASK_SCHEMA = z
  .object({
    title: z.string().min(1).max(200),
    testSetFile: z
      .string()
      .min(1)
      .max(500)
      .refine(
        (file) => !/^([/\\]|[A-Za-z]:)|(^|[/\\])\.\.([/\\]|$)/.test(file),
        "leaves the document's folder",
      ),
    testSetHash: HASH,
    instance: INSTANCE_SCHEMA,
    keyId: HASH,
    sampleCount: z.number().int().min(1),
    minCorrect: z.number().int().min(1),
    licence: z.string().min(1).max(200),
    jurisdiction: z.string().min(1).max(200).nullable(),
    training: z
      .object({ init: TRAIN_INIT_SCHEMA, initKeyId: HASH, step: TRAIN_STEP_SCHEMA, stepKeyId: HASH })
      .strict()
      .optional(),
  })
  .strict()
  .refine(({ minCorrect, sampleCount }) => minCorrect <= sampleCount, "minCorrect exceeds sampleCount");

type TaskContent = z.infer<typeof TASK_SCHEMA>;

/** A saved task document; public. The market stores its digest as `documentHash`. */
export const TASK_DOCUMENT: DocumentKind<TaskDocument, TaskContent> = {
  format: "zkpot.task",
  isSecret: false,
  version: 1,
  schema: TASK_SCHEMA,
  encode: ({ training, ...task }) => ({
    ...task,
    ...(training === undefined ? {} : { training: structuredClone(training) as TaskContent["training"] }),
    instance: {
      ...task.instance,
      architecture: {
        ...task.instance.architecture,
        layerSizes: [...task.instance.architecture.layerSizes],
        shiftBits: [...task.instance.architecture.shiftBits],
      },
    },
  }),
  decode: (content) => content,
};
