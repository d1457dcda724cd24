import { readFileSync, writeFileSync } from "node:fs";

import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { base58btc } from "multiformats/bases/base58";

import { parseCid } from "../../../prover/src/artifacts/artifact-uri.ts";
import { carOf } from "../../../prover/src/artifacts/car.ts";
import { getDocument, putDocument } from "../../../prover/src/artifacts/documents.ts";
import { ArtifactStore } from "../../../prover/src/artifacts/store.ts";
import { postTask, readTaskDetails, type TaskDetails } from "../../../prover/src/chain/tasks.ts";
import { documentDigest } from "../../../prover/src/data/document.ts";
import { TASK_DOCUMENT, type TaskDocument } from "../../../prover/src/task/task-document.ts";
import { g1 } from "../../contracts/support/trapdoor-key.ts";
import { ANVIL_ADDRESSES, ANVIL_KEYS } from "../../support/anvil.ts";
import { Market } from "../../support/market.ts";
import { TINY_CLUSTERS, TINY_INSTANCE } from "../../support/tiny-task.ts";
import { Workspace } from "../../support/zkpot.ts";
import { FakeKubo, fails } from "../artifacts/support/fake-kubo.ts";
import { referenceCid } from "../artifacts/support/reference-cid.ts";

const SHARD_COUNT = 3;

interface Posted {
  readonly taskId: string;
  readonly document: string;
  readonly testSet: { readonly shards: readonly { readonly cid: string }[] };
}

