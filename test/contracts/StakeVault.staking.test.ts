import { expect } from "chai";

import {
  deployed,
  ethers,
  holdings,
  NATIVE,
  networkHelpers,
  nextBlockAt,
  STAKE_WEI,
  UNBONDING_SECONDS,
} from "./support/deployment.ts";

const MAX_AMOUNT_WEI = 2n ** 96n - 1n;

describe("StakeVault constructor", () => {
  it("takes a delay of up to a year", async () => {
    const year = 365n * 24n * 3600n;
    const vault = await ethers.deployContract("StakeVault", [year]);
    expect(await vault.unbondingSeconds()).to.equal(year);
    await expect(ethers.deployContract("StakeVault", [year + 1n]))
      .to.be.revertedWithCustomError(vault, "StakeVaultInvalidUnbondingSeconds")
      .withArgs(year + 1n, year);
  });
});

describe("StakeVault.deposit", () => {
  it("credits native coin as free stake", async () => {
    const { vault, alice } = await deployed();
    await expect(vault.connect(alice).deposit(NATIVE, STAKE_WEI, { value: STAKE_WEI }))
      .to.emit(vault, "StakeDeposited")
      .withArgs(alice.address, NATIVE, STAKE_WEI);
    await vault.connect(alice).deposit(NATIVE, 1n, { value: 1n });
    expect(await vault.balanceOf(alice, NATIVE)).to.deep.equal([STAKE_WEI + 1n, 0n]);
    expect(await holdings(NATIVE, vault)).to.equal(STAKE_WEI + 1n);
  });

  it("credits tokens as free stake, apart from native coin and other tokens", async () => {
    const { vault, token, alice } = await deployed();
    const address = await token.getAddress();
    await expect(vault.connect(alice).deposit(token, STAKE_WEI))
      .to.emit(vault, "StakeDeposited")
      .withArgs(alice.address, address, STAKE_WEI);
    expect(await vault.balanceOf(alice, token)).to.deep.equal([STAKE_WEI, 0n]);
    expect(await vault.balanceOf(alice, NATIVE)).to.deep.equal([0n, 0n]);
    expect(await holdings(address, vault)).to.equal(STAKE_WEI);
  });

  it("takes and returns tokens whose transfers return nothing", async () => {
    const { vault, alice } = await deployed();
    const token = await ethers.deployContract("NoReturnToken");
    await token.mint(alice, STAKE_WEI);
    await token.connect(alice).approve(vault, STAKE_WEI);
    await vault.connect(alice).deposit(token, STAKE_WEI);
    await vault.connect(alice).requestUnbonding(token, STAKE_WEI);
    await networkHelpers.time.increase(UNBONDING_SECONDS);
    await vault.connect(alice).withdraw(token);
    expect(await token.balanceOf(alice)).to.equal(STAKE_WEI);
  });

  it("reverts for no amount", async () => {
    const { vault, alice } = await deployed();
    await expect(vault.connect(alice).deposit(NATIVE, 0n)).to.be.revertedWithCustomError(
      vault,
      "StakeVaultZeroAmount",
    );
  });

  it("reverts when the native coin sent is not the amount", async () => {
    const { vault, alice } = await deployed();
    for (const value of [0n, STAKE_WEI - 1n, STAKE_WEI + 1n]) {
      await expect(vault.connect(alice).deposit(NATIVE, STAKE_WEI, { value }))
        .to.be.revertedWithCustomError(vault, "StakeVaultValueMismatch")
        .withArgs(value, STAKE_WEI);
    }
  });

  it("reverts when native coin is sent with a token deposit", async () => {
    const { vault, token, alice } = await deployed();
    await expect(vault.connect(alice).deposit(token, STAKE_WEI, { value: 1n }))
      .to.be.revertedWithCustomError(vault, "StakeVaultValueMismatch")
      .withArgs(1n, 0n);
  });

  it("refuses tokens that take a fee", async () => {
    const { vault, alice } = await deployed();
    const token = await ethers.deployContract("FeeOnTransferToken");
    await token.mint(alice, STAKE_WEI);
    await token.connect(alice).approve(vault, STAKE_WEI);
    await expect(vault.connect(alice).deposit(token, STAKE_WEI))
      .to.be.revertedWithCustomError(vault, "StakeVaultTransferMismatch")
      .withArgs(await token.getAddress(), STAKE_WEI - 1n, STAKE_WEI);
  });

  it("refuses tokens that report failure by returning false", async () => {
    const { vault, alice } = await deployed();
    const token = await ethers.deployContract("FalseReturnToken");
    await expect(vault.connect(alice).deposit(token, STAKE_WEI))
      .to.be.revertedWithCustomError(vault, "SafeERC20FailedOperation")
      .withArgs(await token.getAddress());
  });

  it("passes on why a token refuses a transfer", async () => {
    const { vault, token, stranger } = await deployed();
    await token.connect(stranger).approve(vault, 1n);
    await expect(vault.connect(stranger).deposit(token, STAKE_WEI))
      .to.be.revertedWithCustomError(token, "ERC20InsufficientAllowance")
      .withArgs(await vault.getAddress(), 1n, STAKE_WEI);
  });

  it("reverts for free and locked stake that together exceed 96 bits", async () => {
    const { vault, token, alice, bob } = await deployed();
    await token.mint(alice, 2n * MAX_AMOUNT_WEI);
    await expect(vault.connect(alice).deposit(token, MAX_AMOUNT_WEI + 1n))
      .to.be.revertedWithCustomError(vault, "SafeCastOverflowedUintDowncast")
      .withArgs(96n, MAX_AMOUNT_WEI + 1n);
    await vault.connect(alice).depositAndApprove(token, MAX_AMOUNT_WEI, bob, MAX_AMOUNT_WEI);
    await vault.connect(bob).lock(alice, token, MAX_AMOUNT_WEI);
    await expect(vault.connect(alice).deposit(token, 1n))
      .to.be.revertedWithCustomError(vault, "SafeCastOverflowedUintDowncast")
      .withArgs(96n, MAX_AMOUNT_WEI + 1n);
    await vault.connect(bob).release(token, 1n);
    expect(await vault.balanceOf(alice, token)).to.deep.equal([MAX_AMOUNT_WEI, 0n]);
  });

  it("does not take coin that is merely sent", async () => {
    const { vault, alice } = await deployed();
    await expect(alice.sendTransaction({ to: vault, value: 1n })).to.revert(ethers);
  });
});

