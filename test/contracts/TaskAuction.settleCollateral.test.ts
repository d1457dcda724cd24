import { expect } from "chai";

import {
  assignmentsDeployed,
  COLLATERAL_WEI,
  inOneBlock,
  lockAs,
  postAuction,
} from "./support/assignment.ts";
import {
  ethers,
  modelCommitmentOf,
  NATIVE,
  networkHelpers,
  nextBlockAt,
  proofFor,
  proveAs,
  single,
  stakeFor,
  TASK,
} from "./support/deployment.ts";

import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";

import type { Assignments, Auctioned } from "./support/assignment.ts";

const BURNED_WEI = (COLLATERAL_WEI + 1n) / 2n;
const PAID_WEI = COLLATERAL_WEI - BURNED_WEI;

/** A task that alice has locked; committed to as well if told. */
async function locked(
  d: Assignments,
  changes: Parameters<typeof postAuction>[1] & { readonly committed?: boolean } = {},
): Promise<Auctioned> {
  const auctioned = await postAuction(d, changes);
  await lockAs(d, auctioned, d.alice);
  if (changes.committed !== false) await enter(d, auctioned, d.alice);
  return auctioned;
}

async function enter(d: Assignments, { taskId }: Auctioned, prover: HardhatEthersSigner): Promise<void> {
  await stakeFor(d, prover);
  await d.market.connect(prover).commit(taskId, modelCommitmentOf(prover));
}

/** Lets bob in after the exclusive time. */
async function enterLate(d: Assignments, auctioned: Auctioned): Promise<void> {
  await networkHelpers.time.increaseTo(auctioned.terms.exclusiveDeadline);
  await enter(d, auctioned, d.bob);
}

async function expire(d: Assignments, { taskId, spec }: Auctioned): Promise<void> {
  await networkHelpers.time.increaseTo(spec.proveDeadline);
  await d.market.expire(taskId);
}

async function expectReleased(d: Assignments, { taskId }: Auctioned): Promise<void> {
  const { auction, vault, alice, stranger } = d;
  const { lockId } = await auction.auction(taskId);
  const locked = (await vault.balanceOf(alice, NATIVE)).lockedWei;
  const transaction = auction.connect(stranger).settleCollateral(taskId);
  await expect(transaction).to.emit(auction, "CollateralReleased").withArgs(taskId, alice.address, lockId);
  await expect(transaction).not.to.emit(vault, "StakeSlashed");
  expect((await vault.balanceOf(alice, NATIVE)).lockedWei).to.equal(locked - COLLATERAL_WEI);
  await expectSettled(d, taskId);
}

/** Half, rounded up, is burned, and the rest credited to `beneficiary`. */
async function expectSlashed(d: Assignments, { taskId }: Auctioned, beneficiary: string): Promise<void> {
  const { auction, vault, alice, stranger } = d;
  const { lockId } = await auction.auction(taskId);
  const before = await vault.balanceOf(alice, NATIVE);
  const [burnAddress, credit] = [await vault.BURN_ADDRESS(), await vault.creditOf(beneficiary, NATIVE)];
  const transaction = auction.connect(stranger).settleCollateral(taskId);
  await expect(transaction)
    .to.emit(auction, "CollateralSlashed")
    .withArgs(taskId, alice.address, lockId, COLLATERAL_WEI, beneficiary);
  await expect(transaction)
    .to.emit(vault, "StakeSlashed")
    .withArgs(lockId, await auction.getAddress(), alice.address, NATIVE, beneficiary, BURNED_WEI, PAID_WEI);
  expect(await vault.balanceOf(alice, NATIVE)).to.deep.equal([
    before.freeWei,
    before.lockedWei - COLLATERAL_WEI,
  ]);
  const burned = await vault.creditOf(burnAddress, NATIVE);
  if (beneficiary === burnAddress) expect(burned).to.equal(credit + COLLATERAL_WEI);
  else {
    expect(burned).to.equal(BURNED_WEI);
    expect(await vault.creditOf(beneficiary, NATIVE)).to.equal(credit + PAID_WEI);
  }
  await expectSettled(d, taskId);
}

/** Nothing is left locked, and there is no second time. */
async function expectSettled({ auction, vault, alice }: Assignments, taskId: bigint): Promise<void> {
  expect((await vault.approvalOf(alice, auction, NATIVE)).lockedWei).to.equal(0n);
  expect((await auction.auction(taskId)).lockId).to.equal(0n);
  await expect(auction.settleCollateral(taskId))
    .to.be.revertedWithCustomError(auction, "TaskAuctionNoCollateral")
    .withArgs(taskId);
}

async function expectInUse({ auction, alice }: Assignments, { taskId }: Auctioned): Promise<void> {
  await expect(auction.settleCollateral(taskId))
    .to.be.revertedWithCustomError(auction, "TaskAuctionCollateralInUse")
    .withArgs(taskId, alice.address);
}

