import { expect } from "chai";

import {
  commitAs,
  deployed,
  ethers,
  modelCommitmentOf,
  nextBlockAt,
  NATIVE,
  NO_RULES,
  postTask,
  postWithRules,
  proveAs,
  REWARD_WEI,
  SPLIT,
  STAKE_WEI,
  stakeFor,
  taskSpec,
} from "./support/deployment.ts";

import type { Deployment } from "./support/deployment.ts";

const MAX_FEE_BPS = 500n;

/** The calls that only the owner may make, encoded, with arguments they accept in this order. */
function ownerCalls({ market, bob }: Deployment): readonly string[] {
  const { interface: encode } = market;
  return [
    encode.encodeFunctionData("pause"),
    encode.encodeFunctionData("unpause"),
    encode.encodeFunctionData("setFee", [100n, bob.address]),
    encode.encodeFunctionData("transferOwnership", [bob.address]),
    encode.encodeFunctionData("renounceOwnership"),
  ];
}

describe("The owner of the market", () => {
  it("is the only one that pauses, sets fees and hands over", async () => {
    const d = await deployed();
    const { market, owner, poster, alice } = d;
    expect(await market.owner()).to.equal(owner.address);
    for (const data of ownerCalls(d)) {
      for (const caller of [poster, alice]) {
        await expect(caller.sendTransaction({ to: market, data }))
          .to.be.revertedWithCustomError(market, "OwnableUnauthorizedAccount")
          .withArgs(caller.address);
      }
    }
  });

  it("changes in two steps: the new one must accept", async () => {
    const { market, owner, alice, bob } = await deployed();
    await expect(market.connect(owner).transferOwnership(alice))
      .to.emit(market, "OwnershipTransferStarted")
      .withArgs(owner.address, alice.address);
    expect([await market.owner(), await market.pendingOwner()]).to.deep.equal([owner.address, alice.address]);
    for (const caller of [owner, bob]) {
      await expect(market.connect(caller).acceptOwnership())
        .to.be.revertedWithCustomError(market, "OwnableUnauthorizedAccount")
        .withArgs(caller.address);
    }
    await expect(market.connect(alice).pause()).to.be.revertedWithCustomError(
      market,
      "OwnableUnauthorizedAccount",
    );
    await expect(market.connect(alice).acceptOwnership())
      .to.emit(market, "OwnershipTransferred")
      .withArgs(owner.address, alice.address);
    await market.connect(alice).pause();
    await expect(market.connect(owner).unpause()).to.be.revertedWithCustomError(
      market,
      "OwnableUnauthorizedAccount",
    );
  });

  it("has no call that reaches escrow, credits or stake", async () => {
    const d = await deployed();
    const { market, vault, owner, alice } = d;
    const { taskId } = await postTask(d, { split: SPLIT.bestScore });
    await commitAs(d, taskId, alice);
    const before = [await ethers.provider.getBalance(market), await ethers.provider.getBalance(vault)];
    const asOwner = market.connect(owner);
    await expect(asOwner.cancel(taskId)).to.be.revertedWithCustomError(market, "TaskMarketWrongState");
    await expect(asOwner.lowerReward(taskId, 1n)).to.be.revertedWithCustomError(
      market,
      "TaskMarketNotAssignment",
    );
    await expect(asOwner.slashStake(taskId, alice)).to.be.revertedWithCustomError(
      market,
      "TaskMarketAuditNotFailed",
    );
    await expect(asOwner.withdraw(NATIVE)).to.be.revertedWithCustomError(
      market,
      "TaskMarketNothingToWithdraw",
    );
    for (const data of ownerCalls(d)) await owner.sendTransaction({ to: market, data });
    expect(await market.owner()).to.equal(NATIVE);
    const after = [await ethers.provider.getBalance(market), await ethers.provider.getBalance(vault)];
    expect(after).to.deep.equal(before);
    await proveAs(d, taskId, alice, 350n);
    await nextBlockAt((await market.task(taskId)).proveDeadline + 1n);
    await market.settle(taskId);
    expect(await market.creditOf(alice, NATIVE)).to.equal(REWARD_WEI);
    await market.connect(alice).withdraw(NATIVE);
    await market.releaseStake(taskId, alice);
    await vault.connect(alice).requestUnbonding(NATIVE, STAKE_WEI);
  });
});

