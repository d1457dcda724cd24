/** The contracts' libraries against test/vectors/training.json, which trainer and circuits are tested against too. */
import { readFileSync } from "node:fs";
import path from "node:path";

import { expect } from "chai";

import { ethers, networkHelpers } from "./support/deployment.ts";

interface TrainingVectors {
  readonly seed: string;
  readonly batchOrders: readonly {
    readonly batchCount: number;
    readonly epoch: number;
    readonly order: readonly number[];
  }[];
  readonly learningRateFactors: readonly {
    readonly initialRateBits: number;
    readonly halvingSteps: number;
    readonly step: number;
    readonly factor: number;
  }[];
  readonly tinyRun: {
    readonly stepCount: number;
    readonly batchCommitments: readonly string[];
    readonly batchRoot: string;
    readonly batchPaths: readonly string[][];
    readonly checkpoints: readonly string[];
    readonly traceRoot: string;
    readonly tracePaths: readonly string[][];
    readonly tracePairPaths: readonly string[][];
  };
}

const vectors = JSON.parse(
  readFileSync(path.join(import.meta.dirname, "../vectors/training.json"), "utf8"),
) as TrainingVectors;

async function deployHarness() {
  return await ethers.deployContract("TrainingHarness");
}

describe("The training vectors", () => {
  it("have the batch orders of the contract", async () => {
    const harness = await networkHelpers.loadFixture(deployHarness);
    expect(vectors.batchOrders).not.to.have.length(0);
    for (const { batchCount, epoch, order } of vectors.batchOrders) {
      const onChain = await harness.order(vectors.seed, epoch, batchCount);
      expect(onChain.map(Number), `${batchCount} batches, epoch ${epoch}`).to.deep.equal(order);
    }
  });

  it("have the learning rates of the contract", async () => {
    const harness = await networkHelpers.loadFixture(deployHarness);
    for (const { initialRateBits, halvingSteps, step, factor } of vectors.learningRateFactors) {
      expect(await harness.factorAt(initialRateBits, halvingSteps, step)).to.equal(BigInt(factor));
    }
  });

  it("have the batch root of the contract, from every path", async () => {
    const harness = await networkHelpers.loadFixture(deployHarness);
    const { batchCommitments, batchPaths, batchRoot } = vectors.tinyRun;
    for (const [index, value] of batchCommitments.entries()) {
      const root = await harness.root(index, value, batchCommitments.length, batchPaths[index]!);
      expect(root).to.equal(batchRoot);
    }
  });

  it("have the trace root of the contract, from every path and every pair", async () => {
    const harness = await networkHelpers.loadFixture(deployHarness);
    const { checkpoints, stepCount, tracePaths, tracePairPaths, traceRoot } = vectors.tinyRun;
    const count = stepCount + 1;
    expect(checkpoints).to.have.length(count);
    for (const [index, value] of checkpoints.entries()) {
      expect(await harness.root(index, value, count, tracePaths[index]!)).to.equal(traceRoot);
    }
    for (let step = 0; step < stepCount; step++) {
      const [before, after] = [checkpoints[step]!, checkpoints[step + 1]!];
      const root = await harness.rootOfPair(step, before, after, count, tracePairPaths[step]!);
      expect(root, `step ${step}`).to.equal(traceRoot);
    }
  });
});
