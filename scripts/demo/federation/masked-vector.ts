import { z } from "zod";

import type { DocumentKind } from "../../../prover/src/data/document.ts";

const MASKED_VECTOR_SCHEMA = z.object({ words: z.array(z.string().regex(/^(0|[1-9][0-9]*)$/)) }).strict();

type MaskedVectorContent = z.infer<typeof MASKED_VECTOR_SCHEMA>;

/** A member's masked vector, which it publishes once the masking is complete. */
export const MASKED_VECTOR: DocumentKind<readonly bigint[], MaskedVectorContent> = {
  format: "zkpot.masked-vector",
  version: 1,
  isSecret: false,
  schema: MASKED_VECTOR_SCHEMA,
  encode: (vector) => ({ words: vector.map(String) }),
  decode: ({ words }) => words.map(BigInt),
};
