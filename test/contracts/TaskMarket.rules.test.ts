import { expect } from "chai";

import {
  commitAs,
  deployed,
  ethers,
  modelCommitmentOf,
  nextBlockAt,
  NATIVE,
  networkHelpers,
  NO_RULES,
  postTask,
  postWithRules,
  proofFor,
  proveAs,
  REWARD_WEI,
  shardedTestSet,
  single,
  SPLIT,
  stakeFor,
  TASK,
  taskSpec,
} from "./support/deployment.ts";

const SEAL_TERMS = {
  unsealDeadline: 4_000n,
  disputeSeconds: 600n,
  bondToken: NATIVE,
  bondWei: 5n,
  demandWei: 3n,
  wordsPerShard: 77n,
  basesRoot: ethers.id("bases"),
};

/** The contracts, with stand-ins behind the rules, and a task that names those asked for. */
async function ruled(named: { readonly assignment?: boolean; readonly seal?: boolean }) {
  const d = await deployed();
  const assignment = await ethers.deployContract("StubAssignment");
  const seal = await ethers.deployContract("StubSeal");
  const { taskId, spec } = await postWithRules(d, {
    ...(named.assignment === true && { assignment: await assignment.getAddress() }),
    ...(named.seal === true && { seal: await seal.getAddress() }),
  });
  return { ...d, d, assignment, seal, taskId, spec };
}

describe("TaskMarket.postWithRules", () => {
  it("posts, stores who decides and tells each its terms", async () => {
    const d = await deployed();
    const { market, token, poster } = d;
    const assignment = await ethers.deployContract("StubAssignment");
    const seal = await ethers.deployContract("StubSeal");
    const audit = await ethers.deployContract("StubTrainingAudit");
    const addresses = [await assignment.getAddress(), await seal.getAddress(), await audit.getAddress()];
    const spec = {
      ...(await taskSpec()),
      ...shardedTestSet(5),
      rewardToken: await token.getAddress(),
      winners: 2n,
    };
    const rules = {
      ...NO_RULES,
      assignment: addresses[0]!,
      assignmentTerms: "0x1234",
      seal: addresses[1]!,
      sealTerms: SEAL_TERMS,
      trainingAudit: addresses[2]!,
    };
    await expect(market.connect(poster).postWithRules(spec, rules))
      .to.emit(market, "TaskRulesSet")
      .withArgs(1n, ...addresses);
    const task = await market.task(1n);
    expect(task.state).to.equal(TASK.posted);
    expect([task.assignment, task.seal, task.trainingAudit]).to.deep.equal(addresses);
    const frame = [
      poster.address,
      spec.rewardToken,
      REWARD_WEI,
      spec.stakeToken,
      spec.commitDeadline,
      spec.proveDeadline,
      spec.maxProvers,
      SPLIT.firstValid,
      2n,
      5n,
      true,
    ];
    expect(await assignment.frameOf(1n)).to.deep.equal(frame);
    expect(await assignment.termsOf(1n)).to.equal("0x1234");
    expect(await seal.frameOf(1n)).to.deep.equal(frame);
    expect(await seal.termsOf(1n)).to.deep.equal(Object.values(SEAL_TERMS));
    expect(await audit.openCount()).to.equal(1n);
    expect(await token.balanceOf(market)).to.equal(REWARD_WEI);
  });

  it("without any rule is the same as `post`", async () => {
    const d = await deployed();
    const ruledTask = await postWithRules(d, {});
    const plain = await postTask(d);
    const fields = ["assignment", "seal", "trainingAudit"] as const;
    const [first, second] = [await d.market.task(ruledTask.taskId), await d.market.task(plain.taskId)];
    for (const field of fields) expect([first[field], second[field]]).to.deep.equal([NATIVE, NATIVE]);
    await commitAs(d, ruledTask.taskId, d.alice);
    await proveAs(d, ruledTask.taskId, d.alice, 350n);
  });

  it("tells an assignment that the test set is public where there is no seal", async () => {
    const { assignment, taskId } = await ruled({ assignment: true });
    expect((await assignment.frameOf(taskId)).isSealed).to.equal(false);
  });

  it("checks the spec and the value as `post` does", async () => {
    const d = await deployed();
    const posting = await ethers.getContractAt("TaskPosting", d.market);
    const spec = await taskSpec();
    await expect(d.market.postWithRules(spec, NO_RULES, { value: 1n }))
      .to.be.revertedWithCustomError(posting, "TaskMarketValueMismatch")
      .withArgs(1n, REWARD_WEI);
    await expect(
      d.market.postWithRules({ ...spec, minCorrect: 0n }, NO_RULES, { value: REWARD_WEI }),
    ).to.be.revertedWithCustomError(posting, "TaskMarketInvalidThreshold");
  });

  it("asks for a stake where training proof is asked for", async () => {
    const d = await deployed();
    const posting = await ethers.getContractAt("TaskPosting", d.market);
    const audit = await ethers.deployContract("StubTrainingAudit");
    const trainingAudit = await audit.getAddress();
    await expect(postWithRules(d, { trainingAudit }, { stakeWei: 0n })).to.be.revertedWithCustomError(
      posting,
      "TaskMarketZeroStake",
    );
    await postWithRules(d, { trainingAudit }, { stakeWei: 1n });
  });

  it("fails whole when a rule refuses its terms, or is no contract", async () => {
    const d = await deployed();
    // The registry has no `open`.
    for (const address of [await d.registry.getAddress(), d.stranger.address]) {
      for (const rule of ["assignment", "seal", "trainingAudit"]) {
        await expect(postWithRules(d, { [rule]: address })).to.revert(ethers);
      }
    }
    expect(await d.market.taskCount()).to.equal(0n);
    expect(await ethers.provider.getBalance(d.market)).to.equal(0n);
  });
});

