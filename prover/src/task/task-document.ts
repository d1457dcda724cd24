import { z } from "zod";

import { ARTIFACT_CID } from "../artifacts/artifact-uri.ts";
import type { AccuracyInstance } from "../circuits/accuracy.ts";
import { INSTANCE_SCHEMA, TRAIN_INIT_SCHEMA, TRAIN_STEP_SCHEMA } from "../circuits/instances.ts";
import type { TrainInitInstance } from "../circuits/train-init.ts";
import type { TrainStepInstance } from "../circuits/train-step.ts";
import type { DocumentKind } from "../data/document.ts";
import {
  INPUT_QUANTIZATION_SCHEMA,
  type InputQuantization,
  plainInputQuantization,
} from "../data/input-quantization.ts";
import { ProverError } from "../errors.ts";
import { MAX_SHARDS } from "../witness/shards.ts";

/** A task, its document or its test set that do not go together; codes start with `task.`. */
export class TaskError extends ProverError {}

/** How a task wants its model trained: circuits of both statements, whose rule is the one to train by, and their keys. */
export interface TaskTraining {
  readonly init: TrainInitInstance;
  readonly initKeyId: string;
  readonly step: TrainStepInstance;
  readonly stepKeyId: string;
}

/** A `zkpot.test-set` file among the artifacts. */
export interface TestSetArtifact {
  /** CID of the file, version 1 in base32. */
  readonly cid: string;
  /** keccak256 of the test set's canonical bytes. */
  readonly hash: string;
}

/** A test set that everybody can read from the beginning. */
export interface PublicTestSet {
  readonly kind: "public";
  /** In the order of the task's data points. */
  readonly shards: readonly (TestSetArtifact & { readonly sampleCount: number })[];
}

/** A test set that its poster reveals once nobody can commit any more. */
export interface SealedTestSet {
  readonly kind: "sealed";
  /** In the order of the task's data points. */
  readonly shards: readonly { readonly sampleCount: number }[];
  readonly inputQuantization: InputQuantization;
  readonly classNames: readonly string[];
  /** Samples of the same kind to measure on, none of them in the test set; null without. */
  readonly publicSample: TestSetArtifact | null;
}

/**
 * What a poster publishes about a task: enough for anybody to rebuild the circuit, to recompute the data points once
 * the test set is public, and to know under which terms the data may be used.
 */
export interface TaskDocument {
  readonly title: string;
  readonly testSet: PublicTestSet | SealedTestSet;
  /** Parameters of the circuit; its architecture is the one the model must have. */
  readonly instance: AccuracyInstance;
  readonly keyId: string;
  /** Over all shards. */
  readonly sampleCount: number;
  /** Over all shards. */
  readonly minCorrect: number;
  /** Licence of the test set, e.g. an SPDX identifier. */
  readonly licence: string;
  /** Where the data may be processed; null without restriction. */
  readonly jurisdiction: string | null;
  /** Left out when no training proof is asked for. */
  readonly training?: TaskTraining | undefined;
}

const HASH = z.string().regex(/^0x[0-9a-f]{64}$/, "is not 32 bytes in lower-case hexadecimal");

/** Schema of an artifact's place and digest in documents. */
export const TEST_SET_ARTIFACT_SCHEMA = z.object({ cid: ARTIFACT_CID, hash: HASH }).strict();

const SAMPLE_COUNT = z.number().int().min(1);

/** Schema of a public test set inside documents. */
export const PUBLIC_TEST_SET_SCHEMA = z
  .object({
    kind: z.literal("public"),
    shards: z
      .array(TEST_SET_ARTIFACT_SCHEMA.extend({ sampleCount: SAMPLE_COUNT }).strict())
      .min(1)
      .max(MAX_SHARDS),
  })
  .strict();

const TASK_SCHEMA = z
  .object({
    title: z.string().min(1).max(200),
    testSet: z.discriminatedUnion("kind", [
      PUBLIC_TEST_SET_SCHEMA,
      z
        .object({
          kind: z.literal("sealed"),
          shards: z
            .array(z.object({ sampleCount: SAMPLE_COUNT }).strict())
            .min(1)
            .max(MAX_SHARDS),
          inputQuantization: INPUT_QUANTIZATION_SCHEMA,
          classNames: z.array(z.string()).min(2),
          publicSample: TEST_SET_ARTIFACT_SCHEMA.nullable(),
        })
        .strict(),
    ]),
    instance: INSTANCE_SCHEMA,
    keyId: HASH,
    sampleCount: SAMPLE_COUNT,
    minCorrect: z.number().int().min(1),
    licence: z.string().min(1).max(200),
    jurisdiction: z.string().min(1).max(200).nullable(),
    training: z
      .object({ init: TRAIN_INIT_SCHEMA, initKeyId: HASH, step: TRAIN_STEP_SCHEMA, stepKeyId: HASH })
      .strict()
      .optional(),
  })
  .strict()
  .refine(({ minCorrect, sampleCount }) => minCorrect <= sampleCount, "minCorrect exceeds sampleCount")
  .refine(
    ({ testSet, sampleCount }) =>
      sampleCount === testSet.shards.reduce((sum, shard) => sum + shard.sampleCount, 0),
    "sampleCount is not the sum over the shards",
  );

type TaskContent = z.infer<typeof TASK_SCHEMA>;

/** A saved task document; public. The market stores its digest as `documentHash`. */
export const TASK_DOCUMENT: DocumentKind<TaskDocument, TaskContent> = {
  format: "zkpot.task",
  isSecret: false,
  version: 2,
  schema: TASK_SCHEMA,
  encode: ({ training, testSet, ...task }) => ({
    ...task,
    testSet: plainTestSet(testSet),
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

function plainTestSet(testSet: TaskDocument["testSet"]): TaskContent["testSet"] {
  if (testSet.kind === "public") {
    return { kind: "public", shards: testSet.shards.map((shard) => ({ ...shard })) };
  }
  return {
    ...testSet,
    shards: testSet.shards.map((shard) => ({ ...shard })),
    inputQuantization: plainInputQuantization(testSet.inputQuantization),
    classNames: [...testSet.classNames],
  };
}
