import { expect } from "chai";

import { releaseCurve } from "../../prover/src/proof/multi-exponentiation.ts";
import type { StepClaim } from "../../prover/src/seal/find-fault.ts";
import { openingRoot } from "../../prover/src/seal/opening.ts";
import { ethers, NATIVE, networkHelpers, nextBlockAt } from "./support/deployment.ts";
import {
  BOND_WEI,
  faultOf,
  FORFEIT,
  postSealed,
  sealDeployed,
  type SealDeployment,
  SealedTask,
  type SealedWords,
  stepArgument,
  threeShards,
  wrongAt,
} from "./support/seal.ts";

import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import type { ContractTransactionResponse } from "ethers";

let words: SealedWords;
before(async () => (words = await threeShards()));
after(releaseCurve);

interface Game {
  readonly d: SealDeployment;
  readonly task: SealedTask;
  readonly provers: readonly HardhatEthersSigner[];
}

/** A task to which the first accounts have committed. */
async function committed(proverCount = 1): Promise<Game> {
  const d = await sealDeployed();
  const task = await postSealed(d, words);
  const provers = [d.alice, d.bob, d.carol].slice(0, proverCount);
  await task.commit(...provers);
  return { d, task, provers };
}

/** A task whose poster did not reveal and lost its bond. */
async function forfeited(proverCount: number): Promise<Game> {
  const game = await committed(proverCount);
  await nextBlockAt(game.task.unsealDeadline + 1n);
  await game.task.forfeit();
  return game;
}

describe("TestSetSeal.forfeit, of a test set that was not revealed", () => {
  it("takes the bond after the unseal deadline, to the second; the task expires at once", async () => {
    const { d, task } = await committed();
    for (const timestamp of [task.unsealDeadline - 1n, task.unsealDeadline]) {
      await nextBlockAt(timestamp);
      await expect(task.forfeit())
        .to.be.revertedWithCustomError(d.seal, "TestSetSealDeadlineNotPassed")
        .withArgs(task.taskId, task.unsealDeadline, timestamp);
    }
    await nextBlockAt(task.unsealDeadline + 1n);
    await expect(task.forfeit()).to.emit(d.seal, "BondForfeited").withArgs(task.taskId, FORFEIT.notRevealed);
    await expect(d.market.expire(task.taskId)).to.emit(d.market, "TaskExpired").withArgs(task.taskId);
  });

  it("is refused where nobody committed, nothing is sealed, or the bond is gone", async () => {
    const d = await sealDeployed();
    const task = await postSealed(d, words);
    await nextBlockAt(task.unsealDeadline + 1n);
    await expect(task.forfeit())
      .to.be.revertedWithCustomError(d.seal, "TestSetSealNothingToForfeit")
      .withArgs(task.taskId);
    const unknown = new SealedTask(d, words, 99n, task.spec, task.terms);
    await expect(unknown.forfeit())
      .to.be.revertedWithCustomError(d.seal, "TestSetSealUnknownTask")
      .withArgs(99n);
    await d.market.expire(task.taskId);
    await task.releaseBond();
    await expect(task.forfeit())
      .to.be.revertedWithCustomError(d.seal, "TestSetSealNoBond")
      .withArgs(task.taskId);
  });
});

