import { expect } from "chai";

import { deployed, ethers, holdings, NATIVE, STAKE_WEI } from "./support/deployment.ts";

import type { Deployment } from "./support/deployment.ts";

/** Alice has staked 100 and lets Bob lock 60 of it. */
async function staked(): Promise<Deployment> {
  const d = await deployed();
  await d.vault.connect(d.alice).depositAndApprove(NATIVE, 100n, d.bob, 60n, { value: 100n });
  return d;
}

/** As `staked`, and Bob has locked 50 with lock 1. */
async function locked(): Promise<Deployment> {
  const d = await staked();
  await d.vault.connect(d.bob).lock(d.alice, NATIVE, 50n);
  return d;
}

describe("StakeVault.lock", () => {
  it("sets free stake aside", async () => {
    const { vault, alice, bob } = await staked();
    expect(await vault.connect(bob).lock.staticCall(alice, NATIVE, 50n)).to.equal(1n);
    await expect(vault.connect(bob).lock(alice, NATIVE, 50n))
      .to.emit(vault, "StakeLocked")
      .withArgs(1n, bob.address, alice.address, NATIVE, 50n);
    expect(await vault.balanceOf(alice, NATIVE)).to.deep.equal([50n, 50n]);
    expect(await vault.approvalOf(alice, bob, NATIVE)).to.deep.equal([60n, 50n]);
    expect(await vault.lockOf(bob, NATIVE, 1n)).to.deep.equal([alice.address, 50n]);
  });

  it("numbers the locks of all lockers in one sequence", async () => {
    const { vault, alice, bob, carol } = await staked();
    await vault.connect(alice).approveLocker(carol, NATIVE, 40n);
    await vault.connect(bob).lock(alice, NATIVE, 1n);
    await vault.connect(carol).lock(alice, NATIVE, 2n);
    await vault.connect(bob).lock(alice, NATIVE, 3n);
    expect((await vault.lockOf(bob, NATIVE, 1n)).amountWei).to.equal(1n);
    expect((await vault.lockOf(carol, NATIVE, 2n)).amountWei).to.equal(2n);
    expect((await vault.lockOf(bob, NATIVE, 3n)).amountWei).to.equal(3n);
  });

  it("locks up to the limit over all locks, and again after a release", async () => {
    const { vault, alice, bob } = await locked();
    await expect(vault.connect(bob).lock(alice, NATIVE, 11n))
      .to.be.revertedWithCustomError(vault, "StakeVaultLimitExceeded")
      .withArgs(alice.address, bob.address, 10n, 11n);
    await vault.connect(bob).lock(alice, NATIVE, 10n);
    await vault.connect(bob).release(NATIVE, 1n);
    await vault.connect(bob).lock(alice, NATIVE, 50n);
  });

  it("reverts for lockers without consent, whatever the token", async () => {
    const { vault, token, alice, bob, stranger } = await staked();
    await vault.connect(alice).deposit(token, STAKE_WEI);
    for (const [locker, asset] of [
      [stranger, NATIVE],
      [bob, await token.getAddress()],
    ] as const) {
      await expect(vault.connect(locker).lock(alice, asset, 1n))
        .to.be.revertedWithCustomError(vault, "StakeVaultLimitExceeded")
        .withArgs(alice.address, locker.address, 0n, 1n);
    }
  });

  it("reverts when the limit was lowered below what is locked", async () => {
    const { vault, alice, bob } = await locked();
    await vault.connect(alice).approveLocker(bob, NATIVE, 20n);
    await expect(vault.connect(bob).lock(alice, NATIVE, 1n))
      .to.be.revertedWithCustomError(vault, "StakeVaultLimitExceeded")
      .withArgs(alice.address, bob.address, 0n, 1n);
    await vault.connect(bob).release(NATIVE, 1n);
    expect(await vault.approvalOf(alice, bob, NATIVE)).to.deep.equal([20n, 0n]);
  });

  it("reverts for more than the free stake", async () => {
    const { vault, alice, bob } = await locked();
    await vault.connect(alice).approveLocker(bob, NATIVE, 1_000n);
    await vault.connect(alice).requestUnbonding(NATIVE, 20n);
    await expect(vault.connect(bob).lock(alice, NATIVE, 31n))
      .to.be.revertedWithCustomError(vault, "StakeVaultInsufficientStake")
      .withArgs(alice.address, NATIVE, 30n, 31n);
    await vault.connect(bob).lock(alice, NATIVE, 30n);
  });

  it("reverts for no amount", async () => {
    const { vault, alice, bob } = await staked();
    await expect(vault.connect(bob).lock(alice, NATIVE, 0n)).to.be.revertedWithCustomError(
      vault,
      "StakeVaultZeroAmount",
    );
  });
});

