import { expect } from "chai";
import fc from "fast-check";

import {
  assignmentsDeployed,
  COLLATERAL_WEI,
  consent,
  inOneBlock,
  lockAs,
  MIN_PRICE_WEI,
  postAuction,
  priceWeiAt,
  RAMP_SECONDS,
} from "./support/assignment.ts";
import {
  modelCommitmentOf,
  NATIVE,
  nextBlockAt,
  postTask,
  proveAs,
  REWARD_WEI,
  stakeFor,
  TASK,
} from "./support/deployment.ts";

describe("TaskAuction.lock", () => {
  it("gives the task to the caller at the price of that second and locks its collateral", async () => {
    const d = await assignmentsDeployed();
    const { auction, market, vault, alice } = d;
    const auctioned = await postAuction(d);
    const { taskId, terms } = auctioned;
    const at = terms.startsAt + RAMP_SECONDS / 2n;
    const priceWei = (REWARD_WEI + MIN_PRICE_WEI) / 2n;
    const transaction = lockAs(d, auctioned, alice, at);
    await expect(transaction).to.emit(auction, "TaskLocked").withArgs(taskId, alice.address, priceWei, 1n);
    await expect(transaction)
      .to.emit(vault, "StakeLocked")
      .withArgs(1n, await auction.getAddress(), alice.address, NATIVE, COLLATERAL_WEI);
    await expect(transaction).to.emit(market, "RewardLowered").withArgs(taskId, priceWei);

    const { assignee, lockId } = await auction.auction(taskId);
    expect([assignee, lockId]).to.deep.equal([alice.address, 1n]);
    expect((await market.task(taskId)).rewardWei).to.equal(priceWei);
    expect(await auction.isTaken(taskId)).to.equal(true);
  });

  it("credits the poster what the price leaves of the reward, and pays the assignee the price", async () => {
    const d = await assignmentsDeployed();
    const { market, poster, alice } = d;
    const auctioned = await postAuction(d);
    await lockAs(d, auctioned, alice, auctioned.terms.startsAt + 1n);
    const priceWei = priceWeiAt(auctioned, auctioned.terms.startsAt + 1n);
    expect(await market.creditOf(poster, NATIVE)).to.equal(REWARD_WEI - priceWei);
    await stakeFor(d, alice);
    await market.connect(alice).commit(auctioned.taskId, modelCommitmentOf(alice));
    await proveAs(d, auctioned.taskId, alice, 350n);
    expect(await market.creditOf(alice, NATIVE)).to.equal(priceWei);
    expect(await market.creditOf(poster, NATIVE)).to.equal(REWARD_WEI - priceWei);
  });

  it("locks collateral in the task's stake token", async () => {
    const d = await assignmentsDeployed();
    const { auction, vault, token, alice } = d;
    const stakeToken = await token.getAddress();
    const { taskId, terms } = await postAuction(d, { spec: { stakeToken } });
    await consent(d, alice, auction, COLLATERAL_WEI, stakeToken);
    await nextBlockAt(terms.startsAt);
    await auction.connect(alice).lock(taskId);
    expect(await vault.balanceOf(alice, token)).to.deep.equal([0n, COLLATERAL_WEI]);
  });

  it("is open from the start to the lock deadline, to the second", async () => {
    const d = await assignmentsDeployed();
    const { auction, market, alice, bob } = d;
    const [first, last, late] = [await postAuction(d), await postAuction(d), await postAuction(d)];
    const terms = { startsAt: late.terms.startsAt + 5n, lockDeadline: late.terms.startsAt + 50n };
    const short = await postAuction(d, { terms });
    await expect(lockAs(d, short, alice, terms.startsAt - 1n))
      .to.be.revertedWithCustomError(auction, "TaskAuctionNotStarted")
      .withArgs(short.taskId, terms.startsAt, terms.startsAt - 1n);
    await lockAs(d, short, alice, terms.startsAt);
    expect((await market.task(short.taskId)).rewardWei).to.equal(MIN_PRICE_WEI);

    await lockAs(d, first, bob, first.terms.lockDeadline - 1n);
    await lockAs(d, last, bob, last.terms.lockDeadline);
    expect((await market.task(last.taskId)).rewardWei).to.equal(REWARD_WEI);
    const after = late.terms.lockDeadline + 1n;
    await expect(lockAs(d, late, bob, after))
      .to.be.revertedWithCustomError(auction, "TaskAuctionDeadlinePassed")
      .withArgs(late.taskId, late.terms.lockDeadline, after);
  });

  it("refuses tasks that are not auctioned here", async () => {
    const d = await assignmentsDeployed();
    const { taskId } = await postTask(d);
    for (const id of [taskId, taskId + 1n]) {
      await expect(d.auction.connect(d.alice).lock(id))
        .to.be.revertedWithCustomError(d.auction, "TaskAuctionUnknownTask")
        .withArgs(id);
    }
  });

  it("takes a task once", async () => {
    const d = await assignmentsDeployed();
    const auctioned = await postAuction(d);
    await lockAs(d, auctioned, d.alice);
    for (const prover of [d.bob, d.alice]) {
      await consent(d, prover, d.auction, COLLATERAL_WEI);
      await expect(d.auction.connect(prover).lock(auctioned.taskId))
        .to.be.revertedWithCustomError(d.auction, "TaskAuctionTaken")
        .withArgs(auctioned.taskId, d.alice.address);
    }
  });

  it("stops while the market is paused, and the assignee's commitment does not", async () => {
    const d = await assignmentsDeployed();
    const { auction, market, owner, alice } = d;
    const [locked, other] = [await postAuction(d), await postAuction(d)];
    await lockAs(d, locked, alice);
    await market.connect(owner).pause();
    await expect(lockAs(d, other, alice, other.terms.startsAt + 100n)).to.be.revertedWithCustomError(
      auction,
      "TaskAuctionPaused",
    );
    await stakeFor(d, alice);
    await market.connect(alice).commit(locked.taskId, modelCommitmentOf(alice));
    await market.connect(owner).unpause();
    await auction.connect(alice).lock(other.taskId);
  });

  it("needs free stake and consent", async () => {
    const d = await assignmentsDeployed();
    const { auction, vault, alice } = d;
    const { taskId, terms } = await postAuction(d);
    await nextBlockAt(terms.startsAt);
    await vault.connect(alice).deposit(NATIVE, COLLATERAL_WEI - 1n, { value: COLLATERAL_WEI - 1n });
    await expect(auction.connect(alice).lock(taskId))
      .to.be.revertedWithCustomError(vault, "StakeVaultLimitExceeded")
      .withArgs(alice.address, await auction.getAddress(), 0n, COLLATERAL_WEI);
    await vault.connect(alice).approveLocker(auction, NATIVE, COLLATERAL_WEI);
    await expect(auction.connect(alice).lock(taskId))
      .to.be.revertedWithCustomError(vault, "StakeVaultInsufficientStake")
      .withArgs(alice.address, NATIVE, COLLATERAL_WEI - 1n, COLLATERAL_WEI);
    await vault.connect(alice).deposit(NATIVE, 1n, { value: 1n });
    await auction.connect(alice).lock(taskId);
  });

  it("refuses a cancelled task, and a locked task cannot be cancelled", async () => {
    const d = await assignmentsDeployed();
    const { market, poster, alice } = d;
    const [cancelled, locked] = [await postAuction(d), await postAuction(d)];
    await market.connect(poster).cancel(cancelled.taskId);
    await expect(lockAs(d, cancelled, alice))
      .to.be.revertedWithCustomError(market, "TaskMarketWrongState")
      .withArgs(cancelled.taskId, TASK.cancelled);
    await lockAs(d, locked, alice, locked.terms.startsAt + 50n);
    await expect(market.connect(poster).cancel(locked.taskId))
      .to.be.revertedWithCustomError(market, "TaskMarketTaken")
      .withArgs(locked.taskId);
  });

  it("goes to the first of two that lock in one block", async () => {
    const d = await assignmentsDeployed();
    const { auction, alice, bob } = d;
    const { taskId, terms } = await postAuction(d);
    for (const prover of [alice, bob]) await consent(d, prover, auction, COLLATERAL_WEI);
    await nextBlockAt(terms.startsAt);
    const done = await inOneBlock(
      (o) => auction.connect(bob).lock(taskId, o),
      (o) => auction.connect(alice).lock(taskId, o),
    );
    expect(done).to.deep.equal([true, false]);
    expect((await auction.auction(taskId)).assignee).to.equal(bob.address);
  });

  it("and a cancellation in one block: the first of them counts", async () => {
    const d = await assignmentsDeployed();
    const { auction, market, poster, alice } = d;
    const [first, second] = [await postAuction(d), await postAuction(d)];
    await consent(d, alice, auction, 2n * COLLATERAL_WEI);
    await nextBlockAt(second.terms.startsAt);
    const done = await inOneBlock(
      (o) => auction.connect(alice).lock(first.taskId, o),
      (o) => market.connect(poster).cancel(first.taskId, o),
      (o) => market.connect(poster).cancel(second.taskId, o),
      (o) => auction.connect(alice).lock(second.taskId, o),
    );
    expect(done).to.deep.equal([true, false, true, false]);
    expect((await market.task(first.taskId)).state).to.equal(TASK.posted);
    expect((await market.task(second.taskId)).state).to.equal(TASK.cancelled);
  });

  it("alone lowers the reward, whatever others send in the same block", async () => {
    const d = await assignmentsDeployed();
    const { auction, market, poster, alice, bob } = d;
    const auctioned = await postAuction(d);
    const { taskId, terms } = auctioned;
    await consent(d, alice, auction, COLLATERAL_WEI);
    await nextBlockAt(terms.startsAt);
    const done = await inOneBlock(
      (o) => market.connect(poster).lowerReward(taskId, 1n, o),
      (o) => market.connect(bob).lowerReward(taskId, 1n, o),
      (o) => auction.connect(alice).lock(taskId, o),
      (o) => market.connect(alice).lowerReward(taskId, 1n, o),
      (o) => market.connect(poster).lowerReward(taskId, 1n, o),
    );
    expect(done).to.deep.equal([false, false, true, false, false]);
    expect((await market.task(taskId)).rewardWei).to.equal(priceWeiAt(auctioned, terms.startsAt));
  });

  it("and the commitment can stand in one block, in that order only", async () => {
    const d = await assignmentsDeployed();
    const { auction, market, alice } = d;
    const { taskId, terms } = await postAuction(d);
    await consent(d, alice, auction, COLLATERAL_WEI);
    await stakeFor(d, alice);
    await nextBlockAt(terms.startsAt);
    const commit = (o: object) => market.connect(alice).commit(taskId, modelCommitmentOf(alice), o);
    const done = await inOneBlock(commit, (o) => auction.connect(alice).lock(taskId, o), commit);
    expect(done).to.deep.equal([false, true, true]);
  });
});

