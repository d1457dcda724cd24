import { contractInterface } from "./abis.ts";
import { ChainError } from "./chain-error.ts";
import type { Contracts } from "./contracts.ts";
import { sendOnce, type Sender, type SentTransaction } from "./send.ts";

/** A key as the registry knows it. */
export interface RegisteredKey {
  readonly keyId: string;
  readonly contributions: number;
  readonly circuitDigest: string;
  readonly statementLength: number;
}

/** What the registry knows about a key; undefined when it was never added. */
export async function findKey(contracts: Contracts, keyId: string): Promise<RegisteredKey | undefined> {
  const { registry } = contracts;
  if (!(await registry.keyExists(keyId))) return undefined;
  const [contributions, circuitDigest, statementLength] = await Promise.all([
    registry.contributionsOf(keyId),
    registry.circuitDigestOf(keyId),
    registry.statementLengthOf(keyId),
  ]);
  return {
    keyId,
    contributions: Number(contributions),
    circuitDigest,
    statementLength: Number(statementLength),
  };
}

/**
 * Adds a verifying key, unless the registry has it; returns the transaction, or undefined.
 * Throws ChainError `chain.development-keys` for a development key on a chain that is not local, whatever the
 * registry there would accept.
 */
export async function registerKey(
  sender: Sender,
  contracts: Contracts,
  key: { readonly keyId: string; readonly contributions: number; readonly verifyingKey: string },
): Promise<SentTransaction | undefined> {
  const { profile } = sender.connection;
  if (key.contributions === 0 && !profile.isLocal) {
    throw new ChainError(
      "chain.development-keys",
      `key ${key.keyId} is a development key: whoever made it can forge proofs on chain ${profile.chainId}`,
      "Make a key in a ceremony (`zkpot keys new`).",
      { keyId: key.keyId, network: profile.name, chainId: profile.chainId },
    );
  }
  if ((await findKey(contracts, key.keyId)) !== undefined) return undefined;
  const to = contracts.addresses.circuitRegistry;
  return await sendOnce(sender, `registry ${to} addKey ${key.keyId}`, "registering the key", {
    to,
    data: contractInterface("ICircuitRegistry").encodeFunctionData("addKey", [key.verifyingKey]),
  });
}
