import { expect } from "chai";

import { decodeDocument, type DocumentKind, encodeDocument } from "../../../prover/src/data/document.ts";
import { FIELD_ORDER } from "../../../prover/src/field.ts";
import { SEALED_SHARDS } from "../../../prover/src/task/sealed-shards.ts";
import { TASK_DOCUMENT, type TaskDocument } from "../../../prover/src/task/task-document.ts";
import { TEST_SET_REVEAL } from "../../../prover/src/task/test-set-reveal.ts";
import { expectError } from "../support/expect-error.ts";
import { ScratchArtifacts, type ShardedTask, shardedTask } from "./support/sharded-task.ts";

/** The value after a way through a file. */
function copyOf<Value, Content>(kind: DocumentKind<Value, Content>, value: Value): Value {
  return decodeDocument(kind, encodeDocument(kind, value));
}

describe("documents of a task", () => {
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

  it("come back as they were saved, for public and sealed test sets", () => {
    for (const { document } of [open, sealed]) {
      expect(copyOf(TASK_DOCUMENT, document)).to.deep.equal(document);
    }
    const hidden = { ...sealed.document.testSet, publicSample: null };
    const document = { ...sealed.document, testSet: hidden } as TaskDocument;
    expect(copyOf(TASK_DOCUMENT, document)).to.deep.equal(document);
  });

  it("tell nothing of a sealed test set but its sizes and its public sample", () => {
    const text = encodeDocument(TASK_DOCUMENT, sealed.document);
    for (const { testSet, blinding } of sealed.shards) {
      expect(text).not.to.include(String(blinding));
      expect(text).not.to.include([...testSet.samples.features].join(","));
    }
    const { content } = JSON.parse(text) as { content: { testSet: object } };
    expect(Object.keys(content.testSet).sort()).to.deep.equal([
      "classNames",
      "inputQuantization",
      "kind",
      "publicSample",
      "shards",
    ]);
  });

  it("are refused when sizes, threshold, CIDs or hashes cannot be right", async () => {
    const { document } = open;
    if (document.testSet.kind !== "public") throw new Error("not public");
    const { shards } = document.testSet;
    const withShards = (changed: readonly object[]): TaskDocument =>
      ({ ...document, testSet: { kind: "public", shards: changed } }) as TaskDocument;
    for (const [changed, message] of [
      [{ ...document, sampleCount: 15 }, /sampleCount is not the sum over the shards/],
      [{ ...document, minCorrect: 17 }, /minCorrect exceeds sampleCount/],
      [withShards([]), /shards/],
      [withShards([{ ...shards[0]!, sampleCount: 16, cid: "../test-set.json" }]), /CID/],
      [withShards([{ ...shards[0]!, sampleCount: 16, hash: "0x12" }]), /32 bytes/],
      [withShards([{ ...shards[0]!, sampleCount: 0 }, shards[1]!]), /sampleCount/],
      [withShards(Array.from({ length: 65 }, () => ({ ...shards[0]!, sampleCount: 1 }))), /shards/],
    ] as const) {
      await expectError(() => copyOf(TASK_DOCUMENT, changed), "document.invalid", message);
    }
  });

  it("reveal shards with blindings below the field order", async () => {
    const reveal = await artifacts.read(sealed.revealCid!, TEST_SET_REVEAL);
    expect(reveal.shards.map(({ blinding }) => blinding)).to.deep.equal(
      sealed.shards.map(({ blinding }) => blinding),
    );
    const [first] = reveal.shards;
    const largest = { shards: [{ ...first!, blinding: FIELD_ORDER - 1n }] };
    expect(copyOf(TEST_SET_REVEAL, largest)).to.deep.equal(largest);
    await expectError(
      () => copyOf(TEST_SET_REVEAL, { shards: [{ ...first!, blinding: FIELD_ORDER }] }),
      "document.invalid",
      /field order/,
    );
  });

  it("keep sealed shards secret, and come back with them", () => {
    expect(SEALED_SHARDS.isSecret).to.equal(true);
    expect(copyOf(SEALED_SHARDS, sealed.shards)).to.deep.equal(sealed.shards);
  });
});