describe("The price of an auction", () => {
  it("rises from the lowest to the reward and stays there", async () => {
    const d = await assignmentsDeployed();
    const { taskId, terms } = await postAuction(d);
    const rise = REWARD_WEI - MIN_PRICE_WEI;
    for (const [elapsed, priceWei] of [
      [0n, MIN_PRICE_WEI],
      [1n, MIN_PRICE_WEI + rise / RAMP_SECONDS],
      [RAMP_SECONDS - 1n, REWARD_WEI - rise / RAMP_SECONDS],
      [RAMP_SECONDS, REWARD_WEI],
      [RAMP_SECONDS + 1n, REWARD_WEI],
      [2n ** 40n, REWARD_WEI],
    ] as const) {
      expect(await d.auction.priceWeiAt(taskId, terms.startsAt + elapsed)).to.equal(priceWei);
    }
    await expect(d.auction.priceWeiAt(taskId, terms.startsAt - 1n))
      .to.be.revertedWithCustomError(d.auction, "TaskAuctionNotStarted")
      .withArgs(taskId, terms.startsAt, terms.startsAt - 1n);
  });

  it("is fixed without a ramp", async () => {
    const d = await assignmentsDeployed();
    const { taskId, terms } = await postAuction(d, { terms: { rampSeconds: 0n } });
    expect(await d.auction.priceWeiAt(taskId, terms.startsAt)).to.equal(REWARD_WEI);
  });

  it("is the reference's for random terms, and never falls", async () => {
    const terms = fc.record({
      rewardWei: fc.bigInt(1n, 2n ** 80n),
      part: fc.bigInt(0n, 1_000n),
      rampSeconds: fc.bigInt(0n, 2n ** 48n - 1n),
    });
    const places = fc.array(fc.bigInt(0n, 1_100n), { minLength: 2, maxLength: 6 });
    const property = fc.asyncProperty(terms, places, async ({ rewardWei, part, rampSeconds }, list) => {
      const d = await assignmentsDeployed();
      await d.token.mint(d.poster, rewardWei);
      const minPriceWei = (rewardWei * part) / 1_000n || 1n;
      const auctioned = await postAuction(d, {
        spec: { rewardToken: await d.token.getAddress(), rewardWei },
        terms: { minPriceWei, rampSeconds },
      });
      let previous = 0n;
      for (const place of list.sort((a, b) => Number(a - b))) {
        const at = auctioned.terms.startsAt + (rampSeconds * place) / 1_000n;
        const priceWei = await d.auction.priceWeiAt(auctioned.taskId, at);
        expect(priceWei).to.equal(priceWeiAt(auctioned, at));
        expect(priceWei >= previous && priceWei <= rewardWei).to.equal(true);
        previous = priceWei;
      }
    });
    await fc.assert(property, { numRuns: 40, seed: 4 });
  });
});

