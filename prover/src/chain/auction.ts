import { Contract } from "ethers";

import type { ITaskAuction } from "../../../types/ethers-contracts/index.ts";
import { contractInterface, encodeTerms } from "./abis.ts";
import type { Contracts } from "./contracts.ts";
import { requireAssignment } from "./rules.ts";
import { sendOnce, type Sender, type SentTransaction } from "./send.ts";
import { isAccepted } from "./simulate.ts";
import type { TaskRecord } from "./tasks.ts";

/** Under which terms a task is auctioned; see AuctionTerms in the contracts. Times in seconds since 1970. */
export interface AuctionTerms {
  readonly minPriceWei: bigint;
  readonly startsAt: bigint;
  /** Seconds in which the price rises to the task's reward. */
  readonly rampSeconds: bigint;
  readonly lockDeadline: bigint;
  readonly exclusiveDeadline: bigint;
  /** In the task's stake token. */
  readonly collateralWei: bigint;
}

/** A task's auction as its contract stores it. */
export interface AuctionRecord extends AuctionTerms {
  readonly taskId: bigint;
  /** Of the auction contract. */
  readonly address: string;
  readonly collateralToken: string;
  /** The task's reward when it was posted. */
  readonly maxPriceWei: bigint;
  /** Who works exclusively; the zero address before somebody locks. */
  readonly assignee: string;
  /** The collateral's lock in the vault; 0 before, and once it is settled. */
  readonly lockId: bigint;
}

/** The terms as the auction contract takes them when a task is posted. */
export function encodeAuctionTerms(terms: AuctionTerms): string {
  return encodeTerms(contractInterface("ITaskAuction"), "AuctionOpened", terms);
}

/** Reads the auction of a task; throws as requireAssignment. */
export async function readAuction(contracts: Contracts, task: TaskRecord): Promise<AuctionRecord> {
  requireAssignment(contracts, task, "auction");
  const { taskId, assignment: address } = task;
  const auction = await auctionAt(contracts, address).auction(taskId);
  return {
    taskId,
    address,
    minPriceWei: auction.minPriceWei,
    startsAt: auction.startsAt,
    rampSeconds: auction.rampSeconds,
    lockDeadline: auction.lockDeadline,
    exclusiveDeadline: auction.lockDeadline + auction.exclusiveSeconds,
    collateralWei: auction.collateralWei,
    collateralToken: auction.collateralToken,
    maxPriceWei: auction.maxPriceWei,
    assignee: auction.assignee,
    lockId: auction.lockId,
  };
}

/** The price at a time from the start on, in the smallest unit of the reward's token, as the contract computes it. */
export function priceWeiAt(auction: AuctionRecord, timestamp: bigint): bigint {
  const { minPriceWei, maxPriceWei, startsAt, rampSeconds } = auction;
  const elapsed = timestamp - startsAt;
  if (elapsed >= rampSeconds) return maxPriceWei;
  return minPriceWei + ((maxPriceWei - minPriceWei) * elapsed) / rampSeconds;
}

/** The first second at which the price is at least `priceWei`; undefined if it never is while the task can be taken. */
export function timeOfPrice(auction: AuctionRecord, priceWei: bigint): bigint | undefined {
  const { minPriceWei, maxPriceWei, startsAt, rampSeconds, lockDeadline } = auction;
  if (priceWei > maxPriceWei) return undefined;
  if (priceWei <= minPriceWei) return startsAt;
  const rise = maxPriceWei - minPriceWei;
  const elapsed = ((priceWei - minPriceWei) * rampSeconds + rise - 1n) / rise;
  return startsAt + elapsed > lockDeadline ? undefined : startsAt + elapsed;
}

/** Takes a task at the price of the block, and locks the collateral, which needs consent in the vault. */
export async function lockTask(sender: Sender, { address, taskId }: AuctionRecord): Promise<SentTransaction> {
  return await sendOnce(sender, `auction ${address} lock ${taskId}`, `taking task ${taskId}`, {
    to: address,
    data: contractInterface("ITaskAuction").encodeFunctionData("lock", [taskId]),
  });
}

/** Whether it is decided what becomes of the collateral. */
export async function canSettleCollateral(contracts: Contracts, auction: AuctionRecord): Promise<boolean> {
  const { address, taskId, lockId } = auction;
  if (lockId === 0n) return false;
  return await isAccepted(auctionAt(contracts, address).settleCollateral.staticCall(taskId));
}

/** Releases or slashes the collateral. */
export async function settleCollateral(
  sender: Sender,
  { address, taskId }: AuctionRecord,
): Promise<SentTransaction> {
  return await sendOnce(
    sender,
    `auction ${address} settleCollateral ${taskId}`,
    `settling the collateral of task ${taskId}`,
    { to: address, data: contractInterface("ITaskAuction").encodeFunctionData("settleCollateral", [taskId]) },
  );
}

function auctionAt({ market }: Contracts, address: string): ITaskAuction {
  return new Contract(address, contractInterface("ITaskAuction"), market.runner) as unknown as ITaskAuction;
}
