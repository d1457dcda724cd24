/** Accounts that refuse coin and tokens that behave oddly: they harm themselves, and nobody else waits for them. */
import { expect } from "chai";

import { releaseCurve } from "../../prover/src/proof/multi-exponentiation.ts";
import {
  assignmentsDeployed,
  COLLATERAL_WEI,
  consent,
  encodeTerms,
  lockAs,
  postAuction,
  auctionedSpec,
  auctionTerms,
} from "./support/assignment.ts";
import {
  commitAs,
  deployed,
  ethers,
  NATIVE,
  nextBlockAt,
  NO_RULES,
  postTask,
  proofFor,
  proveAs,
  REWARD_WEI,
  single,
  SPLIT,
  STAKE_WEI,
  stakeFor,
  TASK,
  taskSpec,
} from "./support/deployment.ts";
import { postSealed, sealDeployed, threeShards } from "./support/seal.ts";

const REJECT = 1n;

after(releaseCurve);

describe("A receiver that refuses coin", () => {
  it("among ten winners keeps nobody else from reward and stake", async () => {
    const d = await deployed();
    const signers = (await ethers.getSigners()).slice(6, 15);
    const { taskId } = await postTask(d, { split: SPLIT.firstValid, winners: 10n, maxProvers: 10n });
    const bad = await ethers.deployContract("PuppetAccount");
    const [vault, market] = [await d.vault.getAddress(), await d.market.getAddress()];
    const deposit = d.vault.interface.encodeFunctionData("depositAndApprove", [
      NATIVE,
      STAKE_WEI,
      market,
      STAKE_WEI,
    ]);
    await bad.execute(vault, STAKE_WEI, deposit, { value: STAKE_WEI });
    await bad.execute(
      market,
      0n,
      d.market.interface.encodeFunctionData("commit", [
        taskId,
        BigInt(ethers.id(await bad.getAddress())) >> 8n,
      ]),
    );
    await commitAs(d, taskId, ...signers);
    await bad.setOnReceive(REJECT, ethers.ZeroAddress, "0x");
    const badProver = { address: await bad.getAddress() };
    const args = single(taskId, 350n, await proofFor(d, taskId, badProver, 350n));
    await bad.execute(market, 0n, d.market.interface.encodeFunctionData("prove", args));
    for (const signer of signers) await proveAs(d, taskId, signer, 350n);
    expect((await d.market.task(taskId)).state).to.equal(TASK.settled);

    const withdraw = d.market.interface.encodeFunctionData("withdraw", [NATIVE]);
    await expect(bad.execute(market, 0n, withdraw)).to.revert(ethers);
    for (const signer of signers) {
      await expect(d.market.connect(signer).withdraw(NATIVE)).to.changeEtherBalances(
        ethers,
        [d.market, signer],
        [-REWARD_WEI / 10n, REWARD_WEI / 10n],
      );
      await d.market.releaseStake(taskId, signer);
    }
    // Its credit waits for it.
    await bad.setOnReceive(0n, ethers.ZeroAddress, "0x");
    await expect(bad.execute(market, 0n, withdraw)).to.changeEtherBalance(ethers, bad, REWARD_WEI / 10n);
    expect(await ethers.provider.getBalance(market)).to.equal(0n);
  });

  it("as the receiver of fees keeps no winner from its reward", async () => {
    const d = await deployed();
    const bad = await ethers.deployContract("PuppetAccount");
    await bad.setOnReceive(REJECT, ethers.ZeroAddress, "0x");
    await d.market.connect(d.owner).setFee(500n, bad);
    const { taskId } = await postTask(d);
    await commitAs(d, taskId, d.alice);
    await proveAs(d, taskId, d.alice, 350n);
    await expect(d.market.connect(d.alice).withdraw(NATIVE)).to.changeEtherBalance(
      ethers,
      d.alice,
      (REWARD_WEI * 95n) / 100n,
    );
  });

  it("as the beneficiary of a slash keeps no locker from slashing, and no other stake from its owner", async () => {
    const d = await assignmentsDeployed();
    const bad = await ethers.deployContract("PuppetAccount");
    const [vault, market] = [await d.vault.getAddress(), await d.market.getAddress()];
    const spec = await auctionedSpec();
    const terms = { ...(await auctionTerms(spec)), exclusiveDeadline: spec.commitDeadline - 1_000n };
    const rules = {
      ...NO_RULES,
      assignment: await d.auction.getAddress(),
      assignmentTerms: encodeTerms(d.auction, "AuctionOpened", terms),
    };
    const post = d.market.interface.encodeFunctionData("postWithRules", [spec, rules]);
    await bad.execute(market, REWARD_WEI, post, { value: REWARD_WEI });
    await bad.setOnReceive(REJECT, ethers.ZeroAddress, "0x");
    const taskId = await d.market.taskCount();
    await lockAs(d, { taskId, spec, terms }, d.alice);
    await nextBlockAt(spec.commitDeadline + 1n);
    await d.market.expire(taskId);
    await d.auction.settleCollateral(taskId);
    expect(await d.vault.creditOf(bad, NATIVE)).to.equal(COLLATERAL_WEI / 2n);
    const withdraw = d.vault.interface.encodeFunctionData("withdrawCredit", [NATIVE]);
    await expect(bad.execute(vault, 0n, withdraw)).to.revert(ethers);
    await expect(d.vault.burnSlashed(NATIVE)).to.changeEtherBalance(
      ethers,
      d.vault,
      -(COLLATERAL_WEI - COLLATERAL_WEI / 2n),
    );
  });
});

