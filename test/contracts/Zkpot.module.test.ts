import { expect } from "chai";
import { network } from "hardhat";

import Zkpot from "../../modules/Zkpot.ts";
import { TrapdoorKey } from "./support/trapdoor-key.ts";

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
    } = await ignition.deploy(Zkpot);
    expect(await taskMarket.registry!()).to.equal(await circuitRegistry.getAddress());
    expect(await taskMarket.vault!()).to.equal(await stakeVault.getAddress());
    for (const contract of [trainingAudit, taskAuction, taskDraw, committeeDraw, testSetSeal]) {
      expect(await contract.market!()).to.equal(await taskMarket.getAddress());
    }
    for (const contract of [taskAuction, taskDraw, committeeDraw, testSetSeal]) {
      expect(await contract.vault!()).to.equal(await stakeVault.getAddress());
    }
    expect(await trainingAudit.registry!()).to.equal(await circuitRegistry.getAddress());
    expect(await circuitRegistry.allowDevelopmentKeys!()).to.equal(false);
    expect(await circuitRegistry.minContributions!()).to.equal(3n);
    expect(await stakeVault.unbondingSeconds!()).to.equal(604_800n);
    const registry = await ethers.getContractAt("CircuitRegistry", await circuitRegistry.getAddress());
    await expect(registry.addKey(new TrapdoorKey().bytes)).to.be.revertedWithCustomError(
      registry,
      "CircuitRegistryDevelopmentKey",
    );
  });

  it("takes its three parameters", async () => {
    const { ignition } = await network.create();
    const { circuitRegistry, stakeVault } = await ignition.deploy(Zkpot, {
      parameters: { Zkpot: { allowDevelopmentKeys: true, minContributions: 5, unbondingSeconds: 60 } },
    });
    expect(await circuitRegistry.allowDevelopmentKeys!()).to.equal(true);
    expect(await circuitRegistry.minContributions!()).to.equal(5n);
    expect(await stakeVault.unbondingSeconds!()).to.equal(60n);
  });
});
