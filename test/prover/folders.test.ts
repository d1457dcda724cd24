import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { expect } from "chai";
import { z } from "zod";

import { type DocumentKind, saveDocument } from "../../prover/src/data/document.ts";
import { writeFileAtomically } from "../../prover/src/files.ts";
import { makeFolder, syncFolder } from "../../prover/src/folders.ts";
import { watchSyncs } from "./support/watch-syncs.ts";

const NUMBER: DocumentKind<number, number> = {
  ...{ format: "test.number", version: 1, isSecret: false, schema: z.number() },
  encode: (value) => value,
  decode: (content) => content,
};

describe("folders", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(path.join(os.tmpdir(), "zkpot-folders-"));
  });
  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });

  /** Which of these folders were synced, in this order. */
  const syncedOf = async (folders: readonly string[], work: () => Promise<unknown>): Promise<string[]> =>
    (await watchSyncs(work, (isSynced) => folders.find(isSynced))).filter((folder) => folder !== undefined);

  it("are on disk with all that had to be made above them, with their mode", async () => {
    const [first, second] = [path.join(root, "a"), path.join(root, "a", "b")];
    const third = path.join(second, "c");
    expect(await syncedOf([root, first, second], () => makeFolder(third, 0o700))).to.deep.equal([
      second,
      first,
      root,
    ]);
    for (const made of [first, second, third]) expect(statSync(made).mode & 0o777).to.equal(0o700);
    expect(await syncedOf([root, first, second], () => makeFolder(third))).to.deep.equal([]);
  });

  for (const [what, write] of [
    ["a file", (file: string) => writeFileAtomically(file, "new")],
    ["a document", (file: string) => saveDocument(file, NUMBER, 7)],
  ] as const) {
    it(`keep the name of ${what} once it is written`, async () => {
      const file = path.join(root, "file");
      const seen = await watchSyncs(
        () => write(file),
        (isSynced) => (isSynced(root) ? existsSync(file) : undefined),
      );
      expect(seen.at(-1)).to.equal(true);
      expect(readFileSync(file, "utf8")).not.to.equal("");
    });
  }

  it("say so when they are missing", async () => {
    let failure: unknown;
    await syncFolder(path.join(root, "absent")).catch((error: unknown) => (failure = error));
    expect(failure).to.include({ code: "ENOENT" });
  });
});