describe("A pause", () => {
  it("stops new tasks of both kinds, and commitments that lock stake anew", async () => {
    const d = await deployed();
    const { market, owner, poster, alice } = d;
    const { taskId } = await postTask(d);
    await stakeFor(d, alice);
    await expect(market.connect(owner).pause()).to.emit(market, "Paused").withArgs(owner.address);
    expect(await market.paused()).to.equal(true);
    const spec = await taskSpec();
    for (const refused of [
      () => market.connect(poster).post(spec, { value: REWARD_WEI }),
      () => market.connect(poster).postWithRules(spec, NO_RULES, { value: REWARD_WEI }),
      () => market.connect(alice).commit(taskId, 42n),
    ]) {
      await expect(refused()).to.be.revertedWithCustomError(market, "EnforcedPause");
    }
    await expect(market.connect(owner).pause()).to.be.revertedWithCustomError(market, "EnforcedPause");
    await expect(market.connect(owner).unpause()).to.emit(market, "Unpaused").withArgs(owner.address);
    await expect(market.connect(owner).unpause()).to.be.revertedWithCustomError(market, "ExpectedPause");
    await market.connect(poster).post(spec, { value: REWARD_WEI });
    await market.connect(alice).commit(taskId, 42n);
  });

  it("stops commitments to tasks with training proof", async () => {
    const d = await deployed();
    const { market, owner, alice } = d;
    const audit = await ethers.deployContract("StubTrainingAudit");
    const { taskId } = await postWithRules(d, { trainingAudit: await audit.getAddress() });
    await stakeFor(d, alice);
    await market.connect(owner).pause();
    const commit = () => market.connect(alice).commitWithTrace(taskId, 42n, ethers.id("trace"));
    await expect(commit()).to.be.revertedWithCustomError(market, "EnforcedPause");
    await market.connect(owner).unpause();
    await commit();
  });

  it("does not stop a prover that an assignment has chosen", async () => {
    const d = await deployed();
    const { market, owner, alice, bob } = d;
    const assignment = await ethers.deployContract("StubAssignment");
    const { taskId } = await postWithRules(d, { assignment: await assignment.getAddress() });
    await assignment.choose(taskId, alice);
    for (const prover of [alice, bob]) await stakeFor(d, prover);
    await market.connect(owner).pause();
    await market.connect(alice).commit(taskId, modelCommitmentOf(alice));
    await expect(market.connect(bob).commit(taskId, modelCommitmentOf(bob)))
      .to.be.revertedWithCustomError(market, "TaskMarketNotAssigned")
      .withArgs(taskId, bob.address);
    await proveAs(d, taskId, alice, 350n);
  });

  it("stops no exit: everybody proves, settles, claims, expires, cancels, releases, slashes and withdraws", async () => {
    const d = await deployed();
    const { market, vault, owner, poster, alice, bob, carol, stranger } = d;
    const shared = await postTask(d, { split: SPLIT.proRata, maxProvers: 2n });
    await commitAs(d, shared.taskId, alice, bob);
    const first = await postTask(d);
    await commitAs(d, first.taskId, carol);
    const untouched = await postTask(d);
    const forgotten = await postTask(d);
    const assignment = await ethers.deployContract("StubAssignment");
    const lowered = await postWithRules(d, { assignment: await assignment.getAddress() });
    const silent = await postTask(d);
    await commitAs(d, silent.taskId, alice);
    const audit = await ethers.deployContract("StubTrainingAudit");
    const audited = await postWithRules(d, { trainingAudit: await audit.getAddress() });
    await stakeFor(d, bob);
    await market.connect(bob).commitWithTrace(audited.taskId, 42n, ethers.id("trace"));
    await audit.fail(audited.taskId, bob);
    await market.connect(owner).pause();

    for (const prover of [alice, bob]) await proveAs(d, shared.taskId, prover, 350n);
    await proveAs(d, first.taskId, carol, 350n);
    await market.settle(shared.taskId);
    for (const prover of [alice, bob]) await market.claim(shared.taskId, prover);
    await market.slashStake(audited.taskId, bob);
    await assignment.lowerReward(market, lowered.taskId, 1n);
    await market.connect(poster).cancel(untouched.taskId);
    await nextBlockAt(audited.spec.proveDeadline + 1n);
    for (const { taskId } of [forgotten, silent, lowered, audited])
      await market.connect(stranger).expire(taskId);
    await market.releaseStake(shared.taskId, alice);
    await market.releaseStake(silent.taskId, alice);
    for (const account of [poster, alice, bob, carol]) await market.connect(account).withdraw(NATIVE);
    expect(await ethers.provider.getBalance(market)).to.equal(0n);
    await vault.connect(alice).requestUnbonding(NATIVE, 2n * STAKE_WEI);
  });
});

