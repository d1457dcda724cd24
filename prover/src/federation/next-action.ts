import type { FederationRecord, MemberRecord } from "../chain/federations.ts";
import { isRunning, reportsEnd } from "../chain/round-state.ts";
import type { RoundRecord } from "../chain/rounds.ts";
import { FederationError } from "./federation-error.ts";

/** All that decides what a member does next. Times are seconds since 1970, as block timestamps. */
export interface MemberView {
  readonly federation: FederationRecord;
  /** The last round; undefined before the first. */
  readonly round: RoundRecord | undefined;
  /** The round before that; undefined without one. */
  readonly previous: RoundRecord | undefined;
  readonly member: MemberRecord;
  /** Time of the block that is being made. */
  readonly time: bigint;
  /** The newest block. */
  readonly block: number;
  /** What the member has done of the last round, as its own folder knows. */
  readonly progress: RoundProgress;
  /** The last round that the member takes part in; undefined for all there are. */
  readonly lastRound?: bigint | undefined;
  /** Whether it publishes its own model, as a leader that keeps it in place of the average does; default no. */
  readonly publishesOwnModel?: boolean | undefined;
}

/** What a member has at hand for a round. */
export interface RoundProgress {
  /** The model it trained, with the salt of its commitment; null before that. */
  readonly localModel: { readonly modelCommitment: bigint; readonly correct: number } | null;
  /** Whether its own vector of the present masking lies among the artifacts for others to find. */
  readonly isVectorPublished: boolean;
  /** Peers whose vectors of the present masking it has, checked against their digests; its own among them. */
  readonly vectors: readonly number[];
  /** Samples that the accepted average classifies correctly, if it can be computed and counted; null otherwise. */
  readonly averageCorrect: number | null;
}

/** What a member does next. */
export type RoundAction =
  /** Starts the next round. */
  | { readonly kind: "start" }
  /** Trains a model from the global one, and keeps it. */
  | { readonly kind: "train" }
  /** Commits to that model. */
  | { readonly kind: "commit" }
  /** Proves the model's count. */
  | { readonly kind: "prove" }
  /** Commits to the masked vector of the present masking, with proof. */
  | { readonly kind: "mask" }
  /** Puts its own vector among the artifacts. */
  | { readonly kind: "publish-vector" }
  /** Reports peers whose vectors cannot be found. */
  | { readonly kind: "report"; readonly missing: readonly number[] }
  /** Takes the lead. */
  | { readonly kind: "take-lead" }
  /** Delivers the average with proof. */
  | { readonly kind: "aggregate" }
  /** Proves the count of the average. */
  | { readonly kind: "score-global" }
  /** Puts its own model in place of an average that is worse. */
  | { readonly kind: "keep-own" }
  /** Takes the step that time allows. */
  | { readonly kind: "advance" }
  /** Claims its part of the reward of a final round. */
  | { readonly kind: "claim"; readonly round: bigint }
  /** Has nothing to do before a time or a block, whichever is given, or before somebody else acts. */
  | {
      readonly kind: "wait";
      readonly until: bigint | null;
      readonly untilBlock: number | null;
      readonly why: string;
    }
  /** Has nothing to do any more. */
  | { readonly kind: "finished"; readonly why: string };

/**
 * What a member does next, from what chain and folder say and nothing else: whoever asks again after an interruption gets the
 * same answer.
 *
 * Duties that no contract can check are kept here. A vector is published once the masking is complete and as old as the draw:
 * were there another masking after all, the masks taken back by it would uncover models. A leader takes the lead with all vectors
 * at hand. A count that is too small is not left standing.
 *
 * Throws FederationError: `federation.not-member`, and `federation.model-lost` when the member has committed to a model that
 * is not in its folder.
 */
