import { Contract } from "ethers";

import type { ITaskDraw } from "../../../types/ethers-contracts/index.ts";
import { contractInterface, encodeTerms } from "./abis.ts";
import type { Contracts } from "./contracts.ts";
import { requireAssignment } from "./rules.ts";
import { sendOnce, type Sender, type SentTransaction } from "./send.ts";
import { isAccepted } from "./simulate.ts";
import type { TaskRecord } from "./tasks.ts";

/** Under which terms the seats of a task are drawn; see DrawTerms in the contracts. */
export interface DrawTerms {
  /** Least stake of an enrolment, in the task's stake token. */
  readonly minWei: bigint;
  /** The most stake that counts in one enrolment. */
  readonly capWei: bigint;
  readonly enrolBlocks: number;
  readonly turnBlocks: number;
  readonly seats: number;
  readonly maxRedraws: number;
}

/** A task's draw as its contract stores it. */
export interface DrawRecord extends Omit<DrawTerms, "enrolBlocks"> {
  readonly taskId: bigint;
  /** Of the draw contract. */
  readonly address: string;
  /** Of the stake. */
  readonly token: string;
  readonly lastEnrolBlock: number;
  readonly enrolledCount: number;
  /** Draws so far. */
  readonly round: number;
  /** The next draw is possible after this block. */
  readonly drawBlock: number;
  /** Whether everybody enrolled may commit. */
  readonly isOpen: boolean;
  /** All that were given seats, in the order of the draws. */
  readonly drawn: readonly DrawnSeat[];
}

/** One account that a draw gave a seat. */
export interface DrawnSeat {
  readonly account: string;
  /** Number of the draw, from 1. */
  readonly round: number;
}

/** One account's enrolment. */
export interface EnrolmentRecord {
  /** The stake's lock in the vault; 0 without, and once it is released. */
  readonly lockId: bigint;
  /** Stake locked; 0 for an account that never enrolled. */
  readonly weightWei: bigint;
  /** Number of the draw that gave it a seat; 0 if none did. */
  readonly round: number;
  /** Whether the task's draw lets it commit now. */
  readonly mayCommit: boolean;
}

/** The terms as the draw contract takes them when a task is posted. */
export function encodeDrawTerms(terms: DrawTerms): string {
  return encodeTerms(contractInterface("ITaskDraw"), "DrawOpened", terms);
}

/** Reads the draw of a task; throws as requireAssignment. */
export async function readDraw(contracts: Contracts, task: TaskRecord): Promise<DrawRecord> {
  requireAssignment(contracts, task, "draw");
  const { taskId, assignment: address } = task;
  const contract = drawAt(contracts, address);
  const [seats, pool, accounts] = await Promise.all([
    contract.taskSeats(taskId),
    contract.poolOf(taskId),
    contract.drawnAccounts(taskId),
  ]);
  const enrolments = await Promise.all(accounts.map((account) => contract.enrolmentOf(taskId, account)));
  return {
    taskId,
    address,
    token: pool.token,
    minWei: pool.minWei,
    capWei: pool.capWei,
    turnBlocks: Number(seats.turnBlocks),
    seats: Number(seats.seats),
    maxRedraws: Number(seats.maxRedraws),
    lastEnrolBlock: Number(pool.lastEnrolBlock),
    enrolledCount: Number(pool.enrolledCount),
    round: Number(seats.round),
    drawBlock: Number(seats.drawBlock),
    isOpen: seats.isOpen,
    drawn: accounts.map((account, index) => ({ account, round: Number(enrolments[index]!.round) })),
  };
}

/** Reads an account's enrolment. */
export async function readEnrolment(
  contracts: Contracts,
  { address, taskId }: DrawRecord,
  account: string,
): Promise<EnrolmentRecord> {
  const contract = drawAt(contracts, address);
  const [{ lockId, weightWei, round }, mayCommit] = await Promise.all([
    contract.enrolmentOf(taskId, account),
    contract.mayCommit(taskId, account),
  ]);
  return { lockId, weightWei, round: Number(round), mayCommit };
}

/** Enrols the account with stake, which needs consent in the vault. */
export async function enrolForTask(
  sender: Sender,
  draw: DrawRecord,
  stakeWei: bigint,
): Promise<SentTransaction> {
  return await sendToDraw(sender, draw, `enrolling for task ${draw.taskId}`, "enrol", [stakeWei]);
}

/** Gives out the seats, or those not used in their turn. */
export async function drawSeats(sender: Sender, draw: DrawRecord): Promise<SentTransaction> {
  // Every round is another draw.
  return await sendToDraw(
    sender,
    draw,
    `drawing for task ${draw.taskId}, round ${draw.round + 1}`,
    "draw",
    [],
  );
}

/** Whether the account could leave now with its stake. */
export async function canLeave(
  contracts: Contracts,
  { address, taskId }: DrawRecord,
  account: string,
): Promise<boolean> {
  return await isAccepted(drawAt(contracts, address).leave.staticCall(taskId, { from: account }));
}

/** Takes the account's stake out of a draw, and gives up its place. */
export async function leaveDraw(sender: Sender, draw: DrawRecord): Promise<SentTransaction> {
  return await sendToDraw(sender, draw, `leaving the draw of task ${draw.taskId}`, "leave", []);
}

async function sendToDraw(
  sender: Sender,
  { address, taskId, round }: DrawRecord,
  what: string,
  method: "enrol" | "draw" | "leave",
  more: readonly bigint[],
): Promise<SentTransaction> {
  const values = [taskId, ...more];
  const purpose = `draw ${address} ${method} ${values.join(" ")}${method === "draw" ? ` round ${round + 1}` : ""}`;
  return await sendOnce(sender, purpose, what, {
    to: address,
    data: contractInterface("ITaskDraw").encodeFunctionData(method, values),
  });
}

function drawAt({ market }: Contracts, address: string): ITaskDraw {
  return new Contract(address, contractInterface("ITaskDraw"), market.runner) as unknown as ITaskDraw;
}
