import { open } from "node:fs/promises";

import { CsvError, parse } from "csv-parse/sync";

import { DataError } from "./data-error.ts";
import type { Dataset } from "./dataset.ts";

/** How a CSV file is to be read. */
export interface CsvOptions {
  /** Column of the label: its name (needs a header) or its index, negative from the end. Default −1, the last. */
  readonly label?: string | number | undefined;
  /** Whether the first row holds names; `auto` says yes when none of its feature cells is a number. Default `auto`. */
  readonly header?: "auto" | boolean | undefined;
  /** Columns to leave out, by name or index, e.g. a row number. */
  readonly ignoreColumns?: readonly (string | number)[] | undefined;
  /** Default `,`. */
  readonly delimiter?: string | undefined;
  /** Most feature values accepted over all samples. Default MAX_VALUES. */
  readonly maxValues?: number | undefined;
  /** What errors call the file. */
  readonly source?: string | undefined;
}

/** Largest CSV file read: 256 MiB. */
export const MAX_CSV_BYTES = 256 * 2 ** 20;
/** Most values a data set may hold unless the options say otherwise: 2^26 features over all samples, 512 MiB in memory. */
export const MAX_VALUES = 2 ** 26;
/** Most classes: beyond it the label column is a quantity rather than a class. */
export const MAX_CLASSES = 1_000;

/** Decimal notation only: no hexadecimal, no `Infinity`, which Number() would take. */
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/**
 * Reads a data set from CSV text (RFC 4180; quotes, blank lines and a byte order mark are understood).
 *
 * Labels that are all numbers become classes in numerical order, other labels in order of code units.
 * Throws DataError naming row, column and value: `data.empty`, `data.invalid-csv`, `data.ragged-row`,
 * `data.missing-label-column`, `data.duplicate-column`, `data.missing-value`, `data.not-a-number`,
 * `data.not-finite`, `data.missing-label`, `data.one-class`, `data.too-many-classes`, `data.too-large`.
 */
export function parseCsv(text: string, options: CsvOptions = {}): Dataset {
  const source = options.source ?? "the CSV text";
  const reader = new RowReader(options, source);
  try {
    parse(text, {
      bom: true,
      delimiter: options.delimiter ?? ",",
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
      // Rows are turned into numbers as they come; returning null keeps csv-parse from collecting them.
      on_record: (record: string[], { lines }) => {
        reader.read(record, lines);
        return null;
      },
    });
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    throw new DataError(
      "data.invalid-csv",
      `${source} is not valid CSV: ${cause.message}`,
      "Check the quotes on the line named, and the delimiter.",
      { source },
      { cause },
    );
  }
  return reader.finish();
}

/** Reads a data set from a CSV file; throws DataError `data.missing-file`, `data.too-large` and those of parseCsv. */
export async function readCsv(path: string, options: CsvOptions = {}): Promise<Dataset> {
  let text: string;
  try {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      if (size > MAX_CSV_BYTES) throw tooLarge(path, `${size} bytes`, `${MAX_CSV_BYTES} bytes`);
      text = await file.readFile("utf8");
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    const reason = (cause as NodeJS.ErrnoException).code;
    throw new DataError(
      "data.missing-file",
      reason === "ENOENT" ? `there is no file ${path}` : `cannot read ${path}: ${reason ?? String(cause)}`,
      "Pass the path of a CSV file, or the name of a packaged data set.",
      { path },
      { cause },
    );
  }
  return parseCsv(text, { ...options, source: options.source ?? path });
}

/** Turns CSV records into a Dataset, one at a time. */
class RowReader {
  readonly #options: CsvOptions;
  readonly #source: string;
  #columnNames: string[] | undefined;
  #labelColumn = -1;
  /** Column of each feature. */
  #featureColumns: number[] = [];
  #columnCount = 0;
  #hasHeader = false;
  #features = new Float64Array(1024);
  #valueCount = 0;
  readonly #labels: string[] = [];
  readonly #classes = new Set<string>();

  constructor(options: CsvOptions, source: string) {
    this.#options = options;
    this.#source = source;
  }

