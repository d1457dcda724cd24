import { expect } from "chai";

import { releaseCurve } from "../../prover/src/proof/multi-exponentiation.ts";
import { openingCase } from "../support/opening-cases.ts";
import { ethers, NATIVE, REWARD_WEI } from "./support/deployment.ts";
import {
  BOND_WEI,
  DISPUTE_SECONDS,
  openCase,
  postSealed,
  sealDeployed,
  sealedSpec,
  sealTerms,
  type SealedWords,
  sendSealed,
  threeShards,
} from "./support/seal.ts";

let words: SealedWords;
before(async () => (words = await threeShards()));
after(releaseCurve);

describe("TestSetSeal constructor", () => {
  it("takes the vault from the market", async () => {
    const { seal, market, vault } = await sealDeployed();
    expect(await seal.market()).to.equal(await market.getAddress());
    expect(await seal.vault()).to.equal(await vault.getAddress());
    expect(await seal.MIN_BOND_BPS()).to.equal(1_000n);
    expect(await seal.MAX_DEMAND_BPS()).to.equal(1_000n);
    expect(await seal.MIN_DISPUTE_SECONDS()).to.equal(1_800n);
    expect(await seal.CHUNK_WORDS()).to.equal(32n);
  });

  it("reverts for the zero address", async () => {
    const { seal } = await sealDeployed();
    await expect(ethers.deployContract("TestSetSeal", [ethers.ZeroAddress])).to.be.revertedWithCustomError(
      seal,
      "TestSetSealZeroAddress",
    );
  });
});

describe("TaskMarket.postWithRules, with a sealed test set", () => {
  it("fixes the terms and locks the poster's bond", async () => {
    const d = await sealDeployed();
    const { market, vault, seal, poster } = d;
    const sealAddress = await seal.getAddress();
    const { spec, terms, transaction } = await sendSealed(d, words);
    await expect(transaction)
      .to.emit(seal, "TestSetSealed")
      .withArgs(1n, poster.address, 1n, Object.values(terms));
    await expect(transaction)
      .to.emit(vault, "StakeLocked")
      .withArgs(1n, sealAddress, poster.address, NATIVE, BOND_WEI);
    expect((await market.task(1n)).seal).to.equal(sealAddress);
    expect(await seal.terms(1n)).to.deep.equal(Object.values(terms));
    expect(await seal.sealedSet(1n)).to.deep.equal([
      poster.address,
      1n,
      3n,
      false,
      0n,
      0n,
      spec.commitDeadline,
      spec.proveDeadline,
      ethers.ZeroHash,
    ]);
    expect(await vault.lockOf(seal, NATIVE, 1n)).to.deep.equal([poster.address, BOND_WEI]);
    expect(await seal.isRevealed(1n)).to.equal(false);
    expect(await seal.hasForfeited(1n)).to.equal(false);
  });

  it("cuts the opening into chunks of 32 words, the last one shorter", async () => {
    const d = await sealDeployed();
    for (const [shards, wordsPerShard, chunks] of [
      [1, 1, 1n],
      [1, 31, 1n],
      [2, 16, 1n],
      [3, 11, 2n],
      [2, 32, 2n],
      [5, 13, 3n],
    ] as const) {
      const { taskId } = await postSealed(d, await openCase(openingCase("chunks", shards, wordsPerShard)));
      expect(await d.seal.chunkCount(taskId), `${shards} × ${wordsPerShard}`).to.equal(chunks);
    }
  });

  it("needs the poster's stake and its consent", async () => {
    const d = await sealDeployed();
    const { vault, seal, poster } = d;
    const freeWei = (await vault.balanceOf(poster, NATIVE)).freeWei;
    await expect((await sendSealed(d, words, { bondWei: freeWei + 1n })).transaction)
      .to.be.revertedWithCustomError(vault, "StakeVaultInsufficientStake")
      .withArgs(poster.address, NATIVE, freeWei, freeWei + 1n);
    await vault.connect(poster).approveLocker(seal, NATIVE, BOND_WEI - 1n);
    await expect((await sendSealed(d, words)).transaction)
      .to.be.revertedWithCustomError(vault, "StakeVaultLimitExceeded")
      .withArgs(poster.address, await seal.getAddress(), BOND_WEI - 1n, BOND_WEI);
  });
});

