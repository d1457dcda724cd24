import { expect } from "chai";

import {
  commitAs,
  DATA,
  deployed,
  ethers,
  key,
  MIN_CORRECT,
  nextBlockAt,
  postTask,
  proofFor,
  proveAs,
  SAMPLE_COUNT,
  SPLIT,
  statementFor,
  SUBMISSION,
  TASK,
  single,
} from "./support/deployment.ts";
import { randomScalar } from "./support/trapdoor-key.ts";

describe("TaskMarket.prove", () => {
  it("records the accepted proof", async () => {
    const d = await deployed();
    const { market, alice } = d;
    const { taskId, spec } = await postTask(d, { split: SPLIT.bestScore });
    await commitAs(d, taskId, alice);
    const proof = await proofFor(d, taskId, alice, 350n);
    await nextBlockAt(spec.commitDeadline);
    await expect(market.connect(alice).prove(...single(taskId, 350n, proof)))
      .to.emit(market, "ProofAccepted")
      .withArgs(taskId, alice.address, 350n);
    const submission = await market.submission(taskId, alice);
    expect(submission.state).to.equal(SUBMISSION.proven);
    expect(submission.correct).to.equal(350n);
    expect(submission.provenAt).to.equal(spec.commitDeadline);
    const task = await market.task(taskId);
    expect(task.state).to.equal(TASK.proven);
    expect(task.provenCount).to.equal(1n);
    expect(task.totalWeight).to.equal(350n - MIN_CORRECT + 1n);
    expect(task.leader).to.equal(alice.address);
    expect(task.leaderCorrect).to.equal(350n);
  });

  it("publishes the context that a proof must name", async () => {
    const d = await deployed();
    const [context] = await statementFor(d, 1n, d.alice, 350n);
    expect(await d.market.proofContext(1n, d.alice)).to.equal(context);
  });

  it("accepts the threshold and the whole test set, and nothing outside", async () => {
    const d = await deployed();
    const { market, alice, bob } = d;
    const { taskId } = await postTask(d, { split: SPLIT.proRata });
    await commitAs(d, taskId, alice, bob);
    const below = await proofFor(d, taskId, alice, MIN_CORRECT - 1n);
    await expect(market.connect(alice).prove(...single(taskId, MIN_CORRECT - 1n, below)))
      .to.be.revertedWithCustomError(market, "TaskMarketBelowThreshold")
      .withArgs(taskId, MIN_CORRECT - 1n, MIN_CORRECT);
    const above = await proofFor(d, taskId, alice, SAMPLE_COUNT + 1n);
    await expect(market.connect(alice).prove(...single(taskId, SAMPLE_COUNT + 1n, above)))
      .to.be.revertedWithCustomError(market, "TaskMarketCountTooLarge")
      .withArgs(taskId, SAMPLE_COUNT + 1n, SAMPLE_COUNT);
    const largest = 2n ** 32n - 1n;
    await expect(market.connect(alice).prove(...single(taskId, largest, above)))
      .to.be.revertedWithCustomError(market, "TaskMarketCountTooLarge")
      .withArgs(taskId, largest, SAMPLE_COUNT);
    await proveAs(d, taskId, alice, MIN_CORRECT);
    await proveAs(d, taskId, bob, SAMPLE_COUNT);
    expect((await market.task(taskId)).totalWeight).to.equal(1n + SAMPLE_COUNT - MIN_CORRECT + 1n);
  });

  it("is open until the prove deadline and not a second longer", async () => {
    const d = await deployed();
    const { market, alice, bob, carol } = d;
    const { taskId, spec } = await postTask(d, { split: SPLIT.bestScore });
    await commitAs(d, taskId, alice, bob, carol);
    const proofs = [];
    for (const prover of [alice, bob, carol]) proofs.push(await proofFor(d, taskId, prover, 350n));
    await nextBlockAt(spec.proveDeadline - 1n);
    await market.connect(alice).prove(...single(taskId, 350n, proofs[0]!));
    await nextBlockAt(spec.proveDeadline);
    await market.connect(bob).prove(...single(taskId, 350n, proofs[1]!));
    await nextBlockAt(spec.proveDeadline + 1n);
    await expect(market.connect(carol).prove(...single(taskId, 350n, proofs[2]!)))
      .to.be.revertedWithCustomError(market, "TaskMarketDeadlinePassed")
      .withArgs(taskId, spec.proveDeadline, spec.proveDeadline + 1n);
  });

  it("reverts for provers that have not committed", async () => {
    const d = await deployed();
    const { market, alice, bob } = d;
    const { taskId } = await postTask(d);
    await commitAs(d, taskId, alice);
    const proof = await proofFor(d, taskId, bob, 350n);
    await expect(market.connect(bob).prove(...single(taskId, 350n, proof)))
      .to.be.revertedWithCustomError(market, "TaskMarketNotCommitted")
      .withArgs(taskId, bob.address);
  });

  it("takes one proof a prover, even a better one", async () => {
    const d = await deployed();
    const { market, alice } = d;
    const { taskId } = await postTask(d, { split: SPLIT.bestScore });
    await commitAs(d, taskId, alice);
    await proveAs(d, taskId, alice, 350n);
    const better = await proofFor(d, taskId, alice, 351n);
    await expect(market.connect(alice).prove(...single(taskId, 351n, better)))
      .to.be.revertedWithCustomError(market, "TaskMarketAlreadyProven")
      .withArgs(taskId, alice.address);
  });

  it("reverts for a proof of another count", async () => {
    const d = await deployed();
    const { market, alice } = d;
    const { taskId } = await postTask(d);
    await commitAs(d, taskId, alice);
    const proof = await proofFor(d, taskId, alice, 349n);
    await expect(market.connect(alice).prove(...single(taskId, 350n, proof)))
      .to.be.revertedWithCustomError(market, "TaskMarketInvalidProof")
      .withArgs(taskId, alice.address);
  });

  it("reverts for a proof about another model or other data", async () => {
    const d = await deployed();
    const { market, alice } = d;
    const { taskId } = await postTask(d);
    await commitAs(d, taskId, alice);
    const statement = await statementFor(d, taskId, alice, 350n);
    for (const proof of [
      key.prove({ statement: statement.with(1, statement[1]! + 1n), data: DATA }),
      key.prove({ statement, data: randomScalar() }),
    ]) {
      await expect(market.connect(alice).prove(...single(taskId, 350n, proof)))
        .to.be.revertedWithCustomError(market, "TaskMarketInvalidProof")
        .withArgs(taskId, alice.address);
    }
  });

  it("leaves a prover whose proof failed free to try again, its stake untouched", async () => {
    const d = await deployed();
    const { market, vault, alice } = d;
    const { taskId } = await postTask(d);
    await commitAs(d, taskId, alice);
    const balance = await vault.balanceOf(alice, ethers.ZeroAddress);
    const wrong = await proofFor(d, taskId, alice, 349n);
    await expect(market.connect(alice).prove(...single(taskId, 350n, wrong))).to.be.revertedWithCustomError(
      market,
      "TaskMarketInvalidProof",
    );
    expect(await vault.balanceOf(alice, ethers.ZeroAddress)).to.deep.equal(balance);
    await proveAs(d, taskId, alice, 350n);
  });

  it("reverts for tasks that nobody committed to or that have ended", async () => {
    const d = await deployed();
    const { market, poster, alice, bob } = d;
    const anyProof = await proofFor(d, 1n, bob, 350n);
    const expectState = async (taskId: bigint, state: bigint): Promise<void> => {
      await expect(market.connect(bob).prove(...single(taskId, 350n, anyProof)))
        .to.be.revertedWithCustomError(market, "TaskMarketWrongState")
        .withArgs(taskId, state);
    };
    await expectState(1n, TASK.none);
    const cancelled = await postTask(d);
    await expectState(cancelled.taskId, TASK.posted);
    await market.connect(poster).cancel(cancelled.taskId);
    await expectState(cancelled.taskId, TASK.cancelled);

    const settled = await postTask(d);
    await commitAs(d, settled.taskId, alice, bob);
    await proveAs(d, settled.taskId, alice, 350n);
    await expectState(settled.taskId, TASK.settled);

    const expired = await postTask(d);
    await commitAs(d, expired.taskId, bob);
    await nextBlockAt(expired.spec.proveDeadline + 1n);
    await market.expire(expired.taskId);
    await expectState(expired.taskId, TASK.expired);
  });
});
