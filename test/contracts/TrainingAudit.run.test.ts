import { expect } from "chai";

import { ethers, networkHelpers, postTask, stakeFor } from "./support/deployment.ts";
import {
  DRAW_DELAY_BLOCKS,
  expectedChallengeSeed,
  expectedSeed,
  postTraining,
  Run,
  shuffledIndex,
  trainingDeployed,
  WINDOW_BLOCKS,
} from "./support/training.ts";

import type { TrainingDeployment } from "./support/training.ts";

async function latestBlock(): Promise<bigint> {
  return BigInt(await networkHelpers.time.latestBlock());
}

/** A task and a run of alice's for it. */
async function begin(): Promise<{ d: TrainingDeployment; run: Run; taskId: bigint }> {
  const d = await trainingDeployed();
  const task = await postTraining(d);
  return { d, run: new Run(d, task, d.alice), taskId: task.taskId };
}

describe("TrainingAudit.register", () => {
  it("fixes batches and the block that gives the seed", async () => {
    const { d, run, taskId } = await begin();
    const seedBlock = (await latestBlock()) + 1n + DRAW_DELAY_BLOCKS;
    await expect(run.register())
      .to.emit(d.audit, "BatchesRegistered")
      .withArgs(taskId, d.alice.address, run.batches.root, 5n, seedBlock);
    const { batchRoot, batchCount, ...rest } = (
      (await d.audit.run(taskId, d.alice)) as unknown as { toObject(): Record<string, unknown> }
    ).toObject();
    expect([batchRoot, batchCount]).to.deep.equal([run.batches.root, 5n]);
    expect(rest["seedBlock"]).to.equal(seedBlock);
    expect(rest["seed"]).to.equal(ethers.ZeroHash);
    expect(await d.audit.stepCount(taskId, d.alice)).to.equal(20n);
  });

  it("is for tasks with an audit", async () => {
    const d = await trainingDeployed();
    const { taskId } = await postTask(d);
    await expect(d.audit.connect(d.alice).register(taskId, ethers.id("root"), 5n))
      .to.be.revertedWithCustomError(d.audit, "TrainingAuditUnknownTask")
      .withArgs(taskId);
  });

  it("is done once, so that no prover draws seeds until it likes one", async () => {
    const { d, run, taskId } = await begin();
    await run.register();
    await expect(run.register())
      .to.be.revertedWithCustomError(d.audit, "TrainingAuditAlreadyRegistered")
      .withArgs(taskId, d.alice.address);
  });

  it("takes as many batches as the task asks for, or more, up to 2^32 - 1 steps", async () => {
    const { d, taskId } = await begin();
    const max = (2n ** 32n - 1n) / 4n;
    for (const batchCount of [0n, 4n, max + 1n, 2n ** 255n]) {
      await expect(d.audit.connect(d.alice).register(taskId, ethers.id("root"), batchCount))
        .to.be.revertedWithCustomError(d.audit, "TrainingAuditInvalidBatchCount")
        .withArgs(batchCount, 5n, max);
    }
    await d.audit.connect(d.alice).register(taskId, ethers.id("root"), max);
    expect(await d.audit.stepCount(taskId, d.alice)).to.equal(4n * max);
  });
});

