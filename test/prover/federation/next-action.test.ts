import { expect } from "chai";

import type { FederationRecord, MemberRecord } from "../../../prover/src/chain/federations.ts";
import type { RoundState } from "../../../prover/src/chain/round-state.ts";
import type { ContributionRecord, RoundRecord } from "../../../prover/src/chain/rounds.ts";
import {
  type MemberView,
  missingVectors,
  nextAction,
  type RoundAction,
  type RoundProgress,
} from "../../../prover/src/federation/next-action.ts";
import { expectError } from "../support/expect-error.ts";

const ACCOUNT = "0x00000000000000000000000000000000000000aa";
const COMMITMENT = 55n;

const FEDERATION = {
  federationId: 4n,
  isClosed: false,
  maxRounds: 9,
  round: 3n,
  minStakeWei: 10n,
  toleranceCount: 5,
  keepBetter: true,
  timing: { takeSeconds: 100, leadSeconds: 100 },
} as FederationRecord;

const MEMBER: MemberRecord = {
  account: ACCOUNT,
  isMember: true,
  lockId: 1n,
  weightWei: 10n,
  firstRound: 1n,
  lastRound: 3n,
  key: { x: 1n, y: 2n },
};

const NOTHING: ContributionRecord = {
  modelCommitment: 0n,
  factor: 0,
  place: null,
  masking: 0,
  isProven: false,
  isClaimed: false,
  correct: 0,
  vectorDigest: 0n,
};
const COMMITTED = { ...NOTHING, modelCommitment: COMMITMENT, factor: 2 };
const PROVEN = { ...COMMITTED, isProven: true, correct: 90, place: 1 };
const MASKED = { ...PROVEN, masking: 2, vectorDigest: 77n };

const EMPTY: RoundProgress = {
  localModel: null,
  isVectorPublished: false,
  vectors: [],
  averageCorrect: null,
};
const TRAINED: RoundProgress = { ...EMPTY, localModel: { modelCommitment: COMMITMENT, correct: 90 } };
const PUBLISHED: RoundProgress = { ...TRAINED, isVectorPublished: true, vectors: [1] };
const COMPLETE: RoundProgress = { ...PUBLISHED, vectors: [0, 1, 3] };

/** Round 3 of three peers, which ends its state at 1000; the account has place 1. */
function roundIn(
  state: RoundState,
  own: ContributionRecord,
  changes: Partial<RoundRecord> = {},
): RoundRecord {
  return {
    chainId: 1n,
    address: "0x00000000000000000000000000000000000000ff",
    federationId: 4n,
    round: 3n,
    state,
    endsAt: state === "electing" ? null : 1_000n,
    startedAt: 500n,
    drawBlock: 40,
    provenCount: 4,
    places: [],
    masking: 2,
    peers: [0, 1, 3],
    masked: [],
    failed: [],
    leaderPlace: ["elected", "leading", "final"].includes(state) ? 0 : null,
    rosterDigest: 0n,
    baseCorrect: 80,
    isAggregated: false,
    isScored: false,
    globalCommitment: 0n,
    globalCorrect: 0,
    rewardWei: 0n,
    improvementSum: 0,
    claimedSum: 0,
    own,
    reported: [],
    ...changes,
  };
}

function view(
  round: RoundRecord | undefined,
  progress = EMPTY,
  changes: Partial<MemberView> = {},
): MemberView {
  const federation = { ...FEDERATION, round: round?.round ?? 0n };
  return {
    federation,
    round,
    previous: undefined,
    member: MEMBER,
    time: 900n,
    block: 39,
    progress,
    ...changes,
  };
}

const wait = (why: RegExp, until: bigint | null = 1_001n, untilBlock: number | null = null) => ({
  kind: "wait",
  until,
  untilBlock,
  why,
});

