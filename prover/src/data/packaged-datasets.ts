import { fileURLToPath } from "node:url";

import { type CsvOptions, readCsv } from "./csv.ts";
import { DataError } from "./data-error.ts";
import type { Dataset } from "./dataset.ts";
import { readIdx } from "./idx.ts";

/** A data set that ships with the project; source and licence are in datasets/README.md. */
export interface PackagedDataset {
  readonly title: string;
  /** File in `datasets/`. */
  readonly file: string;
  readonly csv: CsvOptions;
  /** Hidden widths that suit it. */
  readonly hiddenSizes: readonly number[];
}

/** The data sets that can be named instead of a path. */
export const PACKAGED_DATASETS: Readonly<Record<string, PackagedDataset>> = {
  digits: {
    title: "Optical Recognition of Handwritten Digits (8×8 pixels, 10 classes)",
    file: "digits.csv",
    csv: { header: true, label: "digit" },
    hiddenSizes: [16],
  },
  "breast-cancer": {
    title: "Breast Cancer Wisconsin (Diagnostic) (30 features, 2 classes)",
    file: "breast-cancer.csv",
    csv: { header: true, label: "diagnosis" },
    hiddenSizes: [],
  },
};

/** The entry for `name`, or undefined when no packaged data set has it. */
export function findPackagedDataset(name: string): PackagedDataset | undefined {
  return Object.hasOwn(PACKAGED_DATASETS, name) ? PACKAGED_DATASETS[name] : undefined;
}

/** Reads a packaged data set; throws DataError `data.unknown-dataset` listing the names there are. */
export async function loadPackagedDataset(name: string): Promise<Dataset> {
  const entry = findPackagedDataset(name);
  if (entry === undefined) {
    throw new DataError(
      "data.unknown-dataset",
      `there is no packaged data set ${name}`,
      `Use one of ${Object.keys(PACKAGED_DATASETS).join(", ")}, or the path of a CSV file.`,
      { name, known: Object.keys(PACKAGED_DATASETS) },
    );
  }
  const path = fileURLToPath(new URL(`../../../datasets/${entry.file}`, import.meta.url));
  return readCsv(path, { ...entry.csv, source: entry.file });
}

/** How a data set given by its path is to be read. */
export interface DatasetOptions {
  readonly csv?: CsvOptions | undefined;
  /** File of the labels: the path names the images of an IDX pair, not a CSV file. */
  readonly idxLabels?: string | undefined;
}

/**
 * Opens a packaged data set by name, or any CSV file or IDX pair by path: what has a dot or slash, or comes with
 * labels, is a path, all else a name. How to read a packaged data set is known.
 */
export async function openDataset(nameOrPath: string, options: DatasetOptions = {}): Promise<Dataset> {
  const { csv = {}, idxLabels } = options;
  if (idxLabels !== undefined) return readIdx({ images: nameOrPath, labels: idxLabels });
  if (/[./\\]/.test(nameOrPath)) return readCsv(nameOrPath, csv);
  return loadPackagedDataset(nameOrPath);
}
