/** Auction and seal on one task: what becomes of reward, collateral and bond together. */
import { expect } from "chai";

import { releaseCurve } from "../../prover/src/proof/multi-exponentiation.ts";
import { openingRoot } from "../../prover/src/seal/opening.ts";
import { openingCase } from "../support/opening-cases.ts";
import { COLLATERAL_WEI, encodeTerms, MIN_PRICE_WEI } from "./support/assignment.ts";
import {
  ethers,
  NATIVE,
  networkHelpers,
  nextBlockAt,
  NO_RULES,
  REWARD_WEI,
  TASK,
} from "./support/deployment.ts";
import {
  BOND_WEI,
  deploySeal,
  faultOf,
  openCase,
  SealedTask,
  sealedSpec,
  sealTerms,
  wrongAt,
} from "./support/seal.ts";

async function deploySealedAuction() {
  const d = await deploySeal();
  const auction = await ethers.deployContract("TaskAuction", [d.market]);
  await d.vault.connect(d.alice).approveLocker(auction, NATIVE, COLLATERAL_WEI);
  return { ...d, auction };
}

/** A sealed task that alice has taken at the lowest price and committed to. */
async function taken() {
  const d = await networkHelpers.loadFixture(deploySealedAuction);
  const { auction, market, seal, poster, alice } = d;
  const words = await openCase(openingCase("sealed auction", 3, 13));
  const spec = await sealedSpec(words);
  const startsAt = BigInt(await networkHelpers.time.latest()) + 100n;
  const terms = {
    minPriceWei: MIN_PRICE_WEI,
    startsAt,
    rampSeconds: 1_000n,
    lockDeadline: startsAt + 1_000n,
    exclusiveDeadline: spec.proveDeadline,
    collateralWei: COLLATERAL_WEI,
  };
  const rules = {
    ...NO_RULES,
    assignment: await auction.getAddress(),
    assignmentTerms: encodeTerms(auction, "AuctionOpened", terms),
    seal: await seal.getAddress(),
    sealTerms: sealTerms(spec, words),
  };
  await market.connect(poster).postWithRules(spec, rules, { value: REWARD_WEI });
  const task = new SealedTask(d, words, await market.taskCount(), spec, rules.sealTerms);
  await nextBlockAt(startsAt);
  await auction.connect(alice).lock(task.taskId);
  await task.commit(alice);
  return { d, task };
}

/** Ends the task in every contract; what vault and market then owe. */
async function finish({ auction, market }: Awaited<ReturnType<typeof taken>>["d"], { taskId }: SealedTask) {
  await auction.settleCollateral(taskId);
  await market.releaseStake(taskId, (await auction.auction(taskId)).assignee);
}

describe("An auction of a sealed task", () => {
  after(releaseCurve);

  it("gives everybody what is theirs when the test set is revealed and the assignee proves", async () => {
    const { d, task } = await taken();
    const { market, vault, poster, alice } = d;
    await nextBlockAt(task.spec.commitDeadline + 1n);
    await task.reveal();
    await task.prove(alice);
    await finish(d, task);
    await networkHelpers.time.increaseTo(task.spec.proveDeadline + 1n);
    await task.releaseBond();
    expect(await market.creditOf(alice, NATIVE)).to.equal(MIN_PRICE_WEI);
    expect(await market.creditOf(poster, NATIVE)).to.equal(REWARD_WEI - MIN_PRICE_WEI);
    for (const account of [poster, alice]) {
      expect((await vault.balanceOf(account, NATIVE)).lockedWei).to.equal(0n);
      expect(await vault.creditOf(account, NATIVE)).to.equal(0n);
    }
  });

  it("gives assignee and poster back what is theirs, and the assignee half of the bond, when nothing is revealed", async () => {
    const { d, task } = await taken();
    const { auction, market, vault, poster, alice } = d;
    await nextBlockAt(task.unsealDeadline + 1n);
    await expect(auction.settleCollateral(task.taskId)).to.be.revertedWithCustomError(
      auction,
      "TaskAuctionCollateralInUse",
    );
    await task.forfeit();
    await market.expire(task.taskId);
    await finish(d, task);
    await task.claimBond(alice);
    expect((await vault.balanceOf(alice, NATIVE)).lockedWei).to.equal(0n);
    expect(await vault.creditOf(alice, NATIVE)).to.equal(BOND_WEI / 2n);
    expect(await vault.creditOf(poster, NATIVE)).to.equal(0n);
    expect(await market.creditOf(poster, NATIVE)).to.equal(REWARD_WEI);
  });

  it("does the same when something else is revealed", async () => {
    const { d, task } = await taken();
    const { market, vault, alice } = d;
    const wrong = wrongAt(task.words, 17);
    await nextBlockAt(task.spec.commitDeadline + 1n);
    await task.reveal(openingRoot(wrong));
    await task.dispute(await faultOf(task.words, wrong));
    await market.releaseStake(task.taskId, alice);
    await nextBlockAt(task.spec.proveDeadline + 1n);
    await market.expire(task.taskId);
    expect((await market.task(task.taskId)).state).to.equal(TASK.expired);
    await d.auction.settleCollateral(task.taskId);
    await task.claimBond(alice);
    expect((await vault.balanceOf(alice, NATIVE)).lockedWei).to.equal(0n);
    expect(await vault.creditOf(alice, NATIVE)).to.equal(BOND_WEI / 2n);
  });

  it("pays the assignee though the poster forfeits in front of the proof it sees: it loses the bond on top", async () => {
    const { d, task } = await taken();
    const { market, vault, poster, alice } = d;
    // What the poster published opens the data points; the root that it stated is wrong in one place, for it to show.
    const wrong = wrongAt(task.words, 17);
    await nextBlockAt(task.spec.commitDeadline + 1n);
    await task.reveal(openingRoot(wrong));
    await task.dispute(await faultOf(task.words, wrong));
    await expect(market.connect(poster).expire(task.taskId)).to.be.revertedWithCustomError(
      market,
      "TaskMarketDeadlineNotPassed",
    );
    await task.prove(alice);
    await finish(d, task);
    await task.claimBond(alice);
    expect(await market.creditOf(alice, NATIVE)).to.equal(MIN_PRICE_WEI);
    expect(await vault.creditOf(alice, NATIVE)).to.equal(BOND_WEI / 2n);
    expect((await vault.balanceOf(alice, NATIVE)).lockedWei).to.equal(0n);
    expect(await market.creditOf(poster, NATIVE)).to.equal(REWARD_WEI - MIN_PRICE_WEI);
  });

  it("burns the collateral when the assignee cannot prove what was revealed, and leaves the bond to the poster", async () => {
    const { d, task } = await taken();
    const { auction, market, vault, poster, alice } = d;
    await nextBlockAt(task.spec.commitDeadline + 1n);
    await task.reveal();
    await nextBlockAt(task.spec.proveDeadline + 1n);
    await market.expire(task.taskId);
    await finish(d, task);
    await task.releaseBond();
    expect(await vault.creditOf(await vault.BURN_ADDRESS(), NATIVE)).to.equal(COLLATERAL_WEI);
    expect(await vault.creditOf(poster, NATIVE)).to.equal(0n);
    expect((await vault.balanceOf(poster, NATIVE)).lockedWei).to.equal(0n);
    expect((await vault.approvalOf(alice, auction, NATIVE)).lockedWei).to.equal(0n);
    expect((await vault.balanceOf(alice, NATIVE)).lockedWei).to.equal(0n);
  });
});
