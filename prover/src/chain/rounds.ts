import { peerSetWord } from "../federation/masks.ts";
import type { PublicKey } from "../federation/pair-keys.ts";
import { contractInterface } from "./abis.ts";
import type { RoundPlace } from "./context.ts";
import type { Contracts } from "./contracts.ts";
import { type FederationRecord, readMember, roundsContract } from "./federations.ts";
import { ROUND_STATES, type RoundState, stateAt } from "./round-state.ts";
import { sendOnce, type Sender, type SentTransaction } from "./send.ts";
import type { ChainProof } from "./tasks.ts";

/** A round as the contract stores it, seen by one account. Places are counted from 0; times are seconds since 1970. */
export interface RoundRecord extends RoundPlace {
  /** At the time it was read for. */
  readonly state: RoundState;
  /** Last timestamp of the state; null for states that do not end by time. */
  readonly endsAt: bigint | null;
  readonly startedAt: bigint;
  /** First block whose hash may draw the leader; 0 before the masking is complete. */
  readonly drawBlock: number;
  /** Models proven, with a place or without. */
  readonly provenCount: number;
  /** The roster, in its order. */
  readonly places: readonly RosterPlace[];
  /** Number of the masking, from 1; 0 before the first. */
  readonly masking: number;
  /** Places that mask towards each other. */
  readonly peers: readonly number[];
  /** The largest part of them that masked under one roster. */
  readonly masked: readonly number[];
  /** Places of former leaders. */
  readonly failed: readonly number[];
  /** Place of who may take or has the lead, or led a final round; null in other states. */
  readonly leaderPlace: number | null;
  /** Digest of the roster that those of `masked` name; 0 without any. */
  readonly rosterDigest: bigint;
  /** Count of the last global model. */
  readonly baseCorrect: number;
  /** Whether the average is accepted, and whether a count of it is proven. */
  readonly isAggregated: boolean;
  readonly isScored: boolean;
  /** The new global model so far; 0 before there is one. */
  readonly globalCommitment: bigint;
  readonly globalCorrect: number;
  /** Of a final round. */
  readonly rewardWei: bigint;
  /** Sum of the improvements of those aggregated, and what was claimed of it. */
  readonly improvementSum: number;
  readonly claimedSum: number;
  readonly own: ContributionRecord;
  /** Places that the account reported as missing in the present masking. */
  readonly reported: readonly number[];
}

/** A place of a round's roster. */
export interface RosterPlace {
  readonly member: string;
  readonly correct: number;
  /** How many models had been proven before. */
  readonly order: number;
  readonly factor: number;
  /** The member's mask key: that of the round while it runs, the last one registered afterwards. */
  readonly key: PublicKey;
}

/** What a member did in a round. */
export interface ContributionRecord {
  /** 0 for who did not commit. */
  readonly modelCommitment: bigint;
  readonly factor: number;
  /** Place of the roster; null without one. */
  readonly place: number | null;
  /** Last masking it took part in; 0 for none. */
  readonly masking: number;
  readonly isProven: boolean;
  readonly isClaimed: boolean;
  readonly correct: number;
  /** Of its last masked vector; 0 for none. */
  readonly vectorDigest: bigint;
}

/** A masked vector that a member committed to; found at `uri` once the masking is complete. */
export interface VectorRecord {
  readonly member: string;
  readonly masking: number;
  readonly rosterDigest: bigint;
  readonly vectorDigest: bigint;
  readonly uri: string;
}

/** Shows how many samples of the test set a model classifies correctly; see ScoreProof in the contracts. */
export interface ScoreProof {
  /** One for each shard. */
  readonly counts: readonly number[];
  readonly nullifier: bigint;
  readonly proofs: readonly ChainProof[];
}

/** A member's masked vector with its proof. */
export interface MaskedUpdate {
  /** Number of the masking it is made for. */
  readonly masking: number;
  readonly rosterDigest: bigint;
  readonly vectorDigest: bigint;
  readonly uri: string;
  readonly proof: ChainProof;
}

/** The average of a round with its proof. */
export interface AverageDelivery {
  /** With salt 0. */
  readonly globalCommitment: bigint;
  readonly uri: string;
  readonly proof: ChainProof;
}

/**
 * Reads a round as it stands at `time`, e.g. `chainTime` of the connection. One that never started has the state `none`.
 *
 * @param account Whose contribution and report are read.
 */