describe("StakeVault.approveLocker", () => {
  it("sets the limit, and replaces it", async () => {
    const { vault, alice, bob } = await deployed();
    await expect(vault.connect(alice).approveLocker(bob, NATIVE, 5n))
      .to.emit(vault, "LockerApproved")
      .withArgs(alice.address, bob.address, NATIVE, 5n);
    await vault.connect(alice).approveLocker(bob, NATIVE, 3n);
    expect(await vault.approvalOf(alice, bob, NATIVE)).to.deep.equal([3n, 0n]);
  });

  it("reverts for the zero address", async () => {
    const { vault, alice } = await deployed();
    await expect(
      vault.connect(alice).approveLocker(ethers.ZeroAddress, NATIVE, 1n),
    ).to.be.revertedWithCustomError(vault, "StakeVaultZeroAddress");
  });

  it("reverts for limits beyond 96 bits", async () => {
    const { vault, alice, bob } = await deployed();
    await vault.connect(alice).approveLocker(bob, NATIVE, MAX_AMOUNT_WEI);
    await expect(vault.connect(alice).approveLocker(bob, NATIVE, MAX_AMOUNT_WEI + 1n))
      .to.be.revertedWithCustomError(vault, "SafeCastOverflowedUintDowncast")
      .withArgs(96n, MAX_AMOUNT_WEI + 1n);
  });
});

