import { expect } from "chai";

import { releaseCurve } from "../../prover/src/proof/multi-exponentiation.ts";
import { chunkAnswer } from "../../prover/src/seal/opening.ts";
import { openingCase } from "../support/opening-cases.ts";
import { ethers, NATIVE, nextBlockAt } from "./support/deployment.ts";
import {
  DEMAND_WEI,
  FORFEIT,
  openCase,
  postSealed,
  sealDeployed,
  type SealDeployment,
  type SealedTask,
  type SealedWords,
  threeShards,
  wrongAt,
} from "./support/seal.ts";

let words: SealedWords;
before(async () => (words = await threeShards()));
after(releaseCurve);

/** A revealed task to which alice and bob have committed. */
async function revealed(): Promise<{ d: SealDeployment; task: SealedTask }> {
  const d = await sealDeployed();
  const task = await postSealed(d, words);
  await task.commitAndReveal([d.alice, d.bob]);
  return { d, task };
}

describe("TestSetSeal.demand", () => {
  it("asks for a chunk and locks the prover's stake", async () => {
    const { d, task } = await revealed();
    const lockId = 4n; // after those of the bond and of two commitments
    const transaction = task.demand(d.alice, 1);
    await expect(transaction)
      .to.emit(d.seal, "ChunkDemanded")
      .withArgs(task.taskId, 1n, d.alice.address, lockId);
    await expect(transaction)
      .to.emit(d.vault, "StakeLocked")
      .withArgs(lockId, await d.seal.getAddress(), d.alice.address, NATIVE, DEMAND_WEI);
    expect(await d.seal.demandOf(task.taskId, 1n)).to.deep.equal([d.alice.address, lockId]);
    expect(await d.seal.demandOf(task.taskId, 0n)).to.deep.equal([ethers.ZeroAddress, 0n]);
    expect((await d.seal.sealedSet(task.taskId)).openDemands).to.equal(1n);
  });

  it("is for provers that committed", async () => {
    const { d, task } = await revealed();
    for (const caller of [d.poster, d.carol]) {
      await expect(task.demand(caller))
        .to.be.revertedWithCustomError(d.seal, "TestSetSealNotCommitted")
        .withArgs(task.taskId, caller.address);
    }
  });

  it("is made after the reveal", async () => {
    const d = await sealDeployed();
    const task = await postSealed(d, words);
    await task.commit(d.alice);
    await expect(task.demand(d.alice))
      .to.be.revertedWithCustomError(d.seal, "TestSetSealNotRevealed")
      .withArgs(task.taskId);
    await expect(d.seal.connect(d.alice).demand(99n, 0n))
      .to.be.revertedWithCustomError(d.seal, "TestSetSealUnknownTask")
      .withArgs(99n);
  });

  it("is made until the first window ends and not a second longer", async () => {
    const { d, task } = await revealed();
    await nextBlockAt(task.demandDeadline);
    await task.demand(d.alice, 0);
    await nextBlockAt(task.demandDeadline + 1n);
    await expect(task.demand(d.alice, 1))
      .to.be.revertedWithCustomError(d.seal, "TestSetSealDeadlinePassed")
      .withArgs(task.taskId, task.demandDeadline, task.demandDeadline + 1n);
  });

  it("is made once for each chunk, answered or not", async () => {
    const { d, task } = await revealed();
    await task.demand(d.alice);
    for (const isAnswered of [false, true]) {
      if (isAnswered) await task.answer();
      await expect(task.demand(d.bob))
        .to.be.revertedWithCustomError(d.seal, "TestSetSealAlreadyDemanded")
        .withArgs(task.taskId, 0n);
    }
  });

  it("names a chunk of the opening", async () => {
    const { d, task } = await revealed();
    await expect(task.demand(d.alice, 2))
      .to.be.revertedWithCustomError(d.seal, "TestSetSealUnknownChunk")
      .withArgs(task.taskId, 2n, 2n);
  });

  it("needs the prover's stake and its consent", async () => {
    const { d, task } = await revealed();
    await d.vault.connect(d.alice).approveLocker(d.seal, NATIVE, DEMAND_WEI - 1n);
    await expect(task.demand(d.alice))
      .to.be.revertedWithCustomError(d.vault, "StakeVaultLimitExceeded")
      .withArgs(d.alice.address, await d.seal.getAddress(), DEMAND_WEI - 1n, DEMAND_WEI);
    await task.demand(d.bob);
  });
});

