import { mkdtempSync, rmSync, statSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { expect } from "chai";

import type { TaskRecord } from "../../../prover/src/chain/tasks.ts";
import type { TestSet } from "../../../prover/src/data/test-set.ts";
import { SealedStore } from "../../../prover/src/task/sealed-store.ts";
import { errorOf } from "../../support/error-of.ts";

const POINTS = [
  { x: 1n, y: 2n },
  { x: 3n, y: 4n },
];

function shard(label: number): TestSet {
  return {
    name: "two samples",
    classNames: ["a", "b"],
    inputQuantization: {
      inputBits: 4,
      featureNames: ["f"],
      features: [{ scale: 1, zeroPoint: 0, minimum: 0, maximum: 15 }],
    },
    samples: {
      sampleCount: 2,
      featureCount: 1,
      classCount: 2,
      features: Int32Array.of(3, 4),
      labels: Int32Array.of(0, label),
    },
  };
}

const task = (dataPoints = POINTS): TaskRecord => ({ taskId: 5n, dataPoints }) as unknown as TaskRecord;

describe("SealedStore", () => {
  let folder: string;
  let store: SealedStore;

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), "zkpot-sealed-"));
    store = new SealedStore(folder);
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("blinds every shard differently, and keeps what it saved to its owner", async () => {
    const shards = await store.blind([shard(0), shard(1)]);
    const [one, other] = shards.map(({ blinding }) => blinding);
    expect(one).to.not.equal(other);
    const file = await store.save(shards, POINTS);
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    expect(statSync(store.folder).mode & 0o777).to.equal(0o700);
    expect(await store.load(task())).to.deep.equal(shards);
  });

  it("gives the same samples the same blindings, others new ones", async () => {
    const shards = await store.blind([shard(0), shard(1)]);
    expect(await store.blind([shard(0), shard(1)])).to.not.deep.equal(shards);
    await store.save(shards, POINTS);
    expect(await store.blind([shard(0), shard(1)])).to.deep.equal(shards);
    const swapped = await store.blind([shard(1), shard(0)]);
    expect(swapped.map(({ blinding }) => blinding)).to.not.include.members(
      shards.map(({ blinding }) => blinding),
    );
  });

  it("never replaces what it saved", async () => {
    const shards = await store.blind([shard(0)]);
    await store.save(shards, POINTS);
    await store.save(await store.blind([shard(1)]), POINTS);
    expect(await store.load(task())).to.deep.equal(shards);
  });

  it("refuses to seal what was revealed", async () => {
    await store.save(await store.blind([shard(0)]), POINTS);
    await store.markRevealed(POINTS);
    expect((await errorOf(store.blind([shard(0)]))).code).to.equal("task.already-revealed");
    expect(await store.blind([shard(1)])).to.have.length(1);
    expect(await store.load(task())).to.have.length(1);
  });

  it("names the file that is lost", async () => {
    const error = await errorOf(store.load(task([POINTS[1]!])));
    expect(error.code).to.equal("task.sealed-set-lost");
    expect(error.details.file).to.equal(store.fileOf([POINTS[1]!]));
  });
});