describe("StakeVault.depositAndApprove", () => {
  it("does both", async () => {
    const { vault, alice, bob } = await deployed();
    const transaction = vault
      .connect(alice)
      .depositAndApprove(NATIVE, STAKE_WEI, bob, 7n, { value: STAKE_WEI });
    await expect(transaction).to.emit(vault, "StakeDeposited").withArgs(alice.address, NATIVE, STAKE_WEI);
    await expect(transaction)
      .to.emit(vault, "LockerApproved")
      .withArgs(alice.address, bob.address, NATIVE, 7n);
    expect(await vault.balanceOf(alice, NATIVE)).to.deep.equal([STAKE_WEI, 0n]);
    expect(await vault.approvalOf(alice, bob, NATIVE)).to.deep.equal([7n, 0n]);
  });

  it("checks both", async () => {
    const { vault, alice, bob } = await deployed();
    await expect(vault.connect(alice).depositAndApprove(NATIVE, STAKE_WEI, bob, 7n))
      .to.be.revertedWithCustomError(vault, "StakeVaultValueMismatch")
      .withArgs(0n, STAKE_WEI);
    await expect(
      vault.connect(alice).depositAndApprove(NATIVE, 1n, ethers.ZeroAddress, 7n, { value: 1n }),
    ).to.be.revertedWithCustomError(vault, "StakeVaultZeroAddress");
  });
});

describe("StakeVault.requestUnbonding", () => {
  it("moves free stake to the withdrawal slot", async () => {
    const { vault, alice } = await deployed();
    await vault.connect(alice).deposit(NATIVE, STAKE_WEI, { value: STAKE_WEI });
    const timestamp = BigInt(await networkHelpers.time.latest()) + 10n;
    await nextBlockAt(timestamp);
    await expect(vault.connect(alice).requestUnbonding(NATIVE, 4n))
      .to.emit(vault, "UnbondingRequested")
      .withArgs(alice.address, NATIVE, 4n, 4n, timestamp + UNBONDING_SECONDS);
    expect(await vault.balanceOf(alice, NATIVE)).to.deep.equal([STAKE_WEI - 4n, 0n]);
    expect(await vault.unbondingOf(alice, NATIVE)).to.deep.equal([4n, timestamp + UNBONDING_SECONDS]);
  });

  it("adds to the slot and starts the delay anew for all of it", async () => {
    const { vault, alice } = await deployed();
    await vault.connect(alice).deposit(NATIVE, STAKE_WEI, { value: STAKE_WEI });
    await vault.connect(alice).requestUnbonding(NATIVE, 4n);
    await networkHelpers.time.increase(UNBONDING_SECONDS);
    const timestamp = BigInt(await networkHelpers.time.latest()) + 10n;
    await nextBlockAt(timestamp);
    await expect(vault.connect(alice).requestUnbonding(NATIVE, 5n))
      .to.emit(vault, "UnbondingRequested")
      .withArgs(alice.address, NATIVE, 5n, 9n, timestamp + UNBONDING_SECONDS);
    await expect(vault.connect(alice).withdraw(NATIVE)).to.be.revertedWithCustomError(
      vault,
      "StakeVaultStillUnbonding",
    );
  });

  it("reverts for no amount", async () => {
    const { vault, alice } = await deployed();
    await expect(vault.connect(alice).requestUnbonding(NATIVE, 0n)).to.be.revertedWithCustomError(
      vault,
      "StakeVaultZeroAmount",
    );
  });

  it("reverts for more than the free stake, as for locked stake", async () => {
    const { vault, alice, bob } = await deployed();
    await vault.connect(alice).depositAndApprove(NATIVE, 10n, bob, 6n, { value: 10n });
    await vault.connect(bob).lock(alice, NATIVE, 6n);
    for (const amountWei of [5n, 10n, ethers.MaxUint256]) {
      await expect(vault.connect(alice).requestUnbonding(NATIVE, amountWei))
        .to.be.revertedWithCustomError(vault, "StakeVaultInsufficientStake")
        .withArgs(alice.address, NATIVE, 4n, amountWei);
    }
    await vault.connect(alice).requestUnbonding(NATIVE, 4n);
  });
});

