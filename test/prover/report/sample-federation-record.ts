import type { DemoRound, FederationDemoRecord } from "../../../scripts/demo/federation/record.ts";
import { sampleRecord } from "./sample-record.ts";

const HASH = `0x${"ef".repeat(32)}`;
const ADDRESS = `0x${"56".repeat(20)}`;
const ETHER = 10n ** 18n;

/** A round in which one honest member improves, the free rider does not, and the poisoner drops out. */
export function sampleRound(round: number, changes: Partial<DemoRound> = {}): DemoRound {
  return {
    round,
    baseCorrect: 4 + round,
    globalCorrect: 5 + round,
    isLeadersOwn: false,
    scores: [
      { party: "member-1", correct: 7 + round, factor: 9, isAveraged: true, paidWei: String(ETHER) },
      { party: "poisoner", correct: 4, factor: 2, isAveraged: false, paidWei: "0" },
      { party: "rider", correct: 4 + round, factor: 3, isAveraged: true, paidWei: "0" },
    ],
    maskings: [
      { peers: ["member-1", "poisoner", "rider"], dropped: ["poisoner"] },
      { peers: ["member-1", "rider"], dropped: [] },
    ],
    missed: [],
    leaders: [
      { party: "member-2", outcome: "slashed", slashedWei: "250000000000000000" },
      { party: "member-1", outcome: "delivered", slashedWei: "0" },
    ],
    rewardWei: String(ETHER),
    seconds: 60,
    work: [
      { party: "member-1", action: "commit", seconds: 1, isProof: false },
      { party: "member-1", action: "prove", seconds: 20, isProof: true },
      { party: "rider", action: "prove", seconds: 12, isProof: true },
    ],
    ...changes,
  };
}

/** A small, complete record of a federation, with invented values. */
export function sampleFederationRecord(changes: Partial<FederationDemoRecord> = {}): FederationDemoRecord {
  const { version, startedAt, totalSeconds, seed, environment, chain } = sampleRecord();
  return {
    format: "zkpot.federation-demo-record",
    ...{ version, startedAt, totalSeconds, seed, environment },
    dataset: {
      name: "flowers",
      title: "Flowers (4 features, 3 classes)",
      licence: "CC0",
      featureCount: 4,
      classNames: ["rose", "tulip", "daisy"],
      trainSamples: 1_440,
      testSamples: 10,
    },
    layerSizes: [4, 3, 3],
    parameters: 27,
    federation: {
      federationId: "1",
      documentHash: HASH,
      startCorrect: 5,
      places: 4,
      maxFactor: 7,
      toleranceCount: 2,
      bandCount: 1,
      keepBetter: false,
      minStakeWei: "500000000000000000",
      bondWei: "250000000000000000",
      rewardWei: String(ETHER),
    },
    members: [
      member("member-1", "honest", [400, 300, 200]),
      member("member-2", "honest", [100, 100, 100]),
      member("poisoner", "poisoner", [60, 20, 20]),
      member("rider", "free rider", [40, 50, 50]),
      { ...member("rider-2", "second account", []), sampleCount: 0 },
    ],
    rounds: [
      sampleRound(1),
      sampleRound(2, {
        leaders: [{ party: "member-1", outcome: "delivered", slashedWei: "0" }],
        maskings: [{ peers: ["member-1", "rider", "member-2"], dropped: [] }],
      }),
    ],
    records: [0, 1, 2].map((round) => ({
      round,
      leader: round === 0 ? ("sponsor" as const) : ("member-1" as const),
      globalCommitment: String(200 + round),
      globalCorrect: 5 + round,
      globalUri: `ipfs://global-${round}`,
      recordHash: `0x${String(round).repeat(64)}`,
    })),
    gas: [
      { party: "member-1", round: 1, method: "commit", gas: 86_000 },
      { party: "member-1", round: 1, method: "prove", gas: 419_000 },
      { party: "member-1", round: 1, method: "claim", gas: 69_000 },
      { party: "member-1", round: 1, method: "aggregate", gas: 487_000 },
      { party: "member-1", round: 2, method: "commit", gas: 87_000 },
      { party: "member-1", round: 2, method: "prove", gas: 425_000 },
    ],
    heldOut: { sampleCount: 140, correct: 133 },
    circuits: [
      {
        instanceId: "round-4-3-3x10",
        rows: 1_200,
        domainPower: 11,
        keyId: HASH,
        provingKeyBytes: 1_000_000,
      },
    ],
    keyKind: "development",
    chain: { ...chain, federatedRounds: ADDRESS },
    events: [
      {
        party: "member-1",
        text: "proves 8 of 10 correct",
        startSeconds: 1,
        seconds: 20,
        gas: 419_000,
        outcome: "done",
      },
    ],
    transactions: [
      {
        party: "member-1",
        action: "round 1: prove",
        hash: HASH,
        blockNumber: 9,
        indexInBlock: 0,
        gas: 419_000,
        revertedWith: null,
      },
    ],
    attempts: [
      {
        party: "poisoner",
        title: "round 2: a model trained on wrong labels, which has 1 correct",
        stoppedBy: "contract",
        code: "contract.RoundBelowFloor",
        message: "the count is too far below",
        gas: 390_000,
      },
    ],
    balances: [
      {
        party: "member-1",
        address: ADDRESS,
        beforeWei: String(100n * ETHER),
        afterWei: String(102n * ETHER),
        feesWei: "1000000000000000",
        stakeWei: "0",
      },
    ],
    ...changes,
  };
}

function member(
  party: FederationDemoRecord["members"][number]["party"],
  role: FederationDemoRecord["members"][number]["role"],
  classCounts: readonly number[],
): FederationDemoRecord["members"][number] {
  const sampleCount = classCounts.reduce((sum, count) => sum + count, 0);
  return { party, role, address: ADDRESS, stakeWei: String(ETHER), sampleCount, classCounts };
}
