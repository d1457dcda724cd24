import { Contract, id, ZeroAddress } from "ethers";

import type { IFederatedRounds } from "../../../types/ethers-contracts/index.ts";
import { eighthPart, type PublicKey } from "../federation/pair-keys.ts";
import { contractInterface } from "./abis.ts";
import { ChainError } from "./chain-error.ts";
import type { FederationPlace } from "./context.ts";
import type { Contracts } from "./contracts.ts";
import type { RoundTiming } from "./round-state.ts";
import { sendOnce, type Sender, type SentTransaction } from "./send.ts";
import { allowLock, allowToken } from "./stake.ts";
import type { ChainPoint } from "./tasks.ts";

/** What nobody can change about a federation, however it is stored. */
interface FederationRules {
  readonly scoreKeyId: string;
  readonly maskKeyId: string;
  readonly aggregateKeyId: string;
  readonly architectureId: bigint;
  readonly emptyVectorDigest: bigint;
  /** What the factors of all vectors of a sum may add up to. */
  readonly maxFactorSum: number;
  /** Places of a round's roster. */
  readonly places: number;
  /** One per shard of the test set. */
  readonly dataPoints: readonly ChainPoint[];
  readonly sampleCount: number;
  /** By how many samples a model may fall short of the last global model. */
  readonly toleranceCount: number;
  /** Candidates within so many samples of the best are drawn from. */
  readonly bandCount: number;
  /** Whether a leader may put its own model in place of an average that is worse. */
  readonly keepBetter: boolean;
  readonly maxRounds: number;
  readonly timing: RoundTiming;
  readonly stakeToken: string;
  readonly minStakeWei: bigint;
  /** The most stake that counts. */
  readonly capWei: bigint;
  /** What a leader that does not deliver loses. */
  readonly bondWei: bigint;
  readonly rewardToken: string;
  /** Of each round, as long as the pool has it. */
  readonly rewardWei: bigint;
  readonly documentHash: string;
  readonly documentUri: string;
}

/** What a sponsor asks for; see FederationSpec in the contracts. */
export interface FederationTerms extends FederationRules {
  /** Model of the start, committed with salt 0. */
  readonly globalCommitment: bigint;
  readonly globalCorrect: number;
  readonly globalUri: string;
}

/** A global model: what members start from, or started from. */
export interface GlobalModelRecord {
  /** The round that made it; 0 for the model of the start. */
  readonly round: bigint;
  /** With salt 0. */
  readonly commitment: bigint;
  readonly correct: number;
  readonly uri: string;
}

/** A federation as the contract stores it, with what its events tell. */
export interface FederationRecord extends FederationPlace, FederationRules {
  readonly sponsor: string;
  readonly isClosed: boolean;
  /** The most a member's factor may be. */
  readonly maxFactor: number;
  /** Vectors of an aggregate's statement. */
  readonly vectors: number;
  /** The last round; 0 before the first. */
  readonly round: bigint;
  /** Seconds since 1970 at which the last round ended, or the federation was created. */
  readonly lastEndedAt: bigint;
  /** Reward money that no round was given. */
  readonly poolWei: bigint;
  readonly globalModel: GlobalModelRecord;
  /** Hash of the last record, which contains that of the record before. */
  readonly recordHash: string;
  readonly createdAtBlock: number;
}

/** A member as the contract stores it. */
export interface MemberRecord {
  readonly account: string;
  readonly isMember: boolean;
  /** The stake's lock in the vault; 0 for who is not a member. */
  readonly lockId: bigint;
  /** Stake locked, which is the weight in a draw; that of the last membership for who left. */
  readonly weightWei: bigint;
  /** First round it may commit in. */
  readonly firstRound: bigint;
  /** Last round it committed in; 0 for none. */
  readonly lastRound: bigint;
  /** Its mask key; (0, 0) for who never was a member. */
  readonly key: PublicKey;
}

