import type { Command } from "commander";

import type { CsvOptions } from "../data/csv.ts";
import { UsageError } from "./usage-error.ts";

/** Options of commands that may read a CSV file. */
export interface CsvFlags {
  readonly label?: string;
  readonly header?: string;
  readonly ignore?: string;
  readonly delimiter?: string;
}

/** Adds how a CSV file is to be read. */
export function withCsvOptions(command: Command): Command {
  return command
    .option("--label <column>", "column of the label: its name, or its index from 0 (negative from the end)")
    .option("--header <what>", "whether the first row holds names: yes, no or auto")
    .option("--ignore <columns>", "columns to leave out, by name or index, separated by commas")
    .option("--delimiter <character>", "between cells (default: a comma)");
}

/** What the options say about the CSV file; nothing for options that were not given. */
export function csvOptions(flags: CsvFlags): CsvOptions {
  const { label, header, ignore, delimiter } = flags;
  return {
    ...(label === undefined ? {} : { label: column(label) }),
    ...(header === undefined ? {} : { header: headerOption(header) }),
    ...(ignore === undefined ? {} : { ignoreColumns: ignore.split(",").map(column) }),
    ...(delimiter === undefined ? {} : { delimiter: delimiter === "\\t" ? "\t" : delimiter }),
  };
}

function column(text: string): string | number {
  return /^-?\d+$/.test(text) ? Number(text) : text;
}

function headerOption(text: string): "auto" | boolean {
  if (text === "auto") return "auto";
  if (text === "yes" || text === "no") return text === "yes";
  throw new UsageError(
    "cli.invalid-value",
    `--header: "${text}" is not yes, no or auto`,
    "Write yes, no or auto.",
    {
      option: "--header",
      value: text,
    },
  );
}
