import Table from "cli-table3";

import { printable } from "./printable.ts";

/** A table with a heading row, in plain lines; control characters of cells are replaced. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const grid = new Table({ head: head.map(printable), style: { head: [], border: [] }, chars: LINES });
  for (const row of rows) grid.push(row.map(printable));
  return grid.toString();
}

/** Two columns, name and value, without lines; control characters are replaced. */
export function facts(entries: readonly (readonly [string, string])[]): string {
  const width = Math.max(...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => printable(`${name.padEnd(width)}  ${value}`)).join("\n");
}

/** A time in seconds since 1970 as UTC, e.g. `2026-03-01 12:00:00 UTC`. */
export function utc(timestamp: bigint | number): string {
  return `${new Date(Number(timestamp) * 1000).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** A share as a percentage with two decimals. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}

/** Bytes as MB or GB. */
export function megabytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

const LINES = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: " ",
};
