import { styleText } from "node:util";

import { ProverError } from "../errors.ts";
import { InterruptedError } from "./interrupted-error.ts";
import { printableLines } from "./printable.ts";
import { UsageError } from "./usage-error.ts";

/** What a command found or did: the same facts for programs and for people. */
export interface Report {
  /** Printed with --json; bigints become decimal strings, undefined entries disappear. */
  readonly data: Readonly<Record<string, unknown>>;
  /** Printed without --json. */
  readonly text: string;
}

/** Exit codes of the command. */
export const EXIT_CODES = {
  ok: 0,
  /** The input, a file, the network or the chain is at fault; the message says what to do. */
  userError: 1,
  /** The command line cannot be understood. */
  usage: 2,
  /** A defect of this program. */
  unexpected: 3,
  /** Stopped by a signal. */
  interrupted: 130,
} as const;

/** JSON of a report or an error, one document ending in a newline. */
export function toJson(value: unknown): string {
  const plain = (_key: string, entry: unknown): unknown =>
    typeof entry === "bigint" ? String(entry) : entry;
  return `${JSON.stringify(value, plain, 2)}\n`;
}

/** Prints a report on stdout: data and nothing else. */
export function printReport(report: Report, json: boolean): void {
  process.stdout.write(json ? toJson(report.data) : `${printableLines(report.text.trimEnd())}\n`);
}

/** The exit code that goes with an error. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return EXIT_CODES.usage;
  if (error instanceof InterruptedError) return EXIT_CODES.interrupted;
  return error instanceof ProverError ? EXIT_CODES.userError : EXIT_CODES.unexpected;
}

/** Prints an error: with --json one document on stdout, else message and next step on stderr. */
export function printError(error: unknown, json: boolean): void {
  const { code, message, nextStep, details } = describe(error);
  if (json) {
    process.stdout.write(toJson({ error: { code, message, nextStep, details } }));
    return;
  }
  const color = { stream: process.stderr };
  process.stderr.write(`${styleText("red", "error:", color)} ${printableLines(message)}\n`);
  process.stderr.write(`${styleText("cyan", "next:", color)}  ${printableLines(nextStep)}\n`);
}

/** A line about the progress of long work, on stderr. */
export function note(message: string): void {
  process.stderr.write(`${printableLines(message)}\n`);
}

/** A warning, on stderr. */
export function warn(message: string): void {
  process.stderr.write(
    `${styleText("yellow", "warning:", { stream: process.stderr })} ${printableLines(message)}\n`,
  );
}

function describe(error: unknown): Pick<ProverError, "code" | "message" | "nextStep" | "details"> {
  if (error instanceof ProverError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const details =
    process.env.ZKPOT_DEBUG === undefined || !(error instanceof Error) ? {} : { stack: error.stack };
  return {
    code: "cli.unexpected",
    message: `unexpected: ${message}`,
    nextStep: "This is a defect: run again with ZKPOT_DEBUG=1 and --json, and report what it prints.",
    details,
  };
}
