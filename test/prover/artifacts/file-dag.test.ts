import { expect } from "chai";
import { CID } from "multiformats/cid";

import { blockKey, type BlockSource, MAX_BLOCK_BYTES } from "../../../prover/src/artifacts/block.ts";
import { distinctFileBlocks, fileBlocks, MAX_BLOCKS } from "../../../prover/src/artifacts/file-dag.ts";
import { expectError } from "../support/expect-error.ts";
import { keyStream } from "./support/key-stream.ts";
import { dagPbCid, field, fileNode, number, rawCid } from "./support/reference-cid.ts";

/** Blocks in memory, which count how often they are read. */
class Blocks implements BlockSource {
  readonly name = "memory";
  readonly #blocks = new Map<string, Uint8Array>();
  reads = 0;

  add(cidBytes: Uint8Array, bytes: Uint8Array): CID {
    const cid = CID.decode(cidBytes);
    this.#blocks.set(blockKey(cid), bytes);
    return cid;
  }

  raw(bytes: Uint8Array): CID {
    return this.add(rawCid(bytes), bytes);
  }

  node(bytes: Uint8Array): CID {
    return this.add(dagPbCid(bytes), bytes);
  }

  get(cid: CID): Promise<Uint8Array | undefined> {
    this.reads += 1;
    return Promise.resolve(this.#blocks.get(blockKey(cid)));
  }
}

interface Link {
  readonly cid: CID;
  readonly size: number;
}

/** A block of type `type` of UnixFS (2: file) whose links declare these sizes. */
function unixfs(type: number, links: readonly Link[], sizes = links.map(({ size }) => size)): Uint8Array {
  const fileSize = sizes.reduce((sum, size) => sum + size, 0);
  const data = Buffer.concat([number(1, type), number(3, fileSize), ...sizes.map((size) => number(4, size))]);
  return Buffer.concat([
    ...links.map(({ cid }) => field(2, Buffer.concat([field(1, cid.bytes), field(2, Buffer.alloc(0))]))),
    field(1, data),
  ]);
}

async function walk(source: BlockSource, root: CID, limits = {}): Promise<Buffer> {
  const contents: Uint8Array[] = [];
  for await (const { content } of fileBlocks(source, root, limits)) contents.push(content);
  return Buffer.concat(contents);
}

async function expectMalformed(blocks: Blocks, root: CID, message: RegExp): Promise<void> {
  const error = await expectError(async () => await walk(blocks, root), "artifact.malformed", message);
  expect(error.details.root).to.equal(root.toString());
}

describe("fileBlocks", () => {
  let blocks: Blocks;

  beforeEach(() => {
    blocks = new Blocks();
  });

  it("yields content in order at any depth", async () => {
    const leaves = [keyStream(10, "a"), keyStream(20, "b"), keyStream(30, "c")].map((bytes) => ({
      bytes,
      cid: blocks.raw(bytes),
      size: bytes.length,
    }));
    const inner = { cid: blocks.node(unixfs(2, leaves.slice(0, 2))), size: 30 };
    const root = blocks.node(unixfs(2, [inner, leaves[2]!, inner]));
    const [a, b, c] = leaves.map(({ bytes }) => bytes) as [Uint8Array, Uint8Array, Uint8Array];
    const content = await walk(blocks, root, { maxBytes: 90 });
    expect(Buffer.compare(content, Buffer.concat([a, b, c, a, b]))).to.equal(0);
  });

  it("agrees with the block that the specification gives a file", async () => {
    const chunks = [keyStream(2 ** 20, "x"), keyStream(1, "y")];
    chunks.forEach((chunk) => blocks.raw(chunk));
    const root = blocks.node(fileNode(chunks));
    expect(Buffer.compare(await walk(blocks, root), Buffer.concat(chunks))).to.equal(0);
  });

  const others: readonly (readonly [string, number, RegExp])[] = [
    ["folder", 1, /is a directory, not a file/],
    ["piece of metadata", 3, /is a metadata, not a file/],
    ["symbolic link", 4, /is a symlink, not a file/],
    ["sharded folder", 5, /is a directory, not a file/],
  ];
  for (const [what, type, message] of others) {
    it(`refuses a ${what}`, async () => {
      const root = blocks.node(unixfs(type, []));
      await expectError(async () => await walk(blocks, root), "artifact.not-a-file", message);
    });
  }

  it("refuses what cannot be decoded", async () => {
    const noise = keyStream(100, "noise");
    await expectMalformed(blocks, blocks.node(noise), /cannot be decoded/);
    await expectMalformed(blocks, blocks.node(new Uint8Array()), /cannot be decoded/);
  });

  it("refuses sizes that do not hold", async () => {
    const leaf = { cid: blocks.raw(keyStream(10, "a")), size: 10 };
    await expectMalformed(
      blocks,
      blocks.node(unixfs(2, [{ ...leaf, size: 9 }])),
      /holds 10 bytes of content where 9 are declared/,
    );
    await expectMalformed(
      blocks,
      blocks.node(unixfs(2, [leaf], [10, 10])),
      /has 1 links and declares 2 sizes/,
    );
  });

  it("refuses links to nothing, which would cost time without limit", async () => {
    const empty = { cid: blocks.raw(new Uint8Array()), size: 0 };
    await expectMalformed(blocks, blocks.node(unixfs(2, [empty])), /a block without content/);
  });

  it("refuses links deeper than 16 levels", async () => {
    let link: Link = { cid: blocks.raw(keyStream(1, "deep")), size: 1 };
    const levels: CID[] = [];
    for (let level = 0; level < 17; level += 1) {
      link = { cid: blocks.node(unixfs(2, [link])), size: 1 };
      levels.push(link.cid);
    }
    expect(await walk(blocks, levels[15]!)).to.have.length(1);
    await expectMalformed(blocks, levels[16]!, /more than 16 levels deep/);
  });

  it("refuses content above the limit by what the root declares, reading one block", async () => {
    const leaf = { cid: blocks.raw(keyStream(10, "a")), size: 2 ** 45 };
    const root = blocks.node(unixfs(2, [leaf]));
    await expectError(async () => await walk(blocks, root), "artifact.too-large", /35184372088832 bytes/);
    expect(blocks.reads).to.equal(1);
  });

  it("counts repeated blocks, however few different ones there are", async () => {
    let link: Link = { cid: blocks.raw(keyStream(1, "bomb")), size: 1 };
    for (let level = 0; level < 3; level += 1) {
      const links = Array.from({ length: 64 }, () => link);
      link = { cid: blocks.node(unixfs(2, links)), size: link.size * 64 };
    }
    expect(link.size).to.be.above(MAX_BLOCKS);
    const distinct = async (): Promise<void> => {
      for await (const block of distinctFileBlocks(blocks, link.cid)) expect(block.bytes).not.to.equal(undefined);
    };
    await expectError(distinct, "artifact.too-many-blocks", /more than 65536 blocks/);
    expect(blocks.reads).to.be.at.most(4);
  });

  it("refuses blocks that are missing, damaged or too large, naming them", async () => {
    const bytes = keyStream(10, "a");
    const leaf = CID.decode(rawCid(bytes));
    const root = blocks.node(unixfs(2, [{ cid: leaf, size: 10 }]));
    const name = new RegExp(leaf.toString());
    await expectError(async () => await walk(blocks, root), "artifact.block-missing", name);
    blocks.add(leaf.bytes, keyStream(10, "b"));
    await expectError(async () => await walk(blocks, root), "artifact.block-damaged", name);
    blocks.add(leaf.bytes, new Uint8Array(MAX_BLOCK_BYTES + 1));
    await expectError(async () => await walk(blocks, root), "artifact.block-too-large", name);
    blocks.add(leaf.bytes, bytes);
    expect(Buffer.compare(await walk(blocks, root), bytes)).to.equal(0);
  });

  it("refuses links with another codec or hash", async () => {
    const { multihash } = CID.decode(rawCid(keyStream(10, "a")));
    const cbor = CID.createV1(0x71, multihash);
    const root = blocks.node(unixfs(2, [{ cid: cbor, size: 10 }]));
    await expectError(async () => await walk(blocks, root), "artifact.unsupported-cid", /codec 0x71/);
  });
});

describe("distinctFileBlocks", () => {
  it("yields each different block once, the root first", async () => {
    const blocks = new Blocks();
    const leaf = { cid: blocks.raw(keyStream(10, "a")), size: 10 };
    const inner = { cid: blocks.node(unixfs(2, [leaf, leaf])), size: 20 };
    const root = blocks.node(unixfs(2, [inner, leaf, inner]));
    const found: string[] = [];
    for await (const { cid } of distinctFileBlocks(blocks, root)) found.push(cid.toString());
    expect(found).to.deep.equal([root, inner.cid, leaf.cid].map(String));
    expect(blocks.reads).to.equal(3);
  });

  it("holds a repeated block to the size that each link declares", async () => {
    const blocks = new Blocks();
    const leaf = { cid: blocks.raw(keyStream(10, "a")), size: 10 };
    const root = blocks.node(unixfs(2, [leaf, { ...leaf, size: 11 }]));
    const distinct = async (): Promise<void> => {
      for await (const { bytes } of distinctFileBlocks(blocks, root)) expect(bytes).not.to.equal(undefined);
    };
    await expectError(distinct, "artifact.malformed", /10 bytes of content where 11 are declared/);
  });
});
