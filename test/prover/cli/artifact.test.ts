import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

import { expect } from "chai";

import { parseCid } from "../../../prover/src/artifacts/artifact-uri.ts";
import { ArtifactStore } from "../../../prover/src/artifacts/store.ts";
import { Workspace } from "../../support/zkpot.ts";
import { blockFiles } from "../artifacts/support/block-files.ts";
import { carFile, fileBlocksOf, rawBlock } from "../artifacts/support/car-file.ts";
import { FakeKubo, fails, pins, sends, uploadedFile } from "../artifacts/support/fake-kubo.ts";
import { keyStream } from "../artifacts/support/key-stream.ts";
import { base32 } from "../artifacts/support/reference-cid.ts";

const CHUNKS = [keyStream(2 ** 20, "a"), keyStream(9, "b")];
const BLOCKS = fileBlocksOf(CHUNKS);
const CID_TEXT = base32(BLOCKS[0]!.cid);
const CONTENT = Buffer.concat(CHUNKS);
const FACTS = { cid: CID_TEXT, uri: `ipfs://${CID_TEXT}`, byteLength: CONTENT.length };

describe("zkpot artifact", () => {
  let workspace: Workspace;
  let store: ArtifactStore;
  let kubo: FakeKubo;

  beforeEach(async () => {
    workspace = new Workspace();
    workspace.configure("http://127.0.0.1:1");
    store = new ArtifactStore(workspace.folder);
    writeFileSync(workspace.file("content"), CONTENT);
    kubo = await FakeKubo.start(fails(500, "no answer was set"));
  });

  afterEach(async () => {
    await kubo.stop();
    workspace.remove();
  });

  it("adds a file, lists it and writes it again", async () => {
    const empty = await workspace.json<{ artifacts: unknown[] }>("artifact", "list");
    expect(empty).to.deep.equal({ folder: store.folder, artifacts: [] });
    const added = await workspace.json("artifact", "add", "content");
    expect(added).to.deep.equal({ ...FACTS, file: workspace.file("content") });
    const { artifacts } = await workspace.json<{ artifacts: unknown[] }>("artifact", "list");
    expect(artifacts).to.deep.equal([{ cid: CID_TEXT, byteLength: CONTENT.length }]);
    const { stdout } = await workspace.run("artifact", "list");
    expect(stdout).to.include(CID_TEXT);
    const got = await workspace.json("artifact", "get", `ipfs://${CID_TEXT}`, "--out", "copy");
    expect(got).to.deep.equal({ ...FACTS, from: "store", file: workspace.file("copy") });
    expect(Buffer.compare(readFileSync(workspace.file("copy")), CONTENT)).to.equal(0);
  });

  it("takes an artifact to another working folder in a CAR file", async () => {
    await workspace.run("artifact", "add", "content");
    const exported = await workspace.json<{ file: string }>("artifact", "export", CID_TEXT);
    expect(exported).to.deep.equal({ ...FACTS, blockCount: 3, file: workspace.file(`${CID_TEXT}.car`) });
    const other = new Workspace();
    try {
      other.configure("http://127.0.0.1:1");
      const wrong = base32(BLOCKS[1]!.cid);
      const refused = await other.failure("artifact", "import", exported.file, "--cid", wrong);
      expect(refused.code).to.equal("artifact.wrong-root");
      const imported = await other.json("artifact", "import", exported.file, "--cid", `ipfs://${CID_TEXT}`);
      expect(imported).to.deep.equal({ ...FACTS, blockCount: 3 });
      await other.json("artifact", "get", CID_TEXT, "--out", "copy");
      expect(Buffer.compare(readFileSync(other.file("copy")), CONTENT)).to.equal(0);
    } finally {
      other.remove();
    }
  });

  it("refuses a damaged CAR file by the name of the block, and stores nothing of it", async () => {
    const lie = { cid: BLOCKS[2]!.cid, bytes: keyStream(9, "c") };
    writeFileSync(workspace.file("bad.car"), carFile([BLOCKS[0]!.cid], [BLOCKS[0]!, BLOCKS[1]!, lie]));
    const error = await workspace.failure("artifact", "import", "bad.car");
    expect(error.code).to.equal("artifact.block-damaged");
    expect(error.exitCode).to.equal(1);
    expect(error.message).to.include(base32(lie.cid));
    expect(blockFiles(store)).to.deep.equal([]);
  });

  it("refuses a damaged artifact by the name of the block and leaves no file", async () => {
    await workspace.run("artifact", "add", "content");
    const leaf = base32(BLOCKS[2]!.cid);
    writeFileSync(store.blocks.fileOf(parseCid(leaf)), "other");
    for (const command of [
      ["get", CID_TEXT, "--out", "copy"],
      ["export", CID_TEXT, "--out", "copy"],
      ["pin", CID_TEXT, "--ipfs-rpc", kubo.url],
    ]) {
      const error = await workspace.failure("artifact", ...command);
      expect(error.code, command[0]).to.equal("artifact.block-damaged");
      expect(error.message).to.include(leaf);
    }
    expect(() => readFileSync(workspace.file("copy"))).to.throw(/ENOENT/);
    expect(kubo.requests).to.deep.equal([]);
  });

  it("shows an artifact whose first block is damaged as such", async () => {
    await workspace.run("artifact", "add", "content");
    rmSync(store.blocks.fileOf(parseCid(CID_TEXT)));
    const { stdout } = await workspace.run("artifact", "list");
    expect(stdout).to.match(new RegExp(`${CID_TEXT}\\s+damaged`));
  });

  it("gets from the IPFS node of the option, the variable or the configuration", async () => {
    kubo.answer = sends(carFile([BLOCKS[0]!.cid], BLOCKS));
    const get = async (...more: string[]): Promise<unknown> => {
      rmSync(store.folder, { recursive: true, force: true });
      return await workspace.json("artifact", "get", CID_TEXT, "--out", "copy", ...more);
    };
    const expected = { ...FACTS, from: "node", file: workspace.file("copy") };
    expect(await get("--ipfs-rpc", kubo.url)).to.deep.equal(expected);
    workspace.environment.ZKPOT_IPFS_RPC_URL = kubo.url;
    expect(await get()).to.deep.equal(expected);
    delete workspace.environment.ZKPOT_IPFS_RPC_URL;
    workspace.configure("http://127.0.0.1:1", {}, { ipfsRpcUrl: kubo.url });
    expect(await get()).to.deep.equal(expected);
    expect(kubo.requests).to.have.length(3);
  });

  it("refuses wrong bytes from the IPFS node", async () => {
    const lie = { cid: BLOCKS[2]!.cid, bytes: keyStream(9, "c") };
    kubo.answer = sends(carFile([BLOCKS[0]!.cid], [BLOCKS[0]!, BLOCKS[1]!, lie]));
    const error = await workspace.failure(
      "artifact",
      "get",
      CID_TEXT,
      "--out",
      "copy",
      "--ipfs-rpc",
      kubo.url,
    );
    expect(error.code).to.equal("artifact.block-damaged");
    expect(error.message).to.include(base32(lie.cid)).and.to.include(kubo.url);
    expect(blockFiles(store)).to.deep.equal([]);
  });

  it("pins at the IPFS node", async () => {
    await workspace.run("artifact", "add", "content");
    kubo.answer = pins(CID_TEXT);
    const pinned = await workspace.json("artifact", "pin", CID_TEXT, "--ipfs-rpc", kubo.url);
    expect(pinned).to.deep.equal({ ...FACTS, node: `IPFS node ${kubo.url}` });
    expect(Buffer.compare(uploadedFile(kubo.requests[0]!), carFile([BLOCKS[0]!.cid], BLOCKS))).to.equal(0);
  });

  it("says what to do without an IPFS node", async () => {
    const pin = await workspace.failure("artifact", "pin", CID_TEXT);
    expect(pin.code).to.equal("artifact.no-node");
    const get = await workspace.failure("artifact", "get", CID_TEXT, "--out", "copy");
    expect(get.code).to.equal("artifact.missing");
    expect(get.nextStep).to.include("zkpot artifact import").and.to.include("--ipfs-rpc");
  });

  it("adds nothing private unless told to", async () => {
    writeFileSync(workspace.file("secret"), "weights", { mode: 0o600 });
    const error = await workspace.failure("artifact", "add", "secret");
    expect(error.code).to.equal("artifact.private");
    expect(error.nextStep).to.include("--allow-secret");
    expect(blockFiles(store)).to.deep.equal([]);
    const { cid } = await workspace.json<{ cid: string }>("artifact", "add", "secret", "--allow-secret");
    expect(cid).to.equal(base32(rawBlock(Buffer.from("weights")).cid));
  });

  const mistakes: readonly (readonly [string, string[], string, number])[] = [
    ["text that is no CID", ["get", "task.json", "--out", "copy"], "artifact.invalid-uri", 1],
    ["a file that is not there", ["add", "missing"], "artifact.unreadable", 1],
    ["a folder", ["add", "folder"], "artifact.unreadable", 1],
    ["a file above the limit", ["add", "content", "--max-bytes", "1000"], "artifact.too-large", 1],
    ["a limit of nothing", ["add", "content", "--max-bytes", "0"], "cli.invalid-value", 2],
    ["a node that is no URL", ["pin", CID_TEXT, "--ipfs-rpc", "here"], "cli.invalid-value", 2],
    ["a node of another scheme", ["pin", CID_TEXT, "--ipfs-rpc", "ftp://x"], "artifact.invalid-node-url", 1],
    ["a CAR file that is none", ["import", "zkpot.config.json"], "artifact.car-truncated", 1],
    ["no file to write", ["get", CID_TEXT], "cli.usage", 2],
  ];
  for (const [what, parameters, code, exitCode] of mistakes) {
    it(`refuses ${what}`, async () => {
      mkdirSync(path.join(workspace.folder, "folder"));
      const error = await workspace.failure("artifact", ...parameters);
      expect(error.code).to.equal(code);
      expect(error.exitCode).to.equal(exitCode);
    });
  }
});
