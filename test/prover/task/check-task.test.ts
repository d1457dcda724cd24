import { expect } from "chai";

import type { TaskRecord } from "../../../prover/src/chain/tasks.ts";
import { checkTask } from "../../../prover/src/task/check-task.ts";
import { publishReveal } from "../../../prover/src/task/publish-task.ts";
import { readTaskFiles } from "../../../prover/src/task/task-files.ts";
import { expectError } from "../support/expect-error.ts";
import { ScratchArtifacts, type ShardedTask, shardedTask, tinyTestSet } from "./support/sharded-task.ts";

const NAMES = [
  ...["documentHash", "keyId", "architectureId", "sampleCount", "minCorrect"],
  ...["kind of test set", "number of shards"],
  ...["dataPoint of shard 0", "dataPoint of shard 1"],
];

describe("checkTask", () => {
  let artifacts: ScratchArtifacts;
  let open: ShardedTask;
  let sealed: ShardedTask;

  before(async () => {
    artifacts = new ScratchArtifacts();
    open = await shardedTask(artifacts);
    sealed = await shardedTask(artifacts, { isSealed: true });
  });

  after(() => {
    artifacts.remove();
  });

  const expectMismatch = async (
    { files, keys, circuit }: ShardedTask,
    task: TaskRecord,
    name: string,
  ): Promise<void> => {
    const error = await expectError(() => checkTask(task, files, keys, circuit), "task.mismatch", /task 3/);
    expect(error.details.name).to.equal(name);
  };

  it("recomputes the data point of every shard", async () => {
    const { task, files, keys, circuit } = open;
    expect(await checkTask(task, files, keys, circuit)).to.deep.equal({ agreed: NAMES, open: [] });
  });

  it("names every value that the market stored otherwise", async () => {
    const { task } = open;
    const [first, second] = task.dataPoints;
    const hash = `0x${"1".repeat(64)}`;
    for (const [changes, name] of [
      [{ documentHash: hash }, "documentHash"],
      [{ keyId: hash }, "keyId"],
      [{ architectureId: 1n }, "architectureId"],
      [{ sampleCount: 15 }, "sampleCount"],
      [{ minCorrect: 2 }, "minCorrect"],
      [{ seal: `0x${"5".repeat(40)}` }, "kind of test set"],
      [{ dataPoints: [first!] }, "number of shards"],
      [{ dataPoints: [first!, second!, second!] }, "number of shards"],
      [{ dataPoints: [second!, first!] }, "dataPoint of shard 0"],
      [{ dataPoints: [first!, first!] }, "dataPoint of shard 1"],
      [{ dataPoints: [first!, { x: 0n, y: 0n }] }, "dataPoint of shard 1"],
    ] as const) {
      await expectMismatch(open, { ...task, ...changes }, name);
    }
  });

  it("refuses other keys, and keys of another circuit", async () => {
    const { task, files, keys, circuit } = open;
    const otherKeys = { ...keys, keyId: `0x${"2".repeat(64)}` as const };
    await expectError(() => checkTask(task, files, otherKeys, circuit), "task.key-mismatch", /have id 0x2/);
    const otherCircuit = { ...circuit, r1csSha256: "3".repeat(64) };
    await expectError(() => checkTask(task, files, keys, otherCircuit), "task.circuit-mismatch", /another/);
  });

  it("leaves the data points of a sealed test set open until the reveal", async () => {
    const { task, files, keys, circuit, documentCid, revealCid } = sealed;
    const before = await checkTask(task, files, keys, circuit);
    expect(before).to.deep.equal({ agreed: NAMES.slice(0, 7), open: NAMES.slice(7) });
    const revealed = await readTaskFiles(artifacts.read, { document: documentCid, reveal: revealCid });
    expect(await checkTask(task, revealed, keys, circuit)).to.deep.equal({ agreed: NAMES, open: [] });
  });

  it("names the shard of a reveal that does not open its data point", async () => {
    const { shards, documentCid, circuit } = sealed;
    const { testSet, blinding } = shards[1]!;
    const swapped = tinyTestSet(circuit.instance, "swapped", testSet.samples.sampleCount);
    for (const wrong of [
      { testSet, blinding: blinding + 1n },
      { testSet: swapped, blinding },
    ]) {
      const reveal = await publishReveal(artifacts.put, [shards[0]!, wrong]);
      const files = await readTaskFiles(artifacts.read, { document: documentCid, reveal });
      await expectMismatch({ ...sealed, files }, sealed.task, "dataPoint of shard 1");
    }
  });
});
