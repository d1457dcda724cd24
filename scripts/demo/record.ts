import type { EpochRecord } from "../../prover/src/training/checkpoint.ts";

/** Who acts in the demo of a federation beside its operator; the free rider has two accounts. */
export type FederationParty =
  | "sponsor"
  | "member-1"
  | "member-2"
  | "member-3"
  | "member-4"
  | "member-5"
  | "poisoner"
  | "rider"
  | "rider-2";

/** Who acts in the demo: the buyer, the prover that wins, those that cheat, and whoever sets the stage. */
export type PartyId =
  "set-up" | "operator" | "buyer" | "prover" | "rival" | "copier" | "forger" | FederationParty;

/** Something that happened, in seconds since the demo started. */
export interface DemoEvent {
  readonly party: PartyId;
  readonly text: string;
  readonly startSeconds: number;
  readonly seconds: number;
  /** Gas of the transaction it ended in; null without one. */
  readonly gas: number | null;
  /** `refused`: the toolkit or a contract said no. */
  readonly outcome: "done" | "refused";
}

/** A transaction that was included in a block. */
export interface DemoTransaction {
  readonly party: PartyId;
  readonly action: string;
  readonly hash: string;
  readonly blockNumber: number;
  readonly indexInBlock: number;
  readonly gas: number;
  /** Why the contract reverted it; null when it succeeded. */
  readonly revertedWith: string | null;
}

/** Something dishonest that was tried, and what stopped it. */
export interface DemoAttempt {
  readonly party: PartyId;
  readonly title: string;
  readonly stoppedBy: "toolkit" | "contract";
  /** Code of the refusal, e.g. `witness.claim` or `contract.TaskMarketInvalidProof`. */
  readonly code: string;
  readonly message: string;
  /** Gas that the reverted transaction cost; null when none was sent. */
  readonly gas: number | null;
}

/** One party's money before and after; wei as decimal strings. */
export interface DemoBalance {
  readonly party: PartyId;
  readonly address: string;
  readonly beforeWei: string;
  readonly afterWei: string;
  readonly feesWei: string;
  /** Still held for the party by the stake vault, free to be unbonded. */
  readonly stakeWei: string;
}

/** How one model did on the test set, as counts. */
export interface DemoScore {
  readonly correct: number;
  /** `confusion[label][prediction]`. */
  readonly confusion: readonly (readonly number[])[];
}

/** Ranges of one layer: bits only, nothing from which a weight could be told. */
export interface DemoLayer {
  readonly name: string;
  readonly fanIn: number;
  readonly width: number;
  readonly weightBits: number;
  readonly accumulatorBits: number;
  readonly boundedBits: number;
  readonly headroomBits: number;
}

/**
 * Everything the report shows: plain JSON of one run. It holds what the parties published and the measurements of a
 * viewer who runs all of them; never weights, salts, single predictions or training samples.
 */
export interface DemoRecord {
  readonly format: "zkpot.demo-record";
  readonly version: 1;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly totalSeconds: number;
  readonly seed: string;
  readonly environment: {
    readonly node: string;
    readonly cores: number;
    /** Largest resident memory of the whole run: training, keys and proofs. */
    readonly peakMemoryBytes: number;
  };
  readonly dataset: {
    readonly name: string;
    readonly title: string;
    readonly licence: string;
    readonly featureCount: number;
    readonly classNames: readonly string[];
    readonly trainSamples: number;
    readonly testSamples: number;
    /** Test values outside the range of the training part, moved to its edge. */
    readonly clampedValues: number;
  };
  readonly task: {
    readonly taskId: string;
    readonly rewardWei: string;
    readonly stakeWei: string;
    readonly minCorrect: number;
    readonly documentHash: string;
    readonly testSetHash: string;
    readonly dataPoint: readonly [string, string];
    readonly state: string;
    readonly winner: string;
    readonly provenCorrect: number;
  };
  readonly training: {
    readonly backend: string;
    readonly epochs: number;
    readonly batchSize: number;
    readonly learningRate: number;
    readonly seconds: number;
    readonly history: readonly EpochRecord[];
  };
  readonly model: {
    readonly layerSizes: readonly number[];
    readonly parameters: number;
    readonly modelCommitment: string;
    readonly float: DemoScore;
    readonly integer: DemoScore;
    /** Test samples on which the two models differ. */
    readonly disagreements: number;
    readonly layers: readonly DemoLayer[];
  };
  readonly rival: {
    readonly trainSamples: number;
    readonly epochs: number;
    readonly correct: number;
    readonly claimed: number;
  };
  readonly circuit: {
    readonly instanceId: string;
    readonly constraints: number;
    readonly publicSignals: number;
    readonly rows: number;
    readonly domainPower: number;
    /** Samples the circuit holds, padding included. */
    readonly capacity: number;
    readonly tableBits: number;
    readonly compileSeconds: number;
    readonly wasCached: boolean;
  };
  readonly keys: {
    readonly keyId: string;
    readonly kind: string;
    readonly contributions: number;
    readonly provingKeyBytes: number;
    readonly commitmentKeyBytes: number;
    readonly verifyingKeyBytes: number;
    readonly seconds: number;
    readonly wasCached: boolean;
  };
  readonly proof: {
    readonly seconds: number;
    /** Parts of it, in order. */
    readonly steps: readonly { readonly name: string; readonly seconds: number }[];
    readonly proofBytes: number;
    readonly calldataBytes: number;
    readonly bundleBytes: number;
    readonly blockCommitment: readonly [string, string];
    readonly context: string;
  };
  readonly chain: {
    readonly chainId: string;
    readonly circuitRegistry: string;
    readonly stakeVault: string;
    readonly taskMarket: string;
  };
  readonly events: readonly DemoEvent[];
  readonly transactions: readonly DemoTransaction[];
  readonly attempts: readonly DemoAttempt[];
  readonly balances: readonly DemoBalance[];
}
