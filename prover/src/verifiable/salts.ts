import { randomBytes } from "node:crypto";

import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";

import { FIELD_ORDER } from "../field.ts";
import { bigEndian } from "../bytes.ts";

/** What a salt hides. */
export type SaltPurpose = "checkpoint" | "batch";

/** A new secret of 32 bytes from which all salts of a run follow; whoever has it can open every commitment. */
export function newRunKey(): Uint8Array {
  return Uint8Array.from(randomBytes(32));
}

/**
 * Salt of commitment `index`: keccak256("zkpot." ‖ purpose ‖ "-salt.v1" ‖ runKey ‖ uint256 index) mod r.
 *
 * One key serves a whole run, so that no list of salts has to be kept. Throws RangeError unless the key has 32 bytes.
 */
export function derivedSalt(runKey: Uint8Array, purpose: SaltPurpose, index: number): bigint {
  if (runKey.length !== 32) throw new RangeError(`a run key has 32 bytes, not ${runKey.length}`);
  const digest = keccak_256(
    concatBytes(utf8ToBytes(`zkpot.${purpose}-salt.v1`), runKey, bigEndian(index, 32)),
  );
  return BigInt(`0x${bytesToHex(digest)}`) % FIELD_ORDER;
}