describe("The fee", () => {
  it("is zero at first, never above the limit, and goes to a recipient", async () => {
    const { market, owner, bob } = await deployed();
    expect(await market.MAX_FEE_BPS()).to.equal(MAX_FEE_BPS);
    expect([await market.feeBps(), await market.feeRecipient()]).to.deep.equal([0n, owner.address]);
    const asOwner = market.connect(owner);
    for (const feeBps of [MAX_FEE_BPS + 1n, 2n ** 16n, 2n ** 256n - 1n]) {
      await expect(asOwner.setFee(feeBps, bob))
        .to.be.revertedWithCustomError(market, "TaskMarketFeeTooHigh")
        .withArgs(feeBps, MAX_FEE_BPS);
    }
    await expect(asOwner.setFee(1n, NATIVE)).to.be.revertedWithCustomError(market, "TaskMarketZeroAddress");
    await expect(asOwner.setFee(MAX_FEE_BPS, bob))
      .to.emit(market, "FeeSet")
      .withArgs(MAX_FEE_BPS, bob.address);
    expect([await market.feeBps(), await market.feeRecipient()]).to.deep.equal([MAX_FEE_BPS, bob.address]);
  });

  it("holds for tasks posted from then on, and a task keeps the one it was posted under", async () => {
    const d = await deployed();
    const { market, owner, alice, stranger } = d;
    const free = await postTask(d);
    await market.connect(owner).setFee(500n, stranger);
    const dear = await postTask(d);
    await market.connect(owner).setFee(100n, stranger);
    const cheap = await postTask(d);
    for (const [{ taskId }, feeBps] of [
      [free, 0n],
      [dear, 500n],
      [cheap, 100n],
    ] as const) {
      expect((await market.task(taskId)).feeBps).to.equal(feeBps);
      const before = [await market.creditOf(alice, NATIVE), await market.creditOf(stranger, NATIVE)];
      await commitAs(d, taskId, alice);
      await proveAs(d, taskId, alice, 350n);
      const feeWei = (REWARD_WEI * feeBps) / 10_000n;
      expect(await market.creditOf(alice, NATIVE)).to.equal(before[0]! + REWARD_WEI - feeWei);
      expect(await market.creditOf(stranger, NATIVE)).to.equal(before[1]! + feeWei);
    }
  });

  it("is part of each winner's pay, rounded down, in every split; sums are exact", async () => {
    const d = await deployed();
    const { market, owner, poster, alice, bob, stranger } = d;
    await market.connect(owner).setFee(333n, stranger);
    const rewardWei = 10_007n;
    for (const { split, winners } of [
      { split: SPLIT.firstValid, winners: 2n },
      { split: SPLIT.bestScore, winners: 1n },
      { split: SPLIT.proRata, winners: 1n },
    ]) {
      const { taskId } = await postTask(d, { split, winners, rewardWei, maxProvers: 2n });
      await commitAs(d, taskId, alice, bob);
      await proveAs(d, taskId, alice, 342n);
      await proveAs(d, taskId, bob, 343n);
      if (split !== SPLIT.firstValid) await market.settle(taskId);
      if (split === SPLIT.proRata) for (const prover of [alice, bob]) await market.claim(taskId, prover);
      const credited: Record<string, bigint> = {};
      for (const { args } of await market.queryFilter(market.filters.RewardCredited(taskId))) {
        credited[args.account] = (credited[args.account] ?? 0n) + args.amountWei;
      }
      const shares =
        split === SPLIT.firstValid
          ? [rewardWei / 2n, rewardWei / 2n]
          : split === SPLIT.bestScore
            ? [0n, rewardWei]
            : [rewardWei / 3n, (rewardWei * 2n) / 3n];
      const fees = shares.map((shareWei) => (shareWei * 333n) / 10_000n);
      const dustWei = rewardWei - shares[0]! - shares[1]!;
      expect(credited[alice.address] ?? 0n).to.equal(shares[0]! - fees[0]!);
      expect(credited[bob.address] ?? 0n).to.equal(shares[1]! - fees[1]!);
      expect(credited[stranger.address] ?? 0n).to.equal(fees[0]! + fees[1]!);
      expect(credited[poster.address] ?? 0n).to.equal(dustWei);
      expect((await market.task(taskId)).paidWei).to.equal(rewardWei);
    }
  });

  it("is nothing of what goes back to the poster", async () => {
    const d = await deployed();
    const { market, owner, poster, alice, stranger } = d;
    await market.connect(owner).setFee(MAX_FEE_BPS, stranger);
    const assignment = await ethers.deployContract("StubAssignment");
    const cancelled = await postWithRules(d, { assignment: await assignment.getAddress() });
    await assignment.lowerReward(market, cancelled.taskId, 7n);
    await market.connect(poster).cancel(cancelled.taskId);
    const expired = await postTask(d);
    const half = await postTask(d, { winners: 2n, rewardWei: 1_001n });
    await commitAs(d, half.taskId, alice);
    await proveAs(d, half.taskId, alice, 350n);
    await nextBlockAt(half.spec.proveDeadline + 1n);
    await market.expire(expired.taskId);
    await market.settle(half.taskId);
    expect(await market.creditOf(poster, NATIVE)).to.equal(2n * REWARD_WEI + 501n);
    expect(await market.creditOf(stranger, NATIVE)).to.equal(25n);
    expect(await market.creditOf(alice, NATIVE)).to.equal(475n);
  });

  it("goes to the recipient of the day, whoever it was when the task was posted", async () => {
    const d = await deployed();
    const { market, owner, alice, bob, stranger } = d;
    await market.connect(owner).setFee(100n, stranger);
    const { taskId } = await postTask(d);
    await market.connect(owner).setFee(0n, bob);
    await commitAs(d, taskId, alice);
    await proveAs(d, taskId, alice, 350n);
    expect(await market.creditOf(bob, NATIVE)).to.equal(REWARD_WEI / 100n);
    expect(await market.creditOf(stranger, NATIVE)).to.equal(0n);
  });
});
