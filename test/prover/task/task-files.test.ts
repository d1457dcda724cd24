import { expect } from "chai";

import { TEST_SET, type TestSet, testSetHash } from "../../../prover/src/data/test-set.ts";
import { publishReveal } from "../../../prover/src/task/publish-task.ts";
import { TASK_DOCUMENT, type TaskDocument } from "../../../prover/src/task/task-document.ts";
import { measurableSamples, openShards, readTaskFiles } from "../../../prover/src/task/task-files.ts";
import { TEST_SET_REVEAL } from "../../../prover/src/task/test-set-reveal.ts";
import { expectError } from "../support/expect-error.ts";
import { ScratchArtifacts, type ShardedTask, shardedTask, tinyTestSet } from "./support/sharded-task.ts";

describe("readTaskFiles", () => {
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

  /** Publishes a document that differs, and reads it. */
  async function read(document: TaskDocument, reveal?: string): Promise<unknown> {
    const cid = await artifacts.put(TASK_DOCUMENT, document);
    return await readTaskFiles(artifacts.read, { document: cid, reveal });
  }

  /** The open task's document with another test set as its second shard. */
  async function withSecondShard(testSet: TestSet, hash = testSetHash(testSet)): Promise<TaskDocument> {
    const { document } = open;
    if (document.testSet.kind !== "public") throw new Error("not public");
    const cid = await artifacts.put(TEST_SET, testSet);
    const [first] = document.testSet.shards;
    const sampleCount = testSet.samples.sampleCount;
    return {
      ...document,
      sampleCount: first!.sampleCount + sampleCount,
      testSet: { kind: "public", shards: [first!, { cid, hash, sampleCount }] },
    };
  }

  it("finds the shards of a public test set, unblinded", () => {
    const { files, shards } = open;
    expect(files.shards).to.deep.equal(shards);
    expect(files.shards!.map(({ blinding }) => blinding)).to.deep.equal([0n, 0n]);
    expect(files.publicSample).to.equal(null);
    expect(measurableSamples(files)!.sampleCount).to.equal(16);
  });

  it("finds no shards of a sealed test set before its reveal, and all after it", async () => {
    const { files, shards, documentCid, revealCid } = sealed;
    expect(files.shards).to.equal(null);
    expect(measurableSamples(files)!.sampleCount).to.equal(6);
    await expectError(() => openShards(files), "task.sealed", /sealed/);
    const revealed = await readTaskFiles(artifacts.read, { document: documentCid, reveal: revealCid });
    expect(openShards(revealed)).to.deep.equal(shards);
    expect(new Set(shards.map(({ blinding }) => blinding)).size).to.equal(2);
    expect(measurableSamples(revealed)!.sampleCount).to.equal(16);
    expect(revealed.documentHash).to.equal(files.documentHash);
  });

  it("names the shard and the value when a shard is not the one the document names", async () => {
    const { circuit, shards } = open;
    const second = shards[1]!.testSet;
    const wide = { ...second, inputQuantization: { ...second.inputQuantization, inputBits: 5 } };
    const narrow = tinyTestSet(circuit.instance, "narrow", 8);
    const few = {
      ...narrow,
      inputQuantization: {
        ...narrow.inputQuantization,
        featureNames: ["a", "b", "c"],
        features: narrow.inputQuantization.features.slice(1),
      },
      samples: { ...narrow.samples, featureCount: 3, features: narrow.samples.features.slice(0, 24) },
    };
    const mapping = { scale: 2, zeroPoint: 0, minimum: 0, maximum: 30 };
    const mapped = {
      ...second,
      inputQuantization: { ...second.inputQuantization, features: Array.from({ length: 4 }, () => mapping) },
    };
    const renamed = { ...second, classNames: ["x", "y", "z"] };
    const more = { ...second, classNames: [...second.classNames, "kind 3"] };
    for (const [testSet, name] of [
      [wide, "bits of a feature"],
      [few, "feature count"],
      [more, "class count"],
      [mapped, "mapping of features to integers"],
      [renamed, "list of class names"],
    ] as const) {
      const document = await withSecondShard(testSet);
      const error = await expectError(
        () => read(document),
        "task.test-set-mismatch",
        new RegExp(`shard 1 .*${name}`),
      );
      expect(error.details).to.include({ what: "shard 1", name });
    }
    const otherHash = await withSecondShard(second, testSetHash(shards[0]!.testSet));
    await expectError(() => read(otherHash), "task.test-set-mismatch", /shard 1 .*hash/);
  });

  it("names the shard whose size is another", async () => {
    const { document } = open;
    if (document.testSet.kind !== "public") throw new Error("not public");
    const [first, second] = document.testSet.shards;
    const moved = [
      { ...first!, sampleCount: 7 },
      { ...second!, sampleCount: 9 },
    ];
    await expectError(
      () => read({ ...document, testSet: { kind: "public", shards: moved } }),
      "task.test-set-mismatch",
      /shard 0 .*sample count is 8, the task says 7/,
    );
  });

  it("refuses a reveal of fewer shards, and one of other samples", async () => {
    const { documentCid, shards, circuit } = sealed;
    const fewer = await publishReveal(artifacts.put, shards.slice(1));
    await expectError(
      () => readTaskFiles(artifacts.read, { document: documentCid, reveal: fewer }),
      "task.test-set-mismatch",
      /the reveal .*number of shards is 1, the task says 2/,
    );
    const other = [shards[0]!, { testSet: tinyTestSet(circuit.instance, "other", 9), blinding: 1n }];
    const larger = await publishReveal(artifacts.put, other);
    await expectError(
      () => readTaskFiles(artifacts.read, { document: documentCid, reveal: larger }),
      "task.test-set-mismatch",
      /shard 1 .*sample count is 9, the task says 8/,
    );
  });

  it("names an artifact that is missing", async () => {
    const { revealCid } = sealed;
    const reveal = await artifacts.read(revealCid!, TEST_SET_REVEAL);
    const elsewhere = new ScratchArtifacts();
    const cid = await elsewhere.put(TASK_DOCUMENT, open.document);
    await expectError(
      () => readTaskFiles(elsewhere.read, { document: cid }),
      "artifact.missing",
      new RegExp(open.document.testSet.kind === "public" ? open.document.testSet.shards[0]!.cid : "none"),
    );
    elsewhere.remove();
    expect(reveal.shards).to.have.length(2);
  });
});
