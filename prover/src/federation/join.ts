import { ChainError } from "../chain/chain-error.ts";
import type { Contracts } from "../chain/contracts.ts";
import { type FederationRecord, joinFederation, readKeyOwner } from "../chain/federations.ts";
import type { Sender, SentTransaction } from "../chain/send.ts";
import { FederationError } from "./federation-error.ts";
import { deriveMemberSecrets, MASK_KEYS } from "./member-key.ts";
import type { PublicKey } from "./pair-keys.ts";

/** Keys that others register in front of an account before it gives up for the time being. */
const MOST_TRIES = 16;

/**
 * Joins a federation with the first of the account's mask keys that is not somebody else's: who joined before keeps its key. A key
 * is seen by all before it is registered, and whoever is quicker keeps the account from it; the next one is tried then.
 *
 * Throws FederationError `federation.keys-taken` when others were quicker too often, else as joinFederation.
 */
export async function joinWithOwnKey(
  sender: Sender,
  contracts: Contracts,
  federation: FederationRecord,
  stakeWei: bigint,
): Promise<SentTransaction> {
  const account = sender.wallet.address;
  const isTaken = async (key: PublicKey): Promise<boolean> => {
    const owner = await readKeyOwner(contracts, federation, key);
    return owner !== undefined && owner !== account;
  };
  let tries = 0;
  for (let index = 0; index < MASK_KEYS && tries < MOST_TRIES; index++) {
    const { maskKey } = await deriveMemberSecrets(sender.wallet, federation, index);
    if (await isTaken(maskKey.publicKey)) continue;
    try {
      return await joinFederation(sender, contracts, federation, stakeWei, maskKey.publicKey);
    } catch (error) {
      // Whether the refusal was foreseen or came in the block: the key's owner says whether somebody was quicker.
      if (!(error instanceof ChainError) || !(await isTaken(maskKey.publicKey))) throw error;
      tries++;
      sender.onProgress?.("somebody else registered the key first; trying the next one");
    }
  }
  throw keysTaken(account, federation, tries);
}

function keysTaken(account: string, { federationId }: FederationRecord, tries: number): FederationError {
  return new FederationError(
    "federation.keys-taken",
    tries < MOST_TRIES
      ? `all ${MASK_KEYS} keys of ${account} for federation ${federationId} are registered by others`
      : `others registered ${tries} keys of ${account} for federation ${federationId} first, the most that are tried at a time`,
    tries < MOST_TRIES
      ? "Join from another account, through a node that keeps transactions private until they are in a block."
      : "Run the command again through a node that keeps transactions private until they are in a block, or from another account.",
    { account, federationId, tries },
  );
}