/** The contract that runs federations; throws ChainError `chain.no-federations` on a network without it. */
export function roundsContract({ addresses, market }: Contracts): IFederatedRounds {
  const { federatedRounds } = addresses;
  if (federatedRounds === undefined) {
    throw new ChainError(
      "chain.no-federations",
      "no contract for federations is known on this network",
      "Write federatedRounds into the network's addresses.",
    );
  }
  return new Contract(
    federatedRounds,
    contractInterface("IFederatedRounds"),
    market.runner,
  ) as unknown as IFederatedRounds;
}

/** Where a federation is; does not ask whether it exists. Throws as roundsContract. */
export async function federationPlace(contracts: Contracts, federationId: bigint): Promise<FederationPlace> {
  const contract = roundsContract(contracts);
  const { chainId } = await contract.runner!.provider!.getNetwork();
  return { chainId, address: await contract.getAddress(), federationId };
}

/** Reads a federation; throws ChainError `chain.no-such-federation`, or `chain.record-mismatch` as globalModel does. */
export async function readFederation(contracts: Contracts, federationId: bigint): Promise<FederationRecord> {
  const contract = roundsContract(contracts);
  // One block for all that changes, so that no round ends between two questions.
  const block = await contract.runner!.provider!.getBlockNumber();
  const [stored, dataPoints, created, place] = await Promise.all([
    contract.federation(federationId, { blockTag: block }),
    contract.dataPointsOf(federationId),
    contract.queryFilter(contract.filters.FederationCreated(federationId), contracts.firstBlock, block),
    federationPlace(contracts, federationId),
  ]);
  if (stored.sponsor === ZeroAddress || created[0] === undefined) {
    const count = await contract.federationCount();
    throw new ChainError(
      "chain.no-such-federation",
      `there is no federation ${federationId}; ${count === 0n ? "there are none yet" : `there are federations 1 to ${count}`}`,
      "Create one with `zkpot round create`, or name one that exists.",
      { federationId, federationCount: count },
    );
  }
  const { spec } = created[0].args;
  const start = {
    round: 0n,
    commitment: spec.globalCommitment,
    correct: Number(spec.globalCorrect),
    uri: spec.globalUri,
  };
  return {
    ...place,
    sponsor: stored.sponsor,
    isClosed: stored.isClosed,
    scoreKeyId: stored.scoreKeyId,
    maskKeyId: stored.maskKeyId,
    aggregateKeyId: stored.aggregateKeyId,
    architectureId: spec.architectureId,
    emptyVectorDigest: stored.emptyVectorDigest,
    maxFactorSum: Number(spec.maxFactorSum),
    maxFactor: Number(stored.maxFactor),
    places: Number(stored.places),
    vectors: Number(stored.vectors),
    dataPoints: dataPoints.map(({ x, y }) => ({ x, y })),
    sampleCount: Number(stored.sampleCount),
    toleranceCount: Number(stored.toleranceCount),
    bandCount: Number(stored.bandCount),
    keepBetter: stored.keepBetter,
    maxRounds: Number(stored.maxRounds),
    timing: {
      trainSeconds: Number(stored.timing.trainSeconds),
      commitSeconds: Number(stored.timing.commitSeconds),
      proveSeconds: Number(stored.timing.proveSeconds),
      maskSeconds: Number(stored.timing.maskSeconds),
      takeSeconds: Number(stored.timing.takeSeconds),
      leadSeconds: Number(stored.timing.leadSeconds),
    },
    stakeToken: stored.stakeToken,
    minStakeWei: stored.minStakeWei,
    capWei: stored.capWei,
    bondWei: stored.bondWei,
    rewardToken: stored.rewardToken,
    rewardWei: stored.rewardWei,
    documentHash: spec.documentHash,
    documentUri: spec.documentUri,
    round: stored.round,
    lastEndedAt: stored.lastEndedAt,
    poolWei: stored.poolWei,
    globalModel: await globalModel(contracts, federationId, { start, stored, block }),
    recordHash: stored.recordHash,
    createdAtBlock: created[0].blockNumber,
  };
}

/** What the contract stores about the global model. */
interface StoredModel {
  readonly round: bigint;
  readonly globalCommitment: bigint;
  readonly recordHash: string;
}

