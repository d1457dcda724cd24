import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { expect } from "chai";

import { ChainError } from "../../../prover/src/chain/chain-error.ts";
import { type JournalEntry, TransactionJournal } from "../../../prover/src/chain/journal.ts";

const hashOf = (digit: string): string => `0x${digit.repeat(64)}`;

function signed(digit: string, purpose = `purpose ${digit}`): JournalEntry {
  return {
    event: "signed",
    purpose,
    hash: hashOf(digit),
    nonce: 1,
    raw: "0x02",
    at: "2026-01-01T00:00:00.000Z",
  };
}

function finished(digit: string): JournalEntry {
  return {
    event: "finished",
    purpose: `purpose ${digit}`,
    hash: hashOf(digit),
    outcome: "mined",
    blockNumber: 7,
    at: "2026-01-01T00:00:01.000Z",
  };
}

describe("TransactionJournal", () => {
  let folder: string;
  let journal: TransactionJournal;

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), "zkpot-journal-"));
    journal = TransactionJournal.of(folder, 31337n, "0xABCDEF0000000000000000000000000000000000");
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it("has nothing before the first entry", () => {
    expect(journal.entries()).to.deep.equal([]);
    expect(journal.unfinished()).to.deep.equal([]);
  });

  it("keeps one file per chain and account, whatever the case of the address", () => {
    const same = TransactionJournal.of(folder, 31337n, "0xabcdef0000000000000000000000000000000000");
    const other = TransactionJournal.of(folder, 1n, "0xabcdef0000000000000000000000000000000000");
    expect(same.file).to.equal(journal.file);
    expect(other.file).not.to.equal(journal.file);
  });

  it("returns entries in the order they were added", () => {
    const entries = [signed("a"), signed("b"), finished("a")];
    for (const entry of entries) journal.append(entry);
    expect(journal.entries()).to.deep.equal(entries);
  });

  it("names the transactions without an end, oldest first", () => {
    for (const entry of [signed("a"), signed("b"), signed("c"), finished("b")]) journal.append(entry);
    expect(journal.unfinished().map(({ hash }) => hash)).to.deep.equal([hashOf("a"), hashOf("c")]);
  });

  it("is readable by its owner only", () => {
    journal.append(signed("a"));
    expect(statSync(journal.file).mode & 0o777).to.equal(0o600);
  });

  it("forgets half a line that a power cut left", () => {
    journal.append(signed("a"));
    appendFileSync(journal.file, '{"event":"signed","purp');
    expect(journal.unfinished()).to.have.length(1);
    journal.append(signed("b"));
    expect(journal.entries()).to.deep.equal([signed("a"), signed("b")]);
    expect(readFileSync(journal.file, "utf8")).to.match(/\}\n$/);
  });

  it("forgets half a first line", () => {
    journal.append(signed("a"));
    writeFileSync(journal.file, '{"event"');
    expect(journal.entries()).to.deep.equal([]);
  });

  it("refuses a damaged line, naming it", () => {
    journal.append(signed("a"));
    appendFileSync(journal.file, "nonsense\n");
    expect(() => journal.unfinished()).to.throw(ChainError, "line 2 is not JSON");
  });

  it("refuses a line that is no entry, naming it", () => {
    journal.append(signed("a"));
    appendFileSync(journal.file, `${JSON.stringify({ event: "signed" })}\n`);
    expect(() => journal.entries()).to.throw(ChainError, "line 2 is not an entry");
  });
});
