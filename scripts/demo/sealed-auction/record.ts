import type { DemoRecord, PartyId } from "../record.ts";

/** What a prover asked for in an auction. */
export interface DemoBid {
  readonly party: PartyId;
  readonly askWei: string;
  /** Parts of the ask: what data and training cost it, gas, and seconds of proving. */
  readonly trainingWei: string;
  readonly gas: number;
  readonly provingSeconds: number;
  /** Seconds after the start from which the price pays the ask. */
  readonly paidFromSecond: number;
}

/** A reverse Dutch auction; seconds count from its start. */
export interface DemoAuction {
  readonly minPriceWei: string;
  readonly maxPriceWei: string;
  readonly rampSeconds: number;
  readonly lockSeconds: number;
  readonly collateralWei: string;
  readonly bids: readonly DemoBid[];
  readonly takenBy: PartyId;
  readonly takenSecond: number;
  readonly priceWei: string;
}

/** A sealed task from posting to its end. */
export interface SealedTaskRecord {
  readonly taskId: string;
  readonly poster: PartyId;
  readonly auction: DemoAuction;
  readonly sampleCount: number;
  readonly minCorrect: number;
  readonly documentHash: string;
  /** One per shard, blinded. */
  readonly dataPoints: readonly (readonly [string, string])[];
  readonly bondWei: string;
  /** What the poster stated when it revealed. */
  readonly openingRoot: string;
  /** What computing the opening took it. */
  readonly openingSeconds: number;
  readonly modelCommitment: string;
  readonly state: string;
  readonly provenCorrect: number;
}

/** A model and what it has on samples that were public and on such that were sealed when it was committed to. */
export interface ModelScores {
  readonly party: PartyId;
  readonly trainSamples: number;
  readonly epochs: number;
  readonly seconds: number;
  readonly publicCorrect: number;
  /** Of the test set of each auction that was revealed rightly. */
  readonly sealedCorrect: readonly number[];
}

/** One proof, and whether the market took it. */
export interface DemoShardProof {
  readonly party: PartyId;
  readonly taskId: string;
  readonly shard: number;
  readonly sampleCount: number;
  readonly correct: number;
  readonly seconds: number;
  readonly isAccepted: boolean;
}

/** How a false reveal was refuted. */
export interface DemoDispute {
  /** Labels that were changed. */
  readonly changedLabels: number;
  readonly chunk: number;
  readonly chunkCount: number;
  /** Words of the chunk that the poster showed. */
  readonly shownWords: number;
  readonly wordCount: number;
  /** The word whose step is wrong. */
  readonly wrongIndex: number;
  readonly demandWei: string;
  readonly bondWei: string;
  /** What the prover computed to find out. */
  readonly searchSeconds: number;
}

/** Who gained and lost what in an act, fees left out, in wei; with what was burned the sum is zero. */
export interface ActMoney {
  readonly act: string;
  readonly changesWei: Readonly<Record<string, string>>;
  readonly burnedWei: string;
}

/** Everything the report of auctions on sealed test sets shows; as DemoRecord, it holds nothing secret. */
export interface SealedAuctionRecord extends Pick<
  DemoRecord,
  | "version"
  | "startedAt"
  | "totalSeconds"
  | "seed"
  | "environment"
  | "circuit"
  | "keys"
  | "events"
  | "transactions"
  | "attempts"
  | "balances"
> {
  readonly format: "zkpot.sealed-auction-demo-record";
  readonly dataset: Pick<
    DemoRecord["dataset"],
    "name" | "title" | "licence" | "featureCount" | "classNames" | "trainSamples"
  > & { readonly publicSamples: number };
  readonly layerSizes: readonly number[];
  /** The rival's, the prover's, and the one whose poster revealed something else. */
  readonly tasks: readonly [SealedTaskRecord, SealedTaskRecord, SealedTaskRecord];
  readonly models: readonly ModelScores[];
  readonly proofs: readonly DemoShardProof[];
  readonly dispute: DemoDispute;
  readonly money: readonly ActMoney[];
  readonly chain: DemoRecord["chain"] & { readonly taskAuction: string; readonly testSetSeal: string };
}
