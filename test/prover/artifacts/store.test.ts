import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout } from "node:timers/promises";

import { FsBlockstore } from "blockstore-fs";
import { expect } from "chai";
import fc from "fast-check";
import { exporter } from "ipfs-unixfs-exporter";
import { CID } from "multiformats/cid";

import { parseCid } from "../../../prover/src/artifacts/artifact-uri.ts";
import { ArtifactStore } from "../../../prover/src/artifacts/store.ts";
import { expectError } from "../support/expect-error.ts";
import { blockFiles } from "./support/block-files.ts";
import { keyStream } from "./support/key-stream.ts";
import { base32, rawCid, referenceCid } from "./support/reference-cid.ts";

const MIB = 2 ** 20;
const PUT_PROCESS = path.join(import.meta.dirname, "support", "put-process.ts");

/** CIDs that other tools gave the same content under profile unixfs-v1-2025. */
const KNOWN = {
  empty: "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku",
  "hello world": "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e",
  // From kubo's tests of its CID profiles: the ChaCha20 key stream of a seed.
  oneChunk: "bafkreiacndfy443ter6qr2tmbbdhadvxxheowwf75s6zehscklu6ezxmta",
  oneChunkAndAByte: "bafybeigmix7t42i6jacydtquhet7srwvgpizfg7gjbq7627d35mjomtu64",
};

