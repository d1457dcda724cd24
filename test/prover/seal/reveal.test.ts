import { expect } from "chai";

import type { AccuracyInstance } from "../../../prover/src/circuits/accuracy.ts";
import { accuracyLayout } from "../../../prover/src/circuits/accuracy.ts";
import type { TestSet } from "../../../prover/src/data/test-set.ts";
import { merklePath } from "../../../prover/src/merkle-vector.ts";
import { releaseCurve } from "../../../prover/src/proof/multi-exponentiation.ts";
import type { G1Point } from "../../../prover/src/proof/points.ts";
import type { KeySet } from "../../../prover/src/proof/keys/key-set.ts";
import { datasetPoint } from "../../../prover/src/proof/prove.ts";
import { type Opening, openingRoot } from "../../../prover/src/seal/opening.ts";
import { openTestSet, reviewReveal } from "../../../prover/src/seal/reveal.ts";
import type { TaskShard } from "../../../prover/src/task/task-files.ts";
import { accuracyDatasetBlock } from "../../../prover/src/witness/accuracy-witness.ts";
import { randomSamples, tinyCircuit } from "../proof/support/tiny-proof.ts";
import { expectError } from "../support/expect-error.ts";

const BLINDINGS = [123_456_789n, 987_654_321n];

let instance: AccuracyInstance;
let keys: KeySet;
let shards: TaskShard[];
let dataPoints: G1Point[];
let opening: Opening;

/** A shard of random samples; their names and mapping are no part of the opening. */
function shard(seed: string, blinding: bigint): TaskShard {
  return { testSet: { samples: randomSamples(instance, seed, 10) } as TestSet, blinding };
}

before(async () => {
  const { circuit, keys: tinyKeys } = await tinyCircuit();
  ({ instance } = circuit);
  keys = tinyKeys;
  shards = BLINDINGS.map((blinding, index) => shard(`shard ${index}`, blinding));
  dataPoints = [];
  for (const { testSet, blinding } of shards) {
    const block = accuracyDatasetBlock(instance, testSet.samples, blinding);
    dataPoints.push(await datasetPoint(accuracyLayout(instance), keys, block));
  }
  opening = await openTestSet(instance, keys, shards);
});
after(releaseCurve);

describe("openTestSet", () => {
  it("opens the data points that the market stores: words of the circuit, the blinding last", () => {
    const { shardCount, wordsPerShard } = opening;
    expect([shardCount, wordsPerShard]).to.deep.equal([2, keys.commitmentKey.datasetBases.length / 64]);
    for (const [index, point] of dataPoints.entries()) {
      const last = opening.valueAt((index + 1) * wordsPerShard - 1)!;
      expect(last).to.deep.equal({ word: BLINDINGS[index], partialSum: point });
    }
  });

  it("hides the samples: the right ones do not explain the data point without their blinding", async () => {
    const layout = accuracyLayout(instance);
    const { samples } = shards[0]!.testSet;
    for (const blinding of [0n, 1n, BLINDINGS[0]! + 1n]) {
      const point = await datasetPoint(layout, keys, accuracyDatasetBlock(instance, samples, blinding));
      expect(point).to.not.deep.equal(dataPoints[0]);
    }
  });

  it("reports how far it is", async () => {
    const seen: number[] = [];
    const { wordsPerShard } = opening;
    await openTestSet(instance, keys, shards, (done, total) => seen.push(done / total));
    expect(seen).to.deep.equal([0.5, 1]);
    expect(wordsPerShard).to.be.below(1024);
  });

  it("refuses samples that do not fit the circuit, and keys of another one", async () => {
    const samples = randomSamples(instance, "too many", 100);
    await expectError(
      () => openTestSet(instance, keys, [{ testSet: { samples } as TestSet, blinding: 0n }]),
      "witness.too-many-samples",
      /100 samples/,
    );
    const datasetBases = keys.commitmentKey.datasetBases.subarray(64);
    const other = { ...keys, commitmentKey: { ...keys.commitmentKey, datasetBases } };
    await expectError(() => openTestSet(instance, other, shards), "seal.words", /shard 0 has \d+ words/);
  });
});

describe("reviewReveal", () => {
  it("finds that the right data open the points, whatever root was stated", () => {
    expect(reviewReveal(opening, openingRoot(opening), dataPoints)).to.deep.equal({ kind: "opens" });
    const other = openingRoot(opening).replace(/.$/, (digit) => (digit === "0" ? "1" : "0")) as `0x${string}`;
    expect(reviewReveal(opening, other, dataPoints)).to.deep.equal({ kind: "opens" });
  });

  it("finds the shard of other data, or of another blinding, that were stated as they are", async () => {
    for (const wrong of [shard("another", BLINDINGS[1]!), { ...shards[1]!, blinding: 1n }]) {
      const published = await openTestSet(instance, keys, [shards[0]!, wrong]);
      const last = 2 * published.wordsPerShard - 1;
      expect(reviewReveal(published, openingRoot(published), dataPoints)).to.deep.equal({
        kind: "fault",
        fault: {
          kind: "end",
          claim: { shard: 1, last: published.valueAt(last), path: merklePath(published.tree, last) },
        },
      });
    }
  });

  it("finds that other data are not what was stated: their fault would not be in its opening", async () => {
    const published = await openTestSet(instance, keys, shards.toReversed());
    expect(reviewReveal(published, openingRoot(opening), dataPoints)).to.deep.equal({ kind: "other" });
  });
});