/** What members do, by state, own part and what is at hand. */
const TABLE: readonly [name: string, view: MemberView, expected: object][] = [
  ["starts the first round", view(undefined), { kind: "start" }],
  ["starts the next after a final one", view(roundIn("final", NOTHING)), { kind: "start" }],
  ["starts the next after an abandoned one", view(roundIn("abandoned", MASKED)), { kind: "start" }],

  [
    "starts a round that it sits out: all may do so",
    view(roundIn("abandoned", MASKED), EMPTY, { member: { ...MEMBER, firstRound: 5n } }),
    { kind: "start" },
  ],

  ["trains from the start on", view(roundIn("training", NOTHING)), { kind: "train" }],
  ["trains late", view(roundIn("committing", NOTHING)), { kind: "train" }],
  ["waits for commitments", view(roundIn("training", NOTHING), TRAINED), wait(/not open yet/)],
  ["commits", view(roundIn("committing", NOTHING), TRAINED), { kind: "commit" }],
  ["commits once", view(roundIn("committing", COMMITTED), TRAINED), wait(/others commit/)],
  [
    "does not commit a model below the floor",
    view(roundIn("committing", NOTHING, { baseCorrect: 96 }), TRAINED),
    wait(/90 test samples correctly, fewer than the 91 needed/),
  ],
  [
    "commits a model on the floor",
    view(roundIn("committing", NOTHING, { baseCorrect: 95 }), TRAINED),
    { kind: "commit" },
  ],
  [
    "leaves out a round that began before it joined, or that it sits out",
    view(roundIn("training", NOTHING), EMPTY, { member: { ...MEMBER, firstRound: 4n } }),
    wait(/from round 4 on/),
  ],
  [
    "leaves out a round without stake",
    view(roundIn("training", NOTHING), EMPTY, { member: { ...MEMBER, weightWei: 9n } }),
    wait(/too little stake/),
  ],

  ["proves", view(roundIn("proving", COMMITTED), TRAINED), { kind: "prove" }],
  ["proves once", view(roundIn("proving", PROVEN), TRAINED), wait(/others prove/)],
  ["waits out a round without it", view(roundIn("proving", NOTHING)), wait(/others prove/)],
  ["ends proving", view(roundIn("proving", PROVEN), TRAINED, { time: 1_001n }), { kind: "advance" }],
  [
    "ends proving for others",
    view(roundIn("proving", NOTHING), EMPTY, { time: 1_001n }),
    { kind: "advance" },
  ],
  [
    "proves until the last second",
    view(roundIn("proving", COMMITTED), TRAINED, { time: 1_000n }),
    { kind: "prove" },
  ],

  ["masks", view(roundIn("masking", PROVEN), TRAINED), { kind: "mask" }],
  ["masks again", view(roundIn("masking", { ...PROVEN, masking: 1 }), TRAINED), { kind: "mask" }],
  ["masks once", view(roundIn("masking", MASKED), TRAINED), wait(/others mask/)],
  [
    "does not mask without a place",
    view(roundIn("masking", { ...PROVEN, place: null }), TRAINED),
    wait(/no place in the average/),
  ],
  [
    "does not mask when dropped",
    view(roundIn("masking", { ...PROVEN, place: 2, masking: 1 }), TRAINED),
    wait(/no place in the average/),
  ],
  ["ends masking", view(roundIn("masking", MASKED), TRAINED, { time: 1_001n }), { kind: "advance" }],

  [
    "keeps its vector until the leader is drawn",
    view(roundIn("electing", MASKED), TRAINED),
    wait(/not drawn/, null, 41),
  ],
  [
    "does not draw with a block that is not there yet",
    view(roundIn("electing", MASKED), TRAINED, { block: 40 }),
    wait(/not drawn/, null, 41),
  ],
  ["draws the leader", view(roundIn("electing", MASKED), TRAINED, { block: 41 }), { kind: "advance" }],
  [
    "draws it without a part in it",
    view(roundIn("electing", NOTHING), EMPTY, { block: 41 }),
    { kind: "advance" },
  ],

  ["publishes its vector", view(roundIn("elected", MASKED), TRAINED), { kind: "publish-vector" }],
  [
    "publishes it late",
    view(roundIn("elected", MASKED), TRAINED, { time: 990n }),
    { kind: "publish-vector" },
  ],
  ["waits for the leader", view(roundIn("elected", MASKED), COMPLETE), wait(/leader takes the lead/)],
  [
    "does not take the lead while others may report",
    view(roundIn("elected", MASKED, { leaderPlace: 1 }), COMPLETE, { time: 950n }),
    wait(/may report/, 951n),
  ],
  [
    "takes the lead after that",
    view(roundIn("elected", MASKED, { leaderPlace: 1 }), COMPLETE, { time: 951n }),
    { kind: "take-lead" },
  ],
  [
    "takes it at once after a leader that failed",
    view(roundIn("elected", MASKED, { leaderPlace: 1, failed: [0] }), COMPLETE, { time: 900n }),
    { kind: "take-lead" },
  ],
  [
    "waits for vectors in the first quarter of the time",
    view(roundIn("elected", MASKED, { leaderPlace: 1 }), PUBLISHED, { time: 924n }),
    wait(/places 0, 3 are not found yet/, 925n),
  ],
  [
    "reports vectors that it does not find, in the second",
    view(roundIn("elected", MASKED), { ...PUBLISHED, vectors: [0, 1] }, { time: 925n }),
    { kind: "report", missing: [3] },
  ],
  [
    "reports them as the leader, too",
    view(roundIn("elected", MASKED, { leaderPlace: 1 }), { ...PUBLISHED, vectors: [0, 1] }, { time: 950n }),
    { kind: "report", missing: [3] },
  ],
  [
    "reports nobody when it finds nobody's: it is cut off itself",
    view(roundIn("elected", MASKED), PUBLISHED, { time: 950n }),
    wait(/cut off/),
  ],
  [
    "reports what it has not reported before",
    view(
      roundIn("elected", MASKED, { peers: [0, 1, 2, 3], reported: [3] }),
      { ...PUBLISHED, vectors: [1, 2] },
      { time: 950n },
    ),
    { kind: "report", missing: [0] },
  ],
  [
    "reports once",
    view(roundIn("elected", MASKED, { reported: [0, 3] }), PUBLISHED, { time: 950n }),
    wait(/leader takes the lead/),
  ],
  [
    "reports nothing later",
    view(roundIn("elected", MASKED), PUBLISHED, { time: 951n }),
    wait(/leader takes the lead/),
  ],
  [
    "reports nothing to the next leader",
    view(roundIn("elected", MASKED, { failed: [3] }), PUBLISHED, { time: 930n }),
    wait(/leader takes the lead/),
  ],
  [
    "does not take the lead without all vectors",
    view(roundIn("elected", MASKED, { leaderPlace: 1 }), PUBLISHED, { time: 951n }),
    wait(/places 0, 3 are missing/),
  ],
  [
    "passes on to the next leader",
    view(roundIn("elected", MASKED), COMPLETE, { time: 1_001n }),
    { kind: "advance" },
  ],

  [
    "delivers the average",
    view(roundIn("leading", MASKED, { leaderPlace: 1 }), COMPLETE),
    { kind: "aggregate" },
  ],
  ["waits for the average", view(roundIn("leading", MASKED), COMPLETE), wait(/delivers the average/)],
  [
    "proves its count",
    view(roundIn("leading", MASKED, { leaderPlace: 1, isAggregated: true }), {
      ...COMPLETE,
      averageCorrect: 70,
    }),
    { kind: "score-global" },
  ],
  [
    "waits for its count",
    view(roundIn("leading", MASKED, { isAggregated: true }), { ...COMPLETE, averageCorrect: 95 }),
    wait(/proves its count/),
  ],
  [
    "raises a count that is too small",
    view(roundIn("leading", MASKED, { isAggregated: true, isScored: true, globalCorrect: 94 }), {
      ...COMPLETE,
      averageCorrect: 95,
    }),
    { kind: "score-global" },
  ],
  [
    "lets a count stand that is right",
    view(roundIn("leading", MASKED, { isAggregated: true, isScored: true, globalCorrect: 95 }), {
      ...COMPLETE,
      averageCorrect: 95,
    }),
    wait(/stands until then/),
  ],
  [
    "lets a count stand that it cannot check",
    view(roundIn("leading", MASKED, { isAggregated: true, isScored: true, globalCorrect: 1 }), COMPLETE),
    wait(/stands until then/),
  ],
  [
    "keeps its own model when that is better, if it publishes it",
    view(
      roundIn("leading", MASKED, { leaderPlace: 1, isAggregated: true, isScored: true, globalCorrect: 89 }),
      { ...COMPLETE, averageCorrect: 89 },
      { publishesOwnModel: true, time: 951n },
    ),
    { kind: "keep-own" },
  ],
  [
    "gives the others half of the time to show that the average is as good",
    view(
      roundIn("leading", MASKED, { leaderPlace: 1, isAggregated: true, isScored: true, globalCorrect: 89 }),
      { ...COMPLETE, averageCorrect: 89 },
      { publishesOwnModel: true, time: 950n },
    ),
    wait(/others may prove/, 951n),
  ],
  [
    "keeps its own model to itself otherwise",
    view(
      roundIn("leading", MASKED, { leaderPlace: 1, isAggregated: true, isScored: true, globalCorrect: 89 }),
      { ...COMPLETE, averageCorrect: 89 },
    ),
    wait(/stands until then/),
  ],
  [
    "does not keep one that is as good",
    view(
      roundIn("leading", MASKED, { leaderPlace: 1, isAggregated: true, isScored: true, globalCorrect: 90 }),
      { ...COMPLETE, averageCorrect: 90 },
      { publishesOwnModel: true },
    ),
    wait(/stands until then/),
  ],
  [
    "does not keep its own where the federation keeps averages",
    view(
      roundIn("leading", MASKED, { leaderPlace: 1, isAggregated: true, isScored: true, globalCorrect: 89 }),
      { ...COMPLETE, averageCorrect: 89 },
      { federation: { ...FEDERATION, keepBetter: false }, publishesOwnModel: true },
    ),
    wait(/stands until then/),
  ],
  [
    "waits for a leader that leads others",
    view(roundIn("leading", PROVEN, { peers: [0, 2, 3] }), TRAINED),
    wait(/delivers/),
  ],
  ["ends a leader's time", view(roundIn("leading", MASKED), COMPLETE, { time: 1_001n }), { kind: "advance" }],

  ["claims its reward", view(roundIn("final", MASKED, { rewardWei: 7n })), { kind: "claim", round: 3n }],
  [
    "claims that of the round before",
    view(roundIn("training", NOTHING), EMPTY, {
      previous: { ...roundIn("final", MASKED, { rewardWei: 7n }), round: 2n },
    }),
    { kind: "claim", round: 2n },
  ],
  [
    "claims once",
    view(roundIn("final", { ...MASKED, isClaimed: true }, { rewardWei: 7n })),
    { kind: "start" },
  ],
  [
    "claims nothing without improvement",
    view(roundIn("final", { ...MASKED, correct: 80 }, { rewardWei: 7n })),
    { kind: "start" },
  ],
  ["claims nothing without reward", view(roundIn("final", MASKED)), { kind: "start" }],
  [
    "claims nothing when dropped",
    view(roundIn("final", MASKED, { rewardWei: 7n, peers: [0, 2, 3] })),
    { kind: "start" },
  ],
  [
    "claims nothing of an abandoned round",
    view(roundIn("abandoned", MASKED, { rewardWei: 7n })),
    { kind: "start" },
  ],

  [
    "ends with the federation",
    view(roundIn("final", NOTHING), EMPTY, { federation: { ...FEDERATION, isClosed: true } }),
    { kind: "finished", why: /is closed/ },
  ],
  [
    "ends with its last round",
    view(roundIn("abandoned", NOTHING), EMPTY, { federation: { ...FEDERATION, maxRounds: 3 } }),
    { kind: "finished", why: /all 3 rounds/ },
  ],
  [
    "ends with the last round that it wants",
    view(roundIn("final", NOTHING), EMPTY, { lastRound: 3n }),
    { kind: "finished", why: /round 3 was the last/ },
  ],
  [
    "leaves out rounds after that",
    view(roundIn("training", NOTHING), EMPTY, { lastRound: 2n }),
    { kind: "finished", why: /round 2 was the last/ },
  ],
  [
    "ends without stake",
    view(roundIn("final", NOTHING), EMPTY, { member: { ...MEMBER, weightWei: 9n } }),
    { kind: "finished", why: /left 9 wei of stake/ },
  ],
];

