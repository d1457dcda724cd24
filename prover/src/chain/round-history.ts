import { AbiCoder, id, keccak256, type LogDescription, toBeHex, ZeroHash } from "ethers";

import type {
  AverageAcceptedEvent,
  AverageScoredEvent,
  FederationCreatedEvent,
  LeaderElectedEvent,
  LeaderModelKeptEvent,
  LeaderReplacedEvent,
  LocalModelCommittedEvent,
  LocalScoreProvenEvent,
  MaskingStartedEvent,
  MemberSuspendedEvent,
  RoundFinalisedEvent,
  RoundRewardClaimedEvent,
  RoundStartedEvent,
  VectorMaskedEvent,
  VectorsMissingEvent,
} from "../../../types/ethers-contracts/contracts/interfaces/IFederatedRounds.ts";
import { contractInterface } from "./abis.ts";
import { ChainError } from "./chain-error.ts";
import type { FederationPlace } from "./context.ts";
import type { Contracts } from "./contracts.ts";
import { recordMismatch, roundsContract } from "./federations.ts";
import { placesOf, type VectorRecord } from "./rounds.ts";

/** All that happened in a federation: its chained records and what led to them. */
export interface FederationHistory {
  readonly start: GlobalRecord;
  /** All rounds, the first first. */
  readonly rounds: readonly RoundHistory[];
}

/** A link of the chain of records: a global model. */
export interface GlobalRecord {
  /** 0 for the start. */
  readonly round: bigint;
  /** The sponsor for the start. */
  readonly leader: string;
  readonly globalCommitment: bigint;
  readonly globalCorrect: number;
  readonly globalUri: string;
  readonly recordHash: string;
}

/** The record of a round that ended with a new global model. */
export interface FinalRecord extends GlobalRecord {
  /** Whether the leader put its own model in place of the average. */
  readonly isLeadersOwn: boolean;
  readonly rewardWei: bigint;
}

/** What happened in a round, in the order it did. */
export interface RoundHistory {
  readonly round: bigint;
  readonly startedAtBlock: number;
  readonly endedAtBlock: number | null;
  /** Count of the global model before. */
  readonly baseCorrect: number;
  readonly commitments: readonly LocalCommitment[];
  /** Counts of all that proved. */
  readonly scores: readonly LocalScore[];
  readonly maskings: readonly MaskingHistory[];
  readonly leaders: readonly LeaderHistory[];
  /** Null for a round that runs or was abandoned. */
  readonly record: FinalRecord | null;
  readonly isAbandoned: boolean;
  /** Members whose vectors more than half of the peers missed, which ended the round. */
  readonly missed: readonly string[];
  readonly claims: readonly RewardClaim[];
}

/** A model that a member committed to. */
export interface LocalCommitment {
  readonly member: string;
  readonly modelCommitment: bigint;
  readonly factor: number;
}

/** A count that a member proved. */
export interface LocalScore {
  readonly member: string;
  readonly correct: number;
  readonly nullifier: bigint;
  /** Place of the roster, from 0; null for who got none or lost it. */
  readonly place: number | null;
}

/** One masking of a round. */
export interface MaskingHistory {
  readonly masking: number;
  /** Those that were to mask towards each other, in the order of the roster. */
  readonly peers: readonly string[];
  readonly vectors: readonly VectorRecord[];
  /** What members could not find. */
  readonly reports: readonly MissingReport[];
  readonly isComplete: boolean;
  /** Those of `peers` that the next masking went on without; all of them if the round was abandoned in this one. */
  readonly dropped: readonly string[];
}

/** Members whose vectors a member could not find. */
export interface MissingReport {
  readonly member: string;
  readonly missing: readonly string[];
}

/** What an elected leader did. */
export interface LeaderHistory {
  readonly member: string;
  readonly hasTakenLead: boolean;
  /** Its average; null if none was accepted. */
  readonly average: DeliveredAverage | null;
  /** Counts of its average, each larger than the one before. */
  readonly scores: readonly { readonly member: string; readonly correct: number }[];
  readonly isReplaced: boolean;
  /** What it lost for not delivering; 0 if nothing. */
  readonly slashedWei: bigint;
}

/** An average that was accepted. */
export interface DeliveredAverage {
  readonly globalCommitment: bigint;
  readonly factorSum: number;
  readonly improvementSum: number;
  readonly uri: string;
}

/** A member's part of a round's reward. */
export interface RewardClaim {
  readonly member: string;
  readonly amountWei: bigint;
}

/** An event of the contract about one federation. */
export interface FederationEvent {
  readonly blockNumber: number;
  readonly event: Pick<LogDescription, "name" | "args">;
}

/**
 * Rebuilds what happened in a federation from its events, and checks the chain of records against the contract's.
 * Throws ChainError `chain.record-mismatch` naming the first round whose record is another than the contract's, and
 * `chain.no-such-federation`.
 */