export async function readRound(
  contracts: Contracts,
  federation: FederationRecord,
  round: bigint,
  account: string,
  time: bigint,
): Promise<RoundRecord> {
  const contract = roundsContract(contracts);
  const { chainId, address, federationId, timing } = federation;
  const [stored, roster, own, reported] = await Promise.all([
    contract.roundOf(federationId, round),
    contract.rosterOf(federationId, round),
    readContribution(contracts, { federationId, round }, account),
    contract.reportOf(federationId, round, account),
  ]);
  const members = await Promise.all(
    roster.map(({ member }) => readMember(contracts, { federationId }, member)),
  );
  const { state, endsAt } = stateAt(
    { state: ROUND_STATES[Number(stored.state)]!, startedAt: stored.startedAt, deadline: stored.deadline },
    timing,
    time,
  );
  const hasLeader = state === "elected" || state === "leading" || state === "final";
  return {
    chainId,
    address,
    federationId,
    round,
    state,
    endsAt,
    startedAt: stored.startedAt,
    drawBlock: Number(stored.drawBlock),
    provenCount: Number(stored.provenCount),
    places: roster.map(({ member, correct, order, factor }, place) => ({
      member,
      correct: Number(correct),
      order: Number(order),
      factor: Number(factor),
      key: members[place]!.key,
    })),
    masking: Number(stored.masking),
    peers: placesOf(stored.peerSet),
    masked: placesOf(stored.maskedSet),
    failed: placesOf(stored.failedSet),
    leaderPlace: hasLeader ? Number(stored.leaderPlace) : null,
    rosterDigest: stored.rosterDigest,
    baseCorrect: Number(stored.baseCorrect),
    isAggregated: stored.isAggregated,
    isScored: stored.isScored,
    globalCommitment: stored.globalCommitment,
    globalCorrect: Number(stored.globalCorrect),
    rewardWei: stored.rewardWei,
    improvementSum: Number(stored.improvementSum),
    claimedSum: Number(stored.claimedSum),
    own,
    reported: placesOf(reported),
  };
}

/** What a member did in a round. */
export async function readContribution(
  contracts: Contracts,
  { federationId, round }: Pick<RoundPlace, "federationId" | "round">,
  member: string,
): Promise<ContributionRecord> {
  const stored = await roundsContract(contracts).contributionOf(federationId, round, member);
  return {
    modelCommitment: stored.modelCommitment,
    factor: Number(stored.factor),
    place: stored.place === 0n ? null : Number(stored.place) - 1,
    masking: Number(stored.masking),
    isProven: stored.isProven,
    isClaimed: stored.isClaimed,
    correct: Number(stored.correct),
    vectorDigest: stored.vectorDigest,
  };
}

/** The vectors that members have committed to in the present masking of a round, found by their events. */
export async function readVectors(
  contracts: Contracts,
  { federationId, round, masking }: RoundRecord,
): Promise<VectorRecord[]> {
  const contract = roundsContract(contracts);
  const events = await contract.queryFilter(
    contract.filters.VectorMasked(federationId, round),
    contracts.firstBlock,
  );
  return events
    .map(({ args }) => ({
      member: args.member,
      masking: Number(args.masking),
      rosterDigest: args.rosterDigest,
      vectorDigest: args.vectorDigest,
      uri: args.uri,
    }))
    .filter((vector) => vector.masking === masking);
}

/** Starts the next round of a federation. */
export async function startRound(sender: Sender, federation: FederationRecord): Promise<SentTransaction> {
  const place = { ...federation, round: federation.round + 1n };
  return await sendToRound(sender, place, "start", "starting", "start", []);
}

/** Commits the account to a model that weighs `factor` in the average. */
export async function commitLocalModel(
  sender: Sender,
  place: RoundPlace,
  modelCommitment: bigint,
  factor: number,
): Promise<SentTransaction> {
  return await sendToRound(sender, place, "commit", "committing to a model in", "commit", [
    modelCommitment,
    factor,
  ]);
}

/** Proves the count of the committed model. */
export async function proveLocalScore(
  sender: Sender,
  place: RoundPlace,
  score: ScoreProof,
): Promise<SentTransaction> {
  return await sendToRound(sender, place, "prove", "proving a count in", "prove", [score]);
}