describe("TestSetSeal.open", () => {
  it("is for the market", async () => {
    const { seal, stranger } = await sealDeployed();
    const spec = await sealedSpec(words);
    const frame = { ...spec, poster: stranger.address, shardCount: 3n, isSealed: true };
    await expect(seal.connect(stranger).open(1n, frame, sealTerms(spec, words)))
      .to.be.revertedWithCustomError(seal, "TestSetSealNotMarket")
      .withArgs(stranger.address);
  });

  it("takes an unseal deadline from a second after the commit deadline to three windows before the prove deadline", async () => {
    const d = await sealDeployed();
    const { commitDeadline, proveDeadline } = await sealedSpec(words);
    const latest = proveDeadline - 3n * DISPUTE_SECONDS;
    for (const unsealDeadline of [0n, commitDeadline, latest + 100n, proveDeadline, 2n ** 48n - 1n]) {
      const spec = { commitDeadline, proveDeadline };
      await expect((await sendSealed(d, words, { unsealDeadline }, spec)).transaction)
        .to.be.revertedWithCustomError(d.seal, "TestSetSealInvalidUnsealDeadline")
        .withArgs(unsealDeadline, commitDeadline, latest);
    }
    for (const unsealDeadline of [commitDeadline + 1n, latest]) {
      await postSealed(d, words, { unsealDeadline }, { commitDeadline, proveDeadline });
    }
    await expect((await sendSealed(d, words, { disputeSeconds: 2n ** 32n - 1n })).transaction)
      .to.be.revertedWithCustomError(d.seal, "TestSetSealInvalidUnsealDeadline")
      .withArgs(
        (value: bigint) => value > 0n,
        (value: bigint) => value > 0n,
        0n,
      );
  });

  it("takes windows of at least half an hour", async () => {
    const d = await sealDeployed();
    for (const disputeSeconds of [0n, 1_799n]) {
      await expect((await sendSealed(d, words, { disputeSeconds })).transaction)
        .to.be.revertedWithCustomError(d.seal, "TestSetSealDisputeTooShort")
        .withArgs(disputeSeconds, 1_800n);
    }
  });

  it("takes a bond of at least a tenth of a reward in the same token", async () => {
    const d = await sealDeployed();
    const token = await d.token.getAddress();
    for (const [rewardWei, minWei] of [
      [REWARD_WEI, REWARD_WEI / 10n],
      [REWARD_WEI + 1n, REWARD_WEI / 10n + 1n],
    ] as const) {
      const demandWei = 1n;
      await expect(
        (await sendSealed(d, words, { bondWei: minWei - 1n, demandWei }, { rewardWei })).transaction,
      )
        .to.be.revertedWithCustomError(d.seal, "TestSetSealBondTooSmall")
        .withArgs(minWei - 1n, minWei);
      await postSealed(d, words, { bondWei: minWei, demandWei }, { rewardWei });
    }
    const other = { bondWei: 10n, demandWei: 1n };
    await postSealed(d, words, other, { rewardToken: token });
  });

  it("takes a bond of at least one unit for each prover, whatever its token", async () => {
    const d = await sealDeployed();
    const spec = { rewardToken: await d.token.getAddress(), maxProvers: 20n };
    await expect((await sendSealed(d, words, { bondWei: 19n, demandWei: 1n }, spec)).transaction)
      .to.be.revertedWithCustomError(d.seal, "TestSetSealBondTooSmall")
      .withArgs(19n, 20n);
    await postSealed(d, words, { bondWei: 20n, demandWei: 1n }, spec);
  });

  it("takes demands that cost something, and at most a tenth of the bond", async () => {
    const d = await sealDeployed();
    const maxWei = BOND_WEI / 10n;
    for (const demandWei of [0n, maxWei + 1n]) {
      await expect((await sendSealed(d, words, { demandWei })).transaction)
        .to.be.revertedWithCustomError(d.seal, "TestSetSealInvalidDemand")
        .withArgs(demandWei, maxWei);
    }
    for (const demandWei of [1n, maxWei]) await postSealed(d, words, { demandWei });
  });

  it("asks for words", async () => {
    const d = await sealDeployed();
    await expect(
      (await sendSealed(d, words, { wordsPerShard: 0n })).transaction,
    ).to.be.revertedWithCustomError(d.seal, "TestSetSealNoWords");
  });
});