describe("Commitments to an auctioned task", () => {
  it("are open to nobody before it is locked", async () => {
    const d = await assignmentsDeployed();
    const { auction, market, alice } = d;
    const { taskId } = await postAuction(d);
    await stakeFor(d, alice);
    expect(await auction.mayCommit(taskId, alice)).to.equal(false);
    await expect(market.connect(alice).commit(taskId, 42n))
      .to.be.revertedWithCustomError(market, "TaskMarketNotAssigned")
      .withArgs(taskId, alice.address);
  });

  it("are the assignee's to the end of its exclusive time, and then everybody's", async () => {
    const d = await assignmentsDeployed();
    const { auction, market, alice, bob, carol } = d;
    const auctioned = await postAuction(d);
    const { taskId, terms } = auctioned;
    await lockAs(d, auctioned, alice);
    for (const prover of [alice, bob, carol]) await stakeFor(d, prover);
    expect(await auction.mayCommit(taskId, alice)).to.equal(true);
    expect(await auction.mayCommit(taskId, bob)).to.equal(false);
    for (const timestamp of [terms.exclusiveDeadline - 1n, terms.exclusiveDeadline]) {
      await nextBlockAt(timestamp);
      await expect(market.connect(bob).commit(taskId, 42n))
        .to.be.revertedWithCustomError(market, "TaskMarketNotAssigned")
        .withArgs(taskId, bob.address);
    }
    await nextBlockAt(terms.exclusiveDeadline + 1n);
    await market.connect(bob).commit(taskId, 42n);
    await market.connect(carol).commit(taskId, 42n);
    await market.connect(alice).commit(taskId, 42n);
    expect(await market.proverCount(taskId)).to.equal(3n);
  });

  it("never open to others when the exclusive time lasts as long as commitments", async () => {
    const d = await assignmentsDeployed();
    const { market, bob } = d;
    const spec = { commitDeadline: (await postAuction(d)).spec.commitDeadline };
    const auctioned = await postAuction(d, { spec, terms: { exclusiveDeadline: spec.commitDeadline } });
    await lockAs(d, auctioned, d.alice);
    await stakeFor(d, bob);
    for (const [timestamp, error] of [
      [spec.commitDeadline, "TaskMarketNotAssigned"],
      [spec.commitDeadline + 1n, "TaskMarketDeadlinePassed"],
    ] as const) {
      await nextBlockAt(timestamp);
      await expect(market.connect(bob).commit(auctioned.taskId, 42n)).to.be.revertedWithCustomError(
        market,
        error,
      );
    }
  });
});
