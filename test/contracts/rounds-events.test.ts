/** Rebuilds federations, members, rounds and credits from events alone and compares them with what the views return. */
import { expect } from "chai";

import { ethers, NATIVE, networkHelpers } from "./support/deployment.ts";
import {
  deliver,
  elect,
  electLeader,
  federationOfSix,
  globalScore,
  joinAs,
  lead,
  maskAs,
  MIN_STAKE_WEI,
  nullifierOf,
  pass,
  ROUND,
  startMasking,
  TIMING,
} from "./support/rounds.ts";

import type { EventLog, Result } from "ethers";

import type { Federation } from "./support/rounds.ts";

interface RebuiltPlace {
  readonly member: string;
  readonly correct: bigint;
  readonly order: bigint;
}

interface RebuiltRound {
  state: bigint;
  readonly baseCorrect: bigint;
  globalCorrect: bigint;
  globalCommitment: bigint;
  globalUriHash: string;
  provenCount: bigint;
  readonly places: RebuiltPlace[];
  masking: bigint;
  peerSet: bigint;
  failedSet: bigint;
  leaderPlace: bigint;
  deadline: bigint;
  drawBlock: bigint;
  seed: string;
  isAggregated: boolean;
  isScored: boolean;
  improvementSum: bigint;
  rewardWei: bigint;
  rosterDigest: bigint;
  readonly contributions: Record<string, RebuiltContribution>;
  readonly reports: Record<string, bigint>;
}

interface RebuiltContribution {
  readonly modelCommitment: bigint;
  readonly factor: bigint;
  place: bigint;
  masking: bigint;
  isProven: boolean;
  isClaimed: boolean;
  correct: bigint;
  vectorDigest: bigint;
}

interface RebuiltMember {
  lockId: bigint;
  weightWei: bigint;
  firstRound: bigint;
  lastRound: bigint;
  missedCount: bigint;
  readonly key: readonly bigint[];
}

interface RebuiltFederation {
  readonly sponsor: string;
  poolWei: bigint;
  isClosed: boolean;
  round: bigint;
  globalCommitment: bigint;
  globalCorrect: bigint;
  recordHash: string;
  readonly members: Record<string, RebuiltMember>;
  readonly rounds: RebuiltRound[];
  readonly credits: Record<string, bigint>;
}

/** What events say of the only federation there is. */
async function rebuild({ rounds }: Federation): Promise<RebuiltFederation> {
  let f: RebuiltFederation | undefined;
  for (const { eventName, args } of (await rounds.queryFilter("*" as never)) as unknown as EventLog[]) {
    if (eventName === "FederationCreated") f = created(args);
    else if (eventName === "FederationCreditWithdrawn") f!.credits[args["account"] as string] = 0n;
    else if (args.toObject()["round"] === undefined) applyToFederation(f!, eventName, args);
    else applyToRound(f!, eventName, args);
  }
  return f!;
}

function created(args: Result): RebuiltFederation {
  const spec = args["spec"] as Result;
  return {
    sponsor: args["sponsor"] as string,
    poolWei: 0n,
    isClosed: false,
    round: 0n,
    globalCommitment: spec["globalCommitment"] as bigint,
    globalCorrect: spec["globalCorrect"] as bigint,
    recordHash: ethers.keccak256(
      ethers.AbiCoder.defaultAbiCoder().encode(
        ["bytes32", "uint256", "uint256", "bytes32", "address", "uint256"],
        [
          ethers.ZeroHash,
          0n,
          spec["globalCommitment"],
          ethers.id(spec["globalUri"] as string),
          args["sponsor"],
          spec["globalCorrect"],
        ],
      ),
    ),
    members: {},
    rounds: [],
    credits: {},
  };
}

function applyToFederation(f: RebuiltFederation, name: string, args: Result): void {
  const member = args["member"] as string;
  switch (name) {
    case "FederationFunded":
      f.poolWei += args["amountWei"] as bigint;
      break;
    case "FederationClosed":
      f.isClosed = true;
      f.poolWei = 0n;
      break;
    case "FederationCredited": {
      const account = args["account"] as string;
      f.credits[account] = (f.credits[account] ?? 0n) + (args["amountWei"] as bigint);
      break;
    }
    case "MemberJoined":
      f.members[member] = {
        lockId: args["lockId"] as bigint,
        weightWei: args["weightWei"] as bigint,
        firstRound: args["firstRound"] as bigint,
        lastRound: 0n,
        missedCount: f.members[member]?.missedCount ?? 0n,
        key: [...(args["key"] as Result)] as bigint[],
      };
      break;
    case "MemberLeft":
      f.members[member]!.lockId = 0n;
      break;
    default:
      throw new Error(`event ${name} is not part of the rebuilding`);
  }
}

