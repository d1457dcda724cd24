import { expect } from "chai";

import {
  commitAs,
  deployed,
  ethers,
  holdings,
  NATIVE,
  nextBlockAt,
  postTask,
  proveAs,
  REWARD_WEI,
  SPLIT,
  STAKE_WEI,
  TASK,
} from "./support/deployment.ts";

describe("TaskMarket.cancel", () => {
  it("credits the reward back to the poster", async () => {
    const d = await deployed();
    const { market, poster } = d;
    const { taskId } = await postTask(d);
    const transaction = market.connect(poster).cancel(taskId);
    await expect(transaction).to.emit(market, "TaskCancelled").withArgs(taskId);
    await expect(transaction)
      .to.emit(market, "RewardCredited")
      .withArgs(taskId, poster.address, NATIVE, REWARD_WEI);
    expect((await market.task(taskId)).state).to.equal(TASK.cancelled);
    expect(await market.creditOf(poster, NATIVE)).to.equal(REWARD_WEI);
  });

  it("reverts for anybody else", async () => {
    const d = await deployed();
    const { taskId } = await postTask(d);
    await expect(d.market.connect(d.stranger).cancel(taskId))
      .to.be.revertedWithCustomError(d.market, "TaskMarketNotPoster")
      .withArgs(taskId, d.stranger.address, d.poster.address);
  });

  it("reverts once somebody has committed, and a second time", async () => {
    const d = await deployed();
    const { market, poster, alice } = d;
    const committed = await postTask(d);
    await commitAs(d, committed.taskId, alice);
    await expect(market.connect(poster).cancel(committed.taskId))
      .to.be.revertedWithCustomError(market, "TaskMarketWrongState")
      .withArgs(committed.taskId, TASK.committed);
    const cancelled = await postTask(d);
    await market.connect(poster).cancel(cancelled.taskId);
    await expect(market.connect(poster).cancel(cancelled.taskId))
      .to.be.revertedWithCustomError(market, "TaskMarketWrongState")
      .withArgs(cancelled.taskId, TASK.cancelled);
  });
});

describe("TaskMarket.expire", () => {
  it("ends a task nobody committed to after the commit deadline", async () => {
    const d = await deployed();
    const { market, poster, stranger } = d;
    const { taskId, spec } = await postTask(d);
    await nextBlockAt(spec.commitDeadline);
    await expect(market.connect(stranger).expire(taskId))
      .to.be.revertedWithCustomError(market, "TaskMarketDeadlineNotPassed")
      .withArgs(taskId, spec.commitDeadline, spec.commitDeadline);
    await nextBlockAt(spec.commitDeadline + 1n);
    const transaction = market.connect(stranger).expire(taskId);
    await expect(transaction).to.emit(market, "TaskExpired").withArgs(taskId);
    await expect(transaction)
      .to.emit(market, "RewardCredited")
      .withArgs(taskId, poster.address, NATIVE, REWARD_WEI);
    expect((await market.task(taskId)).state).to.equal(TASK.expired);
  });

  it("ends a task nobody proved after the prove deadline", async () => {
    const d = await deployed();
    const { market, poster, alice } = d;
    const { taskId, spec } = await postTask(d);
    await commitAs(d, taskId, alice);
    await nextBlockAt(spec.proveDeadline);
    await expect(market.expire(taskId))
      .to.be.revertedWithCustomError(market, "TaskMarketDeadlineNotPassed")
      .withArgs(taskId, spec.proveDeadline, spec.proveDeadline);
    await nextBlockAt(spec.proveDeadline + 1n);
    await market.expire(taskId);
    expect(await market.creditOf(poster, NATIVE)).to.equal(REWARD_WEI);
  });

  it("reverts for tasks not posted, proven or ended", async () => {
    const d = await deployed();
    const { market, alice } = d;
    const expectState = async (taskId: bigint, state: bigint): Promise<void> => {
      await expect(market.expire(taskId))
        .to.be.revertedWithCustomError(market, "TaskMarketWrongState")
        .withArgs(taskId, state);
    };
    await expectState(1n, TASK.none);
    const { taskId, spec } = await postTask(d, { split: SPLIT.proRata });
    await commitAs(d, taskId, alice);
    await proveAs(d, taskId, alice, 350n);
    await nextBlockAt(spec.proveDeadline + 1n);
    await expectState(taskId, TASK.proven);
    await market.settle(taskId);
    await expectState(taskId, TASK.settled);
    const expired = await postTask(d);
    await nextBlockAt(expired.spec.commitDeadline + 1n);
    await market.expire(expired.taskId);
    await expectState(expired.taskId, TASK.expired);
  });
});