describe("TestSetSeal.claimBond", () => {
  it("gives each prover an equal part, half of it burned; the last part takes the remainder along", async () => {
    const { d, task, provers } = await forfeited(3);
    const { vault, seal, poster } = d;
    const sealAddress = await seal.getAddress();
    const partWei = BOND_WEI / 3n;
    const before = await vault.balanceOf(poster, NATIVE);
    for (const [index, prover] of provers.entries()) {
      const transaction = task.claimBond(prover);
      await expect(transaction).to.emit(seal, "BondClaimed").withArgs(task.taskId, prover.address, partWei);
      await expect(transaction)
        .to.emit(vault, "StakeSlashed")
        .withArgs(1n, sealAddress, poster.address, NATIVE, prover.address, partWei / 2n, partWei / 2n);
      if (index === 2) {
        await expect(transaction)
          .to.emit(vault, "StakeSlashed")
          .withArgs(1n, sealAddress, poster.address, NATIVE, poster.address, 1n, 1n);
        await expect(transaction)
          .to.emit(vault, "StakeReleased")
          .withArgs(1n, sealAddress, poster.address, NATIVE, 0n);
      }
      expect(await vault.creditOf(prover, NATIVE)).to.equal(partWei / 2n);
      expect(await seal.hasClaimed(task.taskId, prover)).to.equal(true);
      const { claimedCount, bondLockId } = await seal.sealedSet(task.taskId);
      expect([claimedCount, bondLockId]).to.deep.equal([BigInt(index + 1), index === 2 ? 0n : 1n]);
    }
    expect(await vault.creditOf(poster, NATIVE)).to.equal(1n);
    const after = await vault.balanceOf(poster, NATIVE);
    expect(before.freeWei).to.equal(after.freeWei);
    expect(before.lockedWei - after.lockedWei).to.equal(BOND_WEI);
  });

  it("leaves no remainder where the bond divides", async () => {
    const { d, task, provers } = await forfeited(2);
    for (const prover of provers) await task.claimBond(prover);
    expect(await d.vault.creditOf(d.poster, NATIVE)).to.equal(0n);
    expect(await d.vault.creditOf(await d.vault.BURN_ADDRESS(), NATIVE)).to.equal(
      2n * ((BOND_WEI / 2n + 1n) / 2n),
    );
    expect(await d.vault.lockOf(d.seal, NATIVE, 1n)).to.deep.equal([ethers.ZeroAddress, 0n]);
  });

  it("burns at least half although poster and provers are one, down to the least bond", async () => {
    const d = await sealDeployed();
    const token = await d.token.getAddress();
    await d.vault.connect(d.poster).depositAndApprove(token, 100n, d.seal, 100n);
    for (const bondWei of [10n, 11n]) {
      const task = await postSealed(
        d,
        words,
        { bondToken: token, bondWei, demandWei: 1n },
        { maxProvers: 10n },
      );
      const spent = await d.vault.creditOf(await d.vault.BURN_ADDRESS(), token);
      const sybils = [d.poster, d.alice, d.bob];
      await task.commit(...sybils);
      await nextBlockAt(task.unsealDeadline + 1n);
      await task.forfeit();
      for (const sybil of sybils) await task.claimBond(sybil);
      const burned = (await d.vault.creditOf(await d.vault.BURN_ADDRESS(), token)) - spent;
      expect(2n * burned >= bondWei, `${burned} of ${bondWei} burned`).to.equal(true);
    }
  });

  it("is for provers that committed, once each", async () => {
    const { d, task } = await forfeited(2);
    await task.claimBond(d.alice);
    for (const prover of [d.alice, d.carol, d.poster, d.stranger]) {
      await expect(task.claimBond(prover))
        .to.be.revertedWithCustomError(d.seal, "TestSetSealNothingToClaim")
        .withArgs(task.taskId, prover.address);
    }
    await task.claimBond(d.bob);
    await expect(task.claimBond(d.bob))
      .to.be.revertedWithCustomError(d.seal, "TestSetSealNothingToClaim")
      .withArgs(task.taskId, d.bob.address);
  });

  it("is refused while the bond is not lost", async () => {
    const { d, task } = await committed();
    const refused = async (): Promise<void> => {
      await expect(task.claimBond(d.alice))
        .to.be.revertedWithCustomError(d.seal, "TestSetSealNotForfeited")
        .withArgs(task.taskId);
    };
    await refused();
    await nextBlockAt(task.unsealDeadline);
    await task.reveal();
    await refused();
  });

  it("pays those, too, whose proof was accepted before the wrong place was shown", async () => {
    const { d, task, provers } = await committed(2);
    const wrong = wrongAt(words, 20);
    await nextBlockAt(task.spec.commitDeadline + 1n);
    await task.reveal(openingRoot(wrong));
    await task.prove(d.alice);
    await task.dispute(await faultOf(words, wrong));
    for (const prover of provers) await task.claimBond(prover);
    expect(await d.market.creditOf(d.alice, NATIVE)).to.equal(task.spec.rewardWei);
    expect(await d.vault.creditOf(d.alice, NATIVE)).to.equal(await d.vault.creditOf(d.bob, NATIVE));
  });
});