/**
 * The model of the last record. Throws ChainError `chain.record-mismatch` when the events of a node are not those of the record
 * that the contract stores, which is so while they lag behind, or when its URI is not the one that was hashed.
 */
async function globalModel(
  contracts: Contracts,
  federationId: bigint,
  {
    start,
    stored,
    block,
  }: { readonly start: GlobalModelRecord; readonly stored: StoredModel; readonly block: number },
): Promise<GlobalModelRecord> {
  const contract = roundsContract(contracts);
  const { filters } = contract;
  const { firstBlock } = contracts;
  const finals = await contract.queryFilter(filters.RoundFinalised(federationId), firstBlock, block);
  const final = finals.at(-1);
  if (final === undefined) {
    if (stored.globalCommitment !== start.commitment) throw eventsBehind(stored, start.round);
    return start;
  }
  const { round, globalCommitment, globalCorrect, globalUriHash, recordHash } = final.args;
  if (recordHash !== stored.recordHash) throw eventsBehind(stored, round);
  const [averages, kept] = await Promise.all([
    contract.queryFilter(filters.AverageAccepted(federationId, round), firstBlock, block),
    contract.queryFilter(filters.LeaderModelKept(federationId, round), firstBlock, block),
  ]);
  // A leader that was replaced may have delivered an average before.
  const uri = (kept.at(-1) ?? averages.at(-1))?.args.uri;
  if (uri === undefined || id(uri) !== globalUriHash) throw recordMismatch(round, "its global model's URI");
  return { round, commitment: globalCommitment, correct: Number(globalCorrect), uri };
}

/** The last record that a node has events of is not the contract's last one. */
function eventsBehind({ round, globalCommitment }: StoredModel, found: bigint): ChainError {
  const model = found === 0n ? "the model of the start" : `the global model of round ${found}`;
  return new ChainError(
    "chain.record-mismatch",
    `the node's events end with ${model}, the contract in round ${round} has another global model: the node's logs lag behind`,
    "Try again in a while, or ask another node.",
    { round, found, globalCommitment },
  );
}

/** What a node told about a round contradicts the contract. */
export function recordMismatch(round: bigint, what: string): ChainError {
  return new ChainError(
    "chain.record-mismatch",
    `round ${round}: ${what} is not what the contract's record was made of`,
    "Ask another node: this one gives wrong or incomplete events.",
    { round },
  );
}

/** All federations created since the deployment, oldest first, found by their events. */
export async function listFederations(contracts: Contracts): Promise<FederationRecord[]> {
  const contract = roundsContract(contracts);
  const events = await contract.queryFilter(contract.filters.FederationCreated(), contracts.firstBlock);
  return await Promise.all(events.map(({ args }) => readFederation(contracts, args.federationId)));
}

/** Reads what an account is in a federation. */
export async function readMember(
  contracts: Contracts,
  { federationId }: Pick<FederationPlace, "federationId">,
  account: string,
): Promise<MemberRecord> {
  const member = await roundsContract(contracts).memberOf(federationId, account);
  const { lockId, weightWei, firstRound, lastRound, key } = member;
  return {
    account,
    isMember: lockId !== 0n,
    lockId,
    weightWei,
    firstRound,
    lastRound,
    key: { x: key.x, y: key.y },
  };
}

/** The account that registered a mask key in a federation first, and whose it stays; undefined for none. */
export async function readKeyOwner(
  contracts: Contracts,
  { federationId }: Pick<FederationPlace, "federationId">,
  key: PublicKey,
): Promise<string | undefined> {
  const owner = await roundsContract(contracts).keyOwnerOf(federationId, key);
  return owner === ZeroAddress ? undefined : owner;
}