describe("A task with an assignment", () => {
  it("takes commitments of those it lets commit, and of nobody else", async () => {
    const { market, d, assignment, taskId, alice, bob } = await ruled({ assignment: true });
    for (const prover of [alice, bob]) await stakeFor(d, prover);
    const commit = (prover: typeof alice) => market.connect(prover).commit(taskId, modelCommitmentOf(prover));
    for (const prover of [alice, bob]) {
      await expect(commit(prover))
        .to.be.revertedWithCustomError(market, "TaskMarketNotAssigned")
        .withArgs(taskId, prover.address);
    }
    await assignment.choose(taskId, bob);
    await expect(commit(alice)).to.be.revertedWithCustomError(market, "TaskMarketNotAssigned");
    await commit(bob);
    await assignment.choose(taskId, NATIVE);
    await proveAs(d, taskId, bob, 350n);
  });

  it("asks it for commitments with a trace, too", async () => {
    const d = await deployed();
    const assignment = await ethers.deployContract("StubAssignment");
    const audit = await ethers.deployContract("StubTrainingAudit");
    const { taskId } = await postWithRules(d, {
      assignment: await assignment.getAddress(),
      trainingAudit: await audit.getAddress(),
    });
    await stakeFor(d, d.alice);
    const commit = () => d.market.connect(d.alice).commitWithTrace(taskId, 42n, ethers.id("trace"));
    await expect(commit()).to.be.revertedWithCustomError(d.market, "TaskMarketNotAssigned");
    await assignment.choose(taskId, d.alice);
    await commit();
  });

  it("cannot be cancelled while somebody works on it, and can be otherwise", async () => {
    const { market, assignment, taskId, poster, alice } = await ruled({ assignment: true });
    await assignment.choose(taskId, alice);
    await expect(market.connect(poster).cancel(taskId))
      .to.be.revertedWithCustomError(market, "TaskMarketTaken")
      .withArgs(taskId);
    await assignment.choose(taskId, NATIVE);
    await market.connect(poster).cancel(taskId);
    expect(await market.creditOf(poster, NATIVE)).to.equal(REWARD_WEI);
  });

  it("expires after the commit deadline although somebody was chosen", async () => {
    const { market, assignment, taskId, spec, poster, alice } = await ruled({ assignment: true });
    await assignment.choose(taskId, alice);
    await nextBlockAt(spec.commitDeadline);
    await expect(market.expire(taskId)).to.be.revertedWithCustomError(market, "TaskMarketDeadlineNotPassed");
    await nextBlockAt(spec.commitDeadline + 1n);
    await market.expire(taskId);
    expect(await market.creditOf(poster, NATIVE)).to.equal(REWARD_WEI);
  });
});

