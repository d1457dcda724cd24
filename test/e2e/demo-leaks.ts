import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

/** What must not be found in anything that a party publishes. */
export interface Secrets {
  /** Single values that are telling by themselves, such as salts. */
  readonly values: readonly bigint[];
  /** Lists that are telling in their order, by name. */
  readonly sequences: Readonly<Record<string, readonly (number | string)[]>>;
}

/** Numbers in a row that count as a leak, and how many different ones must be among them. */
const WINDOW = 12;
const LEAST_DIFFERENT = 4;
const LEAST_DIFFERENT_BITS = 2;

/** The secrets that a text holds: values in decimal or hexadecimal, sequences as numbers in the same order. */
export function findLeaks(text: string, { values, sequences }: Secrets): string[] {
  const found: string[] = [];
  for (const value of values) {
    const spellings = [String(value), value.toString(16)];
    if (spellings.some((spelling) => text.toLowerCase().includes(spelling))) found.push(`value ${value}`);
  }
  const numbers = text.match(/-?\d+(?:\.\d+)?(?:e-?\d+)?/g) ?? [];
  const windows = new Set(windowsOf(numbers));
  for (const [name, sequence] of Object.entries(sequences)) {
    const kinds = Math.min(new Set(sequence).size, LEAST_DIFFERENT);
    const isTelling = (window: string): boolean =>
      new Set(window.split(" ")).size >= Math.max(kinds, LEAST_DIFFERENT_BITS);
    if (windowsOf(sequence.map(String)).some((window) => isTelling(window) && windows.has(window))) {
      found.push(name);
    }
  }
  return found;
}

function windowsOf(numbers: readonly string[]): string[] {
  const count = Math.max(numbers.length - WINDOW + 1, 0);
  return Array.from({ length: count }, (_, start) => numbers.slice(start, start + WINDOW).join(" "));
}

/** Names and texts of all files below a folder but the published test set, which holds its samples' labels. */
export function filesButTestSet(folder: string): { readonly file: string; readonly text: string }[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .map((file) => ({ file, text: readFileSync(file, "utf8") }))
    .filter(({ text }) => !text.startsWith('{"format":"zkpot.test-set",'));
}