export function nextAction(view: MemberView): RoundAction {
  const { federation, round, previous, member, time, lastRound } = view;
  if (!member.isMember) {
    throw new FederationError(
      "federation.not-member",
      `${member.account} is not a member of federation ${federation.federationId}`,
      `Join it first with \`zkpot round join ${federation.federationId}\`.`,
      { federationId: federation.federationId, account: member.account },
    );
  }
  for (const ended of [previous, round]) {
    if (ended !== undefined && canClaim(ended)) return { kind: "claim", round: ended.round };
  }
  if (round === undefined || !isRunning(round)) {
    return betweenRounds(federation, member, lastRound);
  }
  if (lastRound !== undefined && round.round > lastRound) {
    return { kind: "finished", why: `round ${lastRound} was the last one to take part in` };
  }
  const isLate = round.endsAt !== null && time > round.endsAt;
  // Training and committing end by themselves.
  if (isLate && round.state !== "training" && round.state !== "committing") return { kind: "advance" };
  requireModel(view, round);
  switch (round.state) {
    case "training":
    case "committing":
      return committing(view, round);
    case "proving":
      return round.own.modelCommitment !== 0n && !round.own.isProven
        ? { kind: "prove" }
        : waitForEnd(round, "others prove their counts");
    case "masking":
      return masking(round);
    case "electing":
      return view.block > round.drawBlock
        ? { kind: "advance" }
        : { kind: "wait", until: null, untilBlock: round.drawBlock + 1, why: "the leader is not drawn yet" };
    case "elected":
      return elected(view, round);
    default:
      return leading(view, round);
  }
}

/** Places of the peer set whose vectors of the present masking a member lacks. */
export function missingVectors(round: RoundRecord, { vectors }: RoundProgress): number[] {
  return round.peers.filter((place) => !vectors.includes(place));
}

function betweenRounds(
  federation: FederationRecord,
  member: MemberRecord,
  lastRound: bigint | undefined,
): RoundAction {
  const { isClosed, maxRounds, round, minStakeWei, federationId } = federation;
  if (isClosed) return { kind: "finished", why: `federation ${federationId} is closed` };
  if (round >= BigInt(maxRounds)) {
    return { kind: "finished", why: `all ${maxRounds} rounds of federation ${federationId} are over` };
  }
  if (lastRound !== undefined && round >= lastRound) {
    return { kind: "finished", why: `round ${lastRound} was the last one to take part in` };
  }
  if (member.weightWei < minStakeWei) {
    return {
      kind: "finished",
      why: `a lost bond left ${member.weightWei} wei of stake, less than the ${minStakeWei} that members need`,
    };
  }
  return { kind: "start" };
}

function canClaim({ state, own, peers, baseCorrect, rewardWei }: RoundRecord): boolean {
  const isPeer = own.place !== null && peers.includes(own.place);
  return state === "final" && isPeer && !own.isClaimed && own.correct > baseCorrect && rewardWei > 0n;
}

/** Whoever has committed cannot train another model: it must have the one it committed to, until the round ends. */
function requireModel({ progress, member }: MemberView, { own, round }: RoundRecord): void {
  if (own.modelCommitment === 0n || own.modelCommitment === progress.localModel?.modelCommitment) return;
  throw new FederationError(
    "federation.model-lost",
    `${member.account} committed to a model in round ${round} that is not in this working folder`,
    "Work in the folder in which it was trained, or wait until the round has ended: nothing is lost but this round.",
    { round, account: member.account },
  );
}

function committing({ federation, member, progress }: MemberView, round: RoundRecord): RoundAction {
  const { own, baseCorrect } = round;
  const { localModel } = progress;
  if (own.modelCommitment !== 0n) return waitForEnd(round, "others commit");
  if (member.firstRound > round.round) {
    return waitForEnd(round, `the account takes part from round ${member.firstRound} on`);
  }
  if (member.weightWei < federation.minStakeWei) return waitForEnd(round, "there is too little stake left");
  if (localModel === null) return { kind: "train" };
  const floor = baseCorrect - federation.toleranceCount;
  if (localModel.correct < floor) {
    return waitForEnd(
      round,
      `the trained model classifies ${localModel.correct} test samples correctly, fewer than the ${floor} needed`,
    );
  }
  return round.state === "committing"
    ? { kind: "commit" }
    : waitForEnd(round, "commitments are not open yet");
}