describe("TaskMarket.lowerReward", () => {
  it("credits the difference to the poster, and the winner gets what is left", async () => {
    const { market, d, assignment, taskId, poster, alice } = await ruled({ assignment: true });
    const lowered = assignment.lowerReward(market, taskId, 600n);
    await expect(lowered).to.emit(market, "RewardLowered").withArgs(taskId, 600n);
    await expect(lowered)
      .to.emit(market, "RewardCredited")
      .withArgs(taskId, poster.address, NATIVE, REWARD_WEI - 600n);
    const task = await market.task(taskId);
    expect([task.rewardWei, task.paidWei]).to.deep.equal([600n, 0n]);
    await market.connect(poster).withdraw(NATIVE);
    expect(await ethers.provider.getBalance(market)).to.equal(600n);
    await assignment.choose(taskId, alice);
    await commitAs(d, taskId, alice);
    await proveAs(d, taskId, alice, 350n);
    expect(await market.creditOf(alice, NATIVE)).to.equal(600n);
    expect((await market.task(taskId)).paidWei).to.equal(600n);
  });

  it("goes down only, and not below one unit a winner", async () => {
    const d = await deployed();
    const assignment = await ethers.deployContract("StubAssignment");
    const address = await assignment.getAddress();
    const { taskId } = await postWithRules(d, { assignment: address }, { winners: 2n });
    const lower = (rewardWei: bigint) => assignment.lowerReward(d.market, taskId, rewardWei);
    for (const rewardWei of [REWARD_WEI + 1n, 2n ** 96n, 2n ** 256n - 1n]) {
      await expect(lower(rewardWei))
        .to.be.revertedWithCustomError(d.market, "TaskMarketRewardTooHigh")
        .withArgs(taskId, rewardWei, REWARD_WEI);
    }
    for (const rewardWei of [0n, 1n]) {
      await expect(lower(rewardWei)).to.be.revertedWithCustomError(d.market, "TaskMarketZeroReward");
    }
    await expect(lower(REWARD_WEI)).not.to.emit(d.market, "RewardCredited");
    await lower(5n);
    await expect(lower(6n))
      .to.be.revertedWithCustomError(d.market, "TaskMarketRewardTooHigh")
      .withArgs(taskId, 6n, 5n);
    await lower(2n);
    expect((await d.market.task(taskId)).rewardWei).to.equal(2n);
  });

  it("is for the task's assignment alone", async () => {
    const { market, d, assignment, taskId, poster, owner } = await ruled({ assignment: true });
    const assignmentAddress = await assignment.getAddress();
    for (const caller of [poster, owner]) {
      await expect(market.connect(caller).lowerReward(taskId, 1n))
        .to.be.revertedWithCustomError(market, "TaskMarketNotAssignment")
        .withArgs(taskId, caller.address, assignmentAddress);
    }
    const other = await ethers.deployContract("StubAssignment");
    await expect(other.lowerReward(market, taskId, 1n))
      .to.be.revertedWithCustomError(market, "TaskMarketNotAssignment")
      .withArgs(taskId, await other.getAddress(), assignmentAddress);
    const plain = await postTask(d);
    await expect(assignment.lowerReward(market, plain.taskId, 1n))
      .to.be.revertedWithCustomError(market, "TaskMarketNotAssignment")
      .withArgs(plain.taskId, assignmentAddress, NATIVE);
  });

  it("is over once somebody has committed or the task has ended", async () => {
    const { market, d, assignment, taskId, poster, alice } = await ruled({ assignment: true });
    const expectState = async (id: bigint, state: bigint): Promise<void> => {
      await expect(assignment.lowerReward(market, id, 1n))
        .to.be.revertedWithCustomError(market, "TaskMarketWrongState")
        .withArgs(id, state);
    };
    const cancelled = await postWithRules(d, { assignment: await assignment.getAddress() });
    await market.connect(poster).cancel(cancelled.taskId);
    await expectState(cancelled.taskId, TASK.cancelled);
    await assignment.choose(taskId, alice);
    await commitAs(d, taskId, alice);
    await expectState(taskId, TASK.committed);
    await proveAs(d, taskId, alice, 350n);
    await expectState(taskId, TASK.settled);
  });
});