/** Creates a federation with the account as its sponsor. Returns its id. */
export async function createFederation(
  sender: Sender,
  contracts: Contracts,
  terms: FederationTerms,
): Promise<{ readonly federationId: bigint; readonly transaction: SentTransaction }> {
  const rounds = contractInterface("IFederatedRounds");
  const to = await roundsContract(contracts).getAddress();
  const purpose = `rounds ${to} create ${JSON.stringify(terms, (_, value: unknown) =>
    typeof value === "bigint" ? value.toString() : value,
  )}`;
  const transaction = await sendOnce(sender, purpose, "creating the federation", {
    to,
    data: rounds.encodeFunctionData("create", [terms]),
  });
  for (const log of transaction.receipt.logs) {
    const event = rounds.parseLog(log);
    if (event?.name === "FederationCreated") {
      return { federationId: event.args.getValue("federationId") as bigint, transaction };
    }
  }
  throw new ChainError(
    "chain.no-event",
    `the transaction ${transaction.hash} created no federation`,
    "Check that the address of the federated rounds is the one of this version of zkpot.",
    { hash: transaction.hash },
  );
}

/** Adds reward money to a federation's pool; ERC-20 tokens are approved for the contract first. */
export async function fundFederation(
  sender: Sender,
  { address, federationId, rewardToken }: FederationRecord,
  amountWei: bigint,
): Promise<SentTransaction> {
  await allowToken(sender, rewardToken, address, amountWei);
  return await sendOnce(
    sender,
    `rounds ${address} fund ${federationId} ${amountWei}`,
    `funding federation ${federationId}`,
    {
      to: address,
      data: contractInterface("IFederatedRounds").encodeFunctionData("fund", [federationId, amountWei]),
      value: rewardToken === ZeroAddress ? amountWei : 0n,
    },
  );
}

/**
 * Makes the account a member from the next round on, with free stake of at least the federation's least; what is above
 * its cap stays free. The contract's consent to lock is raised if need be: throws as allowLock.
 *
 * @param key Public part of the mask key.
 */
export async function joinFederation(
  sender: Sender,
  contracts: Contracts,
  { address, federationId, stakeToken, capWei }: FederationRecord,
  stakeWei: bigint,
  key: PublicKey,
): Promise<SentTransaction> {
  const lockWei = stakeWei < capWei ? stakeWei : capWei;
  await allowLock(sender, contracts, address, stakeToken, lockWei);
  return await sendOnce(
    sender,
    `rounds ${address} join ${federationId} ${lockWei} ${key.x} ${key.y}`,
    `joining federation ${federationId}`,
    {
      to: address,
      data: contractInterface("IFederatedRounds").encodeFunctionData("join", [
        federationId,
        lockWei,
        key,
        eighthPart(key),
      ]),
    },
  );
}

/** Ends the account's membership and frees its stake. */
export async function leaveFederation(
  sender: Sender,
  { address, federationId }: FederationPlace,
): Promise<SentTransaction> {
  return await sendToFederations(sender, address, `leaving federation ${federationId}`, "leave", [
    federationId,
  ]);
}

/** Ends a federation; what is left of its pool is credited to the sponsor. */
export async function closeFederation(
  sender: Sender,
  { address, federationId }: FederationPlace,
): Promise<SentTransaction> {
  return await sendToFederations(sender, address, `closing federation ${federationId}`, "close", [
    federationId,
  ]);
}

/** What federations have credited to an account in a token. */
export async function readFederationCredit(
  contracts: Contracts,
  account: string,
  token: string,
): Promise<bigint> {
  return await roundsContract(contracts).creditOf(account, token);
}

/** Pays that credit out. */
export async function withdrawFederationCredit(
  sender: Sender,
  contracts: Contracts,
  token: string,
): Promise<SentTransaction> {
  const address = await roundsContract(contracts).getAddress();
  return await sendToFederations(sender, address, "withdrawing the credit of federations", "withdraw", [
    token,
  ]);
}

async function sendToFederations(
  sender: Sender,
  to: string,
  what: string,
  method: "leave" | "close" | "withdraw",
  values: readonly (bigint | string)[],
): Promise<SentTransaction> {
  return await sendOnce(sender, `rounds ${to} ${method} ${values.join(" ")}`, what, {
    to,
    data: contractInterface("IFederatedRounds").encodeFunctionData(method, values),
  });
}
