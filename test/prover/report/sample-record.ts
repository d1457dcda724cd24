import type { DemoRecord } from "../../../scripts/demo/record.ts";

const HASH = `0x${"ab".repeat(32)}`;
const ADDRESS = `0x${"12".repeat(20)}`;

/** A small, complete record with invented values. */
export function sampleRecord(changes: Partial<DemoRecord> = {}): DemoRecord {
  return {
    format: "zkpot.demo-record",
    version: 1,
    startedAt: "2026-01-02T03:04:05.000Z",
    totalSeconds: 12.5,
    seed: "7",
    environment: { node: "v24.0.0", cores: 2, peakMemoryBytes: 1_234_567_890 },
    dataset: {
      name: "flowers",
      title: "Flowers (4 features, 3 classes)",
      licence: "CC0",
      featureCount: 4,
      classNames: ["rose", "tulip", "daisy"],
      trainSamples: 1_440,
      testSamples: 10,
      clampedValues: 3,
    },
    task: {
      taskId: "1",
      rewardWei: "2000000000000000000",
      stakeWei: "500000000000000000",
      minCorrect: 8,
      documentHash: HASH,
      testSetHash: HASH,
      dataPoint: ["11", "12"],
      state: "settled",
      winner: ADDRESS,
      provenCorrect: 9,
    },
    training: {
      backend: "TensorFlow.js 4, WebAssembly",
      epochs: 3,
      batchSize: 32,
      learningRate: 0.02,
      seconds: 1.25,
      history: [0.9, 0.5, 0.25].map((loss, index) => ({
        epoch: index + 1,
        loss,
        accuracy: 0.8 + index / 20,
        validationLoss: null,
        validationAccuracy: null,
      })),
    },
    model: {
      layerSizes: [4, 3, 3],
      parameters: 27,
      modelCommitment: "255",
      float: { correct: 10, confusion: diagonal(4, 3, 3) },
      integer: {
        correct: 9,
        confusion: [
          [4, 0, 0],
          [0, 2, 1],
          [0, 0, 3],
        ],
      },
      disagreements: 1,
      layers: [
        {
          name: "1 (hidden)",
          fanIn: 4,
          width: 3,
          weightBits: 6,
          accumulatorBits: 12,
          boundedBits: 7,
          headroomBits: 0.125,
        },
      ],
    },
    rival: { trainSamples: 20, epochs: 1, correct: 5, claimed: 8 },
    circuit: {
      instanceId: "tiny-4-3-3x10",
      constraints: 900,
      publicSignals: 99,
      rows: 1_000,
      domainPower: 10,
      capacity: 12,
      tableBits: 6,
      compileSeconds: 2.5,
      wasCached: false,
    },
    keys: {
      keyId: HASH,
      kind: "development",
      contributions: 0,
      provingKeyBytes: 40_600_000,
      commitmentKeyBytes: 160_712,
      verifyingKeyBytes: 896,
      seconds: 3.5,
      wasCached: true,
    },
    proof: {
      seconds: 5.75,
      steps: [
        { name: "commit", seconds: 0.25 },
        { name: "prove", seconds: 5.5 },
      ],
      proofBytes: 384,
      calldataBytes: 612,
      bundleBytes: 3_700,
      blockCommitment: ["13", "14"],
      context: "15",
    },
    chain: { chainId: "31337", circuitRegistry: ADDRESS, stakeVault: ADDRESS, taskMarket: ADDRESS },
    events: [
      {
        party: "buyer",
        text: "posts the task",
        startSeconds: 1,
        seconds: 0.5,
        gas: 274_000,
        outcome: "done",
      },
      { party: "rival", text: "is refused", startSeconds: 2, seconds: 0, gas: null, outcome: "refused" },
    ],
    transactions: [
      transaction("buyer", "post the task", 274_000, null),
      transaction("rival", "hand in a raised count", 328_000, "TaskMarketInvalidProof"),
      transaction("prover", "hand in the proof", 394_321, null),
    ],
    attempts: [
      {
        party: "rival",
        title: "proof of 5 with the count raised to 8",
        stoppedBy: "contract",
        code: "contract.TaskMarketInvalidProof",
        message: "the contract refused",
        gas: 328_000,
      },
      {
        party: "copier",
        title: "the prover's proof under another account",
        stoppedBy: "toolkit",
        code: "task.bundle-mismatch",
        message: "the bundle was made for another prover",
        gas: null,
      },
    ],
    balances: [
      {
        party: "prover",
        address: ADDRESS,
        beforeWei: "100000000000000000000",
        afterWei: "101999000000000000000",
        feesWei: "1000000000000000",
        stakeWei: "0",
      },
    ],
    ...changes,
  };
}

function transaction(
  party: "buyer" | "rival" | "prover",
  action: string,
  gas: number,
  revertedWith: string | null,
): DemoRecord["transactions"][number] {
  return { party, action, hash: HASH, blockNumber: 5, indexInBlock: 0, gas, revertedWith };
}

function diagonal(...counts: readonly number[]): number[][] {
  return counts.map((entry, index) => counts.map((_, other) => (index === other ? entry : 0)));
}
