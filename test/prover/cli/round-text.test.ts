import { expect } from "chai";

import type { FederationRecord, MemberRecord } from "../../../prover/src/chain/federations.ts";
import type { ContributionRecord, RoundRecord } from "../../../prover/src/chain/rounds.ts";
import { NATIVE_COIN } from "../../../prover/src/cli/addresses.ts";
import { improvementOf } from "../../../prover/src/cli/round-claims.ts";
import {
  actionText,
  durationText,
  rosterTable,
  stageText,
  statusText,
} from "../../../prover/src/cli/round-text.ts";

const ETHER = 10n ** 18n;
const ADDRESS = (digit: string): string => `0x${digit.repeat(40)}`;
const MEMBERS = ["a", "b", "c", "d"].map(ADDRESS);
const PLACE = { chainId: 31337n, address: ADDRESS("f"), federationId: 3n };

const FEDERATION: FederationRecord = {
  ...PLACE,
  sponsor: ADDRESS("5"),
  isClosed: false,
  scoreKeyId: "0x01",
  maskKeyId: "0x02",
  aggregateKeyId: "0x03",
  architectureId: 7n,
  emptyVectorDigest: 9n,
  maxFactorSum: 28,
  maxFactor: 7,
  places: 4,
  vectors: 4,
  dataPoints: [{ x: 1n, y: 2n }],
  sampleCount: 360,
  toleranceCount: 20,
  bandCount: 3,
  keepBetter: true,
  maxRounds: 5,
  timing: {
    trainSeconds: 600,
    commitSeconds: 90,
    proveSeconds: 3_600,
    maskSeconds: 60,
    takeSeconds: 86_400,
    leadSeconds: 61,
  },
  stakeToken: NATIVE_COIN,
  minStakeWei: ETHER,
  capWei: 2n * ETHER,
  bondWei: ETHER / 2n,
  rewardToken: NATIVE_COIN,
  rewardWei: ETHER,
  documentHash: "0xd0c",
  documentUri: "ipfs://document",
  round: 2n,
  lastEndedAt: 1_000n,
  poolWei: 4n * ETHER,
  globalModel: { round: 1n, commitment: 11n, correct: 300, uri: "ipfs://global" },
  recordHash: "0x4ec04d",
  createdAtBlock: 1,
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

const PROVEN: ContributionRecord = {
  ...NOTHING,
  modelCommitment: 5n,
  factor: 3,
  place: 1,
  isProven: true,
  correct: 310,
};

const ROUND: RoundRecord = {
  ...PLACE,
  round: 2n,
  state: "masking",
  endsAt: 1_800_000_000n,
  startedAt: 1_000n,
  drawBlock: 0,
  provenCount: 4,
  places: MEMBERS.map((member, order) => ({
    member,
    correct: 312 - order,
    order,
    factor: order + 1,
    key: { x: 0n, y: 1n },
  })),
  masking: 2,
  peers: [0, 1, 3],
  masked: [0],
  failed: [],
  leaderPlace: null,
  rosterDigest: 1n,
  baseCorrect: 300,
  isAggregated: false,
  isScored: false,
  globalCommitment: 0n,
  globalCorrect: 0,
  rewardWei: 0n,
  improvementSum: 0,
  claimedSum: 0,
  own: NOTHING,
  reported: [],
};

const MEMBER: MemberRecord = {
  account: MEMBERS[1]!,
  isMember: true,
  lockId: 1n,
  weightWei: ETHER,
  firstRound: 1n,
  lastRound: 2n,
  key: { x: 0n, y: 1n },
};

describe("durationText", () => {
  it("takes the largest unit that divides", () => {
    expect([1, 59, 60, 90, 3_600, 5_400, 86_400, 90_000].map(durationText)).to.deep.equal([
      ...["1s", "59s", "1m", "90s", "1h", "90m", "1d", "25h"],
    ]);
  });
});

describe("statusText", () => {
  it("shows terms, global model, the state of the round with its deadline, and candidates", () => {
    const text = statusText(FEDERATION, ROUND, undefined);
    expect(text).to.match(/^federation +3, round 2 of 5$/m);
    expect(text).to.match(/^global model +of round 1, 300 of 360 correct, ipfs:\/\/global$/m);
    expect(text).to.match(/^reward +1 ether a round; pool 4 ether$/m);
    expect(text).to.match(/^times +train 10m, commit 90s, prove 1h, mask 1m, take 1d, lead 61s$/m);
    expect(text).to.match(/^round +2, masking \(masking 2\), until 2027-01-15 08:00:00 UTC$/m);
    expect(text).to.match(/^next +zkpot round join 3$/m);
    expect(text).not.to.match(/^member/m);
    for (const member of MEMBERS) expect(text).to.include(member);
  });

  it("shows an account's own part, and sends members to run", () => {
    const text = statusText(FEDERATION, { ...ROUND, own: PROVEN }, MEMBER);
    expect(text).to.match(/^member +0xb{40}, from round 1 on, with 1 ether$/m);
    expect(text).to.match(/^own part +310 correct, place 2$/m);
    expect(text).to.match(/^next +zkpot round run 3$/m);
  });

  const parts: readonly (readonly [string, Partial<RoundRecord>, string])[] = [
    ["nothing committed", { own: NOTHING }, "nothing committed"],
    [
      "a commitment",
      { own: { ...PROVEN, isProven: false, place: null } },
      "committed with factor 3, not proven",
    ],
    ["a proof in vain", { own: { ...PROVEN, place: null } }, "310 correct, without a place"],
    ["a masked vector", { own: { ...PROVEN, masking: 2 } }, "310 correct, place 2, masked"],
    ["a vector of an earlier masking", { own: { ...PROVEN, masking: 1 } }, "310 correct, place 2"],
    ["a reward", { state: "final", own: PROVEN }, "310 correct, place 2, improved by 10, not claimed"],
    [
      "a claimed reward",
      { state: "final", own: { ...PROVEN, isClaimed: true } },
      "310 correct, place 2, improved by 10, claimed",
    ],
    [
      "no improvement",
      { state: "final", own: { ...PROVEN, correct: 300 } },
      "300 correct, place 2, not paid",
    ],
    [
      "a place that dropped out",
      { state: "final", peers: [0, 2, 3], own: PROVEN },
      "310 correct, place 2, not paid",
    ],
  ];
  for (const [what, changes, expected] of parts) {
    it(`names ${what}`, () => {
      const text = statusText(FEDERATION, { ...ROUND, ...changes }, MEMBER);
      expect(/^own part +(.*)$/m.exec(text)?.[1]).to.equal(expected);
    });
  }

  it("says nothing of rounds before the first", () => {
    const text = statusText(
      { ...FEDERATION, round: 0n, globalModel: { ...FEDERATION.globalModel, round: 0n } },
      { ...ROUND, round: 0n, state: "none", places: [] },
      undefined,
    );
    expect(text).to.match(/^federation +3, no round yet, 5 to come$/m);
    expect(text).to.match(/^global model +of the start, /m);
    expect(text).not.to.match(/^round/m);
  });

  it("names leader, draw block and count of the average", () => {
    const elected = statusText(
      FEDERATION,
      { ...ROUND, state: "leading", leaderPlace: 3, isScored: true, globalCorrect: 315 },
      undefined,
    );
    expect(elected).to.match(/^leader +0xd{40}$/m);
    expect(elected).to.match(/^average +315 correct$/m);
    const electing = statusText(
      FEDERATION,
      { ...ROUND, state: "electing", endsAt: null, drawBlock: 77 },
      undefined,
    );
    expect(electing).to.match(/^round +2, electing$/m);
    expect(electing).to.match(/^draw +after block 77$/m);
  });

  it("points to the end of a federation whose rounds are used up, but not while one runs", () => {
    const last = { ...FEDERATION, maxRounds: 2 };
    expect(statusText(last, ROUND, MEMBER)).to.match(/^next +zkpot round run 3$/m);
    const final = { ...ROUND, state: "final" as const, leaderPlace: 0 };
    const closed = statusText({ ...last, isClosed: true }, final, undefined);
    expect(closed).to.match(/^next +zkpot round withdraw 3$/m);
    expect(closed).to.match(/^federation +3, closed after 2 of 2 rounds$/m);
  });

  it("sends the sponsor of a finished federation to close it, its members to take reward and stake", () => {
    const last = { ...FEDERATION, maxRounds: 2 };
    const final = { ...ROUND, state: "final" as const, leaderPlace: 0 };
    const sponsor = { ...MEMBER, account: last.sponsor };
    for (const who of [undefined, sponsor]) {
      expect(statusText(last, final, who)).to.match(/^next +zkpot round close 3, by its sponsor$/m);
    }
    for (const federation of [last, { ...last, isClosed: true }]) {
      const text = statusText(federation, final, MEMBER);
      expect(text).to.match(/^next +zkpot round withdraw 3, then zkpot round leave 3$/m);
      const gone = statusText(federation, final, { ...MEMBER, isMember: false });
      expect(gone).to.match(/^next +zkpot round withdraw 3$/m);
    }
  });
});

describe("actionText", () => {
  const view = { federation: FEDERATION, round: ROUND };

  it("says what was done, and in which round", () => {
    expect(actionText(view, { kind: "start" })).to.equal("federation 3, round 3: started");
    expect(actionText(view, { kind: "mask" })).to.equal("federation 3, round 2: masked the model");
    expect(actionText(view, { kind: "claim", round: 1n })).to.equal(
      "federation 3, round 1: claimed the reward",
    );
    expect(actionText(view, { kind: "report", missing: [0, 3] })).to.equal(
      "federation 3, round 2: reported the vectors of places 1, 4 as missing",
    );
  });

  it("says what is awaited, and why it ends", () => {
    const waiting = { kind: "wait", until: null, untilBlock: null, why: "others mask their models" } as const;
    expect(actionText(view, waiting)).to.equal(
      "federation 3, round 2, masking: waiting, others mask their models",
    );
    expect(actionText({ ...view, round: undefined }, waiting)).to.include(", none: waiting");
    expect(actionText(view, { kind: "finished", why: "all rounds are over" })).to.equal(
      "all rounds are over",
    );
  });
});

describe("stageText", () => {
  it("says what is about to be done, and in which round", () => {
    expect(stageText("proveMaskedModel", { ...PLACE, round: 2n })).to.equal(
      "federation 3, round 2: masking the model",
    );
  });
});

describe("rosterTable", () => {
  const states = (changes: Partial<RoundRecord>): string[] =>
    rosterTable({ ...ROUND, ...changes })
      .split("\n")
      .slice(1)
      .map((line) => line.trim().split(/ {2,}/).at(-1)!);

  it("tells masked places from those awaited and those dropped", () => {
    expect(states({})).to.deep.equal(["masked", "to mask", "dropped", "to mask"]);
  });

  it("tells the leader from leaders that did not deliver", () => {
    const late = { state: "leading", masked: [0, 1, 3], failed: [0], leaderPlace: 1 } as const;
    expect(states(late)).to.deep.equal(["did not deliver", "leads", "dropped", "masked"]);
    expect(states({ ...late, state: "final" })[1]).to.equal("led");
  });

  it("says so before anything is proven", () => {
    expect(rosterTable({ ...ROUND, places: [] })).to.equal("no models proven yet");
    expect(states({ masking: 0, peers: [], masked: [] })).to.deep.equal(new Array(4).fill("proven"));
  });
});

describe("improvementOf", () => {
  it("counts from the last global model, for models in the average of a final round", () => {
    const final = { ...ROUND, state: "final", own: PROVEN } as const;
    expect(improvementOf(final)).to.equal(10);
    expect(improvementOf({ ...final, own: { ...PROVEN, correct: 299 } })).to.equal(0);
    expect(improvementOf({ ...final, peers: [0, 2, 3] })).to.equal(0);
    expect(improvementOf({ ...final, own: { ...PROVEN, place: null } })).to.equal(0);
    expect(improvementOf({ ...final, state: "leading" })).to.equal(0);
    expect(improvementOf({ ...final, state: "abandoned" })).to.equal(0);
  });
});
