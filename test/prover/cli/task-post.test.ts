import { existsSync, readFileSync } from "node:fs";

import { expect } from "chai";

import { postTask, readTaskDetails } from "../../../prover/src/chain/tasks.ts";
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
    const { content } = JSON.parse(readFileSync(posted.document, "utf8")) as {
      content: Record<string, unknown>;
    };
    expect(content).to.include({
      title: "clusters",
      testSetFile: "test-set.json",
      licence: "CC0-1.0",
      jurisdiction: "EU",
      minCorrect: 9,
      sampleCount: 10,
    });
    const { task } = await workspace.json<{ task: Record<string, unknown> }>("task", "show", posted.taskId);
    expect(task).to.include({
      documentHash: posted.documentHash,
      documentUri: "task.json",
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
    [{ "--split": "winner" }, "cli.invalid-value", 2],
    [{ "--max-provers": "0" }, "cli.invalid-value", 2],
    [{ "--commit-within": "2d", "--prove-within": "1d" }, "cli.invalid-value", 2],
    [{ "--commit-within": "0" }, "contract.TaskMarketInvalidCommitDeadline", 1],
    [{ "--stake-token": "0x1" }, "cli.invalid-value", 2],
    [{ "--instance": "unknown" }, "cli.unknown-instance", 2],
    [{ "--instance": "breast-cancer-30-2x114", "--keys": "nowhere" }, "keys.missing", 1],
    [{ "--test-set": "absent.json" }, "document.missing", 1],
    [{ "--test-set": "split.json" }, "document.wrong-format", 1],
    [{ "--out": "elsewhere/deep/task.json" }, "cli.test-set-elsewhere", 2],
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
    const error = await workspace.failure("task", "show", String(other.taskId), "--check");
    expect(error.code).to.equal("task.mismatch");
    expect(error.details.name).to.equal("dataPoint.x");
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
    const error = await workspace.failure(
      ...post({ "--test-set": "wide/test-set.json", "--out": "wide/task.json" }),
    );
    expect(error.code).to.equal("task.test-set-mismatch");
    expect(error.details.what).to.equal("bits of a feature");
  });

  it("keeps the published files apart from the private ones", () => {
    expect(existsSync(workspace.file("split.json"))).to.equal(true);
    const document = readFileSync(workspace.file("task.json"), "utf8");
    expect(document).not.to.include("split.json");
  });
});
