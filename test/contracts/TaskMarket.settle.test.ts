import { expect } from "chai";

import {
  commitAs,
  deployed,
  ethers,
  MIN_CORRECT,
  NATIVE,
  networkHelpers,
  nextBlockAt,
  postTask,
  proofFor,
  proveAs,
  REWARD_WEI,
  SAMPLE_COUNT,
  SPLIT,
  SUBMISSION,
  TASK,
  single,
} from "./support/deployment.ts";

import type { Deployment } from "./support/deployment.ts";

describe("TaskMarket, first valid", () => {
  it("settles with the first accepted proof and credits the whole reward to its prover", async () => {
    const d = await deployed();
    const { market, alice, bob } = d;
    const { taskId } = await postTask(d);
    await commitAs(d, taskId, alice, bob);
    const proof = await proofFor(d, taskId, bob, MIN_CORRECT);
    const transaction = market.connect(bob).prove(...single(taskId, MIN_CORRECT, proof));
    await expect(transaction).to.emit(market, "ProofAccepted").withArgs(taskId, bob.address, MIN_CORRECT);
    await expect(transaction)
      .to.emit(market, "TaskSettled")
      .withArgs(taskId, SPLIT.firstValid, bob.address, 1n);
    await expect(transaction)
      .to.emit(market, "RewardCredited")
      .withArgs(taskId, bob.address, NATIVE, REWARD_WEI);
    expect(await market.creditOf(bob, NATIVE)).to.equal(REWARD_WEI);
    const task = await market.task(taskId);
    expect(task.state).to.equal(TASK.settled);
    expect(task.paidWei).to.equal(REWARD_WEI);
    expect(task.leader).to.equal(bob.address);
  });

  it("pays nobody else, whatever they prove later", async () => {
    const d = await deployed();
    const { market, alice, bob } = d;
    const { taskId } = await postTask(d);
    await commitAs(d, taskId, alice, bob);
    await proveAs(d, taskId, bob, MIN_CORRECT);
    const better = await proofFor(d, taskId, alice, SAMPLE_COUNT);
    await expect(market.connect(alice).prove(...single(taskId, SAMPLE_COUNT, better)))
      .to.be.revertedWithCustomError(market, "TaskMarketWrongState")
      .withArgs(taskId, TASK.settled);
    await expect(market.settle(taskId))
      .to.be.revertedWithCustomError(market, "TaskMarketWrongState")
      .withArgs(taskId, TASK.settled);
  });
});