  read(record: string[], line: number): void {
    if (this.#columnCount === 0) {
      this.#start(record);
      if (this.#hasHeader) return;
    }
    this.#readSample(record, line);
  }

  finish(): Dataset {
    const sampleCount = this.#labels.length;
    if (sampleCount === 0) {
      throw new DataError(
        "data.empty",
        `${this.#source} has no samples${this.#hasHeader ? " below its header" : ""}`,
        "Pass a file with one sample a row.",
        { source: this.#source },
      );
    }
    const { classNames, classOf } = orderClasses([...this.#classes]);
    if (classNames.length < 2) {
      throw new DataError(
        "data.one-class",
        `${this.#source}: all ${sampleCount} samples have the label ${classNames[0]}; a classifier needs two classes`,
        "Check that the label column is the right one.",
        { source: this.#source, className: classNames[0] },
      );
    }
    const featureCount = this.#featureColumns.length;
    return {
      featureNames: this.#featureColumns.map(
        (column, index) => this.#columnNames?.[column] ?? `feature ${index + 1}`,
      ),
      classNames,
      sampleCount,
      featureCount,
      features: this.#features.slice(0, sampleCount * featureCount),
      labels: Int32Array.from(this.#labels, (label) => classOf.get(label)!),
    };
  }

  /** Settles header, label column and feature columns from the first row. */
  #start(first: string[]): void {
    this.#columnCount = first.length;
    const { label = -1, header = "auto", ignoreColumns = [] } = this.#options;
    const namesUsed = typeof label === "string" || ignoreColumns.some((column) => typeof column === "string");
    if (header === false && namesUsed) {
      throw this.#missingColumn(
        typeof label === "string"
          ? label
          : String(ignoreColumns.find((column) => typeof column === "string")),
        "columns are named, but the file is read without a header",
      );
    }
    const labelIndex = typeof label === "number" ? this.#columnIndex(label, first.length) : -1;
    this.#hasHeader =
      header === true ||
      (header === "auto" &&
        (namesUsed || first.every((cell, column) => column === labelIndex || !DECIMAL.test(cell))));
    if (this.#hasHeader) this.#columnNames = this.#checkNames(first);
    this.#labelColumn = this.#findColumn(label);
    const ignored = new Set(ignoreColumns.map((column) => this.#findColumn(column)));
    if (ignored.has(this.#labelColumn)) {
      throw this.#missingColumn(String(label), "the label column is among the ignored columns");
    }
    this.#featureColumns = first
      .map((_, column) => column)
      .filter((column) => column !== this.#labelColumn && !ignored.has(column));
    if (this.#featureColumns.length === 0) {
      throw new DataError(
        "data.no-features",
        `${this.#source} has ${first.length} columns, none of them a feature`,
        "Check the delimiter; a data set needs a label and at least one feature column.",
        { source: this.#source, columns: first.length },
      );
    }
  }

  #checkNames(names: string[]): string[] {
    names.forEach((name, column) => {
      const earlier = names.indexOf(name);
      if (name !== "" && earlier === column) return;
      throw new DataError(
        "data.duplicate-column",
        name === ""
          ? `${this.#source}: column ${column + 1} of the header has no name`
          : `${this.#source}: columns ${earlier + 1} and ${column + 1} are both named ${name}`,
        "Give every column its own name, or pass header: false if the first row is a sample.",
        { source: this.#source, column: column + 1, name },
      );
    });
    return names;
  }

  #findColumn(column: string | number): number {
    if (typeof column === "number") return this.#columnIndex(column, this.#columnCount);
    const index = this.#columnNames!.indexOf(column);
    if (index < 0) throw this.#missingColumn(column, `the columns are ${listNames(this.#columnNames!)}`);
    return index;
  }

  #columnIndex(index: number, count: number): number {
    if (Number.isInteger(index) && index >= -count && index < count) return index < 0 ? count + index : index;
    throw this.#missingColumn(
      String(index),
      `there are ${count} columns, 0 to ${count - 1} or −${count} to −1`,
    );
  }

  #missingColumn(column: string, reason: string): DataError {
    return new DataError(
      "data.missing-label-column",
      `${this.#source}: there is no column ${column} to use: ${reason}`,
      "Name a column of the file, or give its index (negative from the end).",
      { source: this.#source, column },
    );
  }

  #readSample(record: string[], line: number): void {
    const where = `${this.#source}, line ${line}`;
    if (record.length !== this.#columnCount) {
      throw new DataError(
        "data.ragged-row",
        `${where}: ${record.length} columns, but the first row has ${this.#columnCount}`,
        "Complete or remove the row.",
        { source: this.#source, line, found: record.length, expected: this.#columnCount },
      );
    }
    const label = record[this.#labelColumn]!;
    if (label === "") {
      throw new DataError("data.missing-label", `${where}: the label is empty`, "Label or remove the row.", {
        source: this.#source,
        line,
      });
    }
    this.#labels.push(label);
    this.#classes.add(label);
    if (this.#classes.size > MAX_CLASSES) {
      throw new DataError(
        "data.too-many-classes",
        `${where}: more than ${MAX_CLASSES} different labels`,
        "Check that the label column holds classes, not quantities or row names.",
        { source: this.#source, line, limit: MAX_CLASSES },
      );
    }
    this.#reserve(this.#featureColumns.length);
    for (const column of this.#featureColumns) {
      this.#features[this.#valueCount++] = this.#readNumber(record[column]!, column, where, line);
    }
  }

  #readNumber(cell: string, column: number, where: string, line: number): number {
    if (DECIMAL.test(cell)) {
      const value = Number(cell);
      // + 0 turns −0 into 0: JSON cannot tell them apart.
      if (Number.isFinite(value)) return value + 0;
    }
    const name = this.#columnNames?.[column];
    const place = `${where}, column ${column + 1}${name === undefined ? "" : ` (${name})`}`;
    const details = { source: this.#source, line, column: column + 1, value: cell };
    if (cell === "" || /^[+-]?nan$/i.test(cell)) {
      throw new DataError(
        "data.missing-value",
        `${place}: the value is ${cell === "" ? "empty" : cell}`,
        "Fill in or remove the row; missing values are not guessed.",
        details,
      );
    }
    if (/^[+-]?inf(inity)?$/i.test(cell) || DECIMAL.test(cell)) {
      throw new DataError(
        "data.not-finite",
        `${place}: ${cell} is not a finite number`,
        "Replace the value by a finite one, or remove the row.",
        details,
      );
    }
    const shown = cell.length > 40 ? `${cell.slice(0, 40)}…` : cell;
    throw new DataError(
      "data.not-a-number",
      `${place}: "${shown}" is not a number`,
      "Encode or leave out columns that are not numbers; if the first row holds names, pass header: true.",
      details,
    );
  }

  /** Makes room for `count` more values, doubling the buffer. */
  #reserve(count: number): void {
    const needed = this.#valueCount + count;
    const { maxValues = MAX_VALUES } = this.#options;
    if (needed > maxValues) {
      throw tooLarge(this.#source, `more than ${maxValues} values`, `${maxValues} values`);
    }
    if (needed <= this.#features.length) return;
    const larger = new Float64Array(Math.max(needed, 2 * this.#features.length));
    larger.set(this.#features);
    this.#features = larger;
  }
}

/** Class names in their final order, and the class of each label text; `1`, `1.0` and `01` are one class. */
function orderClasses(labels: string[]): { classNames: string[]; classOf: Map<string, number> } {
  const isNumeric = labels.every((label) => DECIMAL.test(label) && Number.isFinite(Number(label)));
  const nameOf = (label: string): string => (isNumeric ? String(Number(label)) : label);
  const classNames = [...new Set(labels.map(nameOf))];
  if (isNumeric) classNames.sort((a, b) => Number(a) - Number(b));
  else classNames.sort((a, b) => (a < b ? -1 : 1));
  const indexOf = new Map(classNames.map((name, index) => [name, index]));
  return { classNames, classOf: new Map(labels.map((label) => [label, indexOf.get(nameOf(label))!])) };
}

function listNames(names: readonly string[]): string {
  return names.length > 12 ? `${names.slice(0, 12).join(", ")}, … (${names.length})` : names.join(", ");
}

function tooLarge(source: string, found: string, limit: string): DataError {
  return new DataError(
    "data.too-large",
    `${source} has ${found}; the limit is ${limit}`,
    "Use a sample of the rows, or split the file.",
    { source, found, limit },
  );
}
