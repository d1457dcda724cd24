import { pendingTime } from "../chain/connect.ts";
import type { Contracts } from "../chain/contracts.ts";
import {
  type FederationRecord,
  type MemberRecord,
  readFederation,
  readMember,
} from "../chain/federations.ts";
import {
  advanceRound,
  type AverageDelivery,
  claimReward,
  commitLocalModel,
  deliverAverage,
  keepOwnModel,
  type MaskedUpdate,
  maskModel,
  proveLocalScore,
  readRound,
  readVectors,
  reportMissing,
  type RoundRecord,
  scoreAverage,
  type ScoreProof,
  startRound,
  takeLead,
  type VectorRecord,
} from "../chain/rounds.ts";
import { finishEarlierTransactions, type Sender, type SentTransaction } from "../chain/send.ts";

/** What a member reads of its federation at once. */
export interface ChainView {
  readonly federation: FederationRecord;
  /** The last round; undefined before the first. */
  readonly round: RoundRecord | undefined;
  /** The round before that; undefined without one. */
  readonly previous: RoundRecord | undefined;
  readonly member: MemberRecord;
  /** Time of the block that is being made, in seconds since 1970. */
  readonly time: bigint;
  /** The newest block. */
  readonly block: number;
}

/** A federation on the chain, as one member reads it and acts in it. */
export interface RoundChain {
  readonly account: string;
  /** Waits for what an earlier run sent. */
  settle(): Promise<void>;
  read(): Promise<ChainView>;
  /** The vectors committed to in a masking of a round. */
  vectors(round: RoundRecord, masking: number): Promise<readonly VectorRecord[]>;
  start(federation: FederationRecord): Promise<SentTransaction>;
  commit(round: RoundRecord, modelCommitment: bigint, factor: number): Promise<SentTransaction>;
  prove(round: RoundRecord, score: ScoreProof): Promise<SentTransaction>;
  mask(round: RoundRecord, update: MaskedUpdate): Promise<SentTransaction>;
  report(round: RoundRecord, missing: readonly number[]): Promise<SentTransaction>;
  takeLead(round: RoundRecord): Promise<SentTransaction>;
  aggregate(round: RoundRecord, average: AverageDelivery): Promise<SentTransaction>;
  scoreGlobal(round: RoundRecord, score: ScoreProof): Promise<SentTransaction>;
  keepOwn(
    round: RoundRecord,
    globalCommitment: bigint,
    uri: string,
    score: ScoreProof,
  ): Promise<SentTransaction>;
  advance(round: RoundRecord): Promise<SentTransaction>;
  claim(round: RoundRecord): Promise<SentTransaction>;
}

/** Opens a federation for the account of a sender. */
export function openRoundChain(sender: Sender, contracts: Contracts, federationId: bigint): RoundChain {
  const account = sender.wallet.address;
  const { connection } = sender;
  return {
    account,
    settle: async () => {
      await finishEarlierTransactions(sender);
    },
    read: async () => {
      const [federation, member, time, block] = await Promise.all([
        readFederation(contracts, federationId),
        readMember(contracts, { federationId }, account),
        pendingTime(connection),
        connection.provider.getBlockNumber(),
      ]);
      const roundAt = async (round: bigint): Promise<RoundRecord | undefined> =>
        round > 0n ? await readRound(contracts, federation, round, account, time) : undefined;
      const [round, previous] = await Promise.all([
        roundAt(federation.round),
        roundAt(federation.round - 1n),
      ]);
      return { federation, round, previous, member, time, block };
    },
    vectors: async (round, masking) => await readVectors(contracts, { ...round, masking }),
    start: async (federation) => await startRound(sender, federation),
    commit: async (round, modelCommitment, factor) =>
      await commitLocalModel(sender, round, modelCommitment, factor),
    prove: async (round, score) => await proveLocalScore(sender, round, score),
    mask: async (round, update) => await maskModel(sender, round, update),
    report: async (round, missing) => await reportMissing(sender, round, missing),
    takeLead: async (round) => await takeLead(sender, round),
    aggregate: async (round, average) => await deliverAverage(sender, round, average),
    scoreGlobal: async (round, score) => await scoreAverage(sender, round, score),
    keepOwn: async (round, commitment, uri, score) =>
      await keepOwnModel(sender, round, commitment, uri, score),
    advance: async (round) => await advanceRound(sender, round),
    claim: async (round) => await claimReward(sender, round, account),
  };
}