/** Commits the account to its masked vector. */
export async function maskModel(
  sender: Sender,
  place: RoundPlace,
  { masking, rosterDigest, vectorDigest, uri, proof }: MaskedUpdate,
): Promise<SentTransaction> {
  return await sendToRound(sender, place, `mask ${masking}`, "masking a model in", "mask", [
    rosterDigest,
    vectorDigest,
    uri,
    proof,
  ]);
}

/** Reports places of the peer set whose vectors cannot be found. */
export async function reportMissing(
  sender: Sender,
  round: RoundRecord,
  missing: readonly number[],
): Promise<SentTransaction> {
  const set = peerSetWord(missing);
  const action = `report ${round.masking} ${set}`;
  return await sendToRound(sender, round, action, "reporting missing vectors in", "reportMissing", [
    round.round,
    set,
  ]);
}

/** Takes the lead: from now on the account's bond is at stake. */
export async function takeLead(sender: Sender, round: RoundRecord): Promise<SentTransaction> {
  return await sendToRound(sender, round, `lead ${round.masking}`, "taking the lead of", "takeLead", [
    round.round,
  ]);
}

/** Delivers the average of the peer set's models. */
export async function deliverAverage(
  sender: Sender,
  round: RoundRecord,
  { globalCommitment, uri, proof }: AverageDelivery,
): Promise<SentTransaction> {
  const action = `aggregate ${round.masking}`;
  return await sendToRound(sender, round, action, "delivering the average of", "aggregate", [
    globalCommitment,
    uri,
    proof,
  ]);
}

/** Proves a count of the average, larger than one proven before. */
export async function scoreAverage(
  sender: Sender,
  round: RoundRecord,
  score: ScoreProof,
): Promise<SentTransaction> {
  const correct = score.counts.reduce((sum, count) => sum + count, 0);
  // Another leader's average may get the same count.
  const action = `score ${round.masking} ${round.globalCommitment} ${correct}`;
  return await sendToRound(sender, round, action, "proving a count of the average of", "scoreGlobal", [
    score,
  ]);
}

/** Puts the account's own model, which is published by this, in place of an average that is worse. */
export async function keepOwnModel(
  sender: Sender,
  round: RoundRecord,
  globalCommitment: bigint,
  uri: string,
  score: ScoreProof,
): Promise<SentTransaction> {
  const action = `keep ${round.masking}`;
  return await sendToRound(sender, round, action, "keeping the leader's model in", "keepOwn", [
    globalCommitment,
    uri,
    score,
  ]);
}

/** Takes the next step of a round that time allows. */
export async function advanceRound(sender: Sender, round: RoundRecord): Promise<SentTransaction> {
  // States follow each other again with every masking and every leader.
  const action = `advance ${round.state} ${round.masking} ${peerSetWord(round.failed)}`;
  return await sendToRound(sender, round, action, "advancing", "advance", []);
}

/** Credits a member its part of a final round's reward. */
export async function claimReward(
  sender: Sender,
  { address, federationId, round }: RoundPlace,
  member: string,
): Promise<SentTransaction> {
  return await sendOnce(
    sender,
    `${purposeOf({ address, federationId, round })} claim ${member}`,
    `claiming the reward of round ${round} of federation ${federationId}`,
    {
      to: address,
      data: contractInterface("IFederatedRounds").encodeFunctionData("claim", [federationId, round, member]),
    },
  );
}

/** The places of a bit map, in ascending order. */
export function placesOf(set: bigint): number[] {
  const places: number[] = [];
  for (let place = 0; set >> BigInt(place) !== 0n; place++) {
    if (((set >> BigInt(place)) & 1n) === 1n) places.push(place);
  }
  return places;
}

function purposeOf({ address, federationId, round }: Omit<RoundPlace, "chainId">): string {
  return `rounds ${address} federation ${federationId} round ${round}`;
}

/** Calls a method about a federation's last round. */
async function sendToRound(
  sender: Sender,
  place: RoundPlace,
  action: string,
  doing: string,
  method:
    | "start"
    | "commit"
    | "prove"
    | "mask"
    | "reportMissing"
    | "takeLead"
    | "aggregate"
    | "scoreGlobal"
    | "keepOwn"
    | "advance",
  values: readonly unknown[],
): Promise<SentTransaction> {
  const { address, federationId, round } = place;
  return await sendOnce(
    sender,
    `${purposeOf(place)} ${action}`,
    `${doing} round ${round} of federation ${federationId}`,
    {
      to: address,
      data: contractInterface("IFederatedRounds").encodeFunctionData(method, [federationId, ...values]),
    },
  );
}