describe("TrainingAudit.drawSeed", () => {
  it("takes the hash of the block fixed at registration", async () => {
    const { d, run, taskId } = await begin();
    await run.register();
    const seedBlock = (await latestBlock()) + DRAW_DELAY_BLOCKS;
    await networkHelpers.mineUpTo(seedBlock);
    const seed = await expectedSeed(d, run, seedBlock);
    await expect(d.audit.connect(d.stranger).drawSeed(taskId, d.alice))
      .to.emit(d.audit, "SeedDrawn")
      .withArgs(taskId, d.alice.address, seed, seedBlock);
    expect(await run.seed()).to.equal(seed);
    expect(await d.audit.batchIndexAt(taskId, d.alice, 7n)).to.equal(shuffledIndex(seed, 1n, 2n, 5n));
  });

  it("waits for that block", async () => {
    const { d, run, taskId } = await begin();
    await run.register();
    const seedBlock = (await latestBlock()) + DRAW_DELAY_BLOCKS;
    await networkHelpers.mineUpTo(seedBlock - 1n);
    await expect(d.audit.drawSeed(taskId, d.alice))
      .to.be.revertedWithCustomError(d.audit, "BlockDrawTooEarly")
      .withArgs(seedBlock, seedBlock);
  });

  it("is done once", async () => {
    const { d, run, taskId } = await begin();
    await run.prepare();
    await expect(run.drawSeed())
      .to.be.revertedWithCustomError(d.audit, "TrainingAuditSeedDrawn")
      .withArgs(taskId, d.alice.address);
  });

  it("needs a registration", async () => {
    const { d, taskId } = await begin();
    await expect(d.audit.drawSeed(taskId, d.alice))
      .to.be.revertedWithCustomError(d.audit, "TrainingAuditNotRegistered")
      .withArgs(taskId, d.alice.address);
    await expect(d.audit.batchIndexAt(taskId, d.alice, 0n))
      .to.be.revertedWithCustomError(d.audit, "TrainingAuditSeedNotDrawn")
      .withArgs(taskId, d.alice.address);
  });

  for (const [windows, late] of [
    [0n, 255n],
    [1n, 256n],
    [1n, 511n],
    [3n, 768n],
  ] as const) {
    it(`falls back by rule when it comes ${late} blocks late: no choice`, async () => {
      const { d, run, taskId } = await begin();
      await run.register();
      const seedBlock = (await latestBlock()) + DRAW_DELAY_BLOCKS;
      await networkHelpers.mineUpTo(seedBlock + late);
      const used = seedBlock + windows * WINDOW_BLOCKS;
      await expect(d.audit.drawSeed(taskId, d.alice))
        .to.emit(d.audit, "SeedDrawn")
        .withArgs(taskId, d.alice.address, await expectedSeed(d, run, used), used);
    });
  }

  it("gives every prover and every task another seed", async () => {
    const { d, run } = await begin();
    const other = new Run(d, run.task, d.bob);
    const elsewhere = new Run(d, await postTraining(d), d.alice);
    const seeds = [];
    for (const each of [run, other, elsewhere]) {
      await each.prepare();
      seeds.push(await each.seed());
    }
    expect(new Set(seeds).size).to.equal(3);
  });

  it("follows the chain through a reorganisation: the seed of the branch that stays is the seed", async () => {
    const { d, run, taskId } = await begin();
    await run.register();
    const snapshot = await networkHelpers.takeSnapshot();
    await networkHelpers.mine(DRAW_DELAY_BLOCKS);
    await run.drawSeed();
    const abandoned = await run.seed();
    await snapshot.restore();
    // The other branch: the same registration, other blocks after it.
    await networkHelpers.mine(DRAW_DELAY_BLOCKS, { interval: 5 });
    const seedBlock = await latestBlock();
    await run.drawSeed();
    expect(await run.seed()).to.equal(await expectedSeed(d, run, seedBlock));
    expect(await run.seed()).not.to.equal(abandoned);
    expect((await d.audit.run(taskId, d.alice)).seedBlock).to.equal(seedBlock);
  });
});

describe("TaskMarket.commitWithTrace", () => {
  it("commits model and trace, locks the stake, and fixes the block of the challenge", async () => {
    const { d, run, taskId } = await begin();
    await run.prepare();
    await stakeFor(d, d.alice);
    const transaction = run.commit();
    await expect(transaction)
      .to.emit(d.market, "ModelCommitted")
      .withArgs(taskId, d.alice.address, run.modelCommitment, 1n);
    const challengeBlock = (await latestBlock()) + DRAW_DELAY_BLOCKS;
    await expect(transaction)
      .to.emit(d.audit, "TraceCommitted")
      .withArgs(taskId, d.alice.address, run.trace.root, challengeBlock);
    const recorded = await d.audit.run(taskId, d.alice);
    expect([recorded.traceRoot, recorded.challengeBlock]).to.deep.equal([run.trace.root, challengeBlock]);
    expect((await d.market.submission(taskId, d.alice)).modelCommitment).to.equal(run.modelCommitment);
  });

  it("needs a drawn seed", async () => {
    const { d, run, taskId } = await begin();
    await stakeFor(d, d.alice);
    for (const prepare of [async () => Promise.resolve(), async () => await run.register()]) {
      await prepare();
      await expect(run.commit())
        .to.be.revertedWithCustomError(d.audit, "TrainingAuditSeedNotDrawn")
        .withArgs(taskId, d.alice.address);
    }
  });

  it("is done once", async () => {
    const { d, run, taskId } = await begin();
    await run.start();
    await stakeFor(d, d.alice);
    await expect(run.commit())
      .to.be.revertedWithCustomError(d.market, "TaskMarketAlreadyCommitted")
      .withArgs(taskId, d.alice.address);
  });

  it("is the way to commit where training proof is asked for, and nowhere else", async () => {
    const { d, run, taskId } = await begin();
    await run.prepare();
    await stakeFor(d, d.alice);
    await expect(d.market.connect(d.alice).commit(taskId, 1n))
      .to.be.revertedWithCustomError(d.market, "TaskMarketTraceRequired")
      .withArgs(taskId);
    const plain = await postTask(d);
    await expect(d.market.connect(d.alice).commitWithTrace(plain.taskId, 1n, run.trace.root))
      .to.be.revertedWithCustomError(d.market, "TaskMarketNoTrainingAudit")
      .withArgs(plain.taskId);
  });

  it("reports to the audit as nobody else can", async () => {
    const { d, run, taskId } = await begin();
    await run.prepare();
    await expect(d.audit.connect(d.alice).begin(taskId, d.alice, run.trace.root))
      .to.be.revertedWithCustomError(d.audit, "TrainingAuditNotMarket")
      .withArgs(d.alice.address);
  });
});