describe("TaskMarket, best score", () => {
  it("credits the whole reward to the highest count", async () => {
    const d = await deployed();
    const { market, alice, bob, carol } = d;
    const { taskId } = await postTask(d, { split: SPLIT.bestScore });
    await commitAs(d, taskId, alice, bob, carol);
    await proveAs(d, taskId, alice, 345n);
    await proveAs(d, taskId, bob, 355n);
    await proveAs(d, taskId, carol, 350n);
    const transaction = market.settle(taskId);
    await expect(transaction)
      .to.emit(market, "TaskSettled")
      .withArgs(taskId, SPLIT.bestScore, bob.address, 345n + 355n + 350n - 3n * (MIN_CORRECT - 1n));
    await expect(transaction)
      .to.emit(market, "RewardCredited")
      .withArgs(taskId, bob.address, NATIVE, REWARD_WEI);
    for (const [prover, creditWei] of [
      [alice, 0n],
      [bob, REWARD_WEI],
      [carol, 0n],
    ] as const) {
      expect(await market.creditOf(prover, NATIVE)).to.equal(creditWei);
    }
  });

  it("prefers the earliest proof among equal counts", async () => {
    const d = await deployed();
    const { market, alice, bob } = d;
    const { taskId } = await postTask(d, { split: SPLIT.bestScore });
    await commitAs(d, taskId, alice, bob);
    await proveAs(d, taskId, bob, 350n);
    await proveAs(d, taskId, alice, 350n);
    await networkHelpers.time.increase(7_200n);
    await market.settle(taskId);
    expect(await market.creditOf(bob, NATIVE)).to.equal(REWARD_WEI);
    expect(await market.creditOf(alice, NATIVE)).to.equal(0n);
  });

  it("settles after the prove deadline although some have not proved", async () => {
    const d = await deployed();
    const { market, alice, bob } = d;
    const { taskId, spec } = await postTask(d, { split: SPLIT.bestScore });
    await commitAs(d, taskId, alice, bob);
    await proveAs(d, taskId, alice, 350n);
    await nextBlockAt(spec.proveDeadline);
    await expect(market.settle(taskId))
      .to.be.revertedWithCustomError(market, "TaskMarketDeadlineNotPassed")
      .withArgs(taskId, spec.proveDeadline, spec.proveDeadline);
    await nextBlockAt(spec.proveDeadline + 1n);
    await market.settle(taskId);
    expect(await market.creditOf(alice, NATIVE)).to.equal(REWARD_WEI);
  });

  it("settles after the commit deadline once all committed have proved", async () => {
    const d = await deployed();
    const { market, alice, bob } = d;
    const { taskId, spec } = await postTask(d, { split: SPLIT.bestScore });
    await commitAs(d, taskId, alice, bob);
    await proveAs(d, taskId, alice, 350n);
    await proveAs(d, taskId, bob, 351n);
    await nextBlockAt(spec.commitDeadline);
    await expect(market.settle(taskId)).to.be.revertedWithCustomError(market, "TaskMarketDeadlineNotPassed");
    await nextBlockAt(spec.commitDeadline + 1n);
    await market.settle(taskId);
  });

  it("does not settle after the commit deadline while one committed may still prove", async () => {
    const d = await deployed();
    const { market, alice, bob } = d;
    const { taskId, spec } = await postTask(d, { split: SPLIT.bestScore });
    await commitAs(d, taskId, alice, bob);
    await proveAs(d, taskId, alice, 350n);
    await nextBlockAt(spec.commitDeadline + 1n);
    await expect(market.settle(taskId)).to.be.revertedWithCustomError(market, "TaskMarketDeadlineNotPassed");
  });

  it("settles before the commit deadline once the task is full and all have proved", async () => {
    const d = await deployed();
    const { market, alice } = d;
    const { taskId } = await postTask(d, { split: SPLIT.bestScore, maxProvers: 1n });
    await commitAs(d, taskId, alice);
    await proveAs(d, taskId, alice, 350n);
    await market.settle(taskId);
    expect(await market.creditOf(alice, NATIVE)).to.equal(REWARD_WEI);
  });
});

describe("TaskMarket.settle", () => {
  it("reverts in every state but Proven", async () => {
    const d = await deployed();
    const { market, poster, alice } = d;
    const expectState = async (taskId: bigint, state: bigint): Promise<void> => {
      await expect(market.settle(taskId))
        .to.be.revertedWithCustomError(market, "TaskMarketWrongState")
        .withArgs(taskId, state);
    };
    await expectState(1n, TASK.none);
    const { taskId, spec } = await postTask(d, { split: SPLIT.proRata });
    await expectState(taskId, TASK.posted);
    await commitAs(d, taskId, alice);
    await expectState(taskId, TASK.committed);
    await proveAs(d, taskId, alice, 350n);
    const cancelled = await postTask(d);
    await market.connect(poster).cancel(cancelled.taskId);
    await expectState(cancelled.taskId, TASK.cancelled);
    await nextBlockAt(spec.proveDeadline + 1n);
    await market.settle(taskId);
    await expectState(taskId, TASK.settled);
    const expired = await postTask(d);
    await nextBlockAt(expired.spec.commitDeadline + 1n);
    await market.expire(expired.taskId);
    await expectState(expired.taskId, TASK.expired);
  });
});