describe("StakeVault.release", () => {
  it("frees the stake and ends the lock", async () => {
    const { vault, alice, bob } = await locked();
    await expect(vault.connect(bob).release(NATIVE, 1n))
      .to.emit(vault, "StakeReleased")
      .withArgs(1n, bob.address, alice.address, NATIVE, 50n);
    expect(await vault.balanceOf(alice, NATIVE)).to.deep.equal([100n, 0n]);
    expect(await vault.approvalOf(alice, bob, NATIVE)).to.deep.equal([60n, 0n]);
    expect(await vault.lockOf(bob, NATIVE, 1n)).to.deep.equal([ethers.ZeroAddress, 0n]);
  });

  it("reverts for a lock released before, of another locker or token, or never made", async () => {
    const { vault, token, alice, bob, stranger } = await locked();
    for (const [caller, asset, lockId] of [
      [alice, NATIVE, 1n],
      [stranger, NATIVE, 1n],
      [bob, await token.getAddress(), 1n],
      [bob, NATIVE, 0n],
      [bob, NATIVE, 2n],
      [bob, NATIVE, 2n ** 64n + 1n],
    ] as const) {
      await expect(vault.connect(caller).release(asset, lockId))
        .to.be.revertedWithCustomError(vault, "StakeVaultUnknownLock")
        .withArgs(caller.address, asset, lockId);
    }
    await vault.connect(bob).release(NATIVE, 1n);
    await expect(vault.connect(bob).release(NATIVE, 1n))
      .to.be.revertedWithCustomError(vault, "StakeVaultUnknownLock")
      .withArgs(bob.address, NATIVE, 1n);
  });
});

describe("StakeVault.slash", () => {
  it("credits half to the burn address and half to the beneficiary, without moving money", async () => {
    const { vault, alice, bob, carol } = await locked();
    const transaction = vault.connect(bob).slash(NATIVE, 1n, 30n, carol);
    await expect(transaction)
      .to.emit(vault, "StakeSlashed")
      .withArgs(1n, bob.address, alice.address, NATIVE, carol.address, 15n, 15n);
    await expect(transaction).to.changeEtherBalances(ethers, [vault, carol], [0n, 0n]);
    expect(await vault.balanceOf(alice, NATIVE)).to.deep.equal([50n, 20n]);
    expect((await vault.lockOf(bob, NATIVE, 1n)).amountWei).to.equal(20n);
    expect(await vault.creditOf(carol, NATIVE)).to.equal(15n);
    expect(await vault.creditOf(await vault.BURN_ADDRESS(), NATIVE)).to.equal(15n);
    expect(await holdings(NATIVE, vault)).to.equal(100n);
  });

  it("rounds the burned share up", async () => {
    const { vault, alice, bob, carol } = await locked();
    for (const [amountWei, burnedWei, paidWei] of [
      [1n, 1n, 0n],
      [2n, 1n, 1n],
      [3n, 2n, 1n],
      [7n, 4n, 3n],
    ]) {
      await expect(vault.connect(bob).slash(NATIVE, 1n, amountWei!, carol))
        .to.emit(vault, "StakeSlashed")
        .withArgs(1n, bob.address, alice.address, NATIVE, carol.address, burnedWei, paidWei);
    }
  });

  it("burns half of the stake even when the slashed account is the beneficiary", async () => {
    const { vault, alice, bob } = await locked();
    await vault.connect(bob).slash(NATIVE, 1n, 50n, alice);
    expect(await vault.creditOf(alice, NATIVE)).to.equal(25n);
  });

  it("uses up the consent: a locker never takes more than its limit", async () => {
    const { vault, alice, bob, carol } = await locked();
    await vault.connect(bob).slash(NATIVE, 1n, 50n, carol);
    expect(await vault.approvalOf(alice, bob, NATIVE)).to.deep.equal([10n, 0n]);
    await expect(vault.connect(bob).lock(alice, NATIVE, 11n))
      .to.be.revertedWithCustomError(vault, "StakeVaultLimitExceeded")
      .withArgs(alice.address, bob.address, 10n, 11n);
  });

  it("reaches locked stake after the staker withdrew its consent", async () => {
    const { vault, alice, bob, carol } = await locked();
    await vault.connect(alice).approveLocker(bob, NATIVE, 0n);
    await vault.connect(bob).slash(NATIVE, 1n, 50n, carol);
    expect(await vault.approvalOf(alice, bob, NATIVE)).to.deep.equal([0n, 0n]);
    expect(await vault.creditOf(carol, NATIVE)).to.equal(25n);
  });

  it("leaves an emptied lock for its locker to end", async () => {
    const { vault, alice, bob, carol } = await locked();
    await vault.connect(bob).slash(NATIVE, 1n, 50n, carol);
    await expect(vault.connect(bob).release(NATIVE, 1n))
      .to.emit(vault, "StakeReleased")
      .withArgs(1n, bob.address, alice.address, NATIVE, 0n);
  });

  it("reverts for more than the lock holds", async () => {
    const { vault, bob, carol } = await locked();
    await expect(vault.connect(bob).slash(NATIVE, 1n, 51n, carol))
      .to.be.revertedWithCustomError(vault, "StakeVaultSlashTooLarge")
      .withArgs(1n, 50n, 51n);
    await vault.connect(bob).slash(NATIVE, 1n, 49n, carol);
    await expect(vault.connect(bob).slash(NATIVE, 1n, 2n, carol))
      .to.be.revertedWithCustomError(vault, "StakeVaultSlashTooLarge")
      .withArgs(1n, 1n, 2n);
  });

  it("reverts for the lock of another locker", async () => {
    const { vault, carol, stranger } = await locked();
    await expect(vault.connect(stranger).slash(NATIVE, 1n, 1n, carol))
      .to.be.revertedWithCustomError(vault, "StakeVaultUnknownLock")
      .withArgs(stranger.address, NATIVE, 1n);
  });

  it("reverts for no amount and for no beneficiary", async () => {
    const { vault, bob, carol } = await locked();
    await expect(vault.connect(bob).slash(NATIVE, 1n, 0n, carol)).to.be.revertedWithCustomError(
      vault,
      "StakeVaultZeroAmount",
    );
    await expect(vault.connect(bob).slash(NATIVE, 1n, 1n, ethers.ZeroAddress)).to.be.revertedWithCustomError(
      vault,
      "StakeVaultZeroAddress",
    );
  });
});

