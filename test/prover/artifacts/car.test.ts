import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { CarReader } from "@ipld/car/reader";
import { expect } from "chai";
import fc from "fast-check";

import { ArtifactError } from "../../../prover/src/artifacts/artifact-error.ts";
import { parseCid } from "../../../prover/src/artifacts/artifact-uri.ts";
import { MAX_BLOCK_BYTES } from "../../../prover/src/artifacts/block.ts";
import { exportCar, importCar, maxCarBytes } from "../../../prover/src/artifacts/car.ts";
import { ArtifactStore } from "../../../prover/src/artifacts/store.ts";
import { expectError } from "../support/expect-error.ts";
import { blockFiles } from "./support/block-files.ts";
import { carFile, carHeader, fileBlocksOf, rawBlock, section } from "./support/car-file.ts";
import { keyStream } from "./support/key-stream.ts";
import { base32, varint } from "./support/reference-cid.ts";

const MIB = 2 ** 20;

describe("CAR files", () => {
  let folder: string;
  let store: ArtifactStore;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), "zkpot-car-"));
    store = new ArtifactStore(path.join(folder, "here"));
    file = path.join(folder, "artifact.car");
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** Imports the bytes as a file into an empty store. */
  async function importBytes(bytes: Uint8Array, expectation = {}) {
    writeFileSync(file, bytes);
    return await importCar(store, file, expectation);
  }

  /** The bytes are refused, and nothing of them is stored. */
  async function expectRefused(bytes: Uint8Array, code: string, message: RegExp, expectation = {}) {
    const error = await expectError(async () => await importBytes(bytes, expectation), code, message);
    expect(blockFiles(store)).to.deep.equal([]);
    expect(await store.list()).to.deep.equal([]);
    return error;
  }

  describe("exportCar", () => {
    it("writes the bytes that the specification gives", async () => {
      for (const byteLength of [0, 1, MIB, MIB + 1, 3 * MIB + 5]) {
        const bytes = keyStream(byteLength, "export");
        const { cid } = await store.putBytes(bytes);
        const chunks = Array.from({ length: Math.ceil(byteLength / MIB) || 1 }, (_, index) =>
          bytes.subarray(index * MIB, (index + 1) * MIB),
        );
        const blocks = chunks.length === 1 ? [rawBlock(bytes)] : fileBlocksOf(chunks);
        expect(await exportCar(store, cid, file)).to.deep.equal({
          cid,
          byteLength,
          blockCount: blocks.length,
        });
        expect(Buffer.compare(readFileSync(file), carFile([blocks[0]!.cid], blocks))).to.equal(0);
      }
    });

    it("writes a file that another reader opens, each block once", async () => {
      const { cid } = await store.putBytes(new Uint8Array(4 * MIB));
      expect(await exportCar(store, `ipfs://${cid}`, file)).to.have.property("blockCount", 2);
      const reader = await CarReader.fromBytes(readFileSync(file));
      expect((await reader.getRoots()).map(String)).to.deep.equal([cid]);
      const cids: string[] = [];
      for await (const found of reader.cids()) cids.push(found.toString());
      expect(cids).to.have.length(2);
      expect(cids[0]).to.equal(cid);
    });

    it("refuses a damaged artifact by name and leaves no file", async () => {
      const { cid } = await store.putBytes(keyStream(2 * MIB, "damaged"));
      const leaf = blockFiles(store).find((name) => name !== store.blocks.fileOf(parseCid(cid)))!;
      writeFileSync(leaf, "other");
      const error = await expectError(
        async () => await exportCar(store, cid, file),
        "artifact.block-damaged",
        /is damaged/,
      );
      expect(store.blocks.fileOf(parseCid(error.details.cid as string))).to.equal(leaf);
      expect(readdirSync(folder)).to.deep.equal(["here"]);
    });

    it("says when it cannot write", async () => {
      const { cid } = await store.putBytes(new Uint8Array(3));
      mkdirSync(file);
      await expectError(async () => await exportCar(store, cid, file), "artifact.not-written", /EISDIR/);
    });
  });

  describe("importCar", () => {
    const chunks = [keyStream(MIB, "first"), keyStream(MIB, "second"), keyStream(77, "third")];
    const blocks = fileBlocksOf(chunks);
    const root = blocks[0]!.cid;
    const cid = base32(root);
    const content = Buffer.concat(chunks);
    const whole = carFile([root], blocks);

    it("stores what was exported, whatever its size", async () => {
      const other = new ArtifactStore(path.join(folder, "there"));
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 0, max: 3 * MIB }), fc.nat(), async (byteLength, seed) => {
          const bytes = keyStream(byteLength, String(seed));
          const exported = await exportCar(store, (await store.putBytes(bytes)).cid, file);
          expect(await importCar(other, file)).to.deep.equal(exported);
          expect(Buffer.compare(await other.get(exported.cid), bytes)).to.equal(0);
          expect(await other.list()).to.deep.include({ cid: exported.cid, byteLength });
        }),
        { numRuns: 15 },
      );
    });

    it("takes blocks in any order, repeated ones too", async () => {
      const shuffled = carFile([root], [blocks[3]!, blocks[1]!, blocks[1]!, blocks[0]!, blocks[2]!]);
      expect(await importBytes(shuffled)).to.deep.equal({ cid, byteLength: content.length, blockCount: 4 });
      expect(Buffer.compare(await store.get(cid), content)).to.equal(0);
    });

    it("takes the artifact that was asked for and refuses another", async () => {
      expect(await importBytes(whole, { root: cid })).to.have.property("cid", cid);
      rmSync(store.folder, { recursive: true });
      const other = base32(rawBlock(chunks[0]!).cid);
      const error = await expectRefused(whole, "artifact.wrong-root", /asked for was/, { root: other });
      expect(error.message).to.include(cid).and.to.include(other);
    });

    it("puts a damaged block in the store right", async () => {
      await importBytes(whole);
      for (const damaged of blockFiles(store)) writeFileSync(damaged, "other");
      await importCar(store, file);
      expect(Buffer.compare(await store.get(cid), content)).to.equal(0);
    });

    it("refuses a file in which any bit of a block is changed, naming the block, and stores nothing", async () => {
      const starts: { readonly start: number; readonly length: number; readonly cid: string }[] = [];
      let position = varint(carHeader([root]).length).length + carHeader([root]).length;
      for (const block of blocks) {
        const end = position + section(block).length;
        starts.push({ start: end - block.bytes.length, length: block.bytes.length, cid: base32(block.cid) });
        position = end;
      }
      await fc.assert(
        fc.asyncProperty(fc.constantFrom(...starts), fc.nat(), fc.nat(7), async (block, where, bit) => {
          const damaged = Buffer.from(whole);
          damaged[block.start + (where % block.length)]! ^= 1 << bit;
          const error = await expectRefused(damaged, "artifact.block-damaged", /damaged: its \d+ bytes/);
          expect(error.details.cid).to.equal(block.cid);
          expect(error.details.source).to.equal(file);
        }),
        { numRuns: 25 },
      );
    });

    it("refuses a file that is cut off anywhere", async () => {
      const headerEnd = varint(carHeader([root]).length).length + carHeader([root]).length;
      const codes = ["artifact.car-truncated", "artifact.block-missing"];
      const lengths = fc.oneof(
        fc.constantFrom(0, 1, headerEnd - 1, headerEnd, headerEnd + 1, headerEnd + 20, whole.length - 1),
        fc.integer({ min: 0, max: whole.length - 1 }),
      );
      await fc.assert(
        fc.asyncProperty(lengths, async (length) => {
          const failed = await importBytes(whole.subarray(0, length)).catch((error: unknown) => error);
          expect(failed).to.be.instanceOf(ArtifactError);
          expect(codes).to.include((failed as ArtifactError).code);
          expect(blockFiles(store)).to.deep.equal([]);
        }),
        { numRuns: 40 },
      );
    });

    it("refuses a file in which a block is missing, naming it", async () => {
      for (const missing of blocks) {
        const rest = blocks.filter((block) => block !== missing);
        const error = await expectRefused(carFile([root], rest), "artifact.block-missing", /is not in/);
        expect(error.details.cid).to.equal(base32(missing.cid));
      }
    });

    it("refuses blocks that are no part of the artifact", async () => {
      const junk = rawBlock(Buffer.from("junk"));
      const error = await expectRefused(
        carFile([root], [...blocks, junk]),
        "artifact.car-junk",
        /holds 1 blocks that are no part of/,
      );
      expect(error.details.junk).to.deep.equal([base32(junk.cid)]);
    });

    it("refuses the right bytes under the CID of others", async () => {
      const forged = blocks.map(({ cid: name }, index) => ({
        cid: name,
        bytes: index === 1 ? chunks[1]! : blocks[index]!.bytes,
      }));
      await expectRefused(carFile([root], forged), "artifact.block-damaged", /damaged/);
    });

    it("refuses no root and several", async () => {
      await expectRefused(carFile([], blocks), "artifact.car-invalid", /it has 0 roots, one is needed/);
      await expectRefused(
        carFile([root, blocks[1]!.cid], blocks),
        "artifact.car-invalid",
        /it has 2 roots, one is needed/,
      );
    });

    it("refuses version 2 and headers that cannot be decoded", async () => {
      const pragma = Buffer.from("0aa16776657273696f6e02", "hex");
      await expectRefused(Buffer.concat([pragma, whole]), "artifact.car-invalid", /it is of version 2/);
      const headers: readonly (readonly [Uint8Array, RegExp])[] = [
        [Buffer.from([0]), /its header has 0 bytes/],
        [Buffer.concat([varint(1_025), Buffer.alloc(1_025)]), /its header has 1025 bytes, expected are 1 to/],
        [Buffer.concat([varint(5), Buffer.from("hello")]), /its header cannot be decoded/],
        [Buffer.alloc(20, 0xff), /there is no length at byte 0/],
      ];
      for (const [bytes, message] of headers) await expectRefused(bytes, "artifact.car-invalid", message);
      const text = Buffer.from("{ this is text, and its first byte announces 123 more }");
      await expectRefused(text, "artifact.car-truncated", /is cut off/);
    });

    it("refuses sections that are no blocks", async () => {
      const header = carFile([root], []);
      const empty = Buffer.concat([header, Buffer.from([0])]);
      await expectRefused(empty, "artifact.car-invalid", /a block of no bytes/);
      const noCid = Buffer.concat([header, varint(40), Buffer.alloc(40, 0xee)]);
      await expectRefused(noCid, "artifact.car-invalid", /there is no CID at byte/);
      const endless = Buffer.concat([header, Buffer.alloc(8, 0xff)]);
      await expectRefused(endless, "artifact.car-invalid", /there is no length at byte/);
    });

    it("refuses a block beyond the size limit without reading it", async () => {
      const huge = { cid: rawBlock(Buffer.from("x")).cid, bytes: new Uint8Array(MAX_BLOCK_BYTES + 1) };
      await expectRefused(carFile([huge.cid], [huge]), "artifact.block-too-large", /2097153 bytes/);
    });

    it("refuses blocks with another hash than SHA-256", async () => {
      const identity = Buffer.from([1, 0x55, 0, 2, 0x68, 0x69]);
      await expectRefused(
        carFile([root], [{ cid: identity, bytes: Buffer.from("hi") }]),
        "artifact.unsupported-cid",
        /hash 0x0/,
      );
      await expectRefused(carFile([identity], []), "artifact.unsupported-cid", /hash 0x0/);
    });

    it("refuses content above the limit, and takes content at the limit", async () => {
      expect(await importBytes(whole, { maxBytes: content.length })).to.have.property("cid", cid);
      rmSync(store.folder, { recursive: true });
      await expectRefused(whole, "artifact.too-large", /2097229 bytes, at most 2097228/, {
        maxBytes: content.length - 1,
      });
    });

    it("refuses a huge file before reading it", async () => {
      writeFileSync(file, whole);
      truncateSync(file, 2 ** 40);
      await expectError(
        async () => await importCar(store, file),
        "artifact.too-large",
        new RegExp(`1099511627776 bytes, at most ${maxCarBytes({})}`),
      );
    });

    it("refuses a file that is not there, a folder and a pipe", async () => {
      await expectError(async () => await importCar(store, file), "artifact.unreadable", /no such file/);
      await expectError(async () => await importCar(store, folder), "artifact.unreadable", /no file/);
      const pipe = path.join(folder, "pipe");
      execFileSync("mkfifo", [pipe]);
      await expectError(async () => await importCar(store, pipe), "artifact.unreadable", /no file/);
    });

    it("leaves room in the file limit for the blocks that link", () => {
      expect(maxCarBytes({ maxBytes: content.length })).to.be.at.least(whole.length);
      expect(maxCarBytes({})).to.be.above(2 ** 30);
    });
  });
});
