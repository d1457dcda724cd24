import { canSettleCollateral, readAuction, settleCollateral } from "../chain/auction.ts";
import { chainTime } from "../chain/connect.ts";
import type { Contracts } from "../chain/contracts.ts";
import { canLeave, leaveDraw, readDraw, readEnrolment } from "../chain/draw.ts";
import { assignmentKind, unknownRule } from "../chain/rules.ts";
import {
  canForfeit,
  canReleaseBond,
  claimBond,
  forfeitBond,
  hasClaimedBond,
  listDemands,
  readSeal,
  releaseBond,
  releaseDemand,
  type SealRecord,
} from "../chain/seal.ts";
import type { SentTransaction } from "../chain/send.ts";
import type { SubmissionRecord, TaskRecord } from "../chain/tasks.ts";
import type { SignSession } from "./session.ts";

/** Takes the bond of a poster that owes a reveal or an answer, if the account is one of those it is owed to. */
export async function forfeitIfDue(
  { contracts, sender }: SignSession,
  task: TaskRecord,
  submission: SubmissionRecord,
): Promise<SentTransaction[]> {
  const seal = await sealOf(contracts, task);
  if (seal === undefined || submission.state === "none") return [];
  if (seal.state === "forfeited" || !(await canForfeit(contracts, seal))) return [];
  return [await forfeitBond(sender, seal)];
}

/** Whether the poster of a sealed task has lost its bond, so that stakes are free. */
export async function isBondLost(contracts: Contracts, task: TaskRecord): Promise<boolean> {
  return (await sealOf(contracts, task))?.state === "forfeited";
}

/** Whether the poster of a sealed task has lost its bond without a reveal, so that the task can end. */
export async function isNeverRevealed(contracts: Contracts, task: TaskRecord): Promise<boolean> {
  const seal = await sealOf(contracts, task);
  return seal?.state === "forfeited" && BigInt(seal.openingRoot) === 0n;
}

/** Token in which a bond is credited; the stake's for a task without one. */
export async function bondTokenOf(contracts: Contracts, task: TaskRecord): Promise<string> {
  return (await sealOf(contracts, task))?.bondToken ?? task.stakeToken;
}

/** Settles and frees what auction, draw and seal hold for the account, as far as it is due. */
export async function claimFromRules(
  session: SignSession,
  task: TaskRecord,
  submission: SubmissionRecord,
): Promise<SentTransaction[]> {
  const { contracts } = session;
  if (unknownRule(contracts, task) !== undefined) return [];
  const kind = assignmentKind(contracts, task);
  return [
    ...(kind === "auction" ? await settleAuction(session, task) : []),
    ...(kind === "draw" ? await leaveIfUseless(session, task, submission) : []),
    ...(await claimFromSeal(session, task, submission)),
  ];
}

async function settleAuction(
  { contracts, sender, address }: SignSession,
  task: TaskRecord,
): Promise<SentTransaction[]> {
  const auction = await readAuction(contracts, task);
  const parties = [auction.assignee, task.poster, task.leader].map(BigInt);
  if (!parties.includes(BigInt(address)) || !(await canSettleCollateral(contracts, auction))) return [];
  return [await settleCollateral(sender, auction)];
}

/** Leaves a draw in which the account can win nothing any more: it may still use a place that it has. */
async function leaveIfUseless(
  { contracts, sender, address, connection }: SignSession,
  task: TaskRecord,
  submission: SubmissionRecord,
): Promise<SentTransaction[]> {
  const draw = await readDraw(contracts, task);
  const { lockId, mayCommit } = await readEnrolment(contracts, draw, address);
  const hasEnded = ["settled", "cancelled", "expired"].includes(task.state);
  const isOver = hasEnded || (await chainTime(connection)) > task.commitDeadline;
  const isUseful = mayCommit && submission.state === "none" && !isOver;
  if (lockId === 0n || isUseful || !(await canLeave(contracts, draw, address))) return [];
  return [await leaveDraw(sender, draw)];
}

async function claimFromSeal(
  { contracts, sender, address }: SignSession,
  task: TaskRecord,
  submission: SubmissionRecord,
): Promise<SentTransaction[]> {
  const seal = await sealOf(contracts, task);
  if (seal === undefined) return [];
  const transactions: SentTransaction[] = [];
  if (seal.state === "forfeited" && submission.state !== "none") {
    if (!(await hasClaimedBond(contracts, seal, address))) {
      transactions.push(await claimBond(sender, seal, address));
    }
    for (const { chunk, prover, isOpen } of await listDemands(contracts, seal)) {
      const isOurs = BigInt(prover) === BigInt(address);
      if (isOpen && isOurs) transactions.push(await releaseDemand(sender, seal, chunk));
    }
  }
  if (BigInt(seal.poster) === BigInt(address) && (await canReleaseBond(contracts, seal))) {
    transactions.push(await releaseBond(sender, seal));
  }
  return transactions;
}

/** The seal of a task, unless its test set is public or the contract is not of this deployment. */
async function sealOf(contracts: Contracts, task: TaskRecord): Promise<SealRecord | undefined> {
  if (BigInt(task.seal) === 0n || unknownRule(contracts, task) !== undefined) return undefined;
  return await readSeal(contracts, task);
}
