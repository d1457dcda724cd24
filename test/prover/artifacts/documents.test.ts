import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { expect } from "chai";
import { z } from "zod";

import { getDocument, putDocument } from "../../../prover/src/artifacts/documents.ts";
import { ArtifactStore } from "../../../prover/src/artifacts/store.ts";
import { type DocumentKind, loadDocument, saveDocument } from "../../../prover/src/data/document.ts";
import { expectError } from "../support/expect-error.ts";

interface Note {
  readonly text: string;
  readonly count: number;
}

const NOTE: DocumentKind<Note, Note> = {
  format: "zkpot.test-note",
  version: 1,
  isSecret: false,
  schema: z.object({ text: z.string(), count: z.number() }).strict(),
  encode: (note) => note,
  decode: (note) => note,
};

const VALUE: Note = { text: "größer als ein Byte", count: 0.1 };

describe("documents as artifacts", () => {
  let folder: string;
  let store: ArtifactStore;

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), "zkpot-artifacts-"));
    store = new ArtifactStore(folder);
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it("come back as the values they were", async () => {
    const cid = await putDocument(store, NOTE, VALUE);
    expect(await getDocument(store, cid, NOTE)).to.deep.equal(VALUE);
    expect(await getDocument(store, `ipfs://${cid}`, NOTE)).to.deep.equal(VALUE);
  });

  it("have the CID of their file, and can be written as a file that loads", async () => {
    const cid = await putDocument(store, NOTE, VALUE);
    const [saved, copied] = [path.join(folder, "saved.json"), path.join(folder, "copied.json")];
    await saveDocument(saved, NOTE, VALUE);
    expect((await store.putFile(saved)).cid).to.equal(cid);
    await store.save(cid, copied);
    expect(await loadDocument(copied, NOTE)).to.deep.equal(VALUE);
  });

  it("have the same CID however their members are ordered", async () => {
    const reordered: Note = { count: VALUE.count, text: VALUE.text };
    expect(await putDocument(store, NOTE, reordered)).to.equal(await putDocument(store, NOTE, VALUE));
  });

  it("are refused under the name of another kind, naming the CID", async () => {
    const cid = await putDocument(store, NOTE, VALUE);
    await expectError(
      async () => await getDocument(store, cid, { ...NOTE, format: "zkpot.other" }),
      "document.wrong-format",
      new RegExp(`ipfs://${cid} is zkpot.test-note, expected zkpot.other`),
    );
  });

  it("are refused when the artifact is no document", async () => {
    const file = path.join(folder, "picture");
    writeFileSync(file, Uint8Array.from([0xff, 0xd8, 0xff, 0xe0]));
    const { cid } = await store.putFile(file);
    await expectError(async () => await getDocument(store, cid, NOTE), "document.invalid-json", /is not JSON/);
  });

  it("are refused above the limit", async () => {
    const cid = await putDocument(store, NOTE, VALUE);
    await expectError(
      async () => await getDocument(store, cid, NOTE, { maxBytes: 20 }),
      "artifact.too-large",
      /at most 20 are allowed/,
    );
  });

  it("are not stored when their kind holds secrets", async () => {
    await expectError(
      async () => await putDocument(store, { ...NOTE, isSecret: true }, VALUE),
      "artifact.private",
      /zkpot.test-note document is private/,
    );
    expect(await store.list()).to.deep.equal([]);
  });
});
