import type { Command } from "commander";

import type { CsvOptions } from "../data/csv.ts";
import type { DatasetOptions } from "../data/packaged-datasets.ts";
import { UsageError } from "./usage-error.ts";

/** Options of commands that may read a data set from files. */
export interface DatasetFlags {
  readonly label?: string;
  readonly header?: string;
  readonly ignore?: string;
  readonly delimiter?: string;
  readonly idxLabels?: string;
}

/** Adds how the files of a data set are to be read. */
export function withDatasetOptions(command: Command): Command {
  return command
    .option("--label <column>", "column of the label: its name, or its index from 0 (negative from the end)")
    .option("--header <what>", "whether the first row holds names: yes, no or auto")
    .option("--ignore <columns>", "columns to leave out, by name or index, separated by commas")
    .option("--delimiter <character>", "between cells (default: a comma)")
    .option("--idx-labels <file>", "file of labels: the data set is an IDX pair, the format of MNIST");
}

/** What the options say about the files; throws UsageError `cli.csv-options` for those of CSV files beside IDX ones. */
export function datasetOptions(flags: DatasetFlags): DatasetOptions {
  const { label, header, ignore, delimiter, idxLabels } = flags;
  const csv: CsvOptions = {
    ...(label === undefined ? {} : { label: column(label) }),
    ...(header === undefined ? {} : { header: headerOption(header) }),
    ...(ignore === undefined ? {} : { ignoreColumns: ignore.split(",").map(column) }),
    ...(delimiter === undefined ? {} : { delimiter: delimiter === "\\t" ? "\t" : delimiter }),
  };
  if (idxLabels === undefined) return { csv };
  if (Object.keys(csv).length > 0) {
    throw new UsageError(
      "cli.csv-options",
      "--label, --header, --ignore and --delimiter say how to read a CSV file, --idx-labels that there is none",
      "Leave them out for an IDX pair.",
    );
  }
  return { idxLabels };
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