describe("TaskMarket, pro rata", () => {
  /** Weights 1, 2 and 4 of 7, reward 100: shares 14, 28 and 57, remainder 1. */
  async function settledProRata(): Promise<{ d: Deployment; taskId: bigint }> {
    const d = await deployed();
    const { market, token, alice, bob, carol } = d;
    const { taskId } = await postTask(d, {
      split: SPLIT.proRata,
      rewardToken: await token.getAddress(),
      rewardWei: 100n,
    });
    await commitAs(d, taskId, alice, bob, carol);
    await proveAs(d, taskId, alice, MIN_CORRECT);
    await proveAs(d, taskId, bob, MIN_CORRECT + 1n);
    await proveAs(d, taskId, carol, MIN_CORRECT + 3n);
    await expect(market.settle(taskId))
      .to.emit(market, "TaskSettled")
      .withArgs(taskId, SPLIT.proRata, ethers.ZeroAddress, 7n);
    return { d, taskId };
  }

  it("credits shares rounded down, and the remainder to the poster with the last claim", async () => {
    const { d, taskId } = await settledProRata();
    const { market, token, poster, alice, bob, carol } = d;
    const address = await token.getAddress();
    for (const [prover, shareWei] of [
      [carol, 57n],
      [alice, 14n],
    ] as const) {
      const transaction = market.claim(taskId, prover);
      await expect(transaction).to.emit(market, "RewardClaimed").withArgs(taskId, prover.address, shareWei);
      await expect(transaction)
        .to.emit(market, "RewardCredited")
        .withArgs(taskId, prover.address, address, shareWei);
      expect(await market.creditOf(poster, token)).to.equal(0n);
    }
    expect((await market.task(taskId)).paidWei).to.equal(71n);
    const last = market.claim(taskId, bob);
    await expect(last).to.emit(market, "RewardClaimed").withArgs(taskId, bob.address, 28n);
    await expect(last).to.emit(market, "RewardCredited").withArgs(taskId, poster.address, address, 1n);
    expect(await market.creditOf(poster, token)).to.equal(1n);
    const task = await market.task(taskId);
    expect(task.paidWei).to.equal(100n);
    expect(task.claimedCount).to.equal(3n);
    expect((await market.submission(taskId, bob)).state).to.equal(SUBMISSION.claimed);
  });

  it("leaves no remainder when the division is exact", async () => {
    const d = await deployed();
    const { market, poster, alice } = d;
    const { taskId } = await postTask(d, { split: SPLIT.proRata, maxProvers: 1n });
    await commitAs(d, taskId, alice);
    await proveAs(d, taskId, alice, 350n);
    await market.settle(taskId);
    await market.claim(taskId, alice);
    expect(await market.creditOf(alice, NATIVE)).to.equal(REWARD_WEI);
    expect(await market.creditOf(poster, NATIVE)).to.equal(0n);
  });

  it("ends claims of a reward too small to divide with all of it at the poster", async () => {
    const d = await deployed();
    const { market, poster, alice, bob } = d;
    const { taskId } = await postTask(d, { split: SPLIT.proRata, rewardWei: 1n, maxProvers: 2n });
    await commitAs(d, taskId, alice, bob);
    for (const prover of [alice, bob]) await proveAs(d, taskId, prover, 350n);
    await market.settle(taskId);
    for (const prover of [alice, bob]) {
      await expect(market.claim(taskId, prover))
        .to.emit(market, "RewardClaimed")
        .withArgs(taskId, prover.address, 0n);
    }
    expect(await market.creditOf(poster, NATIVE)).to.equal(1n);
  });

  it("pays each share once", async () => {
    const { d, taskId } = await settledProRata();
    await d.market.claim(taskId, d.alice);
    await expect(d.market.claim(taskId, d.alice))
      .to.be.revertedWithCustomError(d.market, "TaskMarketNothingToClaim")
      .withArgs(taskId, d.alice.address);
  });

  it("pays nothing to provers without an accepted proof", async () => {
    const d = await deployed();
    const { market, alice, bob, stranger } = d;
    const { taskId, spec } = await postTask(d, { split: SPLIT.proRata });
    await commitAs(d, taskId, alice, bob);
    await proveAs(d, taskId, alice, 350n);
    await nextBlockAt(spec.proveDeadline + 1n);
    await market.settle(taskId);
    for (const account of [bob, stranger]) {
      await expect(market.claim(taskId, account))
        .to.be.revertedWithCustomError(market, "TaskMarketNothingToClaim")
        .withArgs(taskId, account.address);
    }
  });

  it("has no claims before settlement", async () => {
    const d = await deployed();
    const { taskId } = await postTask(d, { split: SPLIT.proRata });
    await commitAs(d, taskId, d.alice);
    await proveAs(d, taskId, d.alice, 350n);
    await expect(d.market.claim(taskId, d.alice))
      .to.be.revertedWithCustomError(d.market, "TaskMarketWrongState")
      .withArgs(taskId, TASK.proven);
  });

  it("has no claims with the other splits", async () => {
    const d = await deployed();
    const { taskId } = await postTask(d);
    await commitAs(d, taskId, d.alice);
    await proveAs(d, taskId, d.alice, 350n);
    await expect(d.market.claim(taskId, d.alice))
      .to.be.revertedWithCustomError(d.market, "TaskMarketNotProRata")
      .withArgs(taskId, SPLIT.firstValid);
  });
});
