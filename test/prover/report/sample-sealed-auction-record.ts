import type {
  DemoAuction,
  DemoBid,
  SealedAuctionRecord,
  SealedTaskRecord,
} from "../../../scripts/demo/sealed-auction/record.ts";
import { sampleRecord } from "./sample-record.ts";

const HASH = `0x${"cd".repeat(32)}`;
const ADDRESS = `0x${"34".repeat(20)}`;

/** An auction from 0.25 to 2 ETH in an hour, taken for 0.6 ETH by the first of its bidders. */
export function sampleAuction(changes: Partial<DemoAuction> = {}): DemoAuction {
  return {
    minPriceWei: "250000000000000000",
    maxPriceWei: "2000000000000000000",
    rampSeconds: 3_600,
    lockSeconds: 7_200,
    collateralWei: "750000000000000000",
    bids: [bid("rival", "600000000000000000", 720), bid("prover", "1125000000000000000", 1_800)],
    takenBy: "rival",
    takenSecond: 720,
    priceWei: "600000000000000000",
    ...changes,
  };
}

/** A small, complete record of auctions on sealed test sets, with invented values. */
export function sampleSealedAuctionRecord(changes: Partial<SealedAuctionRecord> = {}): SealedAuctionRecord {
  const { version, startedAt, totalSeconds, seed, environment, circuit, keys, events, chain } =
    sampleRecord();
  return {
    format: "zkpot.sealed-auction-demo-record",
    ...{ version, startedAt, totalSeconds, seed, environment, circuit, keys, events },
    dataset: {
      name: "flowers",
      title: "Flowers (4 features, 3 classes)",
      licence: "CC0",
      featureCount: 4,
      classNames: ["rose", "tulip", "daisy"],
      trainSamples: 1_440,
      publicSamples: 12,
    },
    layerSizes: [4, 3, 3],
    tasks: [
      task("1", 20, 1, "expired", 0),
      {
        ...task("2", 40, 2, "settled", 39),
        auction: sampleAuction({
          bids: [bid("prover", "1125000000000000000", 1_800)],
          takenBy: "prover",
          takenSecond: 1_800,
          priceWei: "1125000000000000000",
        }),
      },
      { ...task("3", 10, 1, "expired", 0), poster: "forger" },
    ],
    models: [
      {
        party: "rival",
        trainSamples: 12,
        epochs: 200,
        seconds: 0.5,
        publicCorrect: 12,
        sealedCorrect: [13, 27],
      },
      {
        party: "prover",
        trainSamples: 1_440,
        epochs: 60,
        seconds: 2.5,
        publicCorrect: 11,
        sealedCorrect: [19, 39],
      },
    ],
    proofs: [
      { party: "rival", taskId: "1", shard: 0, sampleCount: 20, correct: 13, seconds: 4, isAccepted: false },
      { party: "prover", taskId: "2", shard: 0, sampleCount: 20, correct: 20, seconds: 5, isAccepted: true },
      { party: "prover", taskId: "2", shard: 1, sampleCount: 20, correct: 19, seconds: 6, isAccepted: true },
    ],
    dispute: {
      changedLabels: 10,
      chunk: 3,
      chunkCount: 4,
      shownWords: 4,
      wordCount: 1_100,
      wrongIndex: 1_099,
      demandWei: "600000000000000",
      bondWei: "500000000000000000",
      searchSeconds: 0.25,
    },
    money: [
      {
        act: "first auction",
        changesWei: { buyer: "0", prover: "0", rival: "-750000000000000000", forger: "0" },
        burnedWei: "750000000000000000",
      },
      {
        act: "second auction",
        changesWei: { buyer: "-1125000000000000000", prover: "1125000000000000000", rival: "0", forger: "0" },
        burnedWei: "0",
      },
    ],
    chain: { ...chain, taskAuction: ADDRESS, testSetSeal: ADDRESS },
    transactions: [
      sent("prover", "demand a chunk", 117_000),
      sent("forger", "answer the demand", 209_000),
      sent("prover", "dispute a step", 68_000),
    ],
    attempts: [
      {
        party: "rival",
        title: "a valid proof of 13 where 18 are asked for",
        stoppedBy: "contract",
        code: "contract.TaskMarketBelowThreshold",
        message: "the contract refused",
        gas: 48_000,
      },
    ],
    balances: (["buyer", "prover", "rival", "forger"] as const).map((party) => ({
      party,
      address: ADDRESS,
      beforeWei: "100000000000000000000",
      afterWei: "99000000000000000000",
      feesWei: "1000000000000000",
      stakeWei: "0",
    })),
    ...changes,
  };
}

function bid(party: DemoBid["party"], askWei: string, paidFromSecond: number): DemoBid {
  return {
    party,
    askWei,
    trainingWei: "400000000000000000",
    gas: 1_040_000,
    provingSeconds: 9,
    paidFromSecond,
  };
}

function task(
  taskId: string,
  sampleCount: number,
  shards: number,
  state: string,
  provenCorrect: number,
): SealedTaskRecord {
  return {
    taskId,
    poster: "buyer",
    auction: sampleAuction(),
    sampleCount,
    minCorrect: (sampleCount * 9) / 10,
    documentHash: HASH,
    dataPoints: Array.from({ length: shards }, (_, shard) => [`1${shard}`, `2${shard}`] as const),
    bondWei: "500000000000000000",
    openingRoot: HASH,
    openingSeconds: 0.3,
    modelCommitment: "255",
    state,
    provenCorrect,
  };
}

function sent(
  party: "prover" | "forger",
  action: string,
  gas: number,
): SealedAuctionRecord["transactions"][number] {
  return { party, action, hash: HASH, blockNumber: 6, indexInBlock: 0, gas, revertedWith: null };
}
