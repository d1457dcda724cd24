import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { expect } from "chai";
import { z } from "zod";

import { parseCid } from "../../../prover/src/artifacts/artifact-uri.ts";
import { type ArtifactSources, fetchArtifact, fetchDocument } from "../../../prover/src/artifacts/fetch.ts";
import { IpfsNode } from "../../../prover/src/artifacts/ipfs-node.ts";
import { ArtifactStore } from "../../../prover/src/artifacts/store.ts";
import { type DocumentKind, encodeDocument } from "../../../prover/src/data/document.ts";
import { expectError } from "../support/expect-error.ts";
import { blockFiles } from "./support/block-files.ts";
import { carFile, fileBlocksOf, rawBlock } from "./support/car-file.ts";
import { FakeKubo, sends } from "./support/fake-kubo.ts";
import { keyStream } from "./support/key-stream.ts";
import { base32, dagPbCid, fileNode } from "./support/reference-cid.ts";

const CHUNKS = [keyStream(2 ** 20, "a"), keyStream(9, "b")];
const BLOCKS = fileBlocksOf(CHUNKS);
const CID_TEXT = base32(BLOCKS[0]!.cid);
const CONTENT = Buffer.concat(CHUNKS);

describe("fetchArtifact", () => {
  let folder: string;
  let store: ArtifactStore;
  let kubo: FakeKubo;
  let node: IpfsNode;

  beforeEach(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), "zkpot-fetch-"));
    store = new ArtifactStore(folder);
    kubo = await FakeKubo.start(sends(carFile([BLOCKS[0]!.cid], BLOCKS)));
    node = new IpfsNode(kubo.url);
  });

  afterEach(async () => {
    await kubo.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("takes what the store has, without asking the node", async () => {
    await store.putBytes(CONTENT);
    const fetched = await fetchArtifact({ store, node }, `ipfs://${CID_TEXT}`);
    expect(fetched).to.deep.equal({ cid: CID_TEXT, byteLength: CONTENT.length, from: "store" });
    expect(kubo.requests).to.deep.equal([]);
  });

  it("asks the node for what the store does not have, once, and says so", async () => {
    const messages: string[] = [];
    const fetched = await fetchArtifact({ store, node }, CID_TEXT, {}, (message) => messages.push(message));
    expect(fetched).to.deep.equal({ cid: CID_TEXT, byteLength: CONTENT.length, from: "node" });
    expect(messages).to.deep.equal([`asking IPFS node ${kubo.url} for ${CID_TEXT}`]);
    expect(await fetchArtifact({ store, node }, CID_TEXT)).to.have.property("from", "store");
    expect(kubo.requests).to.have.length(1);
  });

  it("asks the node for what is damaged or incomplete in the store, and puts it right", async () => {
    await store.putBytes(CONTENT);
    for (const file of blockFiles(store)) {
      writeFileSync(file, "other");
      expect(await fetchArtifact({ store, node }, CID_TEXT)).to.have.property("from", "node");
      rmSync(file);
      expect(await fetchArtifact({ store, node }, CID_TEXT)).to.have.property("from", "node");
    }
    expect(Buffer.compare(await store.get(CID_TEXT), CONTENT)).to.equal(0);
  });

  it("says what is wrong in the store when there is no node", async () => {
    const sources = { store, node: undefined };
    await expectError(async () => await fetchArtifact(sources, CID_TEXT), "artifact.missing", /is not in/);
    await store.putBytes(CONTENT);
    const leaf = base32(BLOCKS[2]!.cid);
    writeFileSync(store.blocks.fileOf(parseCid(leaf)), "other");
    await expectError(
      async () => await fetchArtifact(sources, CID_TEXT),
      "artifact.block-damaged",
      new RegExp(leaf),
    );
  });

  it("does not ask the node for what is above the limit, nor for what is no CID", async () => {
    await store.putBytes(CONTENT);
    await expectError(
      async () => await fetchArtifact({ store, node }, CID_TEXT, { maxBytes: 10 }),
      "artifact.too-large",
      /at most 10/,
    );
    await expectError(
      async () => await fetchArtifact({ store, node }, "https://example.org/task.json"),
      "artifact.invalid-uri",
      /neither a CID/,
    );
    expect(kubo.requests).to.deep.equal([]);
  });

  it("leaves the store as it was when the node sends something else", async () => {
    const other = fileBlocksOf([CHUNKS[0]!, keyStream(9, "c")]);
    kubo.answer = sends(carFile([BLOCKS[0]!.cid], [BLOCKS[0]!, BLOCKS[1]!, other[2]!]));
    await expectError(
      async () => await fetchArtifact({ store, node }, CID_TEXT),
      "artifact.block-missing",
      new RegExp(base32(BLOCKS[2]!.cid)),
    );
    expect(blockFiles(store)).to.deep.equal([]);
  });
});

describe("fetchDocument", () => {
  const NOTE: DocumentKind<string, string> = {
    format: "zkpot.test-note",
    version: 1,
    isSecret: false,
    schema: z.string(),
    encode: (note) => note,
    decode: (note) => note,
  };
  const block = rawBlock(Buffer.from(encodeDocument(NOTE, "hello")));
  const cid = base32(block.cid);

  let folder: string;
  let kubo: FakeKubo;
  let sources: ArtifactSources;

  beforeEach(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), "zkpot-fetch-"));
    kubo = await FakeKubo.start(sends(carFile([block.cid], [block])));
    sources = { store: new ArtifactStore(folder), node: new IpfsNode(kubo.url) };
  });

  afterEach(async () => {
    await kubo.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("reads the document that the node sends, and next time what the store has", async () => {
    expect(await fetchDocument(sources, cid, NOTE)).to.equal("hello");
    expect(await fetchDocument(sources, `ipfs://${cid}`, NOTE)).to.equal("hello");
    expect(kubo.requests).to.have.length(1);
  });

  it("refuses another kind of document, naming the CID", async () => {
    await expectError(
      async () => await fetchDocument(sources, cid, { ...NOTE, format: "zkpot.other" }),
      "document.wrong-format",
      new RegExp(`ipfs://${cid} is zkpot.test-note, expected zkpot.other`),
    );
  });

  it("does not fetch more than a document may have", async () => {
    const bytes = fileNode(Array.from({ length: 257 }, () => new Uint8Array(2 ** 20)));
    const root = { cid: dagPbCid(bytes), bytes };
    kubo.answer = sends(carFile([root.cid], [root]));
    await expectError(
      async () => await fetchDocument(sources, base32(root.cid), NOTE),
      "artifact.too-large",
      /269484032 bytes, at most 268435456/,
    );
  });
});
