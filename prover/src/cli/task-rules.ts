import { type AuctionRecord, priceWeiAt, readAuction } from "../chain/auction.ts";
import { pendingTime } from "../chain/connect.ts";
import { type DrawRecord, readDraw } from "../chain/draw.ts";
import { assignmentKind, unknownRule } from "../chain/rules.ts";
import { readSeal, type SealRecord } from "../chain/seal.ts";
import type { TaskRecord } from "../chain/tasks.ts";
import { formatAmount } from "./addresses.ts";
import type { ReadSession } from "./session.ts";
import { utc } from "./text.ts";

type Facts = (readonly [string, string])[];

/** What is known about the contracts that decide about a task, for programs and for people. */
export interface RuleFacts {
  readonly data: Readonly<Record<string, unknown>>;
  readonly text: Facts;
}

/** Reads where auction, draw and seal of a task stand; of contracts that are not of this deployment, only their address. */
export async function readRules(session: ReadSession, task: TaskRecord): Promise<RuleFacts> {
  const { contracts, connection } = session;
  const stranger = unknownRule(contracts, task);
  if (stranger !== undefined) {
    const { rule, address } = stranger;
    return { data: { unknownRule: stranger }, text: [[rule, `${address}, no contract of this deployment`]] };
  }
  const kind = assignmentKind(contracts, task);
  const data: Record<string, unknown> = {};
  const text: Facts = [];
  if (kind === "auction") {
    const auction = await readAuction(contracts, task);
    const now = await pendingTime(connection);
    const priceWei = now < auction.startsAt ? undefined : priceWeiAt(auction, now);
    Object.assign(data, { auction, priceWei });
    text.push(...auctionFacts(auction, task, priceWei));
  }
  if (kind === "draw") {
    const draw = await readDraw(contracts, task);
    data.draw = draw;
    text.push(...drawFacts(draw));
  }
  if (BigInt(task.seal) !== 0n) {
    const seal = await readSeal(contracts, task);
    data.seal = seal;
    text.push(...sealFacts(seal));
  }
  return { data, text };
}

/** Where an auction stands, for people; `priceWei` is the price now, undefined before the start. */
function auctionFacts(
  auction: AuctionRecord,
  { rewardToken, rewardWei, stakeToken }: TaskRecord,
  priceWei: bigint | undefined,
): Facts {
  const { assignee, minPriceWei, maxPriceWei, startsAt, rampSeconds, lockDeadline } = auction;
  const amount = (wei: bigint): string => formatAmount(wei, rewardToken);
  const collateral = formatAmount(auction.collateralWei, stakeToken);
  if (BigInt(assignee) !== 0n) {
    const settled = auction.lockId === 0n ? ", collateral settled" : "";
    return [
      ["auction", `taken by ${assignee} for ${amount(rewardWei)}${settled}`],
      ["collateral", `${collateral}, exclusive until ${utc(auction.exclusiveDeadline)}`],
    ];
  }
  const range = `${amount(minPriceWei)} to ${amount(maxPriceWei)} in ${rampSeconds} s from ${utc(startsAt)}`;
  return [
    ["auction", `${range}, can be taken until ${utc(lockDeadline)}`],
    ["price now", priceWei === undefined ? "not started" : amount(priceWei)],
    ["collateral", `${collateral}, exclusive until ${utc(auction.exclusiveDeadline)}`],
  ];
}

/** Where a draw stands, for people. */
export function drawFacts(draw: DrawRecord): Facts {
  const { seats, enrolledCount, lastEnrolBlock, minWei, capWei, token, round, maxRedraws, isOpen } = draw;
  const holders = draw.drawn.filter((seat) => seat.round === round).map(({ account }) => account);
  return [
    [
      "draw",
      `${seats === 1 ? "one seat" : `${seats} seats`}, ${enrolledCount} enrolled, until block ${lastEnrolBlock}`,
    ],
    ["enrolment", `${formatAmount(minWei, token)} at least, ${formatAmount(capWei, token)} count`],
    [
      "drawn",
      isOpen
        ? "open to everybody enrolled"
        : round === 0
          ? `after block ${draw.drawBlock}`
          : `draw ${round} of at most ${maxRedraws + 1}: ${holders.join(", ")}; again after block ${draw.drawBlock}`,
    ],
  ];
}

/** Where a sealed test set stands, for people. */
function sealFacts(seal: SealRecord): Facts {
  const { bondWei, demandWei, bondToken, openDemands, chunkCount } = seal;
  return [
    ["seal", sealText(seal)],
    [
      "bond",
      `${formatAmount(bondWei, bondToken)}; a demand costs ${formatAmount(demandWei, bondToken)}, ${openDemands} of ${chunkCount} chunks are demanded and not answered`,
    ],
    ["demand until", utc(seal.demandDeadline)],
    ["answer until", utc(seal.answerDeadline)],
  ];
}

function sealText({ state, unsealDeadline, commitDeadline, revealUri, forfeitReason }: SealRecord): string {
  switch (state) {
    case "sealed":
      return `sealed, to be revealed after ${utc(commitDeadline)}, until ${utc(unsealDeadline)}`;
    case "revealed":
      return `revealed: ${revealUri}`;
    case "forfeited":
      return `bond lost: ${forfeitReason}`;
    case "released":
      return `bond released${revealUri === undefined ? "" : `, revealed: ${revealUri}`}`;
  }
}