export async function readHistory(
  contracts: Contracts,
  { federationId }: Pick<FederationPlace, "federationId">,
): Promise<FederationHistory> {
  const contract = roundsContract(contracts);
  const rounds = contractInterface("IFederatedRounds");
  const provider = contract.runner!.provider!;
  // One block for both, so that no round ends between the two questions.
  const blockNumber = await provider.getBlockNumber();
  const [logs, stored] = await Promise.all([
    provider.getLogs({
      address: await contract.getAddress(),
      topics: [null, toBeHex(federationId, 32)],
      fromBlock: contracts.firstBlock,
      toBlock: blockNumber,
    }),
    contract.federation(federationId, { blockTag: blockNumber }),
  ]);
  const events = logs.flatMap((log) => {
    const event = rounds.parseLog(log);
    return event === null ? [] : [{ blockNumber: log.blockNumber, event }];
  });
  return rebuildHistory(federationId, events, stored.recordHash);
}

/**
 * Rebuilds what happened in a federation from all its events, in their order; throws as readHistory does.
 *
 * @param recordHash The last one, as the contract stores it.
 */
export function rebuildHistory(
  federationId: bigint,
  events: readonly FederationEvent[],
  recordHash: string,
): FederationHistory {
  const builder = new HistoryBuilder();
  for (const { blockNumber, event } of events) builder.add(event, blockNumber);
  if (builder.start === undefined) {
    throw new ChainError(
      "chain.no-such-federation",
      `there is no federation ${federationId}`,
      "Name a federation that exists.",
      { federationId },
    );
  }
  if (builder.lastRecord!.recordHash !== recordHash) {
    throw recordMismatch(builder.lastRecord!.round, "the chain of records");
  }
  return { start: builder.start, rounds: builder.rounds };
}

