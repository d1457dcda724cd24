import { expect } from "chai";
import { poseidon16 } from "poseidon-lite";

import { FIELD_ORDER } from "../../../prover/src/field.ts";
import { modelCommitment } from "../../../prover/src/model/commitment.ts";
import { batchCommitment, batchCommitments, cutBatches } from "../../../prover/src/verifiable/batches.ts";
import { commitCheckpoints } from "../../../prover/src/verifiable/commit-trace.ts";
import { initialModel } from "../../../prover/src/verifiable/initial-model.ts";
import { derivedSalt, newRunKey } from "../../../prover/src/verifiable/salts.ts";
import { expectError } from "../support/expect-error.ts";
import { TINY_RULE, tinySamples } from "../support/training-rules.ts";

const runKey = new Uint8Array(32).fill(7);

describe("cutBatches", () => {
  it("cuts the rows in their order and leaves the rest", () => {
    const samples = tinySamples(11);
    const batches = cutBatches(TINY_RULE, samples);
    expect(batches).to.have.length(2);
    expect(batches.flatMap(({ features }) => [...features])).to.deep.equal([
      ...samples.features.slice(0, 32),
    ]);
    expect(batches.flatMap(({ labels }) => [...labels])).to.deep.equal([...samples.labels.slice(0, 8)]);
    for (const { sampleCount, classCount } of batches)
      expect([sampleCount, classCount]).to.deep.equal([4, 3]);
  });

  it("refuses fewer samples than a batch, and samples off the grid", async () => {
    await expectError(
      () => cutBatches(TINY_RULE, tinySamples(3)),
      "training.samples",
      /there are 3 training samples, one batch takes 4/,
    );
    const bright = tinySamples();
    bright.features[5] = 16;
    await expectError(() => cutBatches(TINY_RULE, bright), "model.feature-range", /sample 2, feature 2: 16/);
  });
});

describe("batchCommitment", () => {
  const [batch] = cutBatches(TINY_RULE, tinySamples());

  it("is Poseidon over packed features, packed one-hot labels and salt", () => {
    const packed = (values: readonly number[], bits: number): bigint =>
      values.reduce((word, value, index) => word + BigInt(value) * 2n ** BigInt(bits * index), 0n);
    const oneHot = [...batch!.labels].flatMap((label) => [0, 1, 2].map((c) => (c === label ? 1 : 0)));
    const inputs = [packed([...batch!.features], 4), packed(oneHot, 1), 99n];
    expect(batchCommitment(batch!, 4, 99n)).to.equal(
      poseidon16([...inputs, ...new Array<bigint>(13).fill(0n)]),
    );
  });

  it("changes with any feature, any label, their order and the salt", () => {
    const variant = (change: (copy: NonNullable<typeof batch>) => void): bigint => {
      const copy = structuredClone(batch!);
      change(copy);
      return batchCommitment(copy, 4, 99n);
    };
    const digests = [
      variant(() => undefined),
      variant(({ features }) => (features[15] = features[15]! ^ 1)),
      variant(({ labels }) => (labels[3] = (labels[3]! + 1) % 3)),
      variant(({ labels }) => labels.reverse()),
      batchCommitment(batch!, 4, 100n),
    ];
    expect(new Set(digests).size).to.equal(digests.length);
  });

  it("takes the salt of the batch's index for each batch of a run", () => {
    const batches = cutBatches(TINY_RULE, tinySamples());
    const commitments = batchCommitments(TINY_RULE, batches, runKey);
    expect(commitments).to.have.length(5);
    commitments.forEach((commitment, index) =>
      expect(commitment).to.equal(batchCommitment(batches[index]!, 4, derivedSalt(runKey, "batch", index))),
    );
  });
});

describe("derivedSalt", () => {
  it("is a field element that differs by key, purpose and index", () => {
    const other = new Uint8Array(32).fill(8);
    const salts = [runKey, other].flatMap((key) =>
      (["batch", "checkpoint"] as const).flatMap((purpose) =>
        [0, 1, 100_000].map((index) => derivedSalt(key, purpose, index)),
      ),
    );
    expect(new Set(salts).size).to.equal(12);
    for (const salt of salts) expect(salt < FIELD_ORDER).to.be.true;
    expect(derivedSalt(runKey, "batch", 1)).to.equal(salts[1]);
  });

  it("refuses keys of another length, and new keys have the right one and differ", () => {
    expect(() => derivedSalt(new Uint8Array(31), "batch", 0)).to.throw(RangeError, /32 bytes, not 31/);
    expect(newRunKey()).to.have.length(32);
    expect(newRunKey()).to.not.deep.equal(newRunKey());
  });
});

describe("commitCheckpoints", () => {
  const checkpoint = (step: number) => initialModel(TINY_RULE, BigInt(step));

  it("commits to each checkpoint with its own salt and tells of progress", async () => {
    const progress: string[] = [];
    const commitments = await commitCheckpoints(3, checkpoint, runKey, {
      onProgress: (done, total) => progress.push(`${done}/${total}`),
    });
    expect(commitments).to.deep.equal(
      [0, 1, 2].map((step) => modelCommitment(checkpoint(step), derivedSalt(runKey, "checkpoint", step))),
    );
    expect(progress).to.deep.equal(["1/3", "2/3", "3/3"]);
  });

  it("goes on where it was stopped", async () => {
    const stop = new AbortController();
    const all = await commitCheckpoints(20, checkpoint, runKey);
    const first = await commitCheckpoints(20, checkpoint, runKey, {
      signal: stop.signal,
      onProgress: (done) => {
        if (done === 7) stop.abort();
      },
    });
    expect(first).to.deep.equal(all.slice(0, 7));
    expect(await commitCheckpoints(20, checkpoint, runKey, { done: first })).to.deep.equal(all);
  });
});