describe("TestSetSeal.answer", () => {
  it("shows the chunk and takes the demand's stake: half burned, half the poster's", async () => {
    const { d, task } = await revealed();
    const { vault, seal, poster } = d;
    const sealAddress = await seal.getAddress();
    await task.demand(d.alice, 1);
    const { lockId } = await seal.demandOf(task.taskId, 1n);
    const transaction = task.answer(1);
    const { values, path } = chunkAnswer(words.opening, 1);
    expect(values).to.have.length(7);
    await expect(transaction)
      .to.emit(seal, "ChunkAnswered")
      .withArgs(
        task.taskId,
        1n,
        values.map(({ word, partialSum: { x, y } }) => [word, [x, y]]),
        path,
      );
    await expect(transaction)
      .to.emit(vault, "StakeSlashed")
      .withArgs(
        lockId,
        sealAddress,
        d.alice.address,
        NATIVE,
        poster.address,
        DEMAND_WEI / 2n,
        DEMAND_WEI / 2n,
      );
    await expect(transaction)
      .to.emit(vault, "StakeReleased")
      .withArgs(lockId, sealAddress, d.alice.address, NATIVE, 0n);
    expect(await vault.creditOf(poster, NATIVE)).to.equal(DEMAND_WEI / 2n);
    expect(await seal.demandOf(task.taskId, 1n)).to.deep.equal([d.alice.address, 0n]);
    expect((await seal.sealedSet(task.taskId)).openDemands).to.equal(0n);
  });

  it("is taken of openings of any size", async () => {
    for (const [shards, wordsPerShard] of [
      [1, 1],
      [1, 2],
      [2, 15],
      [1, 31],
      [4, 8],
      [3, 11],
      [1, 33],
      [2, 33],
      [1, 97],
    ] as const) {
      const d = await sealDeployed();
      const task = await postSealed(d, await openCase(openingCase("any size", shards, wordsPerShard)));
      await task.commitAndReveal([d.alice]);
      for (let chunk = 0; chunk < Number(await d.seal.chunkCount(task.taskId)); chunk++) {
        await task.demand(d.alice, chunk);
        await expect(task.answer(chunk), `chunk ${chunk} of ${shards} × ${wordsPerShard}`).to.emit(
          d.seal,
          "ChunkAnswered",
        );
      }
    }
  });

  it("is taken until the second window ends and not a second longer", async () => {
    const { d, task } = await revealed();
    await task.demand(d.alice, 0);
    await task.demand(d.alice, 1);
    await nextBlockAt(task.answerDeadline);
    await task.answer(0);
    await nextBlockAt(task.answerDeadline + 1n);
    await expect(task.answer(1))
      .to.be.revertedWithCustomError(d.seal, "TestSetSealDeadlinePassed")
      .withArgs(task.taskId, task.answerDeadline, task.answerDeadline + 1n);
  });

  it("is taken of open demands, once", async () => {
    const { d, task } = await revealed();
    await expect(task.answer())
      .to.be.revertedWithCustomError(d.seal, "TestSetSealNotDemanded")
      .withArgs(task.taskId, 0n);
    await task.demand(d.alice);
    await task.answer();
    await expect(task.answer())
      .to.be.revertedWithCustomError(d.seal, "TestSetSealNotDemanded")
      .withArgs(task.taskId, 0n);
  });

  it("has all values of the chunk, no others, and its path", async () => {
    const { d, task } = await revealed();
    const { seal, stranger } = d;
    await task.demand(d.alice, 0);
    await task.demand(d.alice, 1);
    const [first, last] = [chunkAnswer(words.opening, 0), chunkAnswer(words.opening, 1)];
    const answer = (chunk: number, values: typeof first.values, path: readonly string[]) =>
      seal.connect(stranger).answer(task.taskId, chunk, [...values], [...path]);
    for (const [chunk, values, length, required] of [
      [0, first.values.slice(1), 31n, 32n],
      [0, [], 0n, 32n],
      [0, [...first.values, last.values[0]!], 33n, 32n],
      [1, first.values, 32n, 7n],
      [1, last.values.slice(1), 6n, 7n],
    ] as const) {
      await expect(answer(chunk, values, first.path))
        .to.be.revertedWithCustomError(seal, "TestSetSealAnswerLength")
        .withArgs(length, required);
    }
    for (const path of [[], [...first.path, ethers.ZeroHash]]) {
      await expect(answer(0, first.values, path))
        .to.be.revertedWithCustomError(seal, "MerkleVectorPathLength")
        .withArgs(BigInt(path.length), 1n);
    }
    const wrong = chunkAnswer(wrongAt(words, 5), 0);
    const [one, two, ...others] = first.values;
    for (const [values, path] of [
      [wrong.values, wrong.path],
      [[two!, one!, ...others], first.path],
      [first.values, last.path],
      [first.values.map((value) => ({ ...value, partialSum: { x: 0n, y: 0n } })), first.path],
    ] as const) {
      await expect(answer(0, values, path))
        .to.be.revertedWithCustomError(seal, "TestSetSealNotInOpening")
        .withArgs(task.taskId, 0n);
    }
    await expect(answer(1, wrong.values.slice(0, 7), last.path))
      .to.be.revertedWithCustomError(seal, "TestSetSealNotInOpening")
      .withArgs(task.taskId, 32n);
  });
});

