import { hexToBytes } from "@noble/hashes/utils.js";

/** A non-negative integer as `length` bytes, most significant first; throws RangeError when it does not fit. */
export function bigEndian(value: bigint | number, length: number): Uint8Array {
  const digits = BigInt(value).toString(16);
  if (digits.startsWith("-") || digits.length > 2 * length) {
    throw new RangeError(`${value} is not an unsigned integer of ${length} bytes`);
  }
  return hexToBytes(digits.padStart(2 * length, "0"));
}