describe("the artifacts of a task", () => {
  let market: Market;
  let poster: Workspace;
  let published: ArtifactStore;
  let posted: Posted;
  let honest: TaskDetails;
  let document: TaskDocument;
  let prover: Workspace;
  let store: ArtifactStore;
  let kubo: FakeKubo;
  /** Bytes to damage in what the node sends about a CID. */
  let lieAbout: string | undefined;

  before(async () => {
    market = await Market.start();
    poster = market.workspace;
    published = new ArtifactStore(poster.folder);
    poster.write("clusters.csv", TINY_CLUSTERS);
    const fractions = ["--input-bits", "4", "--test-fraction", "0.5"];
    await poster.json("data", "split", "./clusters.csv", ...fractions);
    await poster.json("keys", "dev", TINY_INSTANCE);
    await poster.json("keys", "register", TINY_INSTANCE);
    posted = await poster.json<Posted>(
      ...["task", "post", "--test-set", "test-set.json", "--instance", TINY_INSTANCE, "--licence", "CC0-1.0"],
      ...["--min-correct", "20", "--reward", "1ether", "--stake", "0.1ether"],
    );
    honest = await readTaskDetails(market.contracts, BigInt(posted.taskId));
    document = await getDocument(published, posted.document, TASK_DOCUMENT);
    const sender = new Workspace({ PRIVATE_KEY: ANVIL_KEYS[1] });
    sender.configure(market.anvil.rpcUrl, { addresses: market.contracts.addresses });
    await sender.json("stake", "deposit", "1ether");
    sender.remove();
  });

  after(async () => {
    await market.stop();
  });

  beforeEach(async () => {
    prover = new Workspace({ PRIVATE_KEY: ANVIL_KEYS[1] });
    prover.configure(market.anvil.rpcUrl, { addresses: market.contracts.addresses });
    store = new ArtifactStore(prover.folder);
    lieAbout = undefined;
    kubo = await FakeKubo.start(async (request, response) => {
      const cid = request.url.searchParams.get("arg")!;
      const parts: Uint8Array[] = [];
      for await (const part of carOf(published, cid)) parts.push(part);
      const car = Buffer.concat(parts);
      // The digit of some number: still the document it was, by its form.
      if (cid === lieAbout) car[car.lastIndexOf("0")]! ^= 1;
      response.end(car);
    });
  });

  afterEach(async () => {
    await kubo.stop();
    prover.remove();
  });

  /** The command that stakes ends with an error of this code that names these details, and nothing is staked. */
  async function expectRefused(
    taskId: string,
    code: string,
    details: Record<string, unknown>,
    ...options: string[]
  ): Promise<void> {
    await expectFailure(["commit", taskId, "--model", "none.json", ...options], code, details);
    const { vault, market: taskMarket } = market.contracts;
    expect(await taskMarket.proverCount(taskId)).to.equal(0n);
    const { lockedWei } = await vault.balanceOf(ANVIL_ADDRESSES[1], ZeroAddress);
    expect(lockedWei).to.equal(0n);
  }

  async function expectFailure(
    command: readonly string[],
    code: string,
    details: Record<string, unknown>,
  ): Promise<void> {
    const error = await prover.failure(...command);
    expect(error.code, `${command.join(" ")}: ${error.message}`).to.equal(code);
    expect(error.exitCode).to.equal(1);
    expect(error.details).to.include(details);
  }

  /** A task of somebody who says something else on the chain than an honest poster would. */
  async function postLike(changes: Partial<TaskDetails>): Promise<string> {
    const { taskId } = await postTask(market.sender(0), market.contracts, { ...honest, ...changes });
    return String(taskId);
  }

  /** A task whose document is a changed one, published and named correctly. */
  async function postChanged(changed: TaskDocument): Promise<string> {
    const cid = await putDocument(published, TASK_DOCUMENT, changed);
    return await postLike({
      documentUri: `ipfs://${cid}`,
      documentHash: documentDigest(TASK_DOCUMENT, changed),
    });
  }

  it("are its document and the shards of its test set, under the CIDs of an independent computation", async () => {
    const cids = posted.testSet.shards.map(({ cid }) => cid);
    expect(cids).to.have.length(SHARD_COUNT);
    expect(honest.documentUri).to.equal(`ipfs://${posted.document}`);
    const { artifacts } = await poster.json<{ artifacts: { cid: string }[] }>("artifact", "list");
    expect(artifacts.map(({ cid }) => cid)).to.have.members([posted.document, ...cids]);
    for (const { cid } of artifacts) expect(referenceCid(await published.get(cid))).to.equal(cid);
  });

  it("are asked for by name when they are missing, whatever is to be done", async () => {
    const missing = { cid: posted.document };
    await expectRefused(posted.taskId, "artifact.missing", missing);
    for (const command of [
      ["task", "show", posted.taskId, "--check"],
      ["prove", posted.taskId, "--model", "none.json"],
      ["submit", posted.taskId],
      ["train", "--data", "digits", "--task", posted.taskId],
    ]) {
      await expectFailure(command, "artifact.missing", missing);
    }
  });

  it("go to a prover in CAR files", async () => {
    const cids = [posted.document, ...posted.testSet.shards.map(({ cid }) => cid)];
    for (const [index, cid] of cids.entries()) {
      const { file } = await poster.json<{ file: string }>("artifact", "export", cid, "--out", "one.car");
      await prover.json("artifact", "import", file, "--cid", cid);
      const check = ["task", "show", posted.taskId, "--check"];
      if (index < SHARD_COUNT) {
        const error = await prover.failure(...check);
        expect(error.code).to.equal("artifact.missing");
        expect(error.details.cid).to.equal(cids[index + 1]);
      } else {
        await prover.json(...check);
      }
    }
  });

  it("come from the IPFS node, each once", async () => {
    const check = ["task", "show", posted.taskId, "--check", "--ipfs-rpc", kubo.url];
    const { code, stderr } = await prover.run(...check);
    expect(code).to.equal(0);
    expect(stderr).to.include(`asking IPFS node ${kubo.url} for ${posted.document}`);
    const cids = [posted.document, ...posted.testSet.shards.map(({ cid }) => cid)];
    expect(kubo.requests.map(({ url }) => url.searchParams.get("arg"))).to.deep.equal(cids);
    kubo.answer = fails(500, "the node is gone");
    await prover.json(...check);
    expect(kubo.requests).to.have.length(cids.length);
  });

  it("are refused by name when the IPFS node sends other bytes, before anything is staked", async () => {
    for (const cid of [posted.document, posted.testSet.shards[1]!.cid]) {
      lieAbout = cid;
      await expectRefused(posted.taskId, "artifact.block-damaged", { cid }, "--ipfs-rpc", kubo.url);
    }
  });

  it("are refused by name when they were damaged on this machine, and put right by the IPFS node", async () => {
    prover.fetchArtifacts(poster);
    const { cid } = posted.testSet.shards[2]!;
    const file = store.blocks.fileOf(parseCid(cid));
    const whole = readFileSync(file, "utf8");
    writeFileSync(file, whole.replace('"labels":[', '"labels":[0,'));
    await expectRefused(posted.taskId, "artifact.block-damaged", { cid });
    await prover.json("task", "show", posted.taskId, "--check", "--ipfs-rpc", kubo.url);
    expect(readFileSync(file, "utf8")).to.equal(whole);
  });

  describe("of a poster that cheats", () => {
    beforeEach(() => {
      prover.fetchArtifacts(poster);
    });

    it("do not excuse a data point that is not the one of its shard", async () => {
      const [first, second, third] = honest.dataPoints as [TaskPoint, TaskPoint, TaskPoint];
      const changes: readonly (readonly [readonly TaskPoint[], string])[] = [
        [[first, g1(7n), third], "dataPoint of shard 1"],
        [[second, first, third], "dataPoint of shard 0"],
        [[first, second, second], "dataPoint of shard 2"],
        [[first, second], "number of shards"],
      ];
      for (const [dataPoints, name] of changes) {
        await expectRefused(await postLike({ dataPoints }), "task.mismatch", { name });
      }
    });

    it("are not those of another document", async () => {
      const other = { ...document, minCorrect: 1 };
      const cid = await putDocument(published, TASK_DOCUMENT, other);
      prover.fetchArtifacts(poster);
      const taskId = await postLike({ documentUri: `ipfs://${cid}` });
      await expectRefused(taskId, "task.mismatch", { name: "documentHash" });
    });

    it("are test sets of the hash that the document states", async () => {
      const { testSet } = document;
      if (testSet.kind !== "public") throw new Error("the task is sealed");
      const shards = testSet.shards.map((shard, index) =>
        index === 1 ? { ...shard, cid: testSet.shards[2]!.cid } : shard,
      );
      const taskId = await postChanged({ ...document, testSet: { ...testSet, shards } });
      prover.fetchArtifacts(poster);
      const what = { what: "shard 1", name: "hash", expected: testSet.shards[1]!.hash };
      await expectRefused(taskId, "task.test-set-mismatch", what);
    });

    it("are documents and test sets, not just any artifact", async () => {
      const { cid } = await published.putBytes(new TextEncoder().encode("a picture"));
      prover.fetchArtifacts(poster);
      const source = `ipfs://${cid}`;
      await expectRefused(await postLike({ documentUri: source }), "document.invalid-json", { source });
      const shard = posted.testSet.shards[0]!.cid;
      const found = { source: `ipfs://${shard}`, expected: "zkpot.task" };
      await expectRefused(await postLike({ documentUri: found.source }), "document.wrong-format", found);
    });

    it("are named by CID and by nothing else", async () => {
      for (const documentUri of [
        "task.json",
        "https://example.org/task.json",
        "ipfs://",
        "",
        "file:///etc/passwd",
      ]) {
        await expectRefused(await postLike({ documentUri }), "artifact.invalid-uri", { uri: documentUri });
      }
    });

    it("may be named in another form of the same CID", async () => {
      const documentUri = `ipfs://${parseCid(posted.document).toString(base58btc)}`;
      expect(documentUri).not.to.include(posted.document);
      await prover.json("task", "show", await postLike({ documentUri }), "--check");
    });
  });
});

type TaskPoint = TaskDetails["dataPoints"][number];