describe("TestSetSeal.releaseBond", () => {
  it("gives the bond back after the prove deadline, to the second", async () => {
    const { d, task } = await committed();
    await nextBlockAt(task.unsealDeadline);
    await task.reveal();
    for (const timestamp of [task.spec.proveDeadline - 1n, task.spec.proveDeadline]) {
      await nextBlockAt(timestamp);
      await expect(task.releaseBond())
        .to.be.revertedWithCustomError(d.seal, "TestSetSealBondInUse")
        .withArgs(task.taskId);
    }
    await nextBlockAt(task.spec.proveDeadline + 1n);
    const transaction = task.releaseBond();
    await expect(transaction).to.emit(d.seal, "BondReleased").withArgs(task.taskId, d.poster.address);
    await expect(transaction)
      .to.emit(d.vault, "StakeReleased")
      .withArgs(1n, await d.seal.getAddress(), d.poster.address, NATIVE, BOND_WEI);
    expect((await d.seal.sealedSet(task.taskId)).bondLockId).to.equal(0n);
    await expect(task.releaseBond())
      .to.be.revertedWithCustomError(d.seal, "TestSetSealNoBond")
      .withArgs(task.taskId);
  });

  it("gives it back once the task ended without a commitment: cancelled, or expired", async () => {
    for (const isCancelled of [true, false]) {
      const d = await sealDeployed();
      const task = await postSealed(d, words);
      const refused = async (): Promise<void> => {
        await expect(task.releaseBond())
          .to.be.revertedWithCustomError(d.seal, "TestSetSealBondInUse")
          .withArgs(task.taskId);
      };
      await refused();
      if (isCancelled) {
        await d.market.connect(d.poster).cancel(task.taskId);
      } else {
        await nextBlockAt(task.spec.proveDeadline + 1n);
        await refused();
        await d.market.expire(task.taskId);
      }
      await expect(task.releaseBond()).to.emit(d.seal, "BondReleased");
    }
  });

  it("is refused for a test set that was not revealed although somebody committed, for ever", async () => {
    const { d, task } = await committed();
    await nextBlockAt(task.spec.proveDeadline + 1_000_000n);
    await d.market.expire(task.taskId);
    await expect(task.releaseBond())
      .to.be.revertedWithCustomError(d.seal, "TestSetSealBondInUse")
      .withArgs(task.taskId);
    await task.forfeit();
    await expect(task.releaseBond())
      .to.be.revertedWithCustomError(d.seal, "TestSetSealForfeited")
      .withArgs(task.taskId);
  });

  it("is refused while a demand has no answer, for ever", async () => {
    const { d, task } = await committed();
    await nextBlockAt(task.unsealDeadline);
    await task.reveal();
    await task.demand(d.alice);
    await nextBlockAt(task.spec.proveDeadline + 1_000_000n);
    await expect(task.releaseBond())
      .to.be.revertedWithCustomError(d.seal, "TestSetSealBondInUse")
      .withArgs(task.taskId);
    await task.forfeit();
    await task.claimBond(d.alice);
    await expect(task.releaseBond())
      .to.be.revertedWithCustomError(d.seal, "TestSetSealNoBond")
      .withArgs(task.taskId);
  });

  it("is refused where nothing is sealed", async () => {
    const { seal } = await sealDeployed();
    await expect(seal.releaseBond(99n))
      .to.be.revertedWithCustomError(seal, "TestSetSealUnknownTask")
      .withArgs(99n);
  });
});