describe("ArtifactStore", () => {
  let folder: string;
  let store: ArtifactStore;

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), "zkpot-artifacts-"));
    store = new ArtifactStore(folder);
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  describe("CIDs", () => {
    it("are those that kubo gives the same bytes", async () => {
      const contents: readonly (readonly [Uint8Array, string])[] = [
        [new Uint8Array(), KNOWN.empty],
        [new TextEncoder().encode("hello world"), KNOWN["hello world"]],
        [keyStream(MIB, "chunk-v1-seed"), KNOWN.oneChunk],
        [keyStream(MIB + 1, "chunk-v1-seed"), KNOWN.oneChunkAndAByte],
      ];
      for (const [bytes, cid] of contents) {
        expect(await store.putBytes(bytes)).to.deep.equal({ cid, byteLength: bytes.length });
      }
    });

    it("are those of an independent computation, at all sizes around the chunk limit", async () => {
      for (const byteLength of [1, MIB - 1, MIB, MIB + 1, 2 * MIB, 3 * MIB + 17]) {
        const bytes = keyStream(byteLength, `size ${byteLength}`);
        expect((await store.putBytes(bytes)).cid, `${byteLength} bytes`).to.equal(referenceCid(bytes));
      }
    });

    it("are the same for a file and for its bytes", async () => {
      const bytes = keyStream(2 * MIB + 5, "file");
      const file = path.join(folder, "content");
      writeFileSync(file, bytes);
      expect(await store.putFile(file)).to.deep.equal(await store.putBytes(bytes));
    });
  });

  describe("reading", () => {
    it("gives back what was stored, whatever its size", async () => {
      const sizes = fc.oneof(
        fc.constantFrom(0, 1, MIB - 1, MIB, MIB + 1, 2 * MIB, 3 * MIB + 1),
        fc.integer({ min: 0, max: 4 * MIB }),
      );
      await fc.assert(
        fc.asyncProperty(sizes, fc.nat(), async (byteLength, seed) => {
          const bytes = keyStream(byteLength, String(seed));
          const { cid } = await store.putBytes(bytes);
          expect(Buffer.compare(await store.get(cid), bytes)).to.equal(0);
          expect(await store.check(cid)).to.deep.equal({ cid, byteLength });
        }),
        { numRuns: 20 },
      );
    });

    it("gives back content whose blocks are all the same, stored once", async () => {
      const bytes = new Uint8Array(5 * MIB);
      const { cid } = await store.putBytes(bytes);
      expect(blockFiles(store)).to.have.length(2);
      expect(Buffer.compare(await store.get(cid), bytes)).to.equal(0);
    });

    it("finds an artifact by its URI and by its CID in other forms", async () => {
      const { cid } = await store.putBytes(keyStream(MIB + 1, "forms"));
      const { multihash } = CID.parse(cid);
      for (const name of [`ipfs://${cid}`, CID.createV0(multihash as never).toString()]) {
        expect(await store.check(name)).to.deep.equal({ cid, byteLength: MIB + 1 });
      }
    });

    it("agrees with blockstore-fs and the exporter about the same folder", async () => {
      const bytes = keyStream(2 * MIB + 9, "interoperable");
      const { cid } = await store.putBytes(bytes);
      const other = new FsBlockstore(path.join(store.folder, "blocks"));
      const entry = await exporter(CID.parse(cid), other);
      const chunks: Uint8Array[] = [];
      if (entry.type !== "file") throw new Error(`${entry.type} is no file`);
      for await (const chunk of entry.content()) chunks.push(chunk);
      expect(Buffer.compare(Buffer.concat(chunks), bytes)).to.equal(0);
    });

    it("writes content into a file", async () => {
      const bytes = keyStream(MIB + 3, "save");
      const { cid } = await store.putBytes(bytes);
      const file = path.join(folder, "out", "content");
      expect(await store.save(`ipfs://${cid}`, file)).to.deep.equal({ cid, byteLength: bytes.length });
      expect(Buffer.compare(readFileSync(file), bytes)).to.equal(0);
    });

    it("refuses content above the limit before reading it, and accepts content at the limit", async () => {
      const { cid } = await store.putBytes(keyStream(2 * MIB, "limit"));
      expect(await store.get(cid, { maxBytes: 2 * MIB })).to.have.length(2 * MIB);
      const error = await expectError(
        async () => await store.get(cid, { maxBytes: 2 * MIB - 1 }),
        "artifact.too-large",
        /2097152 bytes, at most 2097151/,
      );
      expect(error.details.what).to.equal(cid);
    });

    it("refuses an artifact that is not there, naming it", async () => {
      await expectError(
        async () => await store.get(KNOWN["hello world"]),
        "artifact.missing",
        new RegExp(KNOWN["hello world"]),
      );
    });
  });

  describe("storing", () => {
    it("refuses content above the limit and lists nothing", async () => {
      await expectError(
        async () => await store.putBytes(new Uint8Array(1001), { maxBytes: 1000 }),
        "artifact.too-large",
        /at least 1001 bytes, at most 1000/,
      );
      expect(await store.list()).to.deep.equal([]);
    });

    it("refuses a file that is not there and a folder", async () => {
      const missing = path.join(folder, "missing");
      await expectError(async () => await store.putFile(missing), "artifact.unreadable", /no such file/);
      await expectError(async () => await store.putFile(folder), "artifact.unreadable", /EISDIR/);
    });

    it("says when it cannot write, and leaves no part of a block", async () => {
      mkdirSync(path.join(folder, ".zkpot"));
      writeFileSync(store.folder, "a file where the folder would be");
      await expectError(
        async () => await store.putBytes(new Uint8Array(3)),
        "artifact.not-written",
        /cannot write/,
      );
    });

    it("lists what was stored, once each", async () => {
      const first = await store.putBytes(keyStream(10, "first"));
      const second = await store.putBytes(keyStream(MIB + 1, "second"));
      await store.putBytes(keyStream(10, "first"));
      writeFileSync(path.join(store.folder, "roots", "README"), "no CID");
      expect(await store.list()).to.have.deep.members([first, second]);
      rmSync(store.blocks.fileOf(parseCid(second.cid)));
      expect(await store.list()).to.have.deep.members([first, { cid: second.cid, byteLength: null }]);
    });

    it("repairs a damaged block when its content is stored again", async () => {
      const bytes = keyStream(100, "repair");
      const { cid } = await store.putBytes(bytes);
      writeFileSync(store.blocks.fileOf(parseCid(cid)), "damaged");
      await store.putBytes(bytes);
      expect(Buffer.compare(await store.get(cid), bytes)).to.equal(0);
    });

    it("refuses a block that is not what its CID says", async () => {
      await expectError(
        async () => await store.blocks.put(parseCid(KNOWN["hello world"]), Buffer.from("hello moon")),
        "artifact.block-damaged",
        new RegExp(KNOWN["hello world"]),
      );
      expect(existsSync(store.folder)).to.equal(false);
    });

    it("removes what killed processes left a day ago, and nothing younger", async () => {
      const incoming = path.join(store.folder, "incoming");
      mkdirSync(incoming, { recursive: true });
      const [old, young] = [path.join(incoming, "old"), path.join(incoming, "young")];
      writeFileSync(old, "half");
      writeFileSync(young, "half");
      const yesterday = Date.now() / 1000 - 24 * 3600 - 60;
      utimesSync(old, yesterday, yesterday);
      await store.putBytes(new Uint8Array(1));
      expect(readdirSync(incoming)).to.deep.equal(["young"]);
    });
  });

  describe("damage", () => {
    let bytes: Uint8Array;
    let cid: string;
    /** The files of the root and of its three leaves. */
    let files: readonly string[];

    beforeEach(async () => {
      bytes = keyStream(2 * MIB + 100, "damage");
      ({ cid } = await store.putBytes(bytes));
      files = blockFiles(store);
      expect(files).to.have.length(4);
    });

    it("of any bit of any block is refused, naming the block", async () => {
      await fc.assert(
        fc.asyncProperty(fc.constantFrom(...files), fc.nat(), fc.nat(7), async (file, where, bit) => {
          const whole = readFileSync(file);
          const damaged = Buffer.from(whole);
          damaged[where % whole.length]! ^= 1 << bit;
          writeFileSync(file, damaged);
          const error = await expectError(
            async () => await store.get(cid),
            "artifact.block-damaged",
            /damaged: its \d+ bytes have SHA-256/,
          );
          expect(store.blocks.fileOf(parseCid(error.details.cid as string))).to.equal(file);
          await expectError(async () => await store.check(cid), "artifact.block-damaged", /damaged/);
          writeFileSync(file, whole);
        }),
        { numRuns: 25 },
      );
    });

    it("by cutting off any block is refused", async () => {
      for (const file of files) {
        const whole = readFileSync(file);
        for (const length of [0, 1, whole.length - 1]) {
          truncateSync(file, length);
          await expectError(
            async () => await store.get(cid),
            "artifact.block-damaged",
            new RegExp(`${length} bytes`),
          );
        }
        writeFileSync(file, whole);
      }
    });

    it("by exchanging two blocks is refused", async () => {
      const [first, second] = [readFileSync(files[0]!), readFileSync(files[1]!)];
      writeFileSync(files[0]!, second);
      writeFileSync(files[1]!, first);
      await expectError(async () => await store.get(cid), "artifact.block-damaged", /damaged/);
    });

    it("by removing a block is refused, naming the block", async () => {
      const root = store.blocks.fileOf(parseCid(cid));
      for (const file of files) {
        const whole = readFileSync(file);
        rmSync(file);
        const code = file === root ? "artifact.missing" : "artifact.block-missing";
        const error = await expectError(async () => await store.get(cid), code, /is not in/);
        expect(store.blocks.fileOf(parseCid(error.details.cid as string))).to.equal(file);
        writeFileSync(file, whole);
      }
    });

    it("by a block beyond the size limit is refused without reading it", async () => {
      truncateSync(files[0]!, 2 ** 40);
      await expectError(
        async () => await store.get(cid),
        "artifact.block-too-large",
        /1099511627776 bytes, at most 2097152/,
      );
    });

    it("leaves no file behind when it is found while writing one", async () => {
      rmSync(files.find((file) => file !== store.blocks.fileOf(parseCid(cid)))!);
      const target = path.join(folder, "out", "content");
      await expectError(async () => await store.save(cid, target), "artifact.block-missing", /is not in/);
      expect(readdirSync(path.dirname(target))).to.deep.equal([]);
    });

    it("by a folder in place of a block is told as what it is", async () => {
      rmSync(files[0]!);
      mkdirSync(files[0]!);
      await expectError(async () => await store.get(cid), "artifact.unreadable", /EISDIR/);
    });
  });

  describe("two processes", () => {
    it("that store the same content at once both succeed, and leave every block whole", async () => {
      const bytes = keyStream(4 * MIB + 11, "race");
      const file = path.join(folder, "content");
      writeFileSync(file, bytes);
      const outputs = await Promise.all([1, 2, 3].map(async () => await putInProcess(folder, file)));
      expect(new Set(outputs)).to.have.property("size", 1);
      expect(Buffer.compare(await store.get(outputs[0]!), bytes)).to.equal(0);
      expect(readdirSync(path.join(store.folder, "incoming"))).to.deep.equal([]);
    });

    it("of which one is killed leave whole blocks only, and no artifact that is not complete", async () => {
      const bytes = keyStream(24 * MIB, "killed");
      const file = path.join(folder, "content");
      writeFileSync(file, bytes);
      for (const blockCount of [1, 3, 7]) {
        rmSync(store.folder, { recursive: true, force: true });
        await killAfterBlocks(store, folder, file, blockCount);
        for (const block of blockFiles(store)) {
          const cid = parseCid(base32(rawCid(readFileSync(block))));
          expect(store.blocks.fileOf(cid)).to.equal(block);
        }
        for (const { cid } of await store.list()) await store.check(cid);
      }
      const { cid } = await store.putFile(file);
      expect(Buffer.compare(await store.get(cid), bytes)).to.equal(0);
    });
  });
});

/** Stores a file in a process of its own and returns the CID. */
async function putInProcess(folder: string, file: string): Promise<string> {
  const child = spawn(process.execPath, [PUT_PROCESS, folder, file], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  expect(code).to.equal(0);
  return output;
}

/** Stores a file in a process that is killed once it has written so many blocks. */
async function killAfterBlocks(
  store: ArtifactStore,
  folder: string,
  file: string,
  blockCount: number,
): Promise<void> {
  const child = spawn(process.execPath, [PUT_PROCESS, folder, file], { stdio: "ignore" });
  const closed = once(child, "close");
  while (child.exitCode === null && blockFiles(store).length < blockCount) await setTimeout(1);
  child.kill("SIGKILL");
  await closed;
}
