import { z } from "zod";

import type { DocumentKind } from "../data/document.ts";
import { FIELD_ORDER } from "../field.ts";
import { MAX_SHARDS } from "../witness/shards.ts";
import { TEST_SET_ARTIFACT_SCHEMA, type TestSetArtifact } from "./task-document.ts";

/** What the poster of a sealed test set publishes when nobody can commit any more. */
export interface TestSetReveal {
  /** In the order of the task's data points. */
  readonly shards: readonly (TestSetArtifact & {
    /** Last dataset word of the shard: below the field order. */
    readonly blinding: bigint;
  })[];
}

/** Schema of a blinding in documents: a field element in decimal. */
export const BLINDING_SCHEMA = z
  .string()
  .regex(/^(0|[1-9]\d{0,76})$/)
  .refine((text) => BigInt(text) < FIELD_ORDER, "is not below the field order");

const REVEAL_SCHEMA = z
  .object({
    shards: z
      .array(TEST_SET_ARTIFACT_SCHEMA.extend({ blinding: BLINDING_SCHEMA }).strict())
      .min(1)
      .max(MAX_SHARDS),
  })
  .strict();

type RevealContent = z.infer<typeof REVEAL_SCHEMA>;

/** A saved reveal; public once it is published. */
export const TEST_SET_REVEAL: DocumentKind<TestSetReveal, RevealContent> = {
  format: "zkpot.test-set-reveal",
  version: 1,
  isSecret: false,
  schema: REVEAL_SCHEMA,
  encode: ({ shards }) => ({
    shards: shards.map((shard) => ({ ...shard, blinding: String(shard.blinding) })),
  }),
  decode: ({ shards }) => ({
    shards: shards.map((shard) => ({ ...shard, blinding: BigInt(shard.blinding) })),
  }),
};