describe("TaskAuction.settleCollateral", () => {
  it("releases the collateral of an assignee that proved in time, up to the last second", async () => {
    for (const early of [1n, 0n]) {
      const d = await assignmentsDeployed();
      const auctioned = await locked(d);
      const proof = await proofFor(d, auctioned.taskId, d.alice, 350n);
      await nextBlockAt(auctioned.terms.exclusiveDeadline - early);
      await d.market.connect(d.alice).prove(...single(auctioned.taskId, 350n, proof));
      await expectReleased(d, auctioned);
    }
  });

  it("slashes an assignee that proved one second late, half of it to itself", async () => {
    const d = await assignmentsDeployed();
    const auctioned = await locked(d);
    const proof = await proofFor(d, auctioned.taskId, d.alice, 350n);
    await nextBlockAt(auctioned.terms.exclusiveDeadline + 1n);
    await d.market.connect(d.alice).prove(...single(auctioned.taskId, 350n, proof));
    await expectSlashed(d, auctioned, d.alice.address);
  });

  it("pays half to whoever fulfils the task late", async () => {
    for (const committed of [true, false]) {
      const d = await assignmentsDeployed();
      const auctioned = await locked(d, { committed });
      await enterLate(d, auctioned);
      await proveAs(d, auctioned.taskId, d.bob, 350n);
      await expectSlashed(d, auctioned, d.bob.address);
    }
  });

  it("pays half to the poster when nobody fulfils the task", async () => {
    const d = await assignmentsDeployed();
    const auctioned = await locked(d);
    await expire(d, auctioned);
    await expectSlashed(d, auctioned, d.poster.address);
  });

  it("pays half to the poster when the assignee did not even commit, from the commit deadline on", async () => {
    const d = await assignmentsDeployed();
    const { market } = d;
    const auctioned = await locked(d, { committed: false });
    const { taskId, spec } = auctioned;
    await nextBlockAt(spec.commitDeadline);
    await expect(market.expire(taskId)).to.be.revertedWithCustomError(market, "TaskMarketDeadlineNotPassed");
    await expectInUse(d, auctioned);
    await nextBlockAt(spec.commitDeadline + 1n);
    await market.expire(taskId);
    expect((await market.task(taskId)).state).to.equal(TASK.expired);
    await expectSlashed(d, auctioned, d.poster.address);
  });

  it("waits as long as nothing is decided", async () => {
    const d = await assignmentsDeployed();
    const auctioned = await locked(d);
    await expectInUse(d, auctioned);
    await enterLate(d, auctioned);
    await expectInUse(d, auctioned);
    await nextBlockAt(auctioned.spec.proveDeadline);
    await expectInUse(d, auctioned);
    await nextBlockAt(auctioned.spec.proveDeadline + 1n);
    await expectInUse(d, auctioned);
    await d.market.expire(auctioned.taskId);
    await expectSlashed(d, auctioned, d.poster.address);
  });

  it("has nothing to do before somebody locks", async () => {
    const d = await assignmentsDeployed();
    const { taskId } = await postAuction(d);
    for (const id of [taskId, taskId + 1n]) {
      await expect(d.auction.settleCollateral(id))
        .to.be.revertedWithCustomError(d.auction, "TaskAuctionNoCollateral")
        .withArgs(id);
    }
  });

  it("goes on while the market is paused", async () => {
    const d = await assignmentsDeployed();
    const [fulfilled, abandoned] = [await postAuction(d), await postAuction(d)];
    await lockAs(d, fulfilled, d.alice, abandoned.terms.startsAt);
    await enter(d, fulfilled, d.alice);
    await lockAs(d, abandoned, d.bob, abandoned.terms.startsAt + 10n);
    await d.market.connect(d.owner).pause();
    await proveAs(d, fulfilled.taskId, d.alice, 350n);
    await expectReleased(d, fulfilled);
    await expire(d, abandoned);
    const { lockId } = await d.auction.auction(abandoned.taskId);
    await expect(d.auction.settleCollateral(abandoned.taskId))
      .to.emit(d.auction, "CollateralSlashed")
      .withArgs(abandoned.taskId, d.bob.address, lockId, COLLATERAL_WEI, d.poster.address);
  });

  it("and the proof in one block: the collateral waits for the proof", async () => {
    const d = await assignmentsDeployed();
    const { auction, market, alice } = d;
    const auctioned = await locked(d);
    const { taskId, terms } = auctioned;
    const args = single(taskId, 350n, await proofFor(d, taskId, alice, 350n));
    await nextBlockAt(terms.exclusiveDeadline);
    const done = await inOneBlock(
      (o) => auction.settleCollateral(taskId, o),
      (o) => market.connect(alice).prove(...args, o),
      (o) => auction.settleCollateral(taskId, o),
    );
    expect(done).to.deep.equal([false, true, true]);
    expect(await auction.queryFilter(auction.filters.CollateralReleased())).to.have.length(1);
    await expectSettled(d, taskId);
  });

  it("pays the first of two late proofs in one block", async () => {
    for (const isAssigneeFirst of [true, false]) {
      const d = await assignmentsDeployed();
      const { market, alice, bob } = d;
      const auctioned = await locked(d);
      await enterLate(d, auctioned);
      const order = isAssigneeFirst ? [alice, bob] : [bob, alice];
      const proofs = await Promise.all(order.map((prover) => proofFor(d, auctioned.taskId, prover, 350n)));
      const done = await inOneBlock(
        ...order.map(
          (prover, i) => (o: object) =>
            market.connect(prover).prove(...single(auctioned.taskId, 350n, proofs[i]!), o),
        ),
      );
      expect(done).to.deep.equal([true, false]);
      await expectSlashed(d, auctioned, order[0]!.address);
    }
  });

  it("and the expiry in one block: the collateral waits for the expiry", async () => {
    const d = await assignmentsDeployed();
    const { auction, market } = d;
    const auctioned = await locked(d);
    const { taskId, spec } = auctioned;
    await nextBlockAt(spec.proveDeadline + 1n);
    const done = await inOneBlock(
      (o) => auction.settleCollateral(taskId, o),
      (o) => market.expire(taskId, o),
      (o) => auction.settleCollateral(taskId, o),
    );
    expect(done).to.deep.equal([false, true, true]);
    await expectSettled(d, taskId);
  });
});