describe("nextAction", () => {
  for (const [name, given, expected] of TABLE) {
    it(name, () => {
      const action = nextAction(given) as RoundAction & { why?: string };
      const { why, ...facts } = expected as { why?: RegExp };
      if (why !== undefined) expect(action.why).to.match(why);
      expect({ ...action, why: undefined }).to.deep.equal({ ...facts, why: undefined });
    });
  }

  it("is for members alone", async () => {
    const stranger = { ...MEMBER, isMember: false };
    await expectError(
      () => nextAction(view(undefined, EMPTY, { member: stranger })),
      "federation.not-member",
      /not a member of federation 4/,
    );
  });

  it("refuses to go on without the model that was committed to, in every state but the ends", async () => {
    const running = ["committing", "proving", "masking", "electing", "elected", "leading"] as const;
    const others = { ...TRAINED, localModel: { modelCommitment: 56n, correct: 90 } };
    for (const state of running) {
      for (const progress of [EMPTY, others]) {
        await expectError(
          () => nextAction(view(roundIn(state, MASKED), progress)),
          "federation.model-lost",
          /committed to a model in round 3/,
        );
      }
    }
    expect(nextAction(view(roundIn("abandoned", MASKED))).kind).to.equal("start");
    // Others are not held up.
    expect(nextAction(view(roundIn("masking", MASKED), EMPTY, { time: 1_001n })).kind).to.equal("advance");
  });
});

describe("missingVectors", () => {
  it("are those of peers that are not at hand", () => {
    const round = roundIn("electing", MASKED);
    expect(missingVectors(round, PUBLISHED)).to.deep.equal([0, 3]);
    expect(missingVectors(round, COMPLETE)).to.deep.equal([]);
  });
});
