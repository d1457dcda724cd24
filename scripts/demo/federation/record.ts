import type { DemoRecord, FederationParty } from "../record.ts";
import type { StageCircuit } from "../training/record.ts";

/** What a member of the federation came for. */
export type MemberRole = "honest" | "poisoner" | "free rider" | "second account";

/** A member and the part of the data that it keeps to itself. */
export interface DemoMember {
  readonly party: FederationParty;
  readonly role: MemberRole;
  readonly address: string;
  readonly stakeWei: string;
  readonly sampleCount: number;
  /** Samples of each class. */
  readonly classCounts: readonly number[];
}

/** A count that a member proved in a round. */
export interface DemoScoreProof {
  readonly party: FederationParty;
  readonly correct: number;
  readonly factor: number;
  /** Whether its model is part of the average. */
  readonly isAveraged: boolean;
  /** Of the round's reward. */
  readonly paidWei: string;
}

/** How the turn of an elected leader ended. */
export interface DemoLeader {
  readonly party: FederationParty;
  /** `given up`: a vector was missing, which ended the round. */
  readonly outcome: "delivered" | "passed" | "slashed" | "given up";
  readonly slashedWei: string;
}

/** One masking of a round. */
export interface DemoMasking {
  readonly peers: readonly FederationParty[];
  /** Those that the next one went on without. */
  readonly dropped: readonly FederationParty[];
}

/** What one step of a member took, by what it did. */
export interface DemoWork {
  readonly party: FederationParty;
  readonly action: string;
  readonly seconds: number;
  /** Whether a proof was made in it. */
  readonly isProof: boolean;
}

/** A round from its start to its record. */
export interface DemoRound {
  readonly round: number;
  readonly baseCorrect: number;
  /** Of the new global model; null if the round was abandoned. */
  readonly globalCorrect: number | null;
  /** Whether the leader put its own model in place of the average. */
  readonly isLeadersOwn: boolean;
  readonly scores: readonly DemoScoreProof[];
  readonly maskings: readonly DemoMasking[];
  /** Those whose vectors were missing, which ended the round. */
  readonly missed: readonly FederationParty[];
  readonly leaders: readonly DemoLeader[];
  readonly rewardWei: string;
  /** From the start to the record, all members one after the other, attacks included. */
  readonly seconds: number;
  readonly work: readonly DemoWork[];
}

/** A link of the chain of records. */
export interface DemoGlobalRecord {
  readonly round: number;
  readonly leader: FederationParty;
  readonly globalCommitment: string;
  readonly globalCorrect: number;
  readonly globalUri: string;
  readonly recordHash: string;
}

/** Gas of a transaction of a round. */
export interface DemoRoundGas {
  readonly party: FederationParty;
  readonly round: number;
  /** Method of the contract. */
  readonly method: string;
  readonly gas: number;
}

/** Everything the report of a federation shows; as DemoRecord, it holds nothing secret. */
export interface FederationDemoRecord extends Pick<
  DemoRecord,
  | "version"
  | "startedAt"
  | "totalSeconds"
  | "seed"
  | "environment"
  | "events"
  | "transactions"
  | "attempts"
  | "balances"
> {
  readonly format: "zkpot.federation-demo-record";
  readonly dataset: Pick<
    DemoRecord["dataset"],
    "name" | "title" | "licence" | "featureCount" | "classNames" | "trainSamples" | "testSamples"
  >;
  readonly layerSizes: readonly number[];
  readonly parameters: number;
  readonly federation: {
    readonly federationId: string;
    readonly documentHash: string;
    readonly startCorrect: number;
    readonly places: number;
    readonly maxFactor: number;
    readonly toleranceCount: number;
    readonly bandCount: number;
    readonly keepBetter: boolean;
    readonly minStakeWei: string;
    readonly bondWei: string;
    /** Of each round. */
    readonly rewardWei: string;
  };
  readonly members: readonly DemoMember[];
  readonly rounds: readonly DemoRound[];
  /** The start first; hashes recomputed from the events, the last one compared with the contract's. */
  readonly records: readonly DemoGlobalRecord[];
  readonly gas: readonly DemoRoundGas[];
  /** The last global model on samples that no averaged model was trained on and that nobody was scored on. */
  readonly heldOut: { readonly sampleCount: number; readonly correct: number };
  readonly circuits: readonly StageCircuit[];
  readonly keyKind: string;
  readonly chain: DemoRecord["chain"] & { readonly federatedRounds: string };
}