function applyToRound(f: RebuiltFederation, name: string, args: Result): void {
  if (name === "RoundStarted") {
    f.round = args["round"] as bigint;
    f.rounds.push(started(args["baseCorrect"] as bigint));
    return;
  }
  const r = f.rounds[Number(args["round"]) - 1]!;
  const member = args["member"] as string;
  const c = r.contributions[member]!;
  switch (name) {
    case "LocalModelCommitted":
      f.members[member]!.lastRound = args["round"] as bigint;
      r.contributions[member] = {
        modelCommitment: args["modelCommitment"] as bigint,
        factor: args["factor"] as bigint,
        place: 0n,
        masking: 0n,
        isProven: false,
        isClaimed: false,
        correct: 0n,
        vectorDigest: 0n,
      };
      break;
    case "LocalScoreProven": {
      const [place, correct] = [args["place"] as bigint, args["correct"] as bigint];
      const evicted = args["evicted"] as string;
      if (evicted !== ethers.ZeroAddress) r.contributions[evicted]!.place = 0n;
      if (place !== 0n) r.places[Number(place) - 1] = { member, correct, order: r.provenCount };
      Object.assign(c, { isProven: true, correct, place });
      r.provenCount++;
      break;
    }
    case "MaskingStarted":
      r.state = ROUND.masking;
      r.masking = args["masking"] as bigint;
      r.peerSet = args["peerSet"] as bigint;
      r.deadline = args["deadline"] as bigint;
      break;
    case "VectorMasked":
      c.masking = args["masking"] as bigint;
      c.vectorDigest = args["vectorDigest"] as bigint;
      break;
    case "MaskingCompleted":
      r.state = ROUND.electing;
      r.rosterDigest = args["rosterDigest"] as bigint;
      r.drawBlock = args["drawBlock"] as bigint;
      break;
    case "VectorsMissing":
      r.reports[member] = (r.reports[member] ?? 0n) | (args["missingSet"] as bigint);
      break;
    case "MemberSuspended":
      f.members[member]!.firstRound = args["firstRound"] as bigint;
      f.members[member]!.missedCount++;
      break;
    case "LeadersDrawn":
      r.seed = args["seed"] as string;
      break;
    case "LeaderElected":
      r.state = ROUND.elected;
      r.leaderPlace = (args["place"] as bigint) - 1n;
      r.deadline = args["deadline"] as bigint;
      break;
    case "LeadTaken":
      r.state = ROUND.leading;
      r.deadline = args["deadline"] as bigint;
      break;
    case "LeaderReplaced":
      r.failedSet |= 1n << r.leaderPlace;
      r.isAggregated = false;
      f.members[args["leader"] as string]!.weightWei -= args["bondWei"] as bigint;
      break;
    case "AverageAccepted":
      r.isAggregated = true;
      r.globalCommitment = args["globalCommitment"] as bigint;
      r.globalUriHash = ethers.id(args["uri"] as string);
      r.improvementSum = args["improvementSum"] as bigint;
      break;
    case "AverageScored":
      r.isScored = true;
      r.globalCorrect = args["correct"] as bigint;
      break;
    case "LeaderModelKept":
      r.globalUriHash = ethers.id(args["uri"] as string);
      break;
    case "RoundFinalised":
      r.state = ROUND.final;
      r.globalCommitment = args["globalCommitment"] as bigint;
      r.globalCorrect = args["globalCorrect"] as bigint;
      r.rewardWei = args["rewardWei"] as bigint;
      expect(args["globalUriHash"]).to.equal(r.globalUriHash);
      f.poolWei -= r.rewardWei;
      f.globalCommitment = r.globalCommitment;
      f.globalCorrect = r.globalCorrect;
      f.recordHash = args["recordHash"] as string;
      break;
    case "RoundAbandoned":
      r.state = ROUND.abandoned;
      break;
    case "RoundRewardClaimed":
      c.isClaimed = true;
      break;
    default:
      throw new Error(`event ${name} is not part of the rebuilding`);
  }
}

function started(baseCorrect: bigint): RebuiltRound {
  return {
    state: ROUND.training,
    baseCorrect,
    globalCorrect: 0n,
    globalCommitment: 0n,
    globalUriHash: ethers.ZeroHash,
    provenCount: 0n,
    places: [],
    masking: 0n,
    peerSet: 0n,
    failedSet: 0n,
    leaderPlace: 0n,
    deadline: 0n,
    drawBlock: 0n,
    seed: ethers.ZeroHash,
    isAggregated: false,
    isScored: false,
    improvementSum: 0n,
    rewardWei: 0n,
    rosterDigest: 0n,
    contributions: {},
    reports: {},
  };
}

/** The fields of `rebuilt` as a view returned them. */
function same(view: object, rebuilt: object, what: string): void {
  const values = view as Record<string, unknown>;
  const seen = Object.keys(rebuilt).map((name) => [name, values[name]]);
  expect(Object.fromEntries(seen), what).to.deep.equal(rebuilt);
}