describe("Demands and answers", () => {
  it("are over once the bond is lost, claimed or released", async () => {
    const { d, task } = await revealed();
    const refused = async (error: string): Promise<void> => {
      for (const call of [async () => await task.demand(d.bob, 1), async () => await task.answer(0)]) {
        await expect(call()).to.be.revertedWithCustomError(d.seal, error).withArgs(task.taskId);
      }
    };
    await task.demand(d.alice, 0);
    await nextBlockAt(task.answerDeadline + 1n);
    await task.forfeit();
    await refused("TestSetSealForfeited");
    for (const prover of [d.alice, d.bob]) await task.claimBond(prover);
    await refused("TestSetSealNoBond");
  });
});

describe("TestSetSeal.forfeit, of a demand without an answer", () => {
  it("takes the bond after the second window, to the second", async () => {
    const { d, task } = await revealed();
    await task.demand(d.alice, 0);
    await task.demand(d.alice, 1);
    await task.answer(0);
    for (const timestamp of [task.answerDeadline - 1n, task.answerDeadline]) {
      await nextBlockAt(timestamp);
      await expect(task.forfeit())
        .to.be.revertedWithCustomError(d.seal, "TestSetSealDeadlineNotPassed")
        .withArgs(task.taskId, task.answerDeadline, timestamp);
    }
    await nextBlockAt(task.answerDeadline + 1n);
    await expect(task.forfeit())
      .to.emit(d.seal, "BondForfeited")
      .withArgs(task.taskId, FORFEIT.demandUnanswered);
    expect(await d.seal.hasForfeited(task.taskId)).to.equal(true);
    await expect(task.forfeit())
      .to.be.revertedWithCustomError(d.seal, "TestSetSealForfeited")
      .withArgs(task.taskId);
  });

  it("is refused when all demands were answered, or none was made", async () => {
    for (const isDemanded of [false, true]) {
      const { d, task } = await revealed();
      if (isDemanded) {
        await task.demand(d.alice);
        await task.answer();
      }
      await nextBlockAt(task.answerDeadline + 1n);
      await expect(task.forfeit())
        .to.be.revertedWithCustomError(d.seal, "TestSetSealNothingToForfeit")
        .withArgs(task.taskId);
    }
  });
});

describe("TestSetSeal.releaseDemand", () => {
  it("gives back the stake of a demand that was not answered", async () => {
    const { d, task } = await revealed();
    await task.demand(d.alice);
    const { lockId } = await d.seal.demandOf(task.taskId, 0n);
    await nextBlockAt(task.answerDeadline + 1n);
    await task.forfeit();
    const transaction = task.releaseDemand();
    await expect(transaction).to.emit(d.seal, "DemandReleased").withArgs(task.taskId, 0n, d.alice.address);
    await expect(transaction)
      .to.emit(d.vault, "StakeReleased")
      .withArgs(lockId, await d.seal.getAddress(), d.alice.address, NATIVE, DEMAND_WEI);
    await expect(task.releaseDemand())
      .to.be.revertedWithCustomError(d.seal, "TestSetSealNotDemanded")
      .withArgs(task.taskId, 0n);
  });

  it("is refused while the bond is not lost", async () => {
    const { d, task } = await revealed();
    await task.demand(d.alice);
    await expect(task.releaseDemand())
      .to.be.revertedWithCustomError(d.seal, "TestSetSealNotForfeited")
      .withArgs(task.taskId);
  });

  it("frees all demands, whatever the bond was lost for and whoever took it already", async () => {
    const { d, task } = await revealed();
    await task.demand(d.alice, 0);
    await task.demand(d.bob, 1);
    await nextBlockAt(task.answerDeadline + 1n);
    await task.forfeit();
    for (const prover of [d.alice, d.bob]) await task.claimBond(prover);
    for (const chunk of [0, 1]) await task.releaseDemand(chunk);
    expect((await d.seal.sealedSet(task.taskId)).openDemands).to.equal(0n);
    for (const prover of [d.alice, d.bob]) {
      expect((await d.vault.approvalOf(prover, d.seal, NATIVE)).lockedWei).to.equal(0n);
    }
  });
});
