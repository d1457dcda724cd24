import { expect } from "chai";

import { FIELD_ORDER } from "../../prover/src/field.ts";
import {
  commitAs,
  deployed,
  ethers,
  modelCommitmentOf,
  NATIVE,
  nextBlockAt,
  postTask,
  proveAs,
  SPLIT,
  STAKE_WEI,
  stakeFor,
  SUBMISSION,
  TASK,
} from "./support/deployment.ts";

describe("TaskMarket.commit", () => {
  it("records the commitment and locks the stake", async () => {
    const d = await deployed();
    const { market, vault, alice } = d;
    const { taskId } = await postTask(d);
    await stakeFor(d, alice);
    const transaction = market.connect(alice).commit(taskId, 42n);
    await expect(transaction).to.emit(market, "ModelCommitted").withArgs(taskId, alice.address, 42n, 1n);
    await expect(transaction)
      .to.emit(vault, "StakeLocked")
      .withArgs(1n, await market.getAddress(), alice.address, NATIVE, STAKE_WEI);
    expect(await market.submission(taskId, alice)).to.deep.equal([42n, SUBMISSION.committed, 0n, 0n, 1n, 0n]);
    expect(await vault.balanceOf(alice, NATIVE)).to.deep.equal([0n, STAKE_WEI]);
    const task = await market.task(taskId);
    expect(task.state).to.equal(TASK.committed);
    expect(await market.proverCount(taskId)).to.equal(1n);
  });

  it("locks stake in the task's token", async () => {
    const d = await deployed();
    const { market, vault, token, alice } = d;
    const { taskId } = await postTask(d, { stakeToken: await token.getAddress() });
    await stakeFor(d, alice, STAKE_WEI, await token.getAddress());
    await market.connect(alice).commit(taskId, 42n);
    expect(await vault.balanceOf(alice, token)).to.deep.equal([0n, STAKE_WEI]);
  });

  it("needs no stake when the task asks for none", async () => {
    const d = await deployed();
    const { market, alice } = d;
    const { taskId } = await postTask(d, { stakeWei: 0n });
    await expect(market.connect(alice).commit(taskId, 42n))
      .to.emit(market, "ModelCommitted")
      .withArgs(taskId, alice.address, 42n, 0n);
  });

  it("lets several provers commit to the same value, so that nobody can block another", async () => {
    const d = await deployed();
    const { market, alice, bob } = d;
    const { taskId } = await postTask(d);
    for (const prover of [bob, alice]) {
      await stakeFor(d, prover);
      await market.connect(prover).commit(taskId, 42n);
    }
    expect(await market.proverCount(taskId)).to.equal(2n);
  });

  it("lets one prover commit to several tasks", async () => {
    const d = await deployed();
    const { market, vault, alice } = d;
    const first = await postTask(d);
    const second = await postTask(d);
    await stakeFor(d, alice, 2n * STAKE_WEI);
    await market.connect(alice).commit(first.taskId, 42n);
    await market.connect(alice).commit(second.taskId, 42n);
    expect(await vault.balanceOf(alice, NATIVE)).to.deep.equal([0n, 2n * STAKE_WEI]);
  });

  it("is open while others have proved already", async () => {
    const d = await deployed();
    const { taskId } = await postTask(d, { split: SPLIT.bestScore });
    await commitAs(d, taskId, d.alice);
    await proveAs(d, taskId, d.alice, 350n);
    await commitAs(d, taskId, d.bob);
    const task = await d.market.task(taskId);
    expect(task.state).to.equal(TASK.proven);
    expect(task.proverCount).to.equal(2n);
  });

  it("is open until the commit deadline and not a second longer", async () => {
    const d = await deployed();
    const { market, alice, bob, carol } = d;
    const { taskId, spec } = await postTask(d);
    for (const prover of [alice, bob, carol]) await stakeFor(d, prover);
    await nextBlockAt(spec.commitDeadline - 1n);
    await market.connect(alice).commit(taskId, 42n);
    await nextBlockAt(spec.commitDeadline);
    await market.connect(bob).commit(taskId, 42n);
    await nextBlockAt(spec.commitDeadline + 1n);
    await expect(market.connect(carol).commit(taskId, 42n))
      .to.be.revertedWithCustomError(market, "TaskMarketDeadlinePassed")
      .withArgs(taskId, spec.commitDeadline, spec.commitDeadline + 1n);
  });

  it("takes as many provers as the task allows", async () => {
    const d = await deployed();
    const { taskId } = await postTask(d, { maxProvers: 2n });
    await commitAs(d, taskId, d.alice, d.bob);
    await stakeFor(d, d.carol);
    await expect(d.market.connect(d.carol).commit(taskId, 42n))
      .to.be.revertedWithCustomError(d.market, "TaskMarketFull")
      .withArgs(taskId, 2n);
  });

  it("takes one commitment a prover", async () => {
    const d = await deployed();
    const { market, alice } = d;
    const { taskId } = await postTask(d);
    await commitAs(d, taskId, alice);
    await stakeFor(d, alice);
    await expect(market.connect(alice).commit(taskId, 43n))
      .to.be.revertedWithCustomError(market, "TaskMarketAlreadyCommitted")
      .withArgs(taskId, alice.address);
  });

  it("takes commitments between 1 and the field order", async () => {
    const d = await deployed();
    const { market, alice, bob } = d;
    const { taskId } = await postTask(d);
    for (const prover of [alice, bob]) await stakeFor(d, prover);
    await expect(market.connect(alice).commit(taskId, 0n)).to.be.revertedWithCustomError(
      market,
      "TaskMarketZeroCommitment",
    );
    for (const value of [FIELD_ORDER, FIELD_ORDER + 42n, ethers.MaxUint256]) {
      await expect(market.connect(alice).commit(taskId, value))
        .to.be.revertedWithCustomError(market, "TaskMarketNotInField")
        .withArgs(value);
    }
    await market.connect(alice).commit(taskId, 1n);
    await market.connect(bob).commit(taskId, FIELD_ORDER - 1n);
  });

  it("reverts without enough free stake", async () => {
    const d = await deployed();
    const { market, vault, alice } = d;
    const { taskId } = await postTask(d);
    await stakeFor(d, alice, STAKE_WEI - 1n);
    await vault.connect(alice).approveLocker(market, NATIVE, STAKE_WEI);
    await expect(market.connect(alice).commit(taskId, 42n))
      .to.be.revertedWithCustomError(vault, "StakeVaultInsufficientStake")
      .withArgs(alice.address, NATIVE, STAKE_WEI - 1n, STAKE_WEI);
  });

  it("reverts without the prover's consent to lock its stake", async () => {
    const d = await deployed();
    const { market, vault, alice } = d;
    const { taskId } = await postTask(d);
    await vault.connect(alice).deposit(NATIVE, STAKE_WEI, { value: STAKE_WEI });
    await expect(market.connect(alice).commit(taskId, 42n))
      .to.be.revertedWithCustomError(vault, "StakeVaultLimitExceeded")
      .withArgs(alice.address, await market.getAddress(), 0n, STAKE_WEI);
  });

  it("reverts for tasks that were not posted or have ended", async () => {
    const d = await deployed();
    const { market, poster, alice, bob } = d;
    await stakeFor(d, bob);
    const expectState = async (taskId: bigint, state: bigint): Promise<void> => {
      await expect(market.connect(bob).commit(taskId, modelCommitmentOf(bob)))
        .to.be.revertedWithCustomError(market, "TaskMarketWrongState")
        .withArgs(taskId, state);
    };
    await expectState(1n, TASK.none);

    const cancelled = await postTask(d);
    await market.connect(poster).cancel(cancelled.taskId);
    await expectState(cancelled.taskId, TASK.cancelled);

    const settled = await postTask(d);
    await commitAs(d, settled.taskId, alice);
    await proveAs(d, settled.taskId, alice, 350n);
    await expectState(settled.taskId, TASK.settled);

    const expired = await postTask(d);
    await nextBlockAt(expired.spec.commitDeadline + 1n);
    await market.expire(expired.taskId);
    await expectState(expired.taskId, TASK.expired);
  });
});