describe("In one block", () => {
  /** Mines the calls in one block at `timestamp`, in this order, and tells which succeeded. */
  async function inOneBlock(
    timestamp: bigint,
    calls: readonly ((overrides: object) => Promise<ContractTransactionResponse>)[],
  ): Promise<(number | null)[]> {
    await ethers.provider.send("evm_setAutomine", [false]);
    const sent = [];
    for (const [index, call] of calls.entries()) {
      // The highest tip goes first.
      const maxPriorityFeePerGas = BigInt(calls.length - index) * 10n ** 9n;
      sent.push(await call({ gasLimit: 1_000_000n, maxPriorityFeePerGas, maxFeePerGas: 10n ** 11n }));
    }
    await nextBlockAt(timestamp);
    await networkHelpers.mine();
    await ethers.provider.send("evm_setAutomine", [true]);
    const receipts = await Promise.all(sent.map(({ hash }) => ethers.provider.getTransactionReceipt(hash)));
    expect(new Set(receipts.map((receipt) => receipt!.blockNumber)).size).to.equal(1);
    expect(receipts.map((receipt) => receipt!.index)).to.deep.equal([...receipts.keys()]);
    return receipts.map((receipt) => receipt!.status);
  }

  it("a forfeit and a late reveal end the same in both orders: the deadline decides", async () => {
    for (const isForfeitFirst of [true, false]) {
      const { d, task } = await committed();
      const { seal, poster, stranger } = d;
      const forfeit = (overrides: object) => seal.connect(stranger).forfeit(task.taskId, overrides);
      const reveal = (overrides: object) =>
        seal.connect(poster).reveal(task.taskId, words.openingRoot, "", overrides);
      const statuses = await inOneBlock(
        task.unsealDeadline + 1n,
        isForfeitFirst ? [forfeit, reveal] : [reveal, forfeit],
      );
      expect(statuses).to.deep.equal(isForfeitFirst ? [1, 0] : [0, 1]);
    }
  });

  it("a reveal in time is safe from a forfeit in both orders", async () => {
    for (const isForfeitFirst of [true, false]) {
      const { d, task } = await committed();
      const { seal, poster, stranger } = d;
      const forfeit = (overrides: object) => seal.connect(stranger).forfeit(task.taskId, overrides);
      const reveal = (overrides: object) =>
        seal.connect(poster).reveal(task.taskId, words.openingRoot, "", overrides);
      const calls = isForfeitFirst ? [forfeit, reveal] : [reveal, forfeit];
      expect(await inOneBlock(task.unsealDeadline, calls)).to.deep.equal(isForfeitFirst ? [0, 1] : [1, 0]);
      expect(await seal.isRevealed(task.taskId)).to.equal(true);
    }
  });

  it("an end of the bond is one: of a release and a dispute the first stays", async () => {
    for (const isReleaseFirst of [true, false]) {
      const { d, task } = await committed();
      const { seal, stranger, bob } = d;
      const wrong = wrongAt(words, 20);
      const fault = await faultOf(words, wrong);
      await nextBlockAt(task.unsealDeadline);
      await task.reveal(openingRoot(wrong));
      const release = (overrides: object) => seal.connect(bob).releaseBond(task.taskId, overrides);
      const dispute = (overrides: object) =>
        seal.connect(stranger).disputeStep(task.taskId, stepArgument(fault.claim as StepClaim), overrides);
      const calls = isReleaseFirst ? [release, dispute] : [dispute, release];
      expect(await inOneBlock(task.spec.proveDeadline + 1n, calls)).to.deep.equal([1, 0]);
      expect(await seal.hasForfeited(task.taskId)).to.equal(!isReleaseFirst);
    }
  });
});
