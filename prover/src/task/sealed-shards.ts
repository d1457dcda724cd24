import { z } from "zod";

import type { DocumentKind } from "../data/document.ts";
import { TEST_SET } from "../data/test-set.ts";
import { MAX_SHARDS } from "../witness/shards.ts";
import type { TaskShard } from "./task-files.ts";
import { BLINDING_SCHEMA } from "./test-set-reveal.ts";

const SEALED_SHARDS_SCHEMA = z
  .object({
    shards: z
      .array(z.object({ testSet: TEST_SET.schema, blinding: BLINDING_SCHEMA }).strict())
      .min(1)
      .max(MAX_SHARDS),
  })
  .strict();

type SealedShardsContent = z.infer<typeof SEALED_SHARDS_SCHEMA>;

/** What the poster of a sealed test set keeps until it reveals it: samples and blindings; secret. */
export const SEALED_SHARDS: DocumentKind<readonly TaskShard[], SealedShardsContent> = {
  format: "zkpot.sealed-shards",
  version: 1,
  isSecret: true,
  schema: SEALED_SHARDS_SCHEMA,
  encode: (shards) => ({
    shards: shards.map(({ testSet, blinding }) => ({
      testSet: TEST_SET.encode(testSet),
      blinding: String(blinding),
    })),
  }),
  decode: ({ shards }) =>
    shards.map(({ testSet, blinding }) => ({
      testSet: TEST_SET.decode(testSet),
      blinding: BigInt(blinding),
    })),
};
