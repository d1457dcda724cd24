import { expect } from "chai";

import {
  commitAs,
  deployed,
  ethers,
  nextBlockAt,
  NATIVE,
  postTask,
  proofFor,
  proveAs,
  REWARD_WEI,
  single,
  SPLIT,
  TASK,
} from "./support/deployment.ts";

describe("The first winners of a first-valid task", () => {
  it("are each credited an equal part at once; the last settles, and the dust is the poster's", async () => {
    const d = await deployed();
    const { market, poster, alice, bob, carol } = d;
    const { taskId } = await postTask(d, { winners: 3n, rewardWei: 100n });
    await commitAs(d, taskId, alice, bob, carol);
    for (const [index, prover] of [alice, bob].entries()) {
      const proof = await proofFor(d, taskId, prover, 350n);
      const transaction = market.connect(prover).prove(...single(taskId, 350n, proof));
      await expect(transaction)
        .to.emit(market, "RewardCredited")
        .withArgs(taskId, prover.address, NATIVE, 33n);
      await expect(transaction).not.to.emit(market, "TaskSettled");
      expect(await market.creditOf(prover, NATIVE)).to.equal(33n);
      const task = await market.task(taskId);
      expect([task.state, task.paidWei]).to.deep.equal([TASK.proven, 33n * BigInt(index + 1)]);
      await market.connect(prover).withdraw(NATIVE);
      await market.releaseStake(taskId, prover);
    }
    const last = market.connect(carol).prove(...single(taskId, 351n, await proofFor(d, taskId, carol, 351n)));
    await expect(last)
      .to.emit(market, "TaskSettled")
      .withArgs(taskId, SPLIT.firstValid, ethers.ZeroAddress, 9n + 9n + 10n);
    await expect(last).to.emit(market, "RewardCredited").withArgs(taskId, carol.address, NATIVE, 33n);
    await expect(last).to.emit(market, "RewardCredited").withArgs(taskId, poster.address, NATIVE, 1n);
    const task = await market.task(taskId);
    expect([task.state, task.paidWei]).to.deep.equal([TASK.settled, 100n]);
  });

  it("leave the parts nobody earned to the poster when the task is settled after the deadline", async () => {
    const d = await deployed();
    const { market, poster, alice, bob, carol, stranger } = d;
    const { taskId, spec } = await postTask(d, { winners: 3n, rewardWei: 100n });
    await commitAs(d, taskId, alice, bob, carol);
    await proveAs(d, taskId, alice, 350n);
    await nextBlockAt(spec.proveDeadline);
    await expect(market.settle(taskId))
      .to.be.revertedWithCustomError(market, "TaskMarketDeadlineNotPassed")
      .withArgs(taskId, spec.proveDeadline, spec.proveDeadline);
    await nextBlockAt(spec.proveDeadline + 1n);
    const transaction = market.connect(stranger).settle(taskId);
    await expect(transaction).to.emit(market, "TaskSettled").withArgs(taskId, SPLIT.firstValid, NATIVE, 9n);
    await expect(transaction).to.emit(market, "RewardCredited").withArgs(taskId, poster.address, NATIVE, 67n);
    expect(await market.creditOf(alice, NATIVE)).to.equal(33n);
    expect((await market.task(taskId)).paidWei).to.equal(100n);
  });

  it("may be fewer than allowed: the task settles early once all who could have proved", async () => {
    const d = await deployed();
    const { market, poster, alice } = d;
    const { taskId, spec } = await postTask(d, { winners: 2n, rewardWei: 101n });
    await commitAs(d, taskId, alice);
    await proveAs(d, taskId, alice, 350n);
    await nextBlockAt(spec.commitDeadline);
    await expect(market.settle(taskId)).to.be.revertedWithCustomError(market, "TaskMarketDeadlineNotPassed");
    await nextBlockAt(spec.commitDeadline + 1n);
    await market.settle(taskId);
    expect(await market.creditOf(alice, NATIVE)).to.equal(50n);
    expect(await market.creditOf(poster, NATIVE)).to.equal(51n);
  });

  it("are no more than stated: later proofs come too late", async () => {
    const d = await deployed();
    const { market, alice, bob, carol } = d;
    const { taskId } = await postTask(d, { winners: 2n });
    await commitAs(d, taskId, alice, bob, carol);
    const late = await proofFor(d, taskId, carol, 360n);
    await proveAs(d, taskId, alice, 350n);
    await proveAs(d, taskId, bob, 350n);
    await expect(market.connect(carol).prove(...single(taskId, 360n, late)))
      .to.be.revertedWithCustomError(market, "TaskMarketWrongState")
      .withArgs(taskId, TASK.settled);
    expect(await market.creditOf(alice, NATIVE)).to.equal(REWARD_WEI / 2n);
    expect(await market.creditOf(carol, NATIVE)).to.equal(0n);
  });

  it("are at least one, and no more than provers may commit", async () => {
    const d = await deployed();
    const posting = await ethers.getContractAt("TaskPosting", d.market);
    for (const winners of [0n, 4n]) {
      await expect(postTask(d, { winners, maxProvers: 3n }))
        .to.be.revertedWithCustomError(posting, "TaskMarketInvalidWinners")
        .withArgs(winners, 3n);
    }
    await postTask(d, { winners: 3n, maxProvers: 3n });
  });

  it("each have at least one unit to get", async () => {
    const d = await deployed();
    const posting = await ethers.getContractAt("TaskPosting", d.market);
    await expect(postTask(d, { winners: 3n, rewardWei: 2n })).to.be.revertedWithCustomError(
      posting,
      "TaskMarketZeroReward",
    );
    await postTask(d, { winners: 3n, rewardWei: 3n });
  });

  it("exist in no other split", async () => {
    const d = await deployed();
    const posting = await ethers.getContractAt("TaskPosting", d.market);
    for (const split of [SPLIT.bestScore, SPLIT.proRata]) {
      for (const winners of [0n, 2n]) {
        await expect(postTask(d, { winners, split }))
          .to.be.revertedWithCustomError(posting, "TaskMarketInvalidWinners")
          .withArgs(winners, 1n);
      }
    }
  });
});