function masking(round: RoundRecord): RoundAction {
  if (!isPeer(round)) return waitForEnd(round, "the model has no place in the average");
  if (round.own.masking === round.masking) return waitForEnd(round, "others mask their models");
  return { kind: "mask" };
}

function elected({ federation, progress, time }: MemberView, round: RoundRecord): RoundAction {
  if (!isPeer(round)) return waitForEnd(round, "the leader takes the lead");
  if (!progress.isVectorPublished) return { kind: "publish-vector" };
  const { timing } = federation;
  const missing = missingVectors(round, progress);
  const unreported = missing.filter((place) => !round.reported.includes(place));
  // Half of the time for reports is for finding what all publish as soon as the leader is drawn.
  const end = reportsEnd(round, timing);
  const reportAt = end - BigInt(timing.takeSeconds) / 4n;
  if (unreported.length > 0 && time <= end) {
    if (time < reportAt) {
      const why = `the vectors of places ${unreported.join(", ")} are not found yet`;
      return { kind: "wait", until: reportAt, untilBlock: null, why };
    }
    // Who finds nobody's vector is cut off itself.
    const isCutOff = missing.length === round.peers.length - 1;
    if (!isCutOff) return { kind: "report", missing: unreported };
    return waitForEnd(
      round,
      "no vector but the own is found: the account is cut off, and cannot tell whose is missing",
    );
  }
  if (!leads(round)) return waitForEnd(round, "the leader takes the lead");
  if (missing.length > 0) {
    return waitForEnd(round, `the vectors of places ${missing.join(", ")} are missing: another leads`);
  }
  if (time > end) return { kind: "take-lead" };
  return { kind: "wait", until: end + 1n, untilBlock: null, why: "the others may report missing vectors" };
}

function leading(
  { federation, progress, time, publishesOwnModel = false }: MemberView,
  round: RoundRecord,
): RoundAction {
  const { isAggregated, isScored, globalCorrect, own } = round;
  const { averageCorrect } = progress;
  if (!isPeer(round)) return waitForEnd(round, "the leader delivers");
  if (!isAggregated) {
    return leads(round) ? { kind: "aggregate" } : waitForEnd(round, "the leader delivers the average");
  }
  if (!isScored) {
    return leads(round) ? { kind: "score-global" } : waitForEnd(round, "the leader proves its count");
  }
  if (averageCorrect !== null && averageCorrect > globalCorrect) return { kind: "score-global" };
  const mayKeep = leads(round) && federation.keepBetter && publishesOwnModel;
  if (mayKeep && own.correct > globalCorrect) {
    const keepAt = round.endsAt! - BigInt(federation.timing.leadSeconds) / 2n + 1n;
    if (time >= keepAt) return { kind: "keep-own" };
    const why = "the others may prove that the average is as good";
    return { kind: "wait", until: keepAt, untilBlock: null, why };
  }
  return waitForEnd(round, "the count of the average stands until then");
}

/** Whether the reader's model is one of those that are averaged. */
function isPeer({ own, peers }: RoundRecord): boolean {
  return own.place !== null && peers.includes(own.place);
}

function leads({ own, leaderPlace }: RoundRecord): boolean {
  return leaderPlace !== null && own.place === leaderPlace;
}

/** Waits until the first second after a round's state. */
export function waitForEnd({ endsAt }: Pick<RoundRecord, "endsAt">, why: string): RoundAction {
  return { kind: "wait", until: endsAt === null ? null : endsAt + 1n, untilBlock: null, why };
}
