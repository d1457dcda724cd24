import { ZeroAddress } from "ethers";

import { ChainError } from "./chain-error.ts";
import type { Contracts } from "./contracts.ts";
import type { TaskRecord } from "./tasks.ts";

/** How provers come to a task: `other` by a contract that is not of this deployment. */
export type AssignmentKind = "open" | "auction" | "draw" | "other";

/** How provers come to a task, by the address of its assignment. */
export function assignmentKind({ addresses }: Contracts, { assignment }: TaskRecord): AssignmentKind {
  if (assignment === ZeroAddress) return "open";
  if (isSame(assignment, addresses.taskAuction)) return "auction";
  return isSame(assignment, addresses.taskDraw) ? "draw" : "other";
}

/** A contract that decides about a task. */
export interface TaskRule {
  readonly rule: "assignment" | "seal" | "training audit";
  readonly address: string;
}

/** The first contract that decides about a task and is not of this deployment, if there is one. */
export function unknownRule(contracts: Contracts, task: TaskRecord): TaskRule | undefined {
  const { taskAuction, taskDraw, testSetSeal, trainingAudit } = contracts.addresses;
  const rules = [
    { rule: "assignment", address: task.assignment, known: [taskAuction, taskDraw] },
    { rule: "seal", address: task.seal, known: [testSetSeal] },
    { rule: "training audit", address: task.trainingAudit, known: [trainingAudit] },
  ] as const;
  const found = rules.find(
    ({ address, known }) => address !== ZeroAddress && !known.some((other) => isSame(address, other)),
  );
  return found && { rule: found.rule, address: found.address };
}

/**
 * Throws ChainError `chain.unknown-rule` unless every contract that decides about a task is of this deployment: its
 * poster names them, and they could slash stake or let nobody prove.
 */
export function requireKnownRules(contracts: Contracts, task: TaskRecord): void {
  const found = unknownRule(contracts, task);
  if (found === undefined) return;
  const { rule, address } = found;
  throw new ChainError(
    "chain.unknown-rule",
    `the ${rule} of task ${task.taskId} is ${address}, which is no contract of this deployment`,
    "Do not take part, unless you know the contract: then write it into the network's addresses.",
    { taskId: task.taskId, rule, address },
  );
}

/** Throws ChainError `chain.unknown-rule`, or `chain.other-assignment` for a task that is not assigned as `wanted`. */
export function requireAssignment(contracts: Contracts, task: TaskRecord, wanted: "auction" | "draw"): void {
  requireKnownRules(contracts, task);
  const kind = assignmentKind(contracts, task);
  if (kind === wanted) return;
  const ways = {
    open: ["open to everybody", "Commit to it with `zkpot commit`."],
    auction: ["auctioned", "Take it with `zkpot bid`."],
    draw: ["assigned by a draw", "Enrol with `zkpot enrol`."],
    other: ["assigned in another way", "Choose another task with `zkpot task list --open`."],
  } as const;
  const [found, nextStep] = ways[kind];
  throw new ChainError("chain.other-assignment", `task ${task.taskId} is ${found}`, nextStep, {
    taskId: task.taskId,
    kind,
  });
}

function isSame(address: string, other: string | undefined): boolean {
  return other !== undefined && BigInt(address) === BigInt(other);
}
