import { expect } from "chai";

import type { AccuracyInstance } from "../../../prover/src/circuits/accuracy.ts";
import { loadCircuitInstance } from "../../../prover/src/circuits/instances.ts";
import { joinSamples } from "../../../prover/src/data/test-set.ts";
import { shardTestSet } from "../../../prover/src/task/test-set-shards.ts";
import { expectError } from "../support/expect-error.ts";
import { tinyTestSet } from "./support/sharded-task.ts";

describe("shardTestSet", () => {
  let instance: AccuracyInstance;

  before(async () => {
    instance = await loadCircuitInstance("accuracy", "tiny-4-3-3x10");
  });

  it("leaves a test set whole that fits one proof", () => {
    const testSet = tinyTestSet(instance, "whole", 10);
    expect(shardTestSet(testSet, instance)).to.deep.equal([testSet]);
  });

  it("cuts a larger one into named shards that hold every sample once", () => {
    const testSet = tinyTestSet(instance, "large", 25);
    const shards = shardTestSet(testSet, instance);
    expect(shards.map(({ name }) => name)).to.deep.equal([
      "clusters, shard 0 of 3",
      "clusters, shard 1 of 3",
      "clusters, shard 2 of 3",
    ]);
    const rowsOf = ({ features, labels, featureCount }: typeof testSet.samples): string[] =>
      [...labels]
        .map(
          (label, row) => `${label}: ${features.slice(row * featureCount, (row + 1) * featureCount).join()}`,
        )
        .sort();
    const joined = joinSamples(shards.map(({ samples }) => samples));
    expect(rowsOf(joined)).to.deep.equal(rowsOf(testSet.samples));
    for (const shard of shards) {
      expect(shard.inputQuantization).to.equal(testSet.inputQuantization);
      expect(shard.classNames).to.equal(testSet.classNames);
      expect(shardTestSet(shard, instance)).to.deep.equal([shard]);
    }
  });

  it("names what does not fit the circuit", async () => {
    const testSet = tinyTestSet(instance, "misfit", 10);
    const { samples, inputQuantization } = testSet;
    for (const [changes, what] of [
      [{ samples: { ...samples, featureCount: 5 } }, "features"],
      [{ samples: { ...samples, classCount: 4 } }, "classes"],
      [{ inputQuantization: { ...inputQuantization, inputBits: 8 } }, "bits of a feature"],
    ] as const) {
      const error = await expectError(
        () => shardTestSet({ ...testSet, ...changes }, instance),
        "task.test-set-mismatch",
        /clusters has .* circuit tiny-4-3-3x10/,
      );
      expect(error.details.what).to.equal(what);
    }
  });
});