/** The hash that chains a record to the one before, as the contract computes it. */
export function recordHashOf(before: string, record: Omit<GlobalRecord, "recordHash">): string {
  const { round, globalCommitment, globalUri, leader, globalCorrect } = record;
  return keccak256(
    AbiCoder.defaultAbiCoder().encode(
      ["bytes32", "uint256", "uint256", "bytes32", "address", "uint256"],
      [before, round, globalCommitment, id(globalUri), leader, globalCorrect],
    ),
  );
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
interface OpenLeader extends Mutable<Omit<LeaderHistory, "scores">> {
  readonly scores: { member: string; correct: number }[];
}
interface OpenMasking extends Mutable<Omit<MaskingHistory, "vectors" | "reports" | "dropped">> {
  readonly vectors: VectorRecord[];
  readonly reports: MissingReport[];
  dropped: readonly string[];
}
interface OpenRound extends Mutable<
  Omit<RoundHistory, "commitments" | "scores" | "maskings" | "leaders" | "claims" | "missed">
> {
  readonly missed: string[];
  readonly commitments: LocalCommitment[];
  readonly scores: Mutable<LocalScore>[];
  readonly maskings: OpenMasking[];
  readonly leaders: OpenLeader[];
  readonly claims: RewardClaim[];
  /** Where the model that the leader put in place of the average is found. */
  ownUri: string | null;
}

/** Puts events together. */
class HistoryBuilder {
  start: GlobalRecord | undefined;
  lastRecord: GlobalRecord | undefined;
  readonly #rounds: OpenRound[] = [];

  get rounds(): RoundHistory[] {
    return this.#rounds.map(({ ownUri: _, ...round }) => round);
  }

  add({ name, args }: FederationEvent["event"], blockNumber: number): void {
    const values: unknown = args.toObject();
    if (name === "FederationCreated") {
      this.#begin(values as FederationCreatedEvent.OutputObject);
    } else if (name === "RoundStarted") {
      const { round, baseCorrect } = values as RoundStartedEvent.OutputObject;
      this.#rounds.push(openRound(round, blockNumber, Number(baseCorrect)));
    } else {
      const { round } = values as { readonly round?: bigint };
      // What is not about a round is about money and members.
      if (round !== undefined) this.#addToRound(this.#round(round), name, values, blockNumber);
    }
  }

  #addToRound(round: OpenRound, name: string, values: unknown, blockNumber: number): void {
    const masking = round.maskings.at(-1);
    const leader = round.leaders.at(-1);
    switch (name) {
      case "LocalModelCommitted": {
        const { member, modelCommitment, factor } = values as LocalModelCommittedEvent.OutputObject;
        round.commitments.push({ member, modelCommitment, factor: Number(factor) });
        break;
      }
      case "LocalScoreProven": {
        const { member, correct, nullifier, place, evicted } = values as LocalScoreProvenEvent.OutputObject;
        for (const score of round.scores) if (score.member === evicted) score.place = null;
        const index = place === 0n ? null : Number(place) - 1;
        round.scores.push({ member, correct: Number(correct), nullifier, place: index });
        break;
      }
      case "MaskingStarted": {
        const { masking: number, peerSet } = values as MaskingStartedEvent.OutputObject;
        const peers = membersOf(round, peerSet);
        if (masking !== undefined) {
          masking.dropped = masking.peers.filter((member) => !peers.includes(member));
        }
        round.maskings.push(openMasking(Number(number), peers));
        break;
      }
      case "VectorMasked": {
        const vector = values as VectorMaskedEvent.OutputObject;
        const { member, rosterDigest, vectorDigest, uri } = vector;
        masking?.vectors.push({ member, masking: Number(vector.masking), rosterDigest, vectorDigest, uri });
        break;
      }
      case "MaskingCompleted":
        if (masking !== undefined) masking.isComplete = true;
        break;
      case "VectorsMissing": {
        const { member, missingSet } = values as VectorsMissingEvent.OutputObject;
        masking?.reports.push({ member, missing: membersOf(round, missingSet) });
        break;
      }
      case "MemberSuspended":
        round.missed.push((values as MemberSuspendedEvent.OutputObject).member);
        break;
      case "LeaderElected":
        round.leaders.push(openLeader((values as LeaderElectedEvent.OutputObject).leader));
        break;
      case "LeadTaken":
        if (leader !== undefined) leader.hasTakenLead = true;
        break;
      case "LeaderReplaced": {
        const { bondWei } = values as LeaderReplacedEvent.OutputObject;
        if (leader !== undefined) Object.assign(leader, { isReplaced: true, slashedWei: bondWei });
        break;
      }
      case "AverageAccepted": {
        const average = values as AverageAcceptedEvent.OutputObject;
        const { globalCommitment, uri } = average;
        const [factorSum, improvementSum] = [Number(average.factorSum), Number(average.improvementSum)];
        if (leader !== undefined) leader.average = { globalCommitment, factorSum, improvementSum, uri };
        break;
      }
      case "AverageScored": {
        const { member, correct } = values as AverageScoredEvent.OutputObject;
        leader?.scores.push({ member, correct: Number(correct) });
        break;
      }
      case "LeaderModelKept":
        round.ownUri = (values as LeaderModelKeptEvent.OutputObject).uri;
        break;
      case "RoundFinalised":
        this.#finalise(round, values as RoundFinalisedEvent.OutputObject);
        round.endedAtBlock = blockNumber;
        break;
      case "RoundAbandoned":
        round.isAbandoned = true;
        round.endedAtBlock = blockNumber;
        // The masking left too few.
        if (masking?.isComplete === false) masking.dropped = masking.peers;
        break;
      case "RoundRewardClaimed": {
        const { member, amountWei } = values as RoundRewardClaimedEvent.OutputObject;
        round.claims.push({ member, amountWei });
        break;
      }
    }
  }

  #begin({ sponsor, spec }: FederationCreatedEvent.OutputObject): void {
    const { globalCommitment, globalCorrect, globalUri } = spec;
    const record = {
      round: 0n,
      leader: sponsor,
      globalCommitment,
      globalCorrect: Number(globalCorrect),
      globalUri,
    };
    this.start = { ...record, recordHash: recordHashOf(ZeroHash, record) };
    this.lastRecord = this.start;
  }

  #finalise(round: OpenRound, final: RoundFinalisedEvent.OutputObject): void {
    const globalUri = round.ownUri ?? round.leaders.at(-1)?.average?.uri;
    const before = this.lastRecord;
    if (globalUri === undefined || before === undefined) throw recordMismatch(round.round, "its average");
    const { leader, globalCommitment, rewardWei } = final;
    const record = {
      round: round.round,
      leader,
      globalCommitment,
      globalCorrect: Number(final.globalCorrect),
      globalUri,
    };
    const recordHash = recordHashOf(before.recordHash, record);
    if (recordHash !== final.recordHash) throw recordMismatch(round.round, "its record");
    round.record = { ...record, recordHash, isLeadersOwn: round.ownUri !== null, rewardWei };
    this.lastRecord = round.record;
  }

  #round(number: bigint): OpenRound {
    const round = this.#rounds.find((other) => other.round === number);
    if (round === undefined) throw recordMismatch(number, "its start");
    return round;
  }
}

function openRound(round: bigint, startedAtBlock: number, baseCorrect: number): OpenRound {
  return {
    round,
    startedAtBlock,
    endedAtBlock: null,
    baseCorrect,
    commitments: [],
    scores: [],
    maskings: [],
    leaders: [],
    record: null,
    isAbandoned: false,
    missed: [],
    claims: [],
    ownUri: null,
  };
}

function openMasking(masking: number, peers: readonly string[]): OpenMasking {
  return { masking, peers, vectors: [], reports: [], isComplete: false, dropped: [] };
}

function openLeader(member: string): OpenLeader {
  return { member, hasTakenLead: false, average: null, scores: [], isReplaced: false, slashedWei: 0n };
}

/** The members at the places of a set. */
function membersOf(round: OpenRound, set: bigint): string[] {
  return placesOf(set).map(
    (place) => round.scores.find((score) => score.place === place)?.member ?? `place ${place}`,
  );
}
