import type { RoundPlace } from "../chain/context.ts";
import type { FederationRecord, MemberRecord } from "../chain/federations.ts";
import { isRunning, type RoundTiming } from "../chain/round-state.ts";
import type { RoundRecord } from "../chain/rounds.ts";
import type { MemberStages } from "../federation/member-stages.ts";
import type { RoundAction } from "../federation/next-action.ts";
import { formatAmount } from "./addresses.ts";
import { improvementOf } from "./round-claims.ts";
import { facts, table, utc } from "./text.ts";

type Facts = readonly (readonly [string, string])[];

/** Whether any more rounds of a federation can start. */
export function isOver({ isClosed, round, maxRounds }: FederationRecord): boolean {
  return isClosed || round >= BigInt(maxRounds);
}

/** Seconds as people write them for options, e.g. `90s`, `15m`, `2h`. */
export function durationText(seconds: number): string {
  for (const [unit, size] of [
    ["d", 86_400],
    ["h", 3_600],
    ["m", 60],
  ] as const) {
    if (seconds >= size && seconds % size === 0) return `${seconds / size}${unit}`;
  }
  return `${seconds}s`;
}

/** How long the parts of a round last, in the units of the options. */
export function timesText(timing: RoundTiming): string {
  const parts = [
    ["train", timing.trainSeconds],
    ["commit", timing.commitSeconds],
    ["prove", timing.proveSeconds],
    ["mask", timing.maskSeconds],
    ["take", timing.takeSeconds],
    ["lead", timing.leadSeconds],
  ] as const;
  return parts.map(([name, seconds]) => `${name} ${durationText(seconds)}`).join(", ");
}

/** A federation on its own, without its rounds. */
export function federationFacts(federation: FederationRecord): Facts {
  const { timing, globalModel, rewardToken, stakeToken } = federation;
  const stake = (wei: bigint): string => formatAmount(wei, stakeToken);
  return [
    ["federation", `${federation.federationId}, ${standing(federation)}`],
    ["sponsor", federation.sponsor],
    ["global model", `${globalText(federation)}, ${globalModel.uri}`],
    [
      "reward",
      `${formatAmount(federation.rewardWei, rewardToken)} a round; pool ${formatAmount(federation.poolWei, rewardToken)}`,
    ],
    [
      "stake",
      `${stake(federation.minStakeWei)} at least, counted up to ${stake(federation.capWei)}; a leader's bond is ${stake(federation.bondWei)}`,
    ],
    ["places", `${federation.places}, factors up to ${federation.maxFactor}`],
    [
      "taken",
      `models of at most ${federation.toleranceCount} samples fewer; leaders drawn within ${federation.bandCount}${federation.keepBetter ? "; a leader may keep a better model of its own" : ""}`,
    ],
    ["times", timesText(timing)],
    ["document", `${federation.documentUri} (${federation.documentHash})`],
    ["record", federation.recordHash],
  ];
}

/** Which round made the global model, and what it achieves. */
export function globalText({ globalModel, sampleCount }: FederationRecord): string {
  const origin = globalModel.round === 0n ? "of the start" : `of round ${globalModel.round}`;
  return `${origin}, ${globalModel.correct} of ${sampleCount} correct`;
}

function standing({ isClosed, round, maxRounds }: FederationRecord): string {
  if (isClosed) return `closed after ${round} of ${maxRounds} rounds`;
  return round === 0n ? `no round yet, ${maxRounds} to come` : `round ${round} of ${maxRounds}`;
}

/** Where a round stands, until when, and who leads it. */
export function roundFacts(round: RoundRecord): Facts {
  const leader = round.leaderPlace === null ? undefined : round.places[round.leaderPlace]?.member;
  const until = round.endsAt === null ? "" : `, until ${utc(round.endsAt)}`;
  const masking = round.state === "masking" && round.masking > 1 ? ` (masking ${round.masking})` : "";
  return [
    ["round", `${round.round}, ${round.state}${masking}${until}`],
    ["to beat", `${round.baseCorrect} correct`],
    ...(round.state === "electing" ? [["draw", `after block ${round.drawBlock}`] as const] : []),
    ...(leader === undefined ? [] : [["leader", leader] as const]),
    ...(round.isScored ? [["average", `${round.globalCorrect} correct`] as const] : []),
  ];
}

/** The models on a round's roster, the first place first. */
export function rosterTable(round: RoundRecord): string {
  if (round.places.length === 0) return "no models proven yet";
  const rows = round.places.map(({ member, correct, factor }, place) => [
    String(place + 1),
    member,
    String(correct),
    String(factor),
    placeText(round, place),
  ]);
  return table(["place", "member", "correct", "factor", "state"], rows);
}