describe("A task with a sealed test set", () => {
  it("takes proofs once it is revealed, before and after it is forfeited", async () => {
    const { market, d, seal, taskId, alice, bob } = await ruled({ seal: true });
    await commitAs(d, taskId, alice, bob);
    const proof = await proofFor(d, taskId, alice, 350n);
    const prove = () => market.connect(alice).prove(...single(taskId, 350n, proof));
    await expect(prove()).to.be.revertedWithCustomError(market, "TaskMarketNotRevealed").withArgs(taskId);
    await seal.reveal(taskId);
    const snapshot = await networkHelpers.takeSnapshot();
    await prove();
    await snapshot.restore();
    await seal.forfeit(taskId);
    await prove();
    expect(await market.creditOf(alice, NATIVE)).to.equal(REWARD_WEI);
  });

  it("expires at once when it is forfeited unrevealed: reward back, stakes free", async () => {
    const { market, d, seal, taskId, spec, poster, alice, bob } = await ruled({ seal: true });
    await commitAs(d, taskId, alice, bob);
    await expect(market.expire(taskId)).to.be.revertedWithCustomError(market, "TaskMarketDeadlineNotPassed");
    await seal.forfeit(taskId);
    await expect(market.expire(taskId)).to.emit(market, "TaskExpired").withArgs(taskId);
    expect(BigInt(await ethers.provider.getBlock("latest").then((block) => block!.timestamp))).to.be.below(
      spec.commitDeadline,
    );
    expect(await market.creditOf(poster, NATIVE)).to.equal(REWARD_WEI);
    for (const prover of [alice, bob]) await market.releaseStake(taskId, prover);
  });

  it("goes on when it is forfeited after its reveal: stakes come free, and it expires after the prove deadline", async () => {
    const { market, d, seal, taskId, spec, alice, bob } = await ruled({ seal: true });
    await commitAs(d, taskId, alice, bob);
    await seal.reveal(taskId);
    await expect(market.releaseStake(taskId, alice))
      .to.be.revertedWithCustomError(market, "TaskMarketStakeInUse")
      .withArgs(taskId, alice.address);
    await seal.forfeit(taskId);
    for (const prover of [alice, bob]) await market.releaseStake(taskId, prover);
    await nextBlockAt(spec.proveDeadline);
    await expect(market.expire(taskId))
      .to.be.revertedWithCustomError(market, "TaskMarketDeadlineNotPassed")
      .withArgs(taskId, spec.proveDeadline, spec.proveDeadline);
    await nextBlockAt(spec.proveDeadline + 1n);
    await market.expire(taskId);
  });

  it("does not free the stake of a prover that owes its audit an answer, though it is forfeited", async () => {
    const d = await deployed();
    const seal = await ethers.deployContract("StubSeal");
    const audit = await ethers.deployContract("StubTrainingAudit");
    const rules = { seal: await seal.getAddress(), trainingAudit: await audit.getAddress() };
    const { taskId } = await postWithRules(d, rules);
    await stakeFor(d, d.alice);
    await d.market.connect(d.alice).commitWithTrace(taskId, modelCommitmentOf(d.alice), ethers.id("trace"));
    await seal.forfeit(taskId);
    await expect(d.market.releaseStake(taskId, d.alice))
      .to.be.revertedWithCustomError(d.market, "TaskMarketStakeInUse")
      .withArgs(taskId, d.alice.address);
    await audit.pass(taskId, d.alice);
    await d.market.releaseStake(taskId, d.alice);
  });

  it("keeps what was proved before it is forfeited", async () => {
    const d = await deployed();
    const seal = await ethers.deployContract("StubSeal");
    const { taskId, spec } = await postWithRules(
      d,
      { seal: await seal.getAddress() },
      { split: SPLIT.bestScore },
    );
    await commitAs(d, taskId, d.alice, d.bob);
    await seal.reveal(taskId);
    await proveAs(d, taskId, d.alice, 350n);
    await seal.forfeit(taskId);
    await expect(d.market.expire(taskId))
      .to.be.revertedWithCustomError(d.market, "TaskMarketWrongState")
      .withArgs(taskId, TASK.proven);
    await nextBlockAt(spec.proveDeadline + 1n);
    await d.market.settle(taskId);
    expect(await d.market.creditOf(d.alice, NATIVE)).to.equal(REWARD_WEI);
  });

  it("ends even if its seal answers nothing any more", async () => {
    const { market, d, seal, taskId, spec, poster, alice } = await ruled({ seal: true });
    await commitAs(d, taskId, alice);
    await seal.breakDown();
    const proof = await proofFor(d, taskId, alice, 350n);
    await expect(market.connect(alice).prove(...single(taskId, 350n, proof))).to.be.revertedWithCustomError(
      seal,
      "StubSealReverts",
    );
    await expect(market.expire(taskId)).to.be.revertedWithCustomError(seal, "StubSealReverts");
    await nextBlockAt(spec.proveDeadline + 1n);
    await market.expire(taskId);
    await market.releaseStake(taskId, alice);
    expect(await market.creditOf(poster, NATIVE)).to.equal(REWARD_WEI);
  });
});
