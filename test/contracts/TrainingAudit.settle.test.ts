import { expect } from "chai";

import {
  DATA,
  ethers,
  key,
  NATIVE,
  networkHelpers,
  nextBlockAt,
  postTask,
  REWARD_WEI,
  SPLIT,
  STAKE_WEI,
  stakeFor,
  SUBMISSION,
  TASK,
  single,
} from "./support/deployment.ts";
import { postTraining, Run, trainingDeployed } from "./support/training.ts";
import { accuracyContext } from "./support/trapdoor-key.ts";

import type { TrainingDeployment } from "./support/training.ts";

/** A valid accuracy proof of a run's model. */
async function accuracyProof(d: TrainingDeployment, run: Run, correct: bigint) {
  const { chainId } = await ethers.provider.getNetwork();
  const market = await d.market.getAddress();
  const context = accuracyContext(chainId, market, run.task.taskId, run.prover.address);
  return key.prove({ statement: [context, run.modelCommitment, correct], data: DATA });
}

async function prove(d: TrainingDeployment, run: Run, correct: bigint) {
  const proof = await accuracyProof(d, run, correct);
  return await d.market.connect(run.prover).prove(...single(run.task.taskId, correct, proof));
}

describe("Proofs of tasks with training proof", () => {
  it("are paid once the audit has passed, and not before", async () => {
    const d = await trainingDeployed();
    const task = await postTraining(d);
    const run = new Run(d, task, d.alice);
    await run.start();
    const expectRefused = async (): Promise<void> => {
      await expect(prove(d, run, 350n))
        .to.be.revertedWithCustomError(d.market, "TaskMarketAuditNotPassed")
        .withArgs(task.taskId, d.alice.address);
    };
    await expectRefused();
    await run.answerSteps();
    await expectRefused();
    await run.answerInit();
    await expect(prove(d, run, 350n)).to.emit(d.market, "TaskSettled");
    expect(await d.market.creditOf(d.alice, NATIVE)).to.equal(REWARD_WEI);
    await d.market.releaseStake(task.taskId, d.alice);
    expect(await d.vault.balanceOf(d.alice, NATIVE)).to.deep.equal([STAKE_WEI, 0n]);
  });

  it("need the audited model: the commitment is the last checkpoint's", async () => {
    const d = await trainingDeployed();
    const task = await postTraining(d);
    const run = new Run(d, task, d.alice);
    await run.start();
    await run.pass();
    const { chainId } = await ethers.provider.getNetwork();
    const context = accuracyContext(chainId, await d.market.getAddress(), task.taskId, d.alice.address);
    const proof = key.prove({ statement: [context, run.checkpoints[3]!, 350n], data: DATA });
    await expect(
      d.market.connect(d.alice).prove(...single(task.taskId, 350n, proof)),
    ).to.be.revertedWithCustomError(d.market, "TaskMarketInvalidProof");
  });

  it("share the reward among those who passed", async () => {
    const d = await trainingDeployed();
    const task = await postTraining(d, {}, { split: SPLIT.proRata, maxProvers: 3n });
    const runs = [d.alice, d.bob, d.carol].map((prover) => new Run(d, task, prover));
    for (const run of runs) await run.start();
    const [alice, bob] = runs as [Run, Run];
    for (const run of [alice, bob]) {
      await run.pass();
      await prove(d, run, 350n);
    }
    await nextBlockAt(task.spec.proveDeadline + 1n);
    await d.market.settle(task.taskId);
    for (const { prover } of [alice, bob]) {
      await d.market.claim(task.taskId, prover);
      expect(await d.market.creditOf(prover, NATIVE)).to.equal(REWARD_WEI / 2n);
    }
    await expect(d.market.claim(task.taskId, d.carol)).to.be.revertedWithCustomError(
      d.market,
      "TaskMarketNothingToClaim",
    );
    await d.market.slashStake(task.taskId, d.carol);
    expect(await d.vault.balanceOf(d.carol, NATIVE)).to.deep.equal([0n, 0n]);
  });
});

