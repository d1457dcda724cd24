import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, concatBytes, hexToBytes } from "@noble/hashes/utils.js";
import { expect } from "chai";

import { initStage, initStatement, stepStage, stepStatement } from "../../../prover/src/audit/stages.ts";
import {
  batchOfStep,
  commitBatches,
  finishRun,
  runStepCount,
  type TrainedRun,
} from "../../../prover/src/audit/trained-run.ts";
import { FIELD_ORDER } from "../../../prover/src/field.ts";
import { initialModel } from "../../../prover/src/verifiable/initial-model.ts";
import type { TrainingRule } from "../../../prover/src/verifiable/training-rule.ts";
import { TINY_RULE, tinySamples } from "../support/training-rules.ts";

const SEED = 2n ** 255n + 12_345n;
const PLACE = {
  chainId: 31_337n,
  market: "0x00000000000000000000000000000000000000a1",
  taskId: 3n,
  prover: "0x00000000000000000000000000000000000000b2",
};

/** A run of made-up checkpoints: what is stated about them does not depend on how they came to be. */
function runOf(rule: TrainingRule): TrainedRun {
  const batches = commitBatches(rule, tinySamples(), new Uint8Array(32).fill(1));
  const checkpoints = Array.from({ length: runStepCount(batches) + 1 }, (_, step) => BigInt(1_000 + step));
  return finishRun(batches, { seed: SEED, checkpoints, checkpoint: () => initialModel(rule, SEED) });
}

const word = (value: bigint | number): Uint8Array => hexToBytes(BigInt(value).toString(16).padStart(64, "0"));

/** The root above leaf `index`, hashed step by step from the leaf's double hash. */
function climb(index: number, value: bigint, path: readonly string[]): string {
  let node = keccak_256(keccak_256(concatBytes(word(index), word(value))));
  path.forEach((sibling, level) => {
    const other = hexToBytes(sibling.slice(2));
    node = keccak_256((index >> level) % 2 === 1 ? concatBytes(other, node) : concatBytes(node, other));
  });
  return `0x${bytesToHex(node)}`;
}

describe("the stages of a run", () => {
  const run = runOf(TINY_RULE);
  const stepCount = runStepCount(run);

  it("are as many steps as epochs times batches", () => {
    expect(run.batches).to.have.lengthOf(5);
    expect(stepCount).to.equal(15);
  });

  it("show the initialisation in the trace", () => {
    const { checkpoint, tracePath } = initStage(run);
    expect(checkpoint).to.equal(run.checkpoints[0]);
    expect(climb(0, checkpoint, tracePath)).to.equal(run.traceRoot);
  });

  it("state neighbouring checkpoints and the batch of the seed, shown among the registered ones", () => {
    for (let step = 0; step < stepCount; step++) {
      const stage = stepStage(run, step);
      expect(stage.checkpointBefore).to.equal(run.checkpoints[step]);
      expect(stage.checkpointAfter).to.equal(run.checkpoints[step + 1]);
      const batch = batchOfStep(run, step);
      expect(stage.batchCommitment).to.equal(run.commitments[batch]);
      expect(climb(batch, stage.batchCommitment, stage.batchPath)).to.equal(run.root);
    }
  });

  it("learn every batch once an epoch", () => {
    for (let epoch = 0; epoch < TINY_RULE.epochs; epoch++) {
      const learnt = run.batches.map((_, position) =>
        batchOfStep(run, epoch * run.batches.length + position),
      );
      expect(new Set(learnt).size).to.equal(run.batches.length);
    }
  });

  it("end with the last step", () => {
    for (const step of [-1, 0.5, stepCount]) expect(() => stepStage(run, step)).to.throw(RangeError);
  });

  it("reduce the seed to the field and halve the learning rate by the schedule", () => {
    expect(initStatement(PLACE, initStage(run), SEED).seed).to.deep.equal([SEED % FIELD_ORDER]);
    const factors = [0, 5, 6, 12].map(
      (step) => stepStatement(PLACE, stepStage(run, step), TINY_RULE).learningRateFactor[0],
    );
    expect(factors).to.deep.equal([8n, 8n, 4n, 2n]);
  });

  it("have a context that differs with stage, step, task, prover, market and chain", () => {
    const contexts = [
      initStatement(PLACE, initStage(run), SEED),
      stepStatement(PLACE, stepStage(run, 0), TINY_RULE),
      stepStatement(PLACE, stepStage(run, 1), TINY_RULE),
      ...[{ chainId: 1n }, { market: PLACE.prover }, { taskId: 4n }, { prover: PLACE.market }].map((change) =>
        stepStatement({ ...PLACE, ...change }, stepStage(run, 0), TINY_RULE),
      ),
    ].map(({ context }) => context[0]);
    expect(new Set(contexts).size).to.equal(contexts.length);
  });

  it("commit to other batches under another key", () => {
    const other = commitBatches(TINY_RULE, tinySamples(), new Uint8Array(32).fill(2));
    expect(other.root).to.not.equal(run.root);
  });
});
