import { expect } from "chai";
import { network } from "hardhat";

import Zkpot from "../../modules/Zkpot.ts";
import { TrapdoorKey } from "./support/trapdoor-key.ts";

const DAY = 86_400n;

describe("Ignition module Zkpot", () => {
  it("deploys all contracts, wired together, safe by default", async () => {
    const { ethers, ignition } = await network.create();
    const {
      circuitRegistry,
      stakeVault,
      taskMarket,
      trainingAudit,
      taskAuction,
      taskDraw,
      committeeDraw,
      testSetSeal,
      federatedRounds,
    } = await ignition.deploy(Zkpot);
    expect(await taskMarket.registry!()).to.equal(await circuitRegistry.getAddress());
    expect(await taskMarket.vault!()).to.equal(await stakeVault.getAddress());
    for (const contract of [trainingAudit, taskAuction, taskDraw, committeeDraw, testSetSeal]) {
      expect(await contract.market!()).to.equal(await taskMarket.getAddress());
    }
    for (const contract of [taskAuction, taskDraw, committeeDraw, testSetSeal]) {
      expect(await contract.vault!()).to.equal(await stakeVault.getAddress());
    }
    expect(await federatedRounds.vault!()).to.equal(await stakeVault.getAddress());
    for (const contract of [trainingAudit, federatedRounds]) {
      expect(await contract.registry!()).to.equal(await circuitRegistry.getAddress());
    }
    expect(await circuitRegistry.allowDevelopmentKeys!()).to.equal(false);
    expect(await circuitRegistry.minContributions!()).to.equal(3n);
    expect(await stakeVault.unbondingSeconds!()).to.equal(604_800n);
    const registry = await ethers.getContractAt("CircuitRegistry", await circuitRegistry.getAddress());
    await expect(registry.addKey(new TrapdoorKey().bytes)).to.be.revertedWithCustomError(
      registry,
      "CircuitRegistryDevelopmentKey",
    );
  });

  it("makes a timelock of two days the owner of a market without fee, and nobody the timelock's admin", async () => {
    const { ethers, ignition } = await network.create();
    const { timelock, taskMarket } = await ignition.deploy(Zkpot);
    const [deployer, stranger] = await ethers.getSigners();
    expect(await taskMarket.owner!()).to.equal(await timelock.getAddress());
    expect([await taskMarket.feeBps!(), await taskMarket.paused!()]).to.deep.equal([0n, false]);
    expect(await timelock.getMinDelay!()).to.equal(2n * DAY);
    const hasRole = async (role: string, account: string): Promise<unknown> =>
      await timelock.hasRole!(await timelock[role]!(), account);
    for (const role of ["PROPOSER_ROLE", "CANCELLER_ROLE"]) {
      expect(await hasRole(role, deployer!.address)).to.equal(true);
      expect(await hasRole(role, stranger!.address)).to.equal(false);
      expect(await hasRole(role, ethers.ZeroAddress)).to.equal(false);
    }
    expect(await hasRole("EXECUTOR_ROLE", ethers.ZeroAddress)).to.equal(true);
    for (const { address } of [deployer!, stranger!]) {
      expect(await hasRole("DEFAULT_ADMIN_ROLE", address)).to.equal(false);
    }
  });

  it("lets the market's owner act once the delay has passed and no sooner, by anybody's hand", async () => {
    const { ethers, ignition, networkHelpers } = await network.create();
    const [, admin, stranger] = await ethers.getSigners();
    const contracts = await ignition.deploy(Zkpot, {
      parameters: { Zkpot: { timelockSeconds: Number(DAY), admin: admin!.address } },
    });
    const timelock = await ethers.getContractAt("TimelockController", await contracts.timelock.getAddress());
    const market = await ethers.getContractAt("TaskMarket", await contracts.taskMarket.getAddress());
    const setFee = market.interface.encodeFunctionData("setFee", [100n, stranger!.address]);
    const call = [await market.getAddress(), 0n, setFee, ethers.ZeroHash, ethers.ZeroHash] as const;
    await expect(timelock.connect(stranger).schedule(...call, DAY)).to.be.revertedWithCustomError(
      timelock,
      "AccessControlUnauthorizedAccount",
    );
    await expect(timelock.connect(admin).schedule(...call, DAY - 1n))
      .to.be.revertedWithCustomError(timelock, "TimelockInsufficientDelay")
      .withArgs(DAY - 1n, DAY);
    await timelock.connect(admin).schedule(...call, DAY);
    const readyAt = BigInt(await networkHelpers.time.latest()) + DAY;
    await networkHelpers.time.setNextBlockTimestamp(readyAt - 1n);
    await expect(timelock.connect(stranger).execute(...call)).to.be.revertedWithCustomError(
      timelock,
      "TimelockUnexpectedOperationState",
    );
    await networkHelpers.time.setNextBlockTimestamp(readyAt);
    await expect(timelock.connect(stranger).execute(...call))
      .to.emit(market, "FeeSet")
      .withArgs(100n, stranger!.address);
    for (const caller of [admin!, stranger!]) {
      await expect(market.connect(caller).setFee(0n, caller)).to.be.revertedWithCustomError(
        market,
        "OwnableUnauthorizedAccount",
      );
    }
  });

  it("takes its parameters", async () => {
    const { ethers, ignition } = await network.create();
    const { circuitRegistry, stakeVault, timelock } = await ignition.deploy(Zkpot, {
      parameters: {
        Zkpot: { allowDevelopmentKeys: true, minContributions: 5, unbondingSeconds: 60, timelockSeconds: 7 },
      },
    });
    expect(await circuitRegistry.allowDevelopmentKeys!()).to.equal(true);
    expect(await circuitRegistry.minContributions!()).to.equal(5n);
    expect(await stakeVault.unbondingSeconds!()).to.equal(60n);
    expect(await timelock.getMinDelay!()).to.equal(7n);
    expect(await ethers.provider.getCode(timelock)).not.to.equal("0x");
  });
});
