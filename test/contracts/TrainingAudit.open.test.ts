import { expect } from "chai";

import { ethers, key, MIN_CORRECT, NATIVE, REWARD_WEI, taskSpec } from "./support/deployment.ts";
import {
  initKey,
  MIN_ANSWER_SECONDS,
  postTraining,
  stepKey,
  trainingDeployed,
  trainingRules,
  trainingTerms,
} from "./support/training.ts";

import type { TrainingDeployment, TrainingTerms } from "./support/training.ts";

/** Tries to post with changed terms. */
async function post(d: TrainingDeployment, changes: Partial<TrainingTerms>) {
  const spec = await taskSpec();
  const terms = { ...trainingTerms(spec), ...changes };
  const transaction = d.market
    .connect(d.poster)
    .postWithRules(spec, await trainingRules(d.audit, terms), { value: REWARD_WEI });
  return { spec, transaction };
}

describe("TrainingAudit constructor", () => {
  it("takes the registry from the market", async () => {
    const { audit, market, registry } = await trainingDeployed();
    expect(await audit.market()).to.equal(await market.getAddress());
    expect(await audit.registry()).to.equal(await registry.getAddress());
  });

  it("reverts for the zero address", async () => {
    const { audit } = await trainingDeployed();
    await expect(ethers.deployContract("TrainingAudit", [ethers.ZeroAddress])).to.be.revertedWithCustomError(
      audit,
      "TrainingAuditZeroAddress",
    );
  });
});

describe("TaskMarket.postWithRules, with training proof", () => {
  it("posts a task like any other and fixes its terms", async () => {
    const d = await trainingDeployed();
    const { market, audit, poster } = d;
    const spec = await taskSpec();
    const terms = trainingTerms(spec);
    const call = market.connect(poster).postWithRules;
    const rules = await trainingRules(audit, terms);
    expect(await call.staticCall(spec, rules, { value: REWARD_WEI })).to.equal(1n);
    const transaction = call(spec, rules, { value: REWARD_WEI });
    await expect(transaction).to.emit(market, "TaskPosted");
    await expect(transaction).to.emit(audit, "AuditOpened").withArgs(1n, Object.values(terms));
    const task = await market.task(1n);
    expect(task.trainingAudit).to.equal(await audit.getAddress());
    expect([task.rewardWei, task.minCorrect, task.stakeToken]).to.deep.equal([
      REWARD_WEI,
      MIN_CORRECT,
      NATIVE,
    ]);
    expect(await audit.terms(1n)).to.deep.equal(Object.values(terms));
  });

  it("asks for a stake", async () => {
    const { market, audit, poster } = await trainingDeployed();
    const spec = await taskSpec();
    const rules = await trainingRules(audit, trainingTerms(spec));
    await expect(
      market.connect(poster).postWithRules({ ...spec, stakeWei: 0n }, rules, { value: REWARD_WEI }),
    ).to.be.revertedWithCustomError(market, "TaskMarketZeroStake");
  });

  it("checks the spec as `post` does", async () => {
    const { market, audit, poster } = await trainingDeployed();
    const spec = { ...(await taskSpec()), minCorrect: 0n };
    const rules = await trainingRules(audit, trainingTerms(spec));
    await expect(
      market.connect(poster).postWithRules(spec, rules, { value: REWARD_WEI }),
    ).to.be.revertedWithCustomError(market, "TaskMarketInvalidThreshold");
  });
});