describe("TrainingAudit.drawChallenge", () => {
  it("takes the hash of the block fixed at the commitment", async () => {
    const { d, run, taskId } = await begin();
    await run.prepare();
    await stakeFor(d, d.alice);
    await run.commit();
    const challengeBlock = (await latestBlock()) + DRAW_DELAY_BLOCKS;
    await networkHelpers.mineUpTo(challengeBlock);
    const seed = await expectedChallengeSeed(run, challengeBlock);
    await expect(d.audit.connect(d.stranger).drawChallenge(taskId, d.alice))
      .to.emit(d.audit, "ChallengeDrawn")
      .withArgs(taskId, d.alice.address, seed, challengeBlock);
    const harness = await ethers.deployContract("TrainingHarness");
    expect(await run.challengedSteps()).to.deep.equal([...(await harness.challenged(seed, 20n, 3n))]);
  });

  it("waits for that block, and falls back by rule when it comes late", async () => {
    const { d, run, taskId } = await begin();
    await run.prepare();
    await stakeFor(d, d.alice);
    await run.commit();
    const challengeBlock = (await latestBlock()) + DRAW_DELAY_BLOCKS;
    await networkHelpers.mineUpTo(challengeBlock - 1n);
    await expect(run.drawChallenge())
      .to.be.revertedWithCustomError(d.audit, "BlockDrawTooEarly")
      .withArgs(challengeBlock, challengeBlock);
    await networkHelpers.mineUpTo(challengeBlock + WINDOW_BLOCKS);
    const used = challengeBlock + WINDOW_BLOCKS;
    await expect(run.drawChallenge())
      .to.emit(d.audit, "ChallengeDrawn")
      .withArgs(taskId, d.alice.address, await expectedChallengeSeed(run, used), used);
  });

  it("is done once, after the commitment", async () => {
    const { d, run, taskId } = await begin();
    await run.prepare();
    await expect(run.drawChallenge())
      .to.be.revertedWithCustomError(d.audit, "TrainingAuditNotCommitted")
      .withArgs(taskId, d.alice.address);
    await expect(d.audit.challengedSteps(taskId, d.alice))
      .to.be.revertedWithCustomError(d.audit, "TrainingAuditChallengeNotDrawn")
      .withArgs(taskId, d.alice.address);
    await stakeFor(d, d.alice);
    await run.commit();
    await networkHelpers.mine(DRAW_DELAY_BLOCKS);
    await run.drawChallenge();
    await expect(run.drawChallenge())
      .to.be.revertedWithCustomError(d.audit, "TrainingAuditChallengeDrawn")
      .withArgs(taskId, d.alice.address);
  });

  it("differs on the other branch of a reorganisation, with the commitment still in place", async () => {
    const { d, run } = await begin();
    await run.prepare();
    await stakeFor(d, d.alice);
    await run.commit();
    const snapshot = await networkHelpers.takeSnapshot();
    const seeds = [];
    for (const interval of [1, 7]) {
      await networkHelpers.mine(DRAW_DELAY_BLOCKS, { interval });
      await run.drawChallenge();
      seeds.push((await d.audit.run(run.task.taskId, d.alice)).challengeSeed);
      await snapshot.restore();
    }
    expect(seeds[0]).not.to.equal(seeds[1]);
  });
});
