import type { Command } from "commander";

import { ProverError } from "../errors.ts";
import { printError, printReport, exitCodeOf, EXIT_CODES, note, type Report } from "./output.ts";
import type { CommonOptions } from "./shared-options.ts";

/** What a handler gets besides its arguments and options. */
export interface Invocation<Options> {
  readonly options: Options;
  /** Aborted by the first interrupt; long work stops at the next safe point. */
  readonly signal: AbortSignal;
}

/** Work of a command: returns what is to be printed. */
export type Handler<Options, Arguments extends readonly unknown[]> = (
  invocation: Invocation<Options>,
  ...positional: Arguments
) => Promise<Report>;

/** How long an interrupted handler may take to stop by itself. */
const GRACE_MS = 10_000;

/**
 * Makes a handler the action of a command: prints its report or its error in the wanted form, sets the exit code,
 * and ends the process, whose libraries may keep worker threads alive.
 *
 * An interrupt ends the process at once: whatever must survive is on disk before it matters. A handler that
 * `stopsItself` watches the signal instead and may save what it has.
 */
export function handle<Options extends CommonOptions, Arguments extends readonly unknown[]>(
  command: Command,
  handler: Handler<Options, Arguments>,
  behaviour: { readonly stopsItself?: boolean } = {},
): Command {
  return command.action(async (...received: unknown[]) => {
    // commander passes the arguments, the options and the command.
    const positional = received.slice(0, -2) as unknown as Arguments;
    const options = command.optsWithGlobals<Options>();
    // An option without its value swallows a --json that follows it.
    const json = options.json === true || process.argv.includes("--json");
    const signal = interruptible(json, behaviour.stopsItself === true);
    try {
      printReport(await handler({ options, signal }, ...positional), json);
      process.exit(EXIT_CODES.ok);
    } catch (error) {
      if (signal.aborted && !(error instanceof ProverError)) endInterrupted(json);
      printError(error, json);
      process.exit(exitCodeOf(error));
    }
  });
}

/** Ends the process with a usage error or an unexpected one; for what happens outside of any handler. */
export function fail(error: unknown, json: boolean): never {
  printError(error, json);
  process.exit(exitCodeOf(error));
}

function interruptible(json: boolean, stopsItself: boolean): AbortSignal {
  const controller = new AbortController();
  const interrupt = (): void => {
    if (controller.signal.aborted || !stopsItself) endInterrupted(json);
    note("interrupted: stopping at the next safe point (interrupt again to stop at once)");
    controller.abort();
    setTimeout(() => {
      endInterrupted(json);
    }, GRACE_MS).unref();
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  return controller.signal;
}

function endInterrupted(json: boolean): never {
  const nextStep = "Run the command again: finished steps are not repeated.";
  if (json) {
    const error = { code: "cli.interrupted", message: "interrupted", nextStep, details: {} };
    process.stdout.write(`${JSON.stringify({ error }, null, 2)}\n`);
  } else {
    note(`interrupted. ${nextStep}`);
  }
  process.exit(EXIT_CODES.interrupted);
}
