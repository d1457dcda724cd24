import type { Command } from "commander";

import type { DrawRecord, EnrolmentRecord } from "../../chain/draw.ts";
import type { SentTransaction } from "../../chain/send.ts";
import { handle, type Invocation } from "../command.ts";
import { note, type Report } from "../output.ts";
import { openSignSession, type SignSession } from "../session.ts";
import { type AccountOptions, type NetworkOptions, withAccountOptions } from "../shared-options.ts";
import { type TaskKeyFlags, withTaskKeyOptions } from "../task-options.ts";
import { transactionFacts } from "../transaction-facts.ts";
import { parseAmount, parseTaskId } from "../units.ts";

type SeatOptions = NetworkOptions & AccountOptions;

interface EnrolOptions extends SeatOptions, TaskKeyFlags {
  readonly stake?: string;
}

/** `zkpot enrol`: stake in the draw of a task's provers. */
export function registerEnrol(program: Command): void {
  const command = withTaskKeyOptions(
    withAccountOptions(
      program
        .command("enrol")
        .argument("<task id>", "a task whose provers are drawn")
        .description("check a task against its published files, and enrol with stake for the draw"),
    ),
  ).option("--stake <amount>", "stake to enrol with (default: the most that counts)");
  handle<EnrolOptions, [string]>(command, enrol);
}

/** `zkpot draw`: gives out the seats of a task. */
export function registerDraw(program: Command): void {
  const command = withAccountOptions(
    program
      .command("draw")
      .argument("<task id>", "a task whose provers are drawn")
      .description("draw who may commit, or replace those that let their turn pass; anybody may"),
  );
  handle<SeatOptions, [string]>(command, draw);
}

/** `zkpot leave`: takes stake out of a draw. */
export function registerLeave(program: Command): void {
  const command = withAccountOptions(
    program
      .command("leave")
      .argument("<task id>", "a task whose provers are drawn")
      .description("take the stake out of a draw and give up the place, as soon as the draw allows it"),
  );
  handle<SeatOptions, [string]>(command, leave);
}

async function enrol({ options }: Invocation<EnrolOptions>, id: string): Promise<Report> {
  const taskId = parseTaskId(id);
  const namedWei = options.stake === undefined ? undefined : parseAmount(options.stake, "--stake");
  const session = await openSignSession(options);
  const { enrolForTask, readEnrolment } = await import("../../chain/draw.ts");
  const { allowLock } = await import("../../chain/stake.ts");
  const { openCheckedTask } = await import("../task-session.ts");
  const found = await openDraw(session, taskId);
  if ((await readEnrolment(session.contracts, found, session.address)).weightWei > 0n) {
    note(`${session.address} has enrolled for task ${taskId} before`);
    return await report(session, taskId, undefined);
  }
  const { task } = await openCheckedTask(session, taskId, options);
  const stakeWei = namedWei ?? found.capWei;
  const lockedWei = stakeWei < found.capWei ? stakeWei : found.capWei;
  // Who is drawn needs the task's own stake besides.
  await allowLock(
    session.sender,
    session.contracts,
    found.address,
    found.token,
    lockedWei,
    lockedWei + task.stakeWei,
  );
  return await report(session, taskId, await enrolForTask(session.sender, found, stakeWei));
}

async function draw({ options }: Invocation<SeatOptions>, id: string): Promise<Report> {
  const taskId = parseTaskId(id);
  const session = await openSignSession(options);
  const { drawSeats } = await import("../../chain/draw.ts");
  const found = await openDraw(session, taskId);
  return await report(session, taskId, await drawSeats(session.sender, found));
}

async function leave({ options }: Invocation<SeatOptions>, id: string): Promise<Report> {
  const taskId = parseTaskId(id);
  const session = await openSignSession(options);
  const { leaveDraw } = await import("../../chain/draw.ts");
  const found = await openDraw(session, taskId);
  return await report(session, taskId, await leaveDraw(session.sender, found));
}

async function openDraw({ contracts }: SignSession, taskId: bigint): Promise<DrawRecord> {
  const { readDraw } = await import("../../chain/draw.ts");
  const { readTask } = await import("../../chain/tasks.ts");
  return await readDraw(contracts, await readTask(contracts, taskId));
}

async function report(
  session: SignSession,
  taskId: bigint,
  transaction: SentTransaction | undefined,
): Promise<Report> {
  const { readEnrolment } = await import("../../chain/draw.ts");
  const { facts } = await import("../text.ts");
  const { formatAmount } = await import("../addresses.ts");
  const { drawFacts } = await import("../task-rules.ts");
  const found = await openDraw(session, taskId);
  const enrolment = await readEnrolment(session.contracts, found, session.address);
  return {
    data: {
      taskId,
      account: session.address,
      enrolment,
      draw: found,
      transaction: transaction === undefined ? undefined : transactionFacts(transaction),
    },
    text: facts([
      ["task", String(taskId)],
      [
        "account",
        `${session.address}, ${standing(enrolment, formatAmount(enrolment.weightWei, found.token))}`,
      ],
      ...drawFacts(found),
      ...(transaction === undefined
        ? []
        : [["transaction", `${transaction.hash}, ${transaction.gasUsed} gas`] as const]),
      ["next", nextOf(taskId, found, enrolment)],
    ]),
  };
}

function standing({ weightWei, lockId, mayCommit }: EnrolmentRecord, stake: string): string {
  if (weightWei === 0n) return "not enrolled";
  if (lockId === 0n) return "has left";
  return `enrolled with ${stake}${mayCommit ? ", may commit" : ""}`;
}

function nextOf(taskId: bigint, { drawBlock }: DrawRecord, { mayCommit, lockId }: EnrolmentRecord): string {
  if (mayCommit) return `zkpot train --task ${taskId}, then commit`;
  if (lockId === 0n) return "zkpot task list --open";
  return `zkpot draw ${taskId}, after block ${drawBlock}`;
}