describe("A token whose transfers return nothing", () => {
  it("serves as reward, stake and collateral of an auction, to the last unit", async () => {
    const d = await assignmentsDeployed();
    const token = await ethers.deployContract("NoReturnToken");
    const address = await token.getAddress();
    for (const account of [d.poster, d.alice]) {
      await token.mint(account, 10n * REWARD_WEI);
      for (const spender of [d.market, d.vault])
        await token.connect(account).approve(spender, ethers.MaxUint256);
    }
    const auctioned = await postAuction(d, { spec: { rewardToken: address, stakeToken: address } });
    for (const locker of [d.auction, d.market]) await consent(d, d.alice, locker, REWARD_WEI, address);
    await nextBlockAt(auctioned.terms.startsAt);
    await d.auction.connect(d.alice).lock(auctioned.taskId);
    await d.market.connect(d.alice).commit(auctioned.taskId, BigInt(ethers.id(d.alice.address)) >> 8n);
    await proveAs(d, auctioned.taskId, d.alice, 350n);
    await d.auction.settleCollateral(auctioned.taskId);
    await d.market.releaseStake(auctioned.taskId, d.alice);
    await d.market.connect(d.alice).withdraw(address);
    await d.market.connect(d.poster).withdraw(address);
    expect(await token.balanceOf(d.market)).to.equal(0n);
    expect((await d.vault.balanceOf(d.alice, address)).freeWei).to.equal(2n * REWARD_WEI);
    expect(await token.balanceOf(d.vault)).to.equal(2n * REWARD_WEI);
  });
});

describe("A token that takes a fee or lies about failure", () => {
  it("cannot be posted, staked, bonded or put up as collateral", async () => {
    const d = await sealDeployed();
    for (const name of ["FeeOnTransferToken", "FalseReturnToken"]) {
      const token = await ethers.deployContract(name);
      const address = await token.getAddress();
      const minted = await ethers.getContractAt("TestToken", address);
      await minted.mint(d.poster, 10n * REWARD_WEI);
      for (const spender of [d.market, d.vault]) {
        await minted.connect(d.poster).approve(spender, ethers.MaxUint256);
      }
      const spec = { ...(await taskSpec()), rewardToken: address };
      await expect(d.market.connect(d.poster).post(spec)).to.revert(ethers);
      await expect(d.vault.connect(d.poster).deposit(address, REWARD_WEI)).to.revert(ethers);
      // Without a deposit there is nothing to lock: no bond, no collateral.
      await expect(postSealed(d, await threeShards(), { bondToken: address })).to.be.revertedWithCustomError(
        d.vault,
        "StakeVaultLimitExceeded",
      );
      expect(await minted.balanceOf(d.vault)).to.equal(0n);
      expect(await minted.balanceOf(d.market)).to.equal(0n);
    }
  });
});

describe("A token that calls back while a reward moves in", () => {
  it("cannot take another task's money in between", async () => {
    const d = await deployed();
    const token = await ethers.deployContract("ReentrantToken");
    await token.mint(d.poster, 10n);
    await token.connect(d.poster).approve(d.market, 10n);
    const { taskId } = await postTask(d);
    await stakeFor(d, d.alice);
    const spec = { ...(await taskSpec()), rewardToken: await token.getAddress(), rewardWei: 5n };
    await token.callOnTransfer(d.market, d.market.interface.encodeFunctionData("cancel", [taskId]));
    await expect(d.market.connect(d.poster).post(spec)).to.be.revertedWithCustomError(
      d.market,
      "ReentrancyGuardReentrantCall",
    );
    expect(await d.market.taskCount()).to.equal(taskId);
  });
});