describe("StakeVault.withdrawCredit", () => {
  it("pays the beneficiary once", async () => {
    const { vault, bob, carol } = await locked();
    await vault.connect(bob).slash(NATIVE, 1n, 30n, carol);
    const transaction = vault.connect(carol).withdrawCredit(NATIVE);
    await expect(transaction).to.emit(vault, "CreditWithdrawn").withArgs(carol.address, NATIVE, 15n);
    await expect(transaction).to.changeEtherBalances(ethers, [vault, carol], [-15n, 15n]);
    await expect(vault.connect(carol).withdrawCredit(NATIVE))
      .to.be.revertedWithCustomError(vault, "StakeVaultNothingToWithdraw")
      .withArgs(carol.address, NATIVE);
  });
});

describe("StakeVault.burnSlashed", () => {
  it("sends the burned share to the burn address, at anybody's call", async () => {
    const { vault, token, alice, bob, carol, stranger } = await deployed();
    const burnAddress = await vault.BURN_ADDRESS();
    expect(burnAddress).to.equal("0x000000000000000000000000000000000000dEaD");
    expect(await vault.BURN_BPS()).to.equal(5_000n);
    for (const asset of [NATIVE, await token.getAddress()]) {
      const value = asset === NATIVE ? 9n : 0n;
      await vault.connect(alice).depositAndApprove(asset, 9n, bob, 9n, { value });
      const lockId = await vault.connect(bob).lock.staticCall(alice, asset, 9n);
      await vault.connect(bob).lock(alice, asset, 9n);
      await vault.connect(bob).slash(asset, lockId, 9n, carol);
      await expect(vault.connect(stranger).burnSlashed(asset))
        .to.emit(vault, "SlashedBurned")
        .withArgs(asset, 5n);
      expect(await holdings(asset, burnAddress)).to.equal(5n);
      expect(await holdings(asset, vault)).to.equal(4n);
      await expect(vault.burnSlashed(asset))
        .to.be.revertedWithCustomError(vault, "StakeVaultNothingToWithdraw")
        .withArgs(burnAddress, asset);
    }
  });
});