describe("The collateral of a sealed task", () => {
  it("is released when the poster forfeits its seal, before and after the expiry", async () => {
    for (const isExpired of [false, true]) {
      const d = await assignmentsDeployed();
      const auctioned = await locked(d, { isSealed: true });
      await expectInUse(d, auctioned);
      await d.seal.forfeit(auctioned.taskId);
      if (isExpired) await d.market.expire(auctioned.taskId);
      await expectReleased(d, auctioned);
    }
  });

  it("is released when the test set was never revealed to the assignee, though nobody reported it", async () => {
    const d = await assignmentsDeployed();
    const auctioned = await locked(d, { isSealed: true });
    await expire(d, auctioned);
    await expectReleased(d, auctioned);
  });

  it("is burned when the assignee cannot pass what was revealed: the poster gains nothing", async () => {
    const d = await assignmentsDeployed();
    const auctioned = await locked(d, { isSealed: true });
    await d.seal.reveal(auctioned.taskId);
    await expire(d, auctioned);
    await expectSlashed(d, auctioned, await d.vault.BURN_ADDRESS());
    expect(await d.vault.creditOf(d.poster, NATIVE)).to.equal(0n);
  });

  it("is slashed when the assignee did not commit", async () => {
    const d = await assignmentsDeployed();
    const auctioned = await locked(d, { isSealed: true, committed: false });
    await networkHelpers.time.increaseTo(auctioned.spec.commitDeadline);
    await d.market.expire(auctioned.taskId);
    await expectSlashed(d, auctioned, d.poster.address);
  });

  it("is released when the assignee proves", async () => {
    const d = await assignmentsDeployed();
    const auctioned = await locked(d, { isSealed: true });
    await d.seal.reveal(auctioned.taskId);
    await proveAs(d, auctioned.taskId, d.alice, 350n);
    await expectReleased(d, auctioned);
  });
});

describe("The money of an auction", () => {
  it("leaves market and vault to the last unit", async () => {
    const d = await assignmentsDeployed();
    const { auction, market, vault, poster, alice, bob } = d;
    const auctioned = await locked(d);
    await enterLate(d, auctioned);
    await proveAs(d, auctioned.taskId, bob, 350n);
    await auction.settleCollateral(auctioned.taskId);
    for (const prover of [alice, bob]) await market.releaseStake(auctioned.taskId, prover);
    for (const account of [poster, bob]) await market.connect(account).withdraw(NATIVE);
    await vault.connect(bob).withdrawCredit(NATIVE);
    await vault.burnSlashed(NATIVE);
    for (const prover of [alice, bob]) {
      const { freeWei, lockedWei } = await vault.balanceOf(prover, NATIVE);
      expect(lockedWei).to.equal(0n);
      await vault.connect(prover).requestUnbonding(NATIVE, freeWei);
    }
    await networkHelpers.time.increase(await vault.unbondingSeconds());
    for (const prover of [alice, bob]) await vault.connect(prover).withdraw(NATIVE);
    expect(await ethers.provider.getBalance(market)).to.equal(0n);
    expect(await ethers.provider.getBalance(vault)).to.equal(0n);
    expect(await ethers.provider.getBalance(auction)).to.equal(0n);
  });
});
