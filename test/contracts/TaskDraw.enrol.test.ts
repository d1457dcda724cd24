import { expect } from "chai";

import {
  assignmentsDeployed,
  CAP_WEI,
  consent,
  DRAW_DELAY_BLOCKS,
  DRAW_TERMS,
  encodeTerms,
  ENROL_BLOCKS,
  enrolAs,
  MIN_WEI,
  nextBlockIs,
  postDraw,
  TURN_BLOCKS,
} from "./support/assignment.ts";
import {
  ethers,
  NATIVE,
  networkHelpers,
  NO_RULES,
  postTask,
  REWARD_WEI,
  SPLIT,
  STAKE_WEI,
  taskSpec,
} from "./support/deployment.ts";

import type { Result } from "ethers";

describe("TaskDraw.open", () => {
  it("records the terms, and the blocks in which to enrol and to draw", async () => {
    const d = await assignmentsDeployed();
    const spec = { stakeToken: await d.token.getAddress() };
    const { taskId, terms, lastEnrolBlock, spec: posted } = await postDraw(d, { spec });
    const drawBlock = lastEnrolBlock + DRAW_DELAY_BLOCKS;
    const [opened] = await d.draw.queryFilter(d.draw.filters.DrawOpened());
    expect((opened!.args as unknown as Result).toArray(true)).to.deep.equal([
      taskId,
      Object.values(terms),
      spec.stakeToken,
      lastEnrolBlock,
      drawBlock,
    ]);
    const pool = (await d.draw.poolOf(taskId)) as unknown as Result;
    expect(pool.toObject()).to.deep.equal({
      token: spec.stakeToken,
      lastEnrolBlock,
      enrolledCount: 0n,
      minWei: MIN_WEI,
      capWei: CAP_WEI,
    });
    const seats = (await d.draw.taskSeats(taskId)) as unknown as Result;
    expect(seats.toObject()).to.deep.equal({
      drawBlock,
      commitDeadline: posted.commitDeadline,
      turnBlocks: TURN_BLOCKS,
      seats: 1n,
      maxRedraws: 2n,
      round: 0n,
      isOpen: false,
    });
    expect(await d.draw.drawnAccounts(taskId)).to.deep.equal([]);
    expect(await d.draw.isTaken(taskId)).to.equal(false);
  });

  it("belongs to one market and its vault", async () => {
    const { draw, market, vault } = await assignmentsDeployed();
    expect(await draw.market()).to.equal(await market.getAddress());
    expect(await draw.vault()).to.equal(await vault.getAddress());
    expect(await draw.DRAW_DELAY_BLOCKS()).to.equal(DRAW_DELAY_BLOCKS);
    expect([await draw.MAX_SEATS(), await draw.MAX_DRAWN()]).to.deep.equal([8n, 16n]);
    await expect(ethers.deployContract("TaskDraw", [ethers.ZeroAddress])).to.be.revertedWithCustomError(
      draw,
      "TaskDrawZeroAddress",
    );
  });

  it("is for the market only", async () => {
    const { draw, alice } = await assignmentsDeployed();
    const spec = await taskSpec();
    const frame = {
      poster: alice.address,
      rewardToken: NATIVE,
      rewardWei: REWARD_WEI,
      stakeToken: NATIVE,
      commitDeadline: spec.commitDeadline,
      proveDeadline: spec.proveDeadline,
      maxProvers: 1n,
      split: SPLIT.firstValid,
      winners: 1n,
      shardCount: 1n,
      isSealed: false,
    };
    await expect(draw.connect(alice).open(1n, frame, encodeTerms(draw, "DrawOpened", DRAW_TERMS)))
      .to.be.revertedWithCustomError(draw, "TaskDrawNotMarket")
      .withArgs(alice.address);
  });

  it("refuses terms in another encoding", async () => {
    const { draw, market, poster } = await assignmentsDeployed();
    const valid = encodeTerms(draw, "DrawOpened", DRAW_TERMS);
    for (const assignmentTerms of ["0x", valid.slice(0, -2)]) {
      const rules = { ...NO_RULES, assignment: await draw.getAddress(), assignmentTerms };
      await expect(
        market.connect(poster).postWithRules(await taskSpec(), rules, { value: REWARD_WEI }),
      ).to.be.revertedWithoutReason(ethers);
    }
  });

  it("takes one to eight seats, not more than provers may commit", async () => {
    const d = await assignmentsDeployed();
    const few = { maxProvers: 3n };
    const many = { maxProvers: 9n };
    await postDraw(d, { spec: few, terms: { seats: 3n } });
    await postDraw(d, { spec: many, terms: { seats: 8n, maxRedraws: 1n } });
    for (const [spec, seats, limit] of [
      [few, 0n, 3n],
      [few, 4n, 3n],
      [many, 9n, 8n],
    ] as const) {
      await expect(postDraw(d, { spec, terms: { seats } }))
        .to.be.revertedWithCustomError(d.draw, "TaskDrawInvalidSeats")
        .withArgs(seats, limit);
    }
  });

  it("bounds how many accounts all draws can choose", async () => {
    const d = await assignmentsDeployed();
    const spec = { maxProvers: 8n };
    for (const [seats, limit] of [
      [1n, 15n],
      [3n, 4n],
      [8n, 1n],
    ] as const) {
      await postDraw(d, { spec, terms: { seats, maxRedraws: limit } });
      await expect(postDraw(d, { spec, terms: { seats, maxRedraws: limit + 1n } }))
        .to.be.revertedWithCustomError(d.draw, "TaskDrawTooManyRedraws")
        .withArgs(limit + 1n, limit);
    }
  });

  it("takes turns of eight blocks and more", async () => {
    const d = await assignmentsDeployed();
    await postDraw(d, { terms: { turnBlocks: DRAW_DELAY_BLOCKS } });
    await expect(postDraw(d, { terms: { turnBlocks: DRAW_DELAY_BLOCKS - 1n } }))
      .to.be.revertedWithCustomError(d.draw, "TaskDrawTurnTooShort")
      .withArgs(DRAW_DELAY_BLOCKS - 1n, DRAW_DELAY_BLOCKS);
  });

  it("takes least stakes from one up to the cap", async () => {
    const d = await assignmentsDeployed();
    for (const minWei of [1n, CAP_WEI]) await postDraw(d, { terms: { minWei } });
    for (const minWei of [0n, CAP_WEI + 1n]) {
      await expect(postDraw(d, { terms: { minWei } }))
        .to.be.revertedWithCustomError(d.draw, "DrawPoolInvalidStakeRange")
        .withArgs(minWei, CAP_WEI);
    }
  });
});

