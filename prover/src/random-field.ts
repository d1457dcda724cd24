import { randomBytes } from "node:crypto";

import { FIELD_ORDER } from "./field.ts";

/** A uniform field element from the operating system's randomness (48 bytes, so the bias is below 2^−128). */
export function randomFieldElement(): bigint {
  return BigInt(`0x${randomBytes(48).toString("hex")}`) % FIELD_ORDER;
}
