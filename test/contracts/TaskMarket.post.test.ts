import { expect } from "chai";

import { FIELD_ORDER } from "../../prover/src/field.ts";
import {
  deployed,
  deployMarket,
  ethers,
  key,
  NATIVE,
  networkHelpers,
  nextBlockAt,
  postTask,
  REWARD_WEI,
  SPLIT,
  STAKE_WEI,
  TASK,
  taskSpec,
} from "./support/deployment.ts";
import { BASE_FIELD_ORDER, drawTrapdoor, G1_INFINITY, TrapdoorKey } from "./support/trapdoor-key.ts";

import type { Result } from "ethers";

import type { TaskSpec } from "./support/deployment.ts";
import type { G1Point } from "./support/trapdoor-key.ts";

const MAX_TASK_SECONDS = 365n * 24n * 3600n;

/** The spec as an array, as events and typechain want it. */
function specValues(spec: TaskSpec): unknown[] {
  return Object.values(spec).map((value) => (Array.isArray(value) ? value.map(Object.values) : value));
}

describe("TaskMarket constructor", () => {
  it("fixes the registry and the vault", async () => {
    const { market, registry, vault } = await deployed();
    expect(await market.registry()).to.equal(await registry.getAddress());
    expect(await market.vault()).to.equal(await vault.getAddress());
  });

  it("reverts for the zero address", async () => {
    const { market, registry, vault, owner } = await deployed();
    for (const [registryOrZero, vaultOrZero] of [
      [ethers.ZeroAddress, vault],
      [registry, ethers.ZeroAddress],
    ]) {
      await expect(deployMarket(registryOrZero!, vaultOrZero!, owner)).to.be.revertedWithCustomError(
        market,
        "TaskMarketZeroAddress",
      );
    }
    await expect(deployMarket(registry, vault, ethers.ZeroAddress))
      .to.be.revertedWithCustomError(market, "OwnableInvalidOwner")
      .withArgs(ethers.ZeroAddress);
  });
});

