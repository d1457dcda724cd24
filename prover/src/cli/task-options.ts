import type { Command } from "commander";

/** Options of commands that check a task against what its poster published. */
export interface TaskKeyFlags {
  readonly keys?: string;
}

/** Adds where the keys of a task's circuit lie; all else that is published is found by the task itself. */
export function withTaskKeyOptions(command: Command): Command {
  return command.option(
    "--keys <folder>",
    "keys of the task's circuit (default: their place below build/keys)",
  );
}