function placeText(
  { peers, masked, failed, leaderPlace, masking, state }: RoundRecord,
  place: number,
): string {
  if (leaderPlace === place) return state === "final" ? "led" : "leads";
  if (failed.includes(place)) return "did not deliver";
  if (masking === 0) return "proven";
  if (!peers.includes(place)) return "dropped";
  return masked.includes(place) ? "masked" : "to mask";
}

/** What an account is in a federation, and what it did in its last round. */
export function memberFacts(federation: FederationRecord, member: MemberRecord, round: RoundRecord): Facts {
  const { account, isMember, weightWei, firstRound } = member;
  const stake = formatAmount(weightWei, federation.stakeToken);
  return [
    [
      "member",
      isMember ? `${account}, from round ${firstRound} on, with ${stake}` : `${account} is no member`,
    ],
    ...(isMember && round.state !== "none" ? [["own part", ownText(round)] as const] : []),
  ];
}

function ownText(round: RoundRecord): string {
  const { own, masking } = round;
  if (own.modelCommitment === 0n) return "nothing committed";
  if (!own.isProven) return `committed with factor ${own.factor}, not proven`;
  const place = own.place === null ? "without a place" : `place ${own.place + 1}`;
  const proven = `${own.correct} correct, ${place}`;
  if (round.state === "final") {
    const improvement = improvementOf(round);
    const claim = own.isClaimed ? "claimed" : "not claimed";
    return improvement === 0 ? `${proven}, not paid` : `${proven}, improved by ${improvement}, ${claim}`;
  }
  return masking > 0 && own.masking === masking ? `${proven}, masked` : proven;
}

/** What can be done about a federation now, by whoever asks. */
export function nextText(
  federation: FederationRecord,
  round: RoundRecord,
  member: MemberRecord | undefined,
): string {
  const { federationId, isClosed, sponsor } = federation;
  if (isOver(federation) && !isRunning(round)) {
    const isToClose = !isClosed && (member === undefined || member.account === sponsor);
    if (isToClose) return `zkpot round close ${federationId}, by its sponsor`;
    const withdraw = `zkpot round withdraw ${federationId}`;
    return member?.isMember === true ? `${withdraw}, then zkpot round leave ${federationId}` : withdraw;
  }
  return member?.isMember === true ? `zkpot round run ${federationId}` : `zkpot round join ${federationId}`;
}

/** All of a federation for people. */
export function statusText(
  federation: FederationRecord,
  round: RoundRecord,
  member: MemberRecord | undefined,
): string {
  const lines: Facts = [
    ...federationFacts(federation),
    ...(round.state === "none" ? [] : roundFacts(round)),
    ...(member === undefined ? [] : memberFacts(federation, member, round)),
    ["next", nextText(federation, round, member)],
  ];
  return round.state === "none" ? facts(lines) : `${facts(lines)}\n\n${rosterTable(round)}`;
}

type PlainAction = Exclude<RoundAction["kind"], "start" | "claim" | "report" | "wait" | "finished">;

const DONE: Readonly<Record<PlainAction, string>> = {
  train: "trained a model, and saved it",
  commit: "committed to the model",
  prove: "proved the model's count",
  mask: "masked the model",
  "publish-vector": "published the masked vector",
  "take-lead": "took the lead",
  aggregate: "delivered the average",
  "score-global": "proved a count of the average",
  "keep-own": "put the own model in place of the average",
  advance: "moved the round on",
};

const DOING: Readonly<Record<keyof MemberStages, string>> = {
  train: "training a model",
  proveLocalCount: "proving the model's count",
  proveMaskedModel: "masking the model",
  proveAverage: "averaging the models",
  proveGlobalCount: "proving the count of a global model",
};

/** What a member is about to do that takes time, in one line. */
export function stageText(stage: keyof MemberStages, { federationId, round }: RoundPlace): string {
  return `federation ${federationId}, round ${round}: ${DOING[stage]}`;
}

/** What a member did, or what it is waiting for, in one line. */
export function actionText(
  { federation, round }: { readonly federation: FederationRecord; readonly round: RoundRecord | undefined },
  action: RoundAction,
): string {
  const where = `federation ${federation.federationId}, round ${federation.round}`;
  switch (action.kind) {
    case "start":
      return `federation ${federation.federationId}, round ${federation.round + 1n}: started`;
    case "claim":
      return `federation ${federation.federationId}, round ${action.round}: claimed the reward`;
    case "report":
      return `${where}: reported the vectors of places ${action.missing.map((place) => place + 1).join(", ")} as missing`;
    case "wait":
      return `${where}, ${round?.state ?? "none"}: waiting, ${action.why}`;
    case "finished":
      return action.why;
    default:
      return `${where}: ${DONE[action.kind]}`;
  }
}
