import { expect } from "chai";

import { getDocument } from "../../../prover/src/artifacts/documents.ts";
import { ArtifactStore } from "../../../prover/src/artifacts/store.ts";
import { postTask, readTaskDetails } from "../../../prover/src/chain/tasks.ts";
import { loadDocument } from "../../../prover/src/data/document.ts";
import { TEST_SET, testSetHash } from "../../../prover/src/data/test-set.ts";
import { TASK_DOCUMENT } from "../../../prover/src/task/task-document.ts";
import { g1 } from "../../contracts/support/trapdoor-key.ts";
import { Market } from "../../support/market.ts";
import type { Workspace } from "../../support/zkpot.ts";

const TINY = "tiny-4-3-3x10";

const CLUSTERS = [
  "a,b,c,d,kind",
  ...Array.from({ length: 50 }, (_, row) =>
    [row % 3, row % 5, row % 7, row % 2, `kind ${row % 3}`].join(","),
  ),
].join("\n");

const GOOD = {
  "--test-set": "test-set.json",
  "--instance": TINY,
  "--licence": "CC0-1.0",
  "--min-correct": "9",
  "--reward": "1ether",
};

describe("zkpot task post", () => {
  let market: Market;
  let workspace: Workspace;

  before(async () => {
    market = await Market.start();
    workspace = market.workspace;
    workspace.write("clusters.csv", CLUSTERS);
    await workspace.json("data", "split", "./clusters.csv", "--input-bits", "4");
    await workspace.json("keys", "dev", TINY);
  });

  after(async () => {
    await market.stop();
  });

  const post = (changes: Record<string, string> = {}): string[] => [
    ...["task", "post"],
    ...Object.entries({ ...GOOD, ...changes }).flat(),
  ];

  it("refuses a key that the registry does not have", async () => {
    const error = await workspace.failure(...post());
    expect(error.code).to.equal("chain.key-not-registered");
    expect(error.nextStep).to.include("zkpot keys register");
  });

  it("writes a document and posts what it says", async () => {
    await workspace.json("keys", "register", TINY);
    const posted = await workspace.json<{
      taskId: string;
      document: string;
      documentHash: string;
      dataPoints: unknown;
    }>(...post({ "--stake": "5gwei", "--split": "pro-rata", "--max-provers": "3", "--jurisdiction": "EU" }));
    const store = new ArtifactStore(workspace.folder);
    const document = await getDocument(store, posted.document, TASK_DOCUMENT);
    const { cid } = await store.putFile(workspace.file("test-set.json"));
    const testSet = await loadDocument(workspace.file("test-set.json"), TEST_SET);
    expect(document.testSet).to.deep.equal({
      kind: "public",
      shards: [{ cid, hash: testSetHash(testSet), sampleCount: 10 }],
    });
    expect(document).to.include({
      title: "clusters",
      licence: "CC0-1.0",
      jurisdiction: "EU",
      minCorrect: 9,
      sampleCount: 10,
    });
    const { task } = await workspace.json<{ task: Record<string, unknown> }>("task", "show", posted.taskId);
    expect(task).to.include({
      documentHash: posted.documentHash,
      documentUri: `ipfs://${posted.document}`,
      rewardWei: String(10n ** 18n),
      stakeWei: "5000000000",
      split: "pro-rata",
      maxProvers: 3,
    });
    expect(task.dataPoints).to.deep.equal(posted.dataPoints);
  });

  const refusals: readonly (readonly [Record<string, string>, string, number])[] = [
    [{ "--reward": "much" }, "cli.invalid-value", 2],
    [{ "--reward": "0" }, "contract.TaskMarketZeroReward", 1],
    [{ "--reward": "1000000ether" }, "chain.insufficient-funds", 1],
    [{ "--min-correct": "11" }, "cli.invalid-value", 2],
    [{ "--min-correct": "0" }, "cli.invalid-value", 2],
    [{ "--title": "" }, "cli.invalid-value", 2],
    [{ "--licence": "" }, "cli.invalid-value", 2],
    [{ "--split": "winner" }, "cli.invalid-value", 2],
    [{ "--max-provers": "0" }, "cli.invalid-value", 2],
    [{ "--commit-within": "2d", "--prove-within": "1d" }, "cli.invalid-value", 2],
    [{ "--commit-within": "0" }, "contract.TaskMarketInvalidCommitDeadline", 1],
    [{ "--stake-token": "0x1" }, "cli.invalid-value", 2],
    [{ "--instance": "unknown" }, "cli.unknown-instance", 2],
    [{ "--instance": "breast-cancer-30-2x114", "--keys": "nowhere" }, "keys.missing", 1],
    [{ "--test-set": "absent.json" }, "document.missing", 1],
    [{ "--test-set": "split.json" }, "document.wrong-format", 1],
  ];
  for (const [changes, code, exitCode] of refusals) {
    it(`refuses ${Object.entries(changes).flat().join(" ")} with ${code}`, async () => {
      const count = await market.contracts.market.taskCount();
      const error = await workspace.failure(...post(changes));
      expect(error.code, error.message).to.equal(code);
      expect(error.exitCode).to.equal(exitCode);
      expect(await market.contracts.market.taskCount()).to.equal(count);
    });
  }

  it("lets task show --check find a data point that is not the one of the published samples", async () => {
    const { taskId } = await workspace.json<{ taskId: string }>(...post());
    const honest = await readTaskDetails(market.contracts, BigInt(taskId));
    const other = await postTask(market.sender(0), market.contracts, { ...honest, dataPoints: [g1(7n)] });
    await workspace.json("task", "show", taskId, "--check");
    for (const command of [
      ["task", "show", String(other.taskId), "--check"],
      ["commit", String(other.taskId), "--model", "none.json"],
    ]) {
      const error = await workspace.failure(...command);
      expect(error.code).to.equal("task.mismatch");
      expect(error.details.name).to.equal("dataPoint of shard 0");
    }
  });

  it("lets task show --check find a threshold that the document does not state", async () => {
    const { taskId } = await workspace.json<{ taskId: string }>(...post());
    const honest = await readTaskDetails(market.contracts, BigInt(taskId));
    const other = await postTask(market.sender(0), market.contracts, { ...honest, minCorrect: 10 });
    const error = await workspace.failure("task", "show", String(other.taskId), "--check");
    expect(error.code).to.equal("task.mismatch");
    expect(error.details.name).to.equal("minCorrect");
  });

  it("refuses a test set that does not fit the instance, naming what differs", async () => {
    await workspace.json("data", "split", "./clusters.csv", "--input-bits", "5", "--out", "wide");
    const error = await workspace.failure(...post({ "--test-set": "wide/test-set.json" }));
    expect(error.code).to.equal("task.test-set-mismatch");
    expect(error.details.what).to.equal("bits of a feature");
  });

  it("cuts a test set that is too large for one proof into shards", async () => {
    await workspace.json(
      ...["data", "split", "./clusters.csv", "--input-bits", "4", "--test-fraction", "0.5", "--out", "large"],
    );
    const posted = await workspace.json<{
      taskId: string;
      dataPoints: unknown[];
      testSet: { shards: { cid: string; sampleCount: number }[] };
    }>(...post({ "--test-set": "large/test-set.json" }));
    const sizes = posted.testSet.shards.map(({ sampleCount }) => sampleCount);
    expect(sizes).to.deep.equal([9, 8, 8]);
    expect(posted.dataPoints).to.have.length(3);
    const { check } = await workspace.json<{ check: unknown }>("task", "show", posted.taskId, "--check");
    expect(check).to.deep.equal({
      agreed: [
        ...["documentHash", "keyId", "architectureId", "sampleCount", "minCorrect"],
        ...["kind of test set", "number of shards"],
        ...["dataPoint of shard 0", "dataPoint of shard 1", "dataPoint of shard 2"],
      ],
      open: [],
    });
  });
});
