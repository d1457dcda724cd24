import type { Command } from "commander";

/** Options of commands that work on a task with its published files. */
export interface TaskFileFlags {
  readonly document?: string;
  readonly testSet?: string;
  readonly keys?: string;
}

/** Adds where the published files of a task lie. */
export function withTaskFileOptions(command: Command): Command {
  return command
    .option("--document <file>", "task document (default: where the task says, if that is a file here)")
    .option("--test-set <file>", "test set of the task (default: where its document says)")
    .option("--keys <folder>", "keys of the task's circuit (default: its place below build/keys)");
}
