import { hkdfSync } from "node:crypto";

import { getBytes, toBigInt, type TypedDataDomain, type TypedDataField } from "ethers";

import type { FederationPlace } from "../chain/context.ts";
import { FederationError } from "./federation-error.ts";
import { type PairKey, pairKeyFromSeed, type PublicKey } from "./pair-keys.ts";

/** What an account needs to keep in a federation, all of it secret and all of it found again from the account's key. */
export interface MemberSecrets {
  readonly maskKey: PairKey;
  /** 32 bytes; encrypts what a member keeps on disk. */
  readonly folderKey: Uint8Array;
  /** 32 bytes; the seeds of local training come from it. */
  readonly trainingKey: Uint8Array;
}

/**
 * Mask keys that an account has for a federation. Whoever registers one of them first keeps it, so an account needs more than
 * one: others see its key in the transaction that registers it.
 */
export const MASK_KEYS = 256;

/** The part of a wallet that secrets are derived with. */
export interface TypedDataSigner {
  signTypedData(
    domain: TypedDataDomain,
    types: Record<string, TypedDataField[]>,
    value: Record<string, unknown>,
  ): Promise<string>;
}

const TYPES: Record<string, TypedDataField[]> = {
  MemberSecrets: [
    { name: "federationId", type: "uint256" },
    { name: "warning", type: "string" },
  ],
};
const WARNING = "Whoever gets this signature reads your models. Sign it for zkpot on your own machine only.";
/** A seed for a number below 2^251, 128 bits longer than it: the remainder is uniform but for 2^-128. */
const SCALAR_SEED_BYTES = 48;
const KEY_BYTES = 32;

/** HKDF-SHA256 (RFC 5869) over an account's signature. */
type Derive = (purpose: string, bytes: number) => Uint8Array;

/**
 * Derives an account's secrets in a federation: HKDF over its signature of a message that names chain, contract and federation
 * (EIP-712; deterministic, RFC 6979). Nothing has to be stored, and the keys of different federations have nothing to do with
 * each other.
 *
 * @param keyIndex Which of its mask keys, from 0; the other secrets are the same for all of them.
 */
export async function deriveMemberSecrets(
  signer: TypedDataSigner,
  place: FederationPlace,
  keyIndex = 0,
): Promise<MemberSecrets> {
  const derive = await signedDerivation(signer, place);
  return secretsWith(derive, maskKeyAt(derive, keyIndex));
}

/**
 * An account's secrets in a federation with the mask key that it registered.
 *
 * Throws FederationError `federation.other-key` for a key that is none of the account's.
 */
export async function findMemberSecrets(
  signer: TypedDataSigner,
  place: FederationPlace,
  registered: PublicKey,
): Promise<MemberSecrets> {
  const derive = await signedDerivation(signer, place);
  for (let index = 0; index < MASK_KEYS; index++) {
    const maskKey = maskKeyAt(derive, index);
    const { x, y } = maskKey.publicKey;
    if (x === registered.x && y === registered.y) return secretsWith(derive, maskKey);
  }
  throw new FederationError(
    "federation.other-key",
    `the key (${registered.x}, ${registered.y}) that the account registered in federation ${place.federationId} is none of the ${MASK_KEYS} that zkpot derives from it`,
    `Leave with \`zkpot round leave ${place.federationId}\` and join again with \`zkpot round join ${place.federationId}\`, which registers one of them.`,
    { federationId: place.federationId, ...registered },
  );
}

/**
 * The seed of a member's local training in a round: the same whenever it is asked for, so that a run that is interrupted trains
 * the same model again. Secret: a round's nullifier tells whoever has it, and guesses the member's samples, that the guess is right.
 */
export function localTrainingSeed(trainingKey: Uint8Array, round: bigint): string {
  return Buffer.from(expand(trainingKey, `training-seed.${round}`, KEY_BYTES)).toString("hex");
}

async function signedDerivation(
  signer: TypedDataSigner,
  { chainId, address, federationId }: FederationPlace,
): Promise<Derive> {
  const domain = { name: "zkpot federation", version: "1", chainId, verifyingContract: address };
  const signature = getBytes(
    await signer.signTypedData(domain, TYPES, { federationId, warning: WARNING }),
  ).subarray(0, 64);
  return (purpose, bytes) => expand(signature, purpose, bytes);
}

function secretsWith(derive: Derive, maskKey: PairKey): MemberSecrets {
  return {
    maskKey,
    folderKey: derive("folder-key", KEY_BYTES),
    trainingKey: derive("training-key", KEY_BYTES),
  };
}

function maskKeyAt(derive: Derive, index: number): PairKey {
  return pairKeyFromSeed(toBigInt(derive(`mask-key.${index}`, SCALAR_SEED_BYTES)));
}

function expand(secret: Uint8Array, purpose: string, bytes: number): Uint8Array {
  return new Uint8Array(
    hkdfSync("sha256", secret, new Uint8Array(), `zkpot.federation.${purpose}.v1`, bytes),
  );
}
