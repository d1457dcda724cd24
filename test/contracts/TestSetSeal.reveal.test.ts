import { expect } from "chai";

import { releaseCurve } from "../../prover/src/proof/multi-exponentiation.ts";
import { ethers, modelCommitmentOf, nextBlockAt, TASK } from "./support/deployment.ts";
import {
  faultOf,
  postSealed,
  sealDeployed,
  type SealDeployment,
  type SealedTask,
  type SealedWords,
  threeShards,
  wrongAt,
} from "./support/seal.ts";
import { openingRoot } from "../../prover/src/seal/opening.ts";

let words: SealedWords;
before(async () => (words = await threeShards()));
after(releaseCurve);

/** A task to which alice has committed. */
async function committed(): Promise<{ d: SealDeployment; task: SealedTask }> {
  const d = await sealDeployed();
  const task = await postSealed(d, words);
  await task.commit(d.alice);
  return { d, task };
}

describe("TestSetSeal.reveal", () => {
  it("publishes the opening's root and where the data are", async () => {
    const { d, task } = await committed();
    await nextBlockAt(task.spec.commitDeadline + 1n);
    await expect(task.reveal())
      .to.emit(d.seal, "TestSetRevealed")
      .withArgs(task.taskId, words.openingRoot, "ipfs://reveal");
    expect(await d.seal.isRevealed(task.taskId)).to.equal(true);
    expect((await d.seal.sealedSet(task.taskId)).openingRoot).to.equal(words.openingRoot);
  });

  it("is for the poster", async () => {
    const { d, task } = await committed();
    await nextBlockAt(task.spec.commitDeadline + 1n);
    await expect(task.reveal(words.openingRoot, d.alice))
      .to.be.revertedWithCustomError(d.seal, "TestSetSealNotPoster")
      .withArgs(task.taskId, d.alice.address, d.poster.address);
  });

  it("waits until nobody can commit any more, to the second", async () => {
    const { d, task } = await committed();
    const { commitDeadline } = task.spec;
    for (const timestamp of [commitDeadline - 1n, commitDeadline]) {
      await nextBlockAt(timestamp);
      await expect(task.reveal())
        .to.be.revertedWithCustomError(d.seal, "TestSetSealDeadlineNotPassed")
        .withArgs(task.taskId, commitDeadline, timestamp);
    }
    await nextBlockAt(commitDeadline + 1n);
    await task.reveal();
    await expect(d.market.connect(d.bob).commit(task.taskId, modelCommitmentOf(d.bob)))
      .to.be.revertedWithCustomError(d.market, "TaskMarketDeadlinePassed")
      .withArgs(task.taskId, commitDeadline, commitDeadline + 2n);
  });

  it("is taken until the unseal deadline and not a second longer", async () => {
    const { d, task } = await committed();
    const late = await postSealed(d, words, {}, { ...task.spec });
    await late.commit(d.alice);
    await nextBlockAt(task.unsealDeadline);
    await task.reveal();
    await nextBlockAt(late.unsealDeadline + 1n);
    await expect(late.reveal())
      .to.be.revertedWithCustomError(d.seal, "TestSetSealDeadlinePassed")
      .withArgs(late.taskId, late.unsealDeadline, late.unsealDeadline + 1n);
  });

  it("is taken once, of a root that is not zero", async () => {
    const { d, task } = await committed();
    await nextBlockAt(task.spec.commitDeadline + 1n);
    await expect(task.reveal(ethers.ZeroHash)).to.be.revertedWithCustomError(d.seal, "TestSetSealZeroRoot");
    await task.reveal();
    await expect(task.reveal(ethers.id("another")))
      .to.be.revertedWithCustomError(d.seal, "TestSetSealAlreadyRevealed")
      .withArgs(task.taskId);
  });

  it("is refused for a task to which nobody committed, and one without a sealed test set", async () => {
    const d = await sealDeployed();
    const task = await postSealed(d, words);
    await nextBlockAt(task.spec.commitDeadline + 1n);
    await expect(task.reveal())
      .to.be.revertedWithCustomError(d.seal, "TestSetSealNobodyCommitted")
      .withArgs(task.taskId);
    await expect(d.seal.connect(d.poster).reveal(99n, words.openingRoot, ""))
      .to.be.revertedWithCustomError(d.seal, "TestSetSealUnknownTask")
      .withArgs(99n);
  });
});

describe("TaskMarket.prove, with a sealed test set", () => {
  it("is refused before the reveal and accepted after it", async () => {
    const { d, task } = await committed();
    await expect(task.prove(d.alice))
      .to.be.revertedWithCustomError(d.market, "TaskMarketNotRevealed")
      .withArgs(task.taskId);
    await nextBlockAt(task.spec.commitDeadline + 1n);
    await task.reveal();
    await expect(task.prove(d.alice))
      .to.emit(d.market, "ProofAccepted")
      .withArgs(task.taskId, d.alice.address, 360n);
    expect((await d.market.task(task.taskId)).state).to.equal(TASK.settled);
  });

  it("is refused for ever when the bond is lost unrevealed; the task expires at once", async () => {
    const { d, task } = await committed();
    await nextBlockAt(task.unsealDeadline + 1n);
    await task.forfeit();
    expect(await d.seal.isRevealed(task.taskId)).to.equal(false);
    await expect(task.prove(d.alice))
      .to.be.revertedWithCustomError(d.market, "TaskMarketNotRevealed")
      .withArgs(task.taskId);
    await d.market.expire(task.taskId);
    expect((await d.market.task(task.taskId)).state).to.equal(TASK.expired);
  });

  it("is accepted although the bond is lost for what was revealed", async () => {
    const { d, task } = await committed();
    const wrong = wrongAt(words, 20);
    await nextBlockAt(task.spec.commitDeadline + 1n);
    await task.reveal(openingRoot(wrong));
    await task.dispute(await faultOf(words, wrong));
    await expect(d.market.expire(task.taskId)).to.be.revertedWithCustomError(
      d.market,
      "TaskMarketDeadlineNotPassed",
    );
    expect(await d.seal.isRevealed(task.taskId)).to.equal(true);
    await task.prove(d.alice);
    expect((await d.market.task(task.taskId)).state).to.equal(TASK.settled);
  });
});
