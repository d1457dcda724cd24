import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { CarReader } from "@ipld/car/reader";
import { expect } from "chai";

import { parseCid } from "../../../prover/src/artifacts/artifact-uri.ts";
import { maxCarBytes } from "../../../prover/src/artifacts/car.ts";
import { IpfsNode } from "../../../prover/src/artifacts/ipfs-node.ts";
import { ArtifactStore } from "../../../prover/src/artifacts/store.ts";
import { expectError } from "../support/expect-error.ts";
import { blockFiles } from "./support/block-files.ts";
import { carFile, fileBlocksOf, rawBlock } from "./support/car-file.ts";
import { FakeKubo, fails, pins, sends, uploadedFile } from "./support/fake-kubo.ts";
import { keyStream } from "./support/key-stream.ts";
import { base32 } from "./support/reference-cid.ts";

const MIB = 2 ** 20;
const CHUNKS = [keyStream(MIB, "one"), keyStream(MIB, "two"), keyStream(5, "three")];
const BLOCKS = fileBlocksOf(CHUNKS);
const ROOT = BLOCKS[0]!.cid;
const CID_TEXT = base32(ROOT);
const CONTENT = Buffer.concat(CHUNKS);

describe("IpfsNode", () => {
  let folder: string;
  let store: ArtifactStore;
  let kubo: FakeKubo;

  beforeEach(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), "zkpot-ipfs-"));
    store = new ArtifactStore(folder);
    kubo = await FakeKubo.start(fails(500, "no answer was set"));
  });

  afterEach(async () => {
    await kubo.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The fetch fails, and nothing of what came is stored. */
  async function expectNotFetched(node: IpfsNode, code: string, message: RegExp, limits = {}) {
    const error = await expectError(async () => await node.fetch(store, CID_TEXT, limits), code, message);
    expect(blockFiles(store)).to.deep.equal([]);
    expect(await store.list()).to.deep.equal([]);
    expect(readdirSync(path.join(store.folder, "incoming"))).to.deep.equal([]);
    return error;
  }

  describe("fetch", () => {
    it("stores what the node sends, after asking for the CID by dag/export", async () => {
      kubo.answer = sends(carFile([ROOT], BLOCKS));
      const fetched = await new IpfsNode(kubo.url).fetch(store, `ipfs://${CID_TEXT}`);
      expect(fetched).to.deep.equal({ cid: CID_TEXT, byteLength: CONTENT.length, blockCount: 4 });
      expect(Buffer.compare(await store.get(CID_TEXT), CONTENT)).to.equal(0);
      expect(kubo.requests).to.have.length(1);
      const { url } = kubo.requests[0]!;
      expect(url.pathname).to.equal("/api/v0/dag/export");
      expect(url.searchParams.get("arg")).to.equal(CID_TEXT);
      expect(readdirSync(path.join(store.folder, "incoming"))).to.deep.equal([]);
    });

    it("refuses wrong bytes under the right CID, naming the block and the node", async () => {
      for (const wrong of BLOCKS.keys()) {
        const lies = BLOCKS.map(({ cid, bytes }, index) => {
          const copy = Buffer.from(bytes);
          if (index === wrong) copy[0]! ^= 1;
          return { cid, bytes: copy };
        });
        kubo.answer = sends(carFile([ROOT], lies));
        const error = await expectNotFetched(new IpfsNode(kubo.url), "artifact.block-damaged", /is damaged/);
        expect(error.details.cid).to.equal(base32(BLOCKS[wrong]!.cid));
        expect(error.message).to.include(`what IPFS node ${kubo.url} sent`);
      }
    });

    it("refuses another artifact, correctly named", async () => {
      const other = fileBlocksOf([CHUNKS[1]!, CHUNKS[0]!]);
      kubo.answer = sends(carFile([other[0]!.cid], other));
      await expectNotFetched(new IpfsNode(kubo.url), "artifact.wrong-root", new RegExp(CID_TEXT));
    });

    it("refuses another artifact under the CID that was asked for", async () => {
      const other = fileBlocksOf([CHUNKS[1]!, CHUNKS[0]!]);
      kubo.answer = sends(carFile([ROOT], other));
      const error = await expectNotFetched(
        new IpfsNode(kubo.url),
        "artifact.block-missing",
        /is not in what/,
      );
      expect(error.details.cid).to.equal(CID_TEXT);
    });

    it("refuses blocks that were not asked for", async () => {
      kubo.answer = sends(carFile([ROOT], [...BLOCKS, rawBlock(Buffer.from("junk"))]));
      await expectNotFetched(new IpfsNode(kubo.url), "artifact.car-junk", /no part of/);
    });

    it("refuses what is no CAR file, and one that is cut off", async () => {
      kubo.answer = sends(Buffer.from("\x05hello, this is a web page"));
      await expectNotFetched(new IpfsNode(kubo.url), "artifact.car-invalid", /no CAR file of version 1/);
      kubo.answer = sends(carFile([ROOT], BLOCKS).subarray(0, -1));
      await expectNotFetched(new IpfsNode(kubo.url), "artifact.car-truncated", /is cut off/);
      kubo.answer = sends(Buffer.alloc(0));
      await expectNotFetched(new IpfsNode(kubo.url), "artifact.car-truncated", /is cut off/);
    });

    it("stops reading an endless answer at the limit", async () => {
      let sent = 0;
      kubo.answer = async (_request, response) => {
        const chunk = Buffer.alloc(65_536, 0xff);
        while (!response.destroyed) {
          sent += chunk.length;
          await new Promise<void>((resolve) => response.write(chunk, () => resolve()));
        }
      };
      const limits = { maxBytes: 4 * MIB };
      await expectNotFetched(new IpfsNode(kubo.url), "artifact.too-large", /at most/, limits);
      // What lies in buffers between the two comes on top.
      expect(sent).to.be.below(maxCarBytes(limits) + 16 * MIB);
    });

    it("refuses content above the limit", async () => {
      kubo.answer = sends(carFile([ROOT], BLOCKS));
      await expectNotFetched(new IpfsNode(kubo.url), "artifact.too-large", /2097157 bytes, at most 2097156/, {
        maxBytes: CONTENT.length - 1,
      });
    });

    it("gives up a node that does not answer, one that stops, and one that drips", async () => {
      const node = new IpfsNode(kubo.url, { idleMs: 150 });
      const silences: readonly FakeKubo["answer"][] = [
        () => undefined,
        (_request, response) => void response.write(carFile([ROOT], BLOCKS).subarray(0, 100_000)),
        (_request, response) => {
          const timer = setInterval(() => response.write("x"), 20);
          response.once("close", () => {
            clearInterval(timer);
          });
        },
      ];
      for (const answer of silences) {
        kubo.answer = answer;
        await expectNotFetched(node, "artifact.node-failed", /too little came for 0.15 s/);
      }
    });

    it("passes on what the node says, as one short line", async () => {
      kubo.answer = fails(500, `block was not found\n\u001b[31m${"x".repeat(10_000)}`);
      const error = await expectNotFetched(
        new IpfsNode(kubo.url),
        "artifact.node-failed",
        /did not send bafy\w+: block was not found \[31mx+…$/,
      );
      expect(error.message.length).to.be.below(400);
    });

    it("says when the connection breaks and when there is no node", async () => {
      kubo.answer = (_request, response) => {
        response.write(carFile([ROOT], BLOCKS).subarray(0, MIB), () => response.destroy());
      };
      await expectNotFetched(new IpfsNode(kubo.url), "artifact.node-failed", /did not send/);
      await expectNotFetched(new IpfsNode("http://127.0.0.1:1"), "artifact.node-failed", /ECONNREFUSED|bad port/);
    });

    it("says when it cannot write", async () => {
      kubo.answer = sends(carFile([ROOT], BLOCKS));
      rmSync(folder, { recursive: true });
      writeFileSync(folder, "a file in place of the working folder");
      await expectError(
        async () => await new IpfsNode(kubo.url).fetch(store, CID_TEXT),
        "artifact.not-written",
        /cannot write/,
      );
      expect(kubo.requests).to.deep.equal([]);
    });
  });

  describe("publish", () => {
    it("sends the artifact as a CAR file to be pinned", async () => {
      const { cid } = await store.putBytes(CONTENT);
      expect(cid).to.equal(CID_TEXT);
      kubo.answer = pins(cid);
      const node = new IpfsNode(kubo.url);
      expect(await node.publish(store, cid)).to.deep.equal({ cid, byteLength: CONTENT.length });
      const [request] = kubo.requests;
      expect(request!.url.pathname).to.equal("/api/v0/dag/import");
      expect(request!.url.searchParams.get("pin-roots")).to.equal("true");
      const upload = uploadedFile(request!);
      expect(Buffer.compare(upload, carFile([ROOT], BLOCKS))).to.equal(0);
      expect((await (await CarReader.fromBytes(upload)).getRoots()).map(String)).to.deep.equal([cid]);
    });

    it("sends nothing of an artifact that is damaged or missing", async () => {
      const node = new IpfsNode(kubo.url);
      await expectError(async () => await node.publish(store, CID_TEXT), "artifact.missing", /is not in/);
      const { cid } = await store.putBytes(CONTENT);
      writeFileSync(store.blocks.fileOf(parseCid(base32(BLOCKS[3]!.cid))), "other");
      await expectError(async () => await node.publish(store, cid), "artifact.block-damaged", /is damaged/);
      expect(kubo.requests).to.deep.equal([]);
    });

    it("believes neither silence nor another CID nor a failed pin", async () => {
      const { cid } = await store.putBytes(CONTENT);
      const node = new IpfsNode(kubo.url);
      const answers: readonly (readonly [FakeKubo["answer"], RegExp])[] = [
        [sends(Buffer.alloc(0)), /it did not confirm the artifact/],
        [pins(base32(BLOCKS[1]!.cid)), /it did not confirm the artifact/],
        [pins(cid, "no space left"), /it did not pin the artifact: no space left/],
        [fails(500, "blockstore is read-only"), /blockstore is read-only/],
        [sends(Buffer.from("<html>not what was expected</html>")), /did not store/],
      ];
      for (const [answer, message] of answers) {
        kubo.answer = answer;
        await expectError(async () => await node.publish(store, cid), "artifact.node-failed", message);
      }
      kubo.answer = () => undefined;
      await expectError(
        async () => await new IpfsNode(kubo.url, { idleMs: 150 }).publish(store, cid),
        "artifact.node-failed",
        /too little came for 0.15 s/,
      );
    });
  });

  describe("address", () => {
    it("may hold a name and a password, which are sent and not shown", async () => {
      kubo.answer = fails(403, "forbidden");
      const url = kubo.url.replace("//", "//alice:s%23cret@");
      const node = new IpfsNode(url);
      const error = await expectNotFetched(node, "artifact.node-failed", /forbidden/);
      expect(kubo.requests[0]!.authorization).to.equal(
        `Basic ${Buffer.from("alice:s#cret").toString("base64")}`,
      );
      expect(node.name + error.message + JSON.stringify(error.details)).not.to.match(/alice|s%23cret/);
    });

    it("may have a path of its own", async () => {
      kubo.answer = sends(carFile([ROOT], BLOCKS));
      await new IpfsNode(`${kubo.url}/behind/proxy/api/v0`).fetch(store, CID_TEXT);
      expect(kubo.requests[0]!.url.pathname).to.equal("/behind/proxy/api/v0/dag/export");
    });

    it("is refused when it is no http URL, without showing a password", async () => {
      for (const url of ["", "here", "ftp://alice:secret@host", "/ip4/127.0.0.1/tcp/5001", "file:///etc/passwd"]) {
        const error = await expectError(
          () => new IpfsNode(url),
          "artifact.invalid-node-url",
          /no http or https URL/,
        );
        expect(error.message).not.to.include("secret");
      }
    });
  });
});
