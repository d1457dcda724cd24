import { UsageError } from "./usage-error.ts";

const UNIT_DECIMALS: Readonly<Record<string, number>> = { wei: 0, gwei: 9, ether: 18 };
const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/**
 * An amount in the smallest unit of a token: `1000`, `5gwei`, `0.1ether`. Throws UsageError naming the option
 * for anything else, negative amounts and fractions of the smallest unit included.
 */
export function parseAmount(text: string, option: string): bigint {
  const match = /^(\d+)(?:\.(\d+))?(wei|gwei|ether)?$/.exec(text);
  const fraction = match?.[2] ?? "";
  const decimals = UNIT_DECIMALS[match?.[3] ?? "wei"]!;
  if (match === null || fraction.length > decimals) {
    throw invalid(option, text, "is not an amount", "Write wei as a whole number, or 5gwei, or 0.1ether.");
  }
  return BigInt(match[1]! + fraction.padEnd(decimals, "0"));
}

/** Seconds of a duration: `90`, `90s`, `15m`, `2h`, `7d`. */
export function parseDuration(text: string, option: string): number {
  const match = /^(\d{1,9})([smhd]?)$/.exec(text);
  if (match === null) {
    throw invalid(option, text, "is not a duration", "Write seconds, or 15m, 2h, 7d.");
  }
  return Number(match[1]) * UNIT_SECONDS[match[2] === "" ? "s" : match[2]!]!;
}

/** A whole number from `least` to `most`. */
export function parseInteger(text: string, option: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^-?\d+$/.test(text) || value < least || value > most) {
    throw invalid(option, text, "is out of range", `Write a whole number from ${least} to ${most}.`);
  }
  return value;
}

/** A range of rows counted from 0, both ends included: `0-99`, or one row, `7`. */
export function parseRows(text: string, option: string): { readonly first: number; readonly last: number } {
  const match = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(text);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (match === null || last < first) {
    throw invalid(
      option,
      text,
      "is not a range of rows",
      "Write first and last row, counted from 0, e.g. 0-99.",
    );
  }
  return { first, last };
}

/** A decimal number from `least` to `most`: `0.25`, `1e-3`. */
export function parseNumber(text: string, option: string, least: number, most: number): number {
  const value = parseDecimal(text, option);
  if (value < least || value > most) {
    throw invalid(option, text, "is out of range", `Write a number from ${least} to ${most}.`);
  }
  return value;
}

/** A decimal number above 0, up to `most`. */
export function parsePositive(text: string, option: string, most: number): number {
  const value = parseDecimal(text, option);
  if (value <= 0 || value > most) {
    throw invalid(option, text, "is out of range", `Write a number above 0, up to ${most}.`);
  }
  return value;
}

/** Characters that a document takes for a title or a licence. */
const MAX_LABEL_LENGTH = 200;

/** A title or the name of a licence, as documents take them: 1 to 200 characters. */
export function parseLabel(text: string, option: string): string {
  if (text.length >= 1 && text.length <= MAX_LABEL_LENGTH) return text;
  throw new UsageError(
    "cli.invalid-value",
    `${option} has ${text.length} characters; it may have 1 to ${MAX_LABEL_LENGTH}`,
    "Write a text of that length.",
    { option, length: text.length, limit: MAX_LABEL_LENGTH },
  );
}

/** A task id: a whole number from 1. */
export function parseTaskId(text: string): bigint {
  return parseId(text, "task id", "Task ids are whole numbers from 1; see `zkpot task list`.");
}

/** A federation id: a whole number from 1. */
export function parseFederationId(text: string): bigint {
  return parseId(text, "federation id", "Federation ids are whole numbers from 1; see `zkpot round status`.");
}

/** A list of whole numbers separated by commas, each from 1. */
export function parseSizes(text: string, option: string): number[] {
  if (!/^\d{1,7}(,\d{1,7})*$/.test(text)) {
    throw invalid(
      option,
      text,
      "is not a list of sizes",
      "Write whole numbers separated by commas, e.g. 64,16,10.",
    );
  }
  return text.split(",").map(Number);
}

function parseDecimal(text: string, option: string): number {
  if (/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text)) return Number(text);
  throw invalid(option, text, "is not a decimal number", "Write e.g. 0.25, 3 or 1e-3.");
}

function parseId(text: string, what: string, nextStep: string): bigint {
  if (!/^[1-9]\d{0,76}$/.test(text)) throw invalid(what, text, `is not a ${what}`, nextStep);
  return BigInt(text);
}

function invalid(option: string, value: string, problem: string, nextStep: string): UsageError {
  return new UsageError("cli.invalid-value", `${option}: "${value}" ${problem}`, nextStep, { option, value });
}
