import { hkdfSync } from "node:crypto";

import { getBytes, toBigInt, type TypedDataDomain, type TypedDataField } from "ethers";

import type { FederationPlace } from "../chain/context.ts";
import { type PairKey, pairKeyFromSeed } from "./pair-keys.ts";

/** What an account needs to keep in a federation, all of it secret and all of it found again from the account's key. */
export interface MemberSecrets {
  readonly maskKey: PairKey;
  /** 32 bytes; encrypts what a member keeps on disk. */
  readonly folderKey: Uint8Array;
}

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
const FOLDER_KEY_BYTES = 32;

/**
 * Derives an account's secrets in a federation: HKDF-SHA256 (RFC 5869) over its signature of a message that names chain,
 * contract and federation (EIP-712; deterministic, RFC 6979). Nothing has to be stored, and the keys of different
 * federations have nothing to do with each other.
 */
export async function deriveMemberSecrets(
  signer: TypedDataSigner,
  { chainId, address, federationId }: FederationPlace,
): Promise<MemberSecrets> {
  const domain = { name: "zkpot federation", version: "1", chainId, verifyingContract: address };
  const signature = getBytes(
    await signer.signTypedData(domain, TYPES, { federationId, warning: WARNING }),
  ).subarray(0, 64);
  const derive = (purpose: string, bytes: number) =>
    new Uint8Array(hkdfSync("sha256", signature, new Uint8Array(), `zkpot.federation.${purpose}.v1`, bytes));
  return {
    maskKey: pairKeyFromSeed(toBigInt(derive("mask-key", SCALAR_SEED_BYTES))),
    folderKey: derive("folder-key", FOLDER_KEY_BYTES),
  };
}
