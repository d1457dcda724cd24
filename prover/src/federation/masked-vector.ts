import { z } from "zod";

import type { DocumentKind } from "../data/document.ts";

const DECIMAL = z.string().regex(/^(0|[1-9]\d{0,77})$/, "is not a field element in decimal");
const MASKED_VECTOR_SCHEMA = z.object({ words: z.array(DECIMAL).min(1) }).strict();

type MaskedVectorContent = z.infer<typeof MASKED_VECTOR_SCHEMA>;

/** A member's masked vector, as it is published once the masking is complete. */
export const MASKED_VECTOR: DocumentKind<readonly bigint[], MaskedVectorContent> = {
  format: "zkpot.masked-vector",
  version: 1,
  isSecret: false,
  schema: MASKED_VECTOR_SCHEMA,
  encode: (vector) => ({ words: vector.map(String) }),
  decode: ({ words }) => words.map(BigInt),
};

/** Digits of a word, two quotation marks and a comma. */
const WORD_BYTES = 81;
/** Format, version and digest, with room. */
const ENVELOPE_BYTES = 1024;

/** The most bytes that the document of a masked vector of so many words has. */
export function maskedVectorBytes(words: number): number {
  return words * WORD_BYTES + ENVELOPE_BYTES;
}
