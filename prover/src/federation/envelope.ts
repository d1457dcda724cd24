import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";

import { bigEndian } from "../bytes.ts";
import { FederationError } from "./federation-error.ts";
import { ownPlace, type RoundMember } from "./masks.ts";
import { pairSecret } from "./pair-keys.ts";

const CIPHER = "aes-256-gcm";
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const WORD_BYTES = 32;

/**
 * Bytes that only the member at place `to` of the roster can read, and only as sent by this member in this round:
 * AES-256-GCM under a key from the pair's secret. Nonce, ciphertext and tag, 28 bytes more than `content`.
 */
export function sealEnvelope(member: RoundMember, to: number, content: Uint8Array): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES);
  const key = envelopeKey(member, to, ownPlace(member), to);
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  return concatBytes(nonce, cipher.update(content), cipher.final(), cipher.getAuthTag());
}

/**
 * What the member at place `from` sealed for this member in this round.
 *
 * Throws FederationError `federation.envelope` for damaged bytes and for those of other senders, readers and rounds.
 */
export function openEnvelope(member: RoundMember, from: number, envelope: Uint8Array): Uint8Array {
  const key = envelopeKey(member, from, from, ownPlace(member));
  const body = envelope.subarray(NONCE_BYTES, -TAG_BYTES);
  try {
    const decipher = createDecipheriv(CIPHER, key, envelope.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAuthTag(envelope.subarray(NONCE_BYTES + body.length));
    return concatBytes(decipher.update(body), decipher.final());
  } catch (cause) {
    throw new FederationError(
      "federation.envelope",
      `what place ${from} sent does not open: it is damaged, or meant for another member or round`,
      "Fetch it again, or ask its sender to send it to the places that the round names.",
      { from },
      { cause },
    );
  }
}

/** Differs for every pair, direction, federation and round. */
function envelopeKey(member: RoundMember, peer: number, from: number, to: number): Uint8Array {
  const { key, roster, federation, round } = member;
  const publicKey = roster[peer];
  if (publicKey === undefined) {
    throw new FederationError(
      "federation.roster",
      `place ${peer} is not on the roster of ${roster.length} members`,
      "Use the roster that the round records.",
    );
  }
  const info = concatBytes(
    utf8ToBytes("zkpot.federation.envelope.v1"),
    ...[federation, round, BigInt(from), BigInt(to)].map((word) => bigEndian(word, WORD_BYTES)),
  );
  const secret = bigEndian(pairSecret(key, publicKey), WORD_BYTES);
  return new Uint8Array(hkdfSync("sha256", secret, new Uint8Array(), info, KEY_BYTES));
}