describe("TaskMarket.releaseStake", () => {
  it("frees the stake of a prover that has proved while the task is open", async () => {
    const d = await deployed();
    const { market, vault, alice, stranger } = d;
    const { taskId } = await postTask(d, { split: SPLIT.bestScore });
    await commitAs(d, taskId, alice);
    await proveAs(d, taskId, alice, 350n);
    const transaction = market.connect(stranger).releaseStake(taskId, alice);
    await expect(transaction).to.emit(market, "ProverStakeReleased").withArgs(taskId, alice.address, 1n);
    await expect(transaction)
      .to.emit(vault, "StakeReleased")
      .withArgs(1n, await market.getAddress(), alice.address, NATIVE, STAKE_WEI);
    expect(await vault.balanceOf(alice, NATIVE)).to.deep.equal([STAKE_WEI, 0n]);
    expect((await market.submission(taskId, alice)).lockId).to.equal(0n);
  });

  it("keeps the stake of a prover that has not proved until the task ends", async () => {
    const d = await deployed();
    const { market, alice } = d;
    const { taskId, spec } = await postTask(d, { split: SPLIT.bestScore });
    await commitAs(d, taskId, alice);
    await nextBlockAt(spec.proveDeadline + 1n);
    await expect(market.releaseStake(taskId, alice))
      .to.be.revertedWithCustomError(market, "TaskMarketStakeInUse")
      .withArgs(taskId, alice.address);
  });

  it("frees all stake after an expiry: missing the threshold costs no stake", async () => {
    const d = await deployed();
    const { market, vault, alice, bob } = d;
    const { taskId, spec } = await postTask(d);
    await commitAs(d, taskId, alice, bob);
    await nextBlockAt(spec.proveDeadline + 1n);
    await market.expire(taskId);
    for (const prover of [alice, bob]) {
      await market.releaseStake(taskId, prover);
      expect(await vault.balanceOf(prover, NATIVE)).to.deep.equal([STAKE_WEI, 0n]);
    }
  });

  it("frees the stake of winner and losers after settlement", async () => {
    const d = await deployed();
    const { market, vault, alice, bob } = d;
    const { taskId } = await postTask(d);
    await commitAs(d, taskId, alice, bob);
    await proveAs(d, taskId, bob, 350n);
    for (const prover of [alice, bob]) {
      await market.releaseStake(taskId, prover);
      expect(await vault.balanceOf(prover, NATIVE)).to.deep.equal([STAKE_WEI, 0n]);
    }
  });

  it("reverts when nothing is locked: released before, never committed, no stake asked for", async () => {
    const d = await deployed();
    const { market, alice, stranger } = d;
    const { taskId } = await postTask(d);
    await commitAs(d, taskId, alice);
    await proveAs(d, taskId, alice, 350n);
    await market.releaseStake(taskId, alice);
    const free = await postTask(d, { stakeWei: 0n });
    await market.connect(alice).commit(free.taskId, 1n);
    for (const [id, prover] of [
      [taskId, alice],
      [taskId, stranger],
      [free.taskId, alice],
    ] as const) {
      await expect(market.releaseStake(id, prover))
        .to.be.revertedWithCustomError(market, "TaskMarketNoStakeLocked")
        .withArgs(id, prover.address);
    }
  });
});

describe("TaskMarket.withdraw", () => {
  it("pays the credit in native coin once", async () => {
    const d = await deployed();
    const { market, alice } = d;
    const { taskId } = await postTask(d);
    await commitAs(d, taskId, alice);
    await proveAs(d, taskId, alice, 350n);
    const transaction = market.connect(alice).withdraw(NATIVE);
    await expect(transaction).to.emit(market, "CreditWithdrawn").withArgs(alice.address, NATIVE, REWARD_WEI);
    await expect(transaction).to.changeEtherBalances(ethers, [market, alice], [-REWARD_WEI, REWARD_WEI]);
    await expect(market.connect(alice).withdraw(NATIVE))
      .to.be.revertedWithCustomError(market, "TaskMarketNothingToWithdraw")
      .withArgs(alice.address, NATIVE);
  });

  it("pays the credits of several tasks together, token by token", async () => {
    const d = await deployed();
    const { market, token, poster } = d;
    const rewardToken = await token.getAddress();
    for (const rewardWei of [5n, 7n]) {
      await market.connect(poster).cancel((await postTask(d, { rewardToken, rewardWei })).taskId);
    }
    await market.connect(poster).cancel((await postTask(d)).taskId);
    await expect(market.connect(poster).withdraw(token)).to.changeTokenBalances(
      ethers,
      token,
      [market, poster],
      [-12n, 12n],
    );
    expect(await market.creditOf(poster, NATIVE)).to.equal(REWARD_WEI);
  });

  it("leaves the credit of a receiver that rejects coin, and hinders nobody else", async () => {
    const d = await deployed();
    const { market, poster, alice } = d;
    const puppet = await ethers.deployContract("PuppetAccount");
    const marketAddress = await market.getAddress();
    const { spec } = await postTask(d, { rewardWei: 9n });
    const call = async (data: string, value = 0n): Promise<unknown> =>
      await puppet.connect(alice).execute(marketAddress, value, data, { value });
    await call(market.interface.encodeFunctionData("post", [spec]), 9n);
    await puppet.setOnReceive(1n, ethers.ZeroAddress, "0x");
    await call(market.interface.encodeFunctionData("cancel", [2n]));
    const withdraw = market.interface.encodeFunctionData("withdraw", [NATIVE]);
    await expect(call(withdraw)).to.be.revertedWithCustomError(puppet, "PuppetAccountRejected").withArgs(9n);
    expect(await market.creditOf(puppet, NATIVE)).to.equal(9n);

    await market.connect(poster).cancel(1n);
    await market.connect(poster).withdraw(NATIVE);
    await puppet.setOnReceive(0n, ethers.ZeroAddress, "0x");
    await call(withdraw);
    expect(await holdings(NATIVE, puppet)).to.equal(9n);
    expect(await holdings(NATIVE, market)).to.equal(0n);
  });
});