describe("TrainingAudit.open", () => {
  it("is for the market", async () => {
    const { audit, stranger } = await trainingDeployed();
    const spec = await taskSpec();
    const { commitDeadline, proveDeadline } = spec;
    await expect(audit.connect(stranger).open(1n, commitDeadline, proveDeadline, trainingTerms(spec)))
      .to.be.revertedWithCustomError(audit, "TrainingAuditNotMarket")
      .withArgs(stranger.address);
  });

  it("asks for registered keys with the statements of their circuits", async () => {
    const d = await trainingDeployed();
    const { audit, registry } = d;
    for (const field of ["initKeyId", "stepKeyId"] as const) {
      const unknown = ethers.id("unknown");
      await expect((await post(d, { [field]: unknown })).transaction)
        .to.be.revertedWithCustomError(registry, "CircuitRegistryUnknownKey")
        .withArgs(unknown);
    }
    await expect((await post(d, { initKeyId: stepKey.keyId })).transaction)
      .to.be.revertedWithCustomError(audit, "TrainingAuditStatementLength")
      .withArgs(stepKey.keyId, 5n, 3n);
    for (const { keyId } of [initKey, key]) {
      await expect((await post(d, { stepKeyId: keyId })).transaction)
        .to.be.revertedWithCustomError(audit, "TrainingAuditStatementLength")
        .withArgs(keyId, 3n, 5n);
    }
  });

  it("asks for steps", async () => {
    const d = await trainingDeployed();
    for (const changes of [{ epochs: 0n }, { minBatches: 0n }]) {
      await expect((await post(d, changes)).transaction).to.be.revertedWithCustomError(
        d.audit,
        "TrainingAuditNoSteps",
      );
    }
  });

  it("asks for a schedule that halves, from a factor of at most 2^32", async () => {
    const d = await trainingDeployed();
    for (const [learningRateExponent, halvingSteps] of [
      [2n, 0n],
      [33n, 6n],
    ] as const) {
      await expect((await post(d, { learningRateExponent, halvingSteps })).transaction)
        .to.be.revertedWithCustomError(d.audit, "TrainingAuditInvalidSchedule")
        .withArgs(learningRateExponent, halvingSteps);
    }
    await (
      await post(d, { learningRateExponent: 32n, halvingSteps: 1n })
    ).transaction;
  });

  it("draws at least one step, at most 64, and no more than the shortest run has", async () => {
    const d = await trainingDeployed();
    for (const [epochs, drawnSteps, limit] of [
      [4n, 0n, 20n],
      [4n, 21n, 20n],
      [40n, 65n, 64n],
    ] as const) {
      await expect((await post(d, { epochs, drawnSteps })).transaction)
        .to.be.revertedWithCustomError(d.audit, "TrainingAuditInvalidDrawnSteps")
        .withArgs(drawnSteps, limit);
    }
    await (
      await post(d, { drawnSteps: 20n })
    ).transaction;
    await (
      await post(d, { epochs: 40n, drawnSteps: 64n })
    ).transaction;
  });

  it("gives provers at least half an hour to answer, and no longer than to prove", async () => {
    const d = await trainingDeployed();
    const { commitDeadline, proveDeadline } = await taskSpec();
    const earliest = commitDeadline + MIN_ANSWER_SECONDS;
    for (const [answerDeadline, isValid] of [
      [earliest - 60n, false],
      [proveDeadline + 60n, false],
      [earliest + 60n, true],
      [proveDeadline - 60n, true],
    ] as const) {
      const { spec, transaction } = await post(d, { answerDeadline });
      if (isValid) await transaction;
      else {
        await expect(transaction)
          .to.be.revertedWithCustomError(d.audit, "TrainingAuditInvalidAnswerDeadline")
          .withArgs(answerDeadline, spec.commitDeadline + MIN_ANSWER_SECONDS, spec.proveDeadline);
      }
    }
  });

  it("accepts both limits of the answer deadline", async () => {
    const d = await trainingDeployed();
    const spec = await taskSpec();
    for (const answerDeadline of [spec.commitDeadline + MIN_ANSWER_SECONDS, spec.proveDeadline]) {
      const { taskId } = await postTraining(d, { answerDeadline }, spec);
      expect((await d.audit.terms(taskId)).answerDeadline).to.equal(answerDeadline);
    }
    for (const answerDeadline of [spec.commitDeadline + MIN_ANSWER_SECONDS - 1n, spec.proveDeadline + 1n]) {
      await expect(postTraining(d, { answerDeadline }, spec)).to.be.revertedWithCustomError(
        d.audit,
        "TrainingAuditInvalidAnswerDeadline",
      );
    }
  });

  it("knows the learning rate of every step", async () => {
    const d = await trainingDeployed();
    const { taskId } = await postTraining(d);
    expect(await d.audit.learningRateFactorAt(taskId, 5n)).to.equal(4n);
    expect(await d.audit.learningRateFactorAt(taskId, 6n)).to.equal(2n);
    await expect(d.audit.learningRateFactorAt(9n, 5n))
      .to.be.revertedWithCustomError(d.audit, "TrainingAuditUnknownTask")
      .withArgs(9n);
  });
});
