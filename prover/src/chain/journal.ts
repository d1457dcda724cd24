import {
  appendFileSync,
  closeSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
} from "node:fs";
import path from "node:path";

import { z } from "zod";

import { ChainError } from "./chain-error.ts";

const HASH = z.string().regex(/^0x[0-9a-f]{64}$/);

const ENTRY = z.discriminatedUnion("event", [
  z.object({
    event: z.literal("signed"),
    /** What the transaction is for; one unfinished transaction per purpose. */
    purpose: z.string(),
    hash: HASH,
    nonce: z.number().int().nonnegative(),
    /** The signed transaction: sending it again cannot make it happen twice. */
    raw: z.string(),
    at: z.string(),
  }),
  z.object({
    event: z.literal("finished"),
    purpose: z.string(),
    hash: HASH,
    /** `dropped`: another transaction took its number, so it can never happen. */
    outcome: z.enum(["mined", "reverted", "dropped"]),
    blockNumber: z.number().int().nullable(),
    at: z.string(),
  }),
]);

/** A line of the journal. */
export type JournalEntry = z.infer<typeof ENTRY>;

/** A transaction that was signed and whose end is not recorded. */
export interface UnfinishedTransaction {
  readonly purpose: string;
  readonly hash: string;
  readonly nonce: number;
  readonly raw: string;
}

/**
 * The append-only record of the transactions one account sends on one chain. Each is written, and forced to
 * disk, after signing and before sending: whatever happens then, the next run finds it and waits for it instead
 * of sending a second one.
 */
export class TransactionJournal {
  readonly file: string;

  constructor(file: string) {
    this.file = file;
  }

  /** The journal of an account below a working folder. */
  static of(folder: string, chainId: bigint, account: string): TransactionJournal {
    return new TransactionJournal(
      path.join(folder, ".zkpot", "journal", `${chainId}-${account.toLowerCase()}.jsonl`),
    );
  }

  /** Everything recorded, oldest first; throws ChainError `chain.damaged-journal` naming the line. */
  entries(): JournalEntry[] {
    let text: string;
    try {
      text = readFileSync(this.file, "utf8");
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw this.#damaged("it cannot be read", cause);
    }
    const lines = text.split("\n");
    // Nothing follows the last line end, or half a line that a power cut left: its transaction was never sent.
    lines.pop();
    return lines.map((line, index) => this.#parse(line, index + 1));
  }

  /** Transactions without a recorded end, oldest first. */
  unfinished(): UnfinishedTransaction[] {
    const open = new Map<string, UnfinishedTransaction>();
    for (const entry of this.entries()) {
      if (entry.event === "signed") open.set(entry.hash, entry);
      else open.delete(entry.hash);
    }
    return [...open.values()];
  }

  /** Adds a line and forces it to disk. */
  append(entry: JournalEntry): void {
    mkdirSync(path.dirname(this.file), { recursive: true, mode: 0o700 });
    const handle = openSync(this.file, "a+", 0o600);
    try {
      const written = readFileSync(handle, "utf8");
      const complete = written.slice(0, written.lastIndexOf("\n") + 1);
      if (complete.length < written.length) ftruncateSync(handle, Buffer.byteLength(complete));
      appendFileSync(handle, `${JSON.stringify(entry)}\n`);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  }

  #parse(line: string, number: number): JournalEntry {
    let parsed: unknown;
    try {
      parsed = JSON.parse(line);
    } catch (cause) {
      throw this.#damaged(`line ${number} is not JSON`, cause);
    }
    const result = ENTRY.safeParse(parsed);
    if (!result.success) throw this.#damaged(`line ${number} is not an entry`, result.error);
    return result.data;
  }

  #damaged(problem: string, cause: unknown): ChainError {
    return new ChainError(
      "chain.damaged-journal",
      `the journal ${this.file} is damaged: ${problem}`,
      "Check on the chain that no transaction of this account is pending, then move the file away.",
      { file: this.file, problem },
      { cause },
    );
  }
}