describe("TaskMarket.slashStake", () => {
  it("takes the stake of a silent prover: half burns, half goes to the poster", async () => {
    const d = await trainingDeployed();
    const { market, vault, audit, poster, alice, stranger } = d;
    const task = await postTraining(d);
    const run = new Run(d, task, alice);
    await run.start();
    await nextBlockAt(task.terms.answerDeadline + 1n);
    const transaction = market.connect(stranger).slashStake(task.taskId, alice);
    await expect(transaction)
      .to.emit(market, "ProverStakeSlashed")
      .withArgs(task.taskId, alice.address, 1n, STAKE_WEI);
    await expect(transaction)
      .to.emit(vault, "StakeSlashed")
      .withArgs(
        1n,
        await market.getAddress(),
        alice.address,
        NATIVE,
        poster.address,
        STAKE_WEI / 2n,
        STAKE_WEI / 2n,
      );
    expect(await audit.hasFailed(task.taskId, alice)).to.equal(true);
    expect(await vault.creditOf(poster, NATIVE)).to.equal(STAKE_WEI / 2n);
    expect(await vault.creditOf(await vault.BURN_ADDRESS(), NATIVE)).to.equal(STAKE_WEI / 2n);
    expect(await vault.balanceOf(alice, NATIVE)).to.deep.equal([0n, 0n]);
    expect((await vault.lockOf(market, NATIVE, 1n)).account).to.equal(ethers.ZeroAddress);
    expect((await market.submission(task.taskId, alice)).lockId).to.equal(0n);
  });

  it("takes it when the challenge was never drawn, too: silence is silence", async () => {
    const d = await trainingDeployed();
    const task = await postTraining(d);
    const run = new Run(d, task, d.alice);
    await run.prepare();
    await stakeFor(d, d.alice);
    await run.commit();
    await nextBlockAt(task.terms.answerDeadline + 1n);
    await d.market.slashStake(task.taskId, d.alice);
    expect(await d.vault.balanceOf(d.alice, NATIVE)).to.deep.equal([0n, 0n]);
  });

  it("takes it for a single stage left open", async () => {
    const d = await trainingDeployed();
    const task = await postTraining(d);
    const run = new Run(d, task, d.alice);
    await run.start();
    await run.answerInit();
    await run.answerSteps((await run.stepAnswers()).slice(1));
    await nextBlockAt(task.terms.answerDeadline + 1n);
    await d.market.slashStake(task.taskId, d.alice);
  });

  it("is open after the deadline and not a second earlier", async () => {
    const d = await trainingDeployed();
    const task = await postTraining(d);
    const run = new Run(d, task, d.alice);
    await run.start();
    await nextBlockAt(task.terms.answerDeadline);
    await expect(d.market.slashStake(task.taskId, d.alice))
      .to.be.revertedWithCustomError(d.market, "TaskMarketAuditNotFailed")
      .withArgs(task.taskId, d.alice.address);
    await nextBlockAt(task.terms.answerDeadline + 1n);
    await d.market.slashStake(task.taskId, d.alice);
  });

  it("happens once", async () => {
    const d = await trainingDeployed();
    const task = await postTraining(d);
    await new Run(d, task, d.alice).start();
    await nextBlockAt(task.terms.answerDeadline + 1n);
    await d.market.slashStake(task.taskId, d.alice);
    for (const again of [
      async () => await d.market.slashStake(task.taskId, d.alice),
      async () => await d.market.releaseStake(task.taskId, d.alice),
    ]) {
      await expect(again())
        .to.be.revertedWithCustomError(d.market, "TaskMarketNoStakeLocked")
        .withArgs(task.taskId, d.alice.address);
    }
  });

  it("never touches a prover that passed, that only registered, or that owes no audit", async () => {
    const d = await trainingDeployed();
    const task = await postTraining(d);
    const passed = new Run(d, task, d.alice);
    await passed.start();
    await passed.pass();
    await new Run(d, task, d.bob).prepare();
    const plain = await postTask(d);
    await stakeFor(d, d.carol);
    await d.market.connect(d.carol).commit(plain.taskId, 42n);
    await nextBlockAt(task.terms.answerDeadline + 1n);
    for (const [taskId, prover] of [
      [task.taskId, d.alice],
      [plain.taskId, d.carol],
    ] as const) {
      await expect(d.market.slashStake(taskId, prover))
        .to.be.revertedWithCustomError(d.market, "TaskMarketAuditNotFailed")
        .withArgs(taskId, prover.address);
    }
    expect(await d.audit.hasFailed(task.taskId, d.bob)).to.equal(false);
    await expect(d.market.slashStake(task.taskId, d.bob)).to.be.revertedWithCustomError(
      d.market,
      "TaskMarketNoStakeLocked",
    );
  });

  it("works after the task has ended, so that another's proof saves nobody", async () => {
    const d = await trainingDeployed();
    const task = await postTraining(d);
    const winner = new Run(d, task, d.alice);
    const faker = new Run(d, task, d.bob);
    for (const run of [winner, faker]) await run.start();
    await winner.pass();
    await prove(d, winner, 350n);
    expect((await d.market.task(task.taskId)).state).to.equal(TASK.settled);
    await expect(d.market.releaseStake(task.taskId, d.bob))
      .to.be.revertedWithCustomError(d.market, "TaskMarketStakeInUse")
      .withArgs(task.taskId, d.bob.address);
    await nextBlockAt(task.terms.answerDeadline + 1n);
    await d.market.slashStake(task.taskId, d.bob);
    expect(await d.vault.balanceOf(d.bob, NATIVE)).to.deep.equal([0n, 0n]);
  });
});

describe("TaskMarket.releaseStake with training proof", () => {
  it("frees the stake of an honest loser once it has answered", async () => {
    const d = await trainingDeployed();
    const task = await postTraining(d);
    const [winner, loser] = [d.alice, d.bob].map((prover) => new Run(d, task, prover)) as [Run, Run];
    for (const run of [winner, loser]) await run.start();
    await winner.pass();
    await prove(d, winner, 350n);
    await loser.pass();
    await d.market.releaseStake(task.taskId, d.bob);
    expect(await d.vault.balanceOf(d.bob, NATIVE)).to.deep.equal([STAKE_WEI, 0n]);
    expect((await d.market.submission(task.taskId, d.bob)).state).to.equal(SUBMISSION.committed);
  });

  it("keeps the stake of a prover that passed and has not proved while the task is open", async () => {
    const d = await trainingDeployed();
    const task = await postTraining(d);
    const run = new Run(d, task, d.alice);
    await run.start();
    await run.pass();
    await expect(d.market.releaseStake(task.taskId, d.alice)).to.be.revertedWithCustomError(
      d.market,
      "TaskMarketStakeInUse",
    );
    await networkHelpers.time.increaseTo(task.spec.proveDeadline + 1n);
    await d.market.expire(task.taskId);
    await d.market.releaseStake(task.taskId, d.alice);
    expect(await d.market.creditOf(d.poster, NATIVE)).to.equal(REWARD_WEI);
  });
});
