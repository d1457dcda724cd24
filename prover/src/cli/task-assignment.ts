import type { Command } from "commander";

import type { Contracts } from "../chain/contracts.ts";
import type { AssignmentTerms } from "../chain/tasks.ts";
import { contractAddress } from "./addresses.ts";
import type { PostTimes } from "./task-training.ts";
import { parseAmount, parseDuration, parseInteger } from "./units.ts";
import { UsageError } from "./usage-error.ts";

/** Options of `zkpot task post` that say how provers come to the task. */
export interface AssignmentFlags {
  readonly auction?: boolean;
  readonly minPrice?: string;
  readonly collateral?: string;
  readonly ramp?: string;
  readonly lockWithin?: string;
  readonly exclusiveWithin?: string;
  readonly draw?: boolean;
  readonly enrolMin?: string;
  readonly enrolCap?: string;
  readonly enrolBlocks: string;
  readonly seats: string;
  readonly turnBlocks: string;
  readonly redraws: string;
}

/** The terms once network and time are known; throws UsageError when the network has no such contract. */
export type AssignmentPart = (contracts: Contracts, times: PostTimes) => AssignmentTerms;

const MOST_BLOCKS = 2 ** 32 - 1;
/** Most seats, and most accounts that all draws together may choose, in TaskDraw.sol. */
const MOST_SEATS = 8;
const MOST_DRAWN = 16;
/** Least blocks of a turn in TaskDraw.sol. */
const LEAST_TURN_BLOCKS = 8;

/** Adds the options of auctions and draws. */
export function withAssignmentOptions(command: Command): Command {
  return command
    .option("--auction", "the price rises from --min-price to --reward until somebody takes the task")
    .option("--min-price <amount>", "auction: price at the start")
    .option("--collateral <amount>", "auction: stake that whoever takes the task loses when it is late")
    .option("--ramp <duration>", "auction: time in which the price rises (default: until it ends)")
    .option("--lock-within <duration>", "auction: its end, from now (default: half of --commit-within)")
    .option(
      "--exclusive-within <duration>",
      "auction: time to prove before others may, from now (default: --prove-within; sealed: always)",
    )
    .option("--draw", "provers enrol with stake, and a later block draws who may commit")
    .option("--enrol-min <amount>", "draw: least stake to enrol with")
    .option("--enrol-cap <amount>", "draw: most stake that counts (default: ten times the least)")
    .option("--enrol-blocks <count>", "draw: blocks in which provers may enrol", "300")
    .option("--seats <count>", "draw: provers chosen at once", "1")
    .option("--turn-blocks <count>", "draw: blocks in which those chosen must commit", "300")
    .option("--redraws <count>", "draw: times that others are chosen instead, before all may commit", "2");
}

/**
 * Reads how provers come to the task; undefined when anybody may commit. Throws UsageError for options that are
 * missing, out of range or of the other way.
 */
export function parseAssignment(flags: AssignmentFlags): AssignmentPart | undefined {
  refuseStray(flags);
  if (flags.auction === true) return parseAuction(flags);
  return flags.draw === true ? parseDraw(flags) : undefined;
}

function parseAuction(flags: AssignmentFlags): AssignmentPart {
  const minPriceWei = parseAmount(required(flags.minPrice, "--auction", "--min-price"), "--min-price");
  const collateralWei = parseAmount(required(flags.collateral, "--auction", "--collateral"), "--collateral");
  const optional = (text: string | undefined, option: string): bigint | undefined =>
    text === undefined ? undefined : BigInt(parseDuration(text, option));
  const ramp = optional(flags.ramp, "--ramp");
  const lockWithin = optional(flags.lockWithin, "--lock-within");
  const exclusiveWithin = optional(flags.exclusiveWithin, "--exclusive-within");
  return (contracts, { now, commitDeadline, proveDeadline }) => {
    const lockSeconds = lockWithin ?? (commitDeadline - now) / 2n;
    const terms = {
      minPriceWei,
      collateralWei,
      startsAt: now,
      rampSeconds: ramp ?? lockSeconds,
      lockDeadline: now + lockSeconds,
      exclusiveDeadline: exclusiveWithin === undefined ? proveDeadline : now + exclusiveWithin,
    };
    return { kind: "auction", address: contractAddress(contracts, "taskAuction"), terms };
  };
}

function parseDraw(flags: AssignmentFlags): AssignmentPart {
  const minWei = parseAmount(required(flags.enrolMin, "--draw", "--enrol-min"), "--enrol-min");
  const seats = parseInteger(flags.seats, "--seats", 1, MOST_SEATS);
  const terms = {
    minWei,
    capWei: flags.enrolCap === undefined ? 10n * minWei : parseAmount(flags.enrolCap, "--enrol-cap"),
    enrolBlocks: parseInteger(flags.enrolBlocks, "--enrol-blocks", 1, MOST_BLOCKS),
    turnBlocks: parseInteger(flags.turnBlocks, "--turn-blocks", LEAST_TURN_BLOCKS, MOST_BLOCKS),
    seats,
    maxRedraws: parseInteger(flags.redraws, "--redraws", 0, Math.floor(MOST_DRAWN / seats) - 1),
  };
  return (contracts) => ({ kind: "draw", address: contractAddress(contracts, "taskDraw"), terms });
}

/** Options of a way that is not asked for would be ignored: a mistake that costs money. */
function refuseStray(flags: AssignmentFlags): void {
  if (flags.auction === true && flags.draw === true) {
    throw new UsageError(
      "cli.two-assignments",
      "a task is auctioned or drawn, not both",
      "Drop one of --auction and --draw.",
    );
  }
  const { minPrice, collateral, ramp, lockWithin, exclusiveWithin, enrolMin, enrolCap } = flags;
  const isStray = (asked: boolean | undefined, values: readonly (string | undefined)[]): boolean =>
    asked !== true && values.some((value) => value !== undefined);
  if (isStray(flags.auction, [minPrice, collateral, ramp, lockWithin, exclusiveWithin])) {
    throw stray("--auction");
  }
  if (isStray(flags.draw, [enrolMin, enrolCap])) throw stray("--draw");
}

function stray(option: string): UsageError {
  return new UsageError(
    "cli.stray-option",
    `options of ${option} without it`,
    `Add ${option}, or drop them.`,
    {
      option,
    },
  );
}

function required(value: string | undefined, way: string, option: string): string {
  if (value !== undefined) return value;
  throw new UsageError("cli.missing-option", `${way} needs ${option}`, `Add ${option} <amount>.`, { option });
}