describe("TaskMarket.post", () => {
  it("escrows native coin, records the task and reports all of it", async () => {
    const { market, poster } = await deployed();
    const spec = await taskSpec();
    expect(await market.connect(poster).post.staticCall(spec, { value: REWARD_WEI })).to.equal(1n);
    const transaction = market.connect(poster).post(spec, { value: REWARD_WEI });
    await expect(transaction)
      .to.emit(market, "TaskPosted")
      .withArgs(1n, poster.address, key.keyId, specValues(spec));
    await expect(transaction).to.changeEtherBalances(ethers, [poster, market], [-REWARD_WEI, REWARD_WEI]);

    const task = await market.task(1n);
    expect((task as unknown as Result).toObject(true)).to.deep.equal({
      poster: poster.address,
      state: TASK.posted,
      split: SPLIT.firstValid,
      maxProvers: 3n,
      proverCount: 0n,
      provenCount: 0n,
      claimedCount: 0n,
      rewardToken: NATIVE,
      rewardWei: REWARD_WEI,
      stakeToken: NATIVE,
      stakeWei: STAKE_WEI,
      commitDeadline: spec.commitDeadline,
      proveDeadline: spec.proveDeadline,
      sampleCount: spec.sampleCount,
      minCorrect: spec.minCorrect,
      paidWei: 0n,
      leader: ethers.ZeroAddress,
      leaderCorrect: 0n,
      totalWeight: 0n,
      trainingAudit: ethers.ZeroAddress,
      winners: 1n,
      feeBps: 0n,
      shardCount: 1n,
      assignment: ethers.ZeroAddress,
      seal: ethers.ZeroAddress,
      dataPointer: task.dataPointer,
      keyId: key.keyId,
      architectureId: spec.architectureId,
      documentHash: spec.documentHash,
    });
    expect(await market.taskCount()).to.equal(1n);
    expect(await market.proverCount(1n)).to.equal(0n);
  });

  it("escrows tokens", async () => {
    const d = await deployed();
    const { market, token, poster } = d;
    const spec = { ...(await taskSpec()), rewardToken: await token.getAddress() };
    await expect(market.connect(poster).post(spec)).to.changeTokenBalances(
      ethers,
      token,
      [poster, market],
      [-REWARD_WEI, REWARD_WEI],
    );
    expect((await market.task(1n)).rewardToken).to.equal(spec.rewardToken);
  });

  it("escrows tokens whose transfers return nothing", async () => {
    const { market, poster } = await deployed();
    const token = await ethers.deployContract("NoReturnToken");
    await token.mint(poster, REWARD_WEI);
    await token.connect(poster).approve(market, REWARD_WEI);
    await market.connect(poster).post({ ...(await taskSpec()), rewardToken: await token.getAddress() });
    expect(await token.balanceOf(market)).to.equal(REWARD_WEI);
  });

  it("numbers tasks from 1", async () => {
    const d = await deployed();
    expect((await postTask(d)).taskId).to.equal(1n);
    expect((await postTask(d)).taskId).to.equal(2n);
  });

  it("knows nothing of tasks that were not posted", async () => {
    const { market } = await deployed();
    expect((await market.task(1n)).state).to.equal(TASK.none);
    expect((await market.task(0n)).poster).to.equal(ethers.ZeroAddress);
  });

  it("reverts when the native coin sent is not the reward", async () => {
    const { market, token } = await deployed();
    const spec = await taskSpec();
    for (const value of [0n, REWARD_WEI - 1n, REWARD_WEI + 1n]) {
      await expect(market.post(spec, { value }))
        .to.be.revertedWithCustomError(market, "TaskMarketValueMismatch")
        .withArgs(value, REWARD_WEI);
    }
    await expect(market.post({ ...spec, rewardToken: await token.getAddress() }, { value: 1n }))
      .to.be.revertedWithCustomError(market, "TaskMarketValueMismatch")
      .withArgs(1n, 0n);
  });

  it("refuses tokens that take a fee", async () => {
    const { market, poster } = await deployed();
    const token = await ethers.deployContract("FeeOnTransferToken");
    await token.mint(poster, REWARD_WEI);
    await token.connect(poster).approve(market, REWARD_WEI);
    const spec = { ...(await taskSpec()), rewardToken: await token.getAddress() };
    await expect(market.connect(poster).post(spec))
      .to.be.revertedWithCustomError(market, "TaskMarketTransferMismatch")
      .withArgs(spec.rewardToken, REWARD_WEI - 1n, REWARD_WEI);
  });

  it("refuses tokens that report failure by returning false", async () => {
    const { market } = await deployed();
    const token = await ethers.deployContract("FalseReturnToken");
    const spec = { ...(await taskSpec()), rewardToken: await token.getAddress() };
    await expect(market.post(spec))
      .to.be.revertedWithCustomError(market, "SafeERC20FailedOperation")
      .withArgs(spec.rewardToken);
  });

  it("does not take coin that is merely sent", async () => {
    const { market, alice } = await deployed();
    await expect(alice.sendTransaction({ to: market, value: 1n })).to.revert(ethers);
  });

  describe("checks the spec", () => {
    async function expectRefused(
      change: Partial<TaskSpec>,
      error: string,
      args: readonly unknown[],
    ): Promise<void> {
      const { market } = await deployed();
      const posting = await ethers.getContractAt("TaskPosting", market);
      const spec = { ...(await taskSpec()), ...change };
      const refused = expect(market.post(spec, { value: spec.rewardWei })).to.be.revertedWithCustomError(
        posting,
        error,
      );
      await (args.length === 0 ? refused : refused.withArgs(...args));
    }

    it("asks for a reward", async () => {
      await expectRefused({ rewardWei: 0n }, "TaskMarketZeroReward", []);
    });

    it("asks for amounts of 96 bits", async () => {
      const tooMuch = 2n ** 96n;
      await expectRefused({ stakeWei: tooMuch }, "SafeCastOverflowedUintDowncast", [96n, tooMuch]);
      const { market, token } = await deployed();
      const posting = await ethers.getContractAt("TaskPosting", market);
      const spec = { ...(await taskSpec()), rewardToken: await token.getAddress(), rewardWei: tooMuch };
      await expect(market.post(spec))
        .to.be.revertedWithCustomError(posting, "SafeCastOverflowedUintDowncast")
        .withArgs(96n, tooMuch);
    });

    it("asks for a registered key", async () => {
      const keyId = ethers.id("unknown");
      await expectRefused({ keyId }, "TaskMarketUnknownKey", [keyId]);
    });

    it("asks for a key with the statement of an accuracy proof", async () => {
      const { registry, market } = await deployed();
      for (const length of [2, 4]) {
        const other = new TrapdoorKey(drawTrapdoor(length));
        await registry.addKey(other.bytes);
        const spec = { ...(await taskSpec()), keyId: other.keyId };
        await expect(market.post(spec, { value: spec.rewardWei }))
          .to.be.revertedWithCustomError(market, "TaskMarketStatementLength")
          .withArgs(other.keyId, length, 3n);
      }
    });

    it("asks for a finite data point on the curve", async () => {
      const [{ x, y }] = (await taskSpec()).dataPoints as [G1Point];
      await expectRefused({ dataPoints: [G1_INFINITY] }, "Bn254PointAtInfinity", []);
      await expectRefused({ dataPoints: [{ x, y: y + 1n }] }, "Bn254NotOnCurve", [x, y + 1n]);
      const alias = x + BASE_FIELD_ORDER;
      await expectRefused({ dataPoints: [{ x: alias, y }] }, "Bn254CoordinateTooLarge", [alias]);
    });

    it("asks for a threshold between 1 and the number of samples", async () => {
      for (const [minCorrect, sampleCount] of [
        [0n, 360n],
        [361n, 360n],
        [0n, 0n],
        [1n, 0n],
      ] as const) {
        await expectRefused({ minCorrect, sampleCount }, "TaskMarketInvalidThreshold", [
          minCorrect,
          sampleCount,
        ]);
      }
      const d = await deployed();
      await postTask(d, { minCorrect: 1n, sampleCount: 1n });
      await postTask(d, { minCorrect: 360n, sampleCount: 360n });
    });

    it("asks for a commit deadline in the future", async () => {
      const { market } = await deployed();
      const spec = await taskSpec();
      const { commitDeadline } = spec;
      for (const now of [commitDeadline + 1n, commitDeadline]) {
        const snapshot = await networkHelpers.takeSnapshot();
        await nextBlockAt(now);
        await expect(market.post(spec, { value: REWARD_WEI }))
          .to.be.revertedWithCustomError(market, "TaskMarketInvalidCommitDeadline")
          .withArgs(commitDeadline, now);
        await snapshot.restore();
      }
      await nextBlockAt(commitDeadline - 1n);
      await market.post(spec, { value: REWARD_WEI });
    });

    it("asks for a prove deadline after the commit deadline, within a year", async () => {
      const { market } = await deployed();
      expect(await market.MAX_TASK_SECONDS()).to.equal(MAX_TASK_SECONDS);
      const spec = await taskSpec();
      const { commitDeadline } = spec;
      const now = commitDeadline - 100n;
      const latest = now + MAX_TASK_SECONDS;
      for (const proveDeadline of [commitDeadline - 1n, commitDeadline, latest + 1n]) {
        const snapshot = await networkHelpers.takeSnapshot();
        await nextBlockAt(now);
        await expect(market.post({ ...spec, proveDeadline }, { value: REWARD_WEI }))
          .to.be.revertedWithCustomError(market, "TaskMarketInvalidProveDeadline")
          .withArgs(proveDeadline, commitDeadline, latest);
        await snapshot.restore();
      }
      for (const proveDeadline of [commitDeadline + 1n, latest]) {
        const snapshot = await networkHelpers.takeSnapshot();
        await nextBlockAt(now);
        await market.post({ ...spec, proveDeadline }, { value: REWARD_WEI });
        await snapshot.restore();
      }
    });

    it("asks for provers, at most the limit", async () => {
      const limit = 1_000n;
      await expectRefused({ maxProvers: 0n }, "TaskMarketInvalidMaxProvers", [0n, limit]);
      await expectRefused({ maxProvers: limit + 1n }, "TaskMarketInvalidMaxProvers", [limit + 1n, limit]);
      const d = await deployed();
      expect(await d.market.MAX_PROVERS()).to.equal(limit);
      await postTask(d, { maxProvers: limit });
    });

    it("asks for an architecture id in the field", async () => {
      await expectRefused({ architectureId: FIELD_ORDER }, "TaskMarketNotInField", [FIELD_ORDER]);
      await postTask(await deployed(), { architectureId: FIELD_ORDER - 1n });
    });

    it("knows no other split", async () => {
      const { market } = await deployed();
      const spec = { ...(await taskSpec()), split: 3n };
      await expect(market.post(spec, { value: REWARD_WEI })).to.revert(ethers);
    });
  });
});