describe("StakeVault.withdraw", () => {
  it("pays the whole slot out once the delay has passed, and not a second before", async () => {
    const { vault, alice } = await deployed();
    await vault.connect(alice).deposit(NATIVE, STAKE_WEI, { value: STAKE_WEI });
    await vault.connect(alice).requestUnbonding(NATIVE, STAKE_WEI);
    const [, availableAt] = await vault.unbondingOf(alice, NATIVE);

    await nextBlockAt(availableAt - 1n);
    await expect(vault.connect(alice).withdraw(NATIVE))
      .to.be.revertedWithCustomError(vault, "StakeVaultStillUnbonding")
      .withArgs(availableAt, availableAt - 1n);

    await nextBlockAt(availableAt);
    const transaction = vault.connect(alice).withdraw(NATIVE);
    await expect(transaction).to.emit(vault, "StakeWithdrawn").withArgs(alice.address, NATIVE, STAKE_WEI);
    await expect(transaction).to.changeEtherBalances(ethers, [vault, alice], [-STAKE_WEI, STAKE_WEI]);
    expect(await vault.unbondingOf(alice, NATIVE)).to.deep.equal([0n, 0n]);
  });

  it("pays tokens out", async () => {
    const { vault, token, alice } = await deployed();
    await vault.connect(alice).deposit(token, STAKE_WEI);
    await vault.connect(alice).requestUnbonding(token, STAKE_WEI);
    await networkHelpers.time.increase(UNBONDING_SECONDS + 1n);
    await expect(vault.connect(alice).withdraw(token)).to.changeTokenBalances(
      ethers,
      token,
      [vault, alice],
      [-STAKE_WEI, STAKE_WEI],
    );
  });

  it("reverts when nothing is unbonding, also after a withdrawal", async () => {
    const { vault, alice } = await deployed();
    const expectNothing = async (): Promise<void> => {
      await expect(vault.connect(alice).withdraw(NATIVE))
        .to.be.revertedWithCustomError(vault, "StakeVaultNothingUnbonding")
        .withArgs(alice.address, NATIVE);
    };
    await vault.connect(alice).deposit(NATIVE, STAKE_WEI, { value: STAKE_WEI });
    await expectNothing();
    await vault.connect(alice).requestUnbonding(NATIVE, STAKE_WEI);
    await networkHelpers.time.increase(UNBONDING_SECONDS);
    await vault.connect(alice).withdraw(NATIVE);
    await expectNothing();
  });

  it("keeps the slot of a receiver that rejects coin, and pays it when it accepts", async () => {
    const { vault, alice } = await deployed();
    const puppet = await ethers.deployContract("PuppetAccount");
    const vaultAddress = await vault.getAddress();
    const call = async (data: string, value = 0n): Promise<unknown> =>
      await puppet.connect(alice).execute(vaultAddress, value, data, { value });
    await call(vault.interface.encodeFunctionData("deposit", [NATIVE, 5n]), 5n);
    await call(vault.interface.encodeFunctionData("requestUnbonding", [NATIVE, 5n]));
    await networkHelpers.time.increase(UNBONDING_SECONDS);
    const withdraw = vault.interface.encodeFunctionData("withdraw", [NATIVE]);

    await puppet.setOnReceive(1n, ethers.ZeroAddress, "0x");
    await expect(call(withdraw)).to.be.revertedWithCustomError(puppet, "PuppetAccountRejected").withArgs(5n);
    expect((await vault.unbondingOf(puppet, NATIVE)).amountWei).to.equal(5n);

    await puppet.setOnReceive(0n, ethers.ZeroAddress, "0x");
    await call(withdraw);
    expect(await holdings(NATIVE, puppet)).to.equal(5n);
  });
});