describe("TaskDraw.enrol", () => {
  it("locks the stake and adds an entry of that weight", async () => {
    const d = await assignmentsDeployed();
    const { draw, vault, alice, bob } = d;
    const { taskId } = await postDraw(d);
    await consent(d, alice, draw);
    const transaction = draw.connect(alice).enrol(taskId, MIN_WEI);
    await expect(transaction).to.emit(draw, "ProverEnrolled").withArgs(taskId, alice.address, MIN_WEI, 1n);
    await expect(transaction)
      .to.emit(vault, "StakeLocked")
      .withArgs(1n, await draw.getAddress(), alice.address, NATIVE, MIN_WEI);
    await enrolAs(d, taskId, bob, MIN_WEI + 1n);
    expect(await draw.enrolmentOf(taskId, alice)).to.deep.equal([1n, MIN_WEI, 0n]);
    expect(await draw.entryAt(taskId, 0n)).to.deep.equal([alice.address, MIN_WEI]);
    expect(await draw.entryAt(taskId, 1n)).to.deep.equal([bob.address, 2n * MIN_WEI + 1n]);
    expect((await draw.poolOf(taskId)).enrolledCount).to.equal(2n);
  });

  it("locks and counts stake up to the cap", async () => {
    const d = await assignmentsDeployed();
    const { draw, vault, alice, bob } = d;
    const { taskId } = await postDraw(d);
    await enrolAs(d, taskId, alice, CAP_WEI);
    await enrolAs(d, taskId, bob, CAP_WEI + 1n);
    for (const prover of [alice, bob]) {
      expect((await draw.enrolmentOf(taskId, prover)).weightWei).to.equal(CAP_WEI);
      expect((await vault.balanceOf(prover, NATIVE)).lockedWei).to.equal(CAP_WEI);
    }
  });

  it("needs the least stake", async () => {
    const d = await assignmentsDeployed();
    const { taskId } = await postDraw(d);
    await expect(enrolAs(d, taskId, d.alice, MIN_WEI - 1n))
      .to.be.revertedWithCustomError(d.draw, "DrawPoolStakeTooSmall")
      .withArgs(MIN_WEI - 1n, MIN_WEI);
  });

  it("needs free stake and consent", async () => {
    const d = await assignmentsDeployed();
    const { draw, vault, alice } = d;
    const { taskId } = await postDraw(d);
    await expect(draw.connect(alice).enrol(taskId, MIN_WEI))
      .to.be.revertedWithCustomError(vault, "StakeVaultLimitExceeded")
      .withArgs(alice.address, await draw.getAddress(), 0n, MIN_WEI);
    await vault.connect(alice).approveLocker(draw, NATIVE, MIN_WEI);
    await expect(draw.connect(alice).enrol(taskId, MIN_WEI))
      .to.be.revertedWithCustomError(vault, "StakeVaultInsufficientStake")
      .withArgs(alice.address, NATIVE, 0n, MIN_WEI);
  });

  it("happens once, also for who left", async () => {
    const d = await assignmentsDeployed();
    const { draw, market, poster, alice } = d;
    const { taskId } = await postDraw(d);
    await enrolAs(d, taskId, alice);
    const again = async () =>
      await expect(draw.connect(alice).enrol(taskId, MIN_WEI))
        .to.be.revertedWithCustomError(d.draw, "DrawPoolAlreadyEnrolled")
        .withArgs(alice.address);
    await again();
    await market.connect(poster).cancel(taskId);
    await draw.connect(alice).leave(taskId);
    await again();
  });

  it("ends with its last block", async () => {
    const d = await assignmentsDeployed();
    const { draw, alice, bob, carol } = d;
    const { taskId, lastEnrolBlock } = await postDraw(d);
    for (const prover of [alice, bob, carol]) await consent(d, prover, draw);
    await nextBlockIs(lastEnrolBlock - 1n);
    await draw.connect(alice).enrol(taskId, MIN_WEI);
    await draw.connect(bob).enrol(taskId, MIN_WEI);
    expect(BigInt(await ethers.provider.getBlockNumber())).to.equal(lastEnrolBlock);
    await expect(draw.connect(carol).enrol(taskId, MIN_WEI))
      .to.be.revertedWithCustomError(d.draw, "DrawPoolEnrolmentClosed")
      .withArgs(lastEnrolBlock, lastEnrolBlock + 1n);
  });

  it("is closed for tasks without a draw", async () => {
    const d = await assignmentsDeployed();
    const { taskId } = await postTask(d);
    const number = BigInt(await ethers.provider.getBlockNumber());
    await expect(d.draw.connect(d.alice).enrol(taskId, MIN_WEI))
      .to.be.revertedWithCustomError(d.draw, "DrawPoolEnrolmentClosed")
      .withArgs(0n, number + 1n);
  });

  it("stops while the market is paused, and drawing and leaving do not", async () => {
    const d = await assignmentsDeployed();
    const { draw, market, owner, alice, bob } = d;
    const { taskId, lastEnrolBlock } = await postDraw(d);
    await enrolAs(d, taskId, alice);
    await consent(d, bob, draw, MIN_WEI);
    await market.connect(owner).pause();
    await expect(draw.connect(bob).enrol(taskId, MIN_WEI)).to.be.revertedWithCustomError(
      draw,
      "TaskDrawPaused",
    );
    await nextBlockIs(lastEnrolBlock + DRAW_DELAY_BLOCKS + 1n);
    await draw.draw(taskId);
    await consent(d, alice, market, STAKE_WEI);
    await market.connect(alice).commit(taskId, 42n);
    await draw.connect(alice).leave(taskId);
  });

  it("leaves the poster free to cancel until its last block, and no longer", async () => {
    const d = await assignmentsDeployed();
    const { draw, market, poster, alice } = d;
    const [first, second] = [await postDraw(d), await postDraw(d)];
    const empty = await postDraw(d);
    for (const { taskId } of [first, second]) await enrolAs(d, taskId, alice);
    await nextBlockIs(first.lastEnrolBlock);
    await market.connect(poster).cancel(first.taskId);
    expect(await draw.isTaken(second.taskId)).to.equal(false);
    await networkHelpers.mine(ENROL_BLOCKS);
    expect(await draw.isTaken(second.taskId)).to.equal(true);
    await expect(market.connect(poster).cancel(second.taskId))
      .to.be.revertedWithCustomError(market, "TaskMarketTaken")
      .withArgs(second.taskId);
    await market.connect(poster).cancel(empty.taskId);
  });
});