async function compare(d: Federation): Promise<void> {
  const { rounds, id } = d;
  const f = await rebuild(d);
  const { members, rounds: rebuiltRounds, credits, ...federation } = f;
  same(await rounds.federation(id), federation, "federation");
  for (const [account, { key, ...member }] of Object.entries(members)) {
    const stored = await rounds.memberOf(id, account);
    same(stored, member, account);
    expect([stored.key.x, stored.key.y]).to.deep.equal(key);
  }
  for (const [account, credit] of Object.entries(credits)) {
    expect(await rounds.creditOf(account, NATIVE)).to.equal(credit);
  }
  for (const [index, { places, contributions, reports, ...round }] of rebuiltRounds.entries()) {
    const number = BigInt(index + 1);
    same(await rounds.roundOf(id, number), round, `round ${number}`);
    const stored = await rounds.rosterOf(id, number);
    expect(stored.map(({ member, correct, order }) => ({ member, correct, order }))).to.deep.equal(places);
    for (const [member, contribution] of Object.entries(contributions)) {
      same(await rounds.contributionOf(id, number, member), contribution, member);
      expect(await rounds.reportOf(id, number, member)).to.equal(reports[member] ?? 0n);
    }
  }
}

describe("Events of federations", () => {
  it("rebuild federation, members, rounds and credits", async () => {
    const d = await federationOfSix({ keepBetter: true, places: 5n, maxFactorSum: 35n });
    const { rounds, members, sponsor, stranger, id } = d;

    // Six for five places; one drops out, a leader passes, one fails, the third keeps its own model.
    const peers = await startMasking(d, [150n, 149n, 148n, 147n, 146n, 151n]);
    expect(peers).to.equal(0b111111n);
    const roster = (await rounds.rosterOf(id, 1n)).map(({ member }) =>
      members.findIndex(({ address }) => address === member),
    );
    expect([...roster].sort()).to.deep.equal([0, 1, 2, 3, 5]);
    await maskAs(d, [0, 1, 2, 3], 0b11111n);
    await pass(TIMING.maskSeconds);
    await rounds.advance(id);
    const { peerSet } = await rounds.roundOf(id, 1n);
    await maskAs(d, [0, 1, 2, 3], peerSet, 2n);
    await compare(d);
    await elect(d);
    await pass(TIMING.takeSeconds + 1n);
    await rounds.advance(id);
    await compare(d);
    await endWithOwnModel(d);
    await compare(d);

    // Who lost its bond comes back; a round that is abandoned, another member that comes back, and the end.
    for (const member of members) {
      if ((await rounds.memberOf(id, member)).weightWei >= MIN_STAKE_WEI) continue;
      await rounds.connect(member).leave(id);
      await joinAs(d, id, member);
    }
    await startMasking(d, [190n, 180n], 2n);
    await compare(d);
    // One whose vector the others miss sits out.
    await electLeader(d, [190n, 180n, 170n], 3n);
    for (const i of [0, 1]) await rounds.connect(members[i]).reportMissing(id, 3n, 0b100n);
    expect((await rounds.memberOf(id, members[2]!)).missedCount).to.equal(1n);
    await compare(d);
    await rounds.connect(members[5]).leave(id);
    await joinAs(d, id, members[5]!);
    for (const { member } of await rounds.rosterOf(id, 1n)) {
      const { place, correct } = await rounds.contributionOf(id, 1n, member);
      const isPeer = ((await rounds.roundOf(id, 1n)).peerSet >> (place - 1n)) & 1n;
      if (isPeer === 1n && correct > 100n) await rounds.connect(stranger).claim(id, 1n, member);
    }
    await compare(d);
    await networkHelpers.time.increase((await rounds.IDLE_SECONDS()) + 1n);
    await rounds.connect(sponsor).close(id);
    await compare(d);
    await rounds.connect(sponsor).withdraw(NATIVE);
    await compare(d);
  });

  /** The present leader fails, and the next one puts its own model in place of an average that is worse. */
  async function endWithOwnModel(d: Federation): Promise<void> {
    const { rounds, members, id } = d;
    const present = async () => {
      const { leaderPlace } = await rounds.roundOf(id, 1n);
      const { member } = (await rounds.rosterOf(id, 1n))[Number(leaderPlace)]!;
      return members.find(({ address }) => address === member)!;
    };
    await lead(d, await present());
    await pass(TIMING.leadSeconds + 1n);
    await rounds.advance(id);
    await compare(d);
    const leader = await present();
    await lead(d, leader);
    await deliver(d, leader, 4, 1n, 2n);
    await compare(d);
    await rounds.connect(leader).scoreGlobal(id, await globalScore(d, leader, 5n));
    await compare(d);
    const { correct } = await rounds.contributionOf(id, 1n, leader);
    const own = await globalScore(d, leader, correct, { commitment: 321n, nullifier: nullifierOf(leader) });
    await pass(TIMING.leadSeconds / 2n + 1n);
    await rounds.connect(leader).keepOwn(id, 321n, "ipfs://own", own);
  }
});
