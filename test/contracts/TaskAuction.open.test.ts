import { expect } from "chai";

import {
  assignmentsDeployed,
  auctionedSpec,
  auctionTerms,
  COLLATERAL_WEI,
  encodeTerms,
  MIN_PRICE_WEI,
  postAuction,
  RAMP_SECONDS,
} from "./support/assignment.ts";
import {
  ethers,
  NATIVE,
  nextBlockAt,
  networkHelpers,
  NO_RULES,
  REWARD_WEI,
  SPLIT,
} from "./support/deployment.ts";

import type { Result } from "ethers";

describe("TaskAuction.open", () => {
  it("records the terms, the highest price and the token of the collateral", async () => {
    const d = await assignmentsDeployed();
    const { taskId, spec, terms } = await postAuction(d, {
      spec: { stakeToken: await d.token.getAddress() },
    });
    const auction = (await d.auction.auction(taskId)) as unknown as Result;
    expect(auction.toObject()).to.deep.equal({
      startsAt: terms.startsAt,
      rampSeconds: RAMP_SECONDS,
      lockDeadline: terms.lockDeadline,
      minPriceWei: MIN_PRICE_WEI,
      assignee: ethers.ZeroAddress,
      lockId: 0n,
      exclusiveSeconds: terms.exclusiveDeadline - terms.lockDeadline,
      collateralToken: spec.stakeToken,
      collateralWei: COLLATERAL_WEI,
      maxPriceWei: REWARD_WEI,
    });
    const [opened] = await d.auction.queryFilter(d.auction.filters.AuctionOpened());
    expect((opened!.args as unknown as Result).toArray(true)).to.deep.equal([
      taskId,
      Object.values(terms),
      REWARD_WEI,
      spec.stakeToken,
    ]);
    expect(await d.auction.isTaken(taskId)).to.equal(false);
  });

  it("belongs to one market and its vault", async () => {
    const { auction, market, vault } = await assignmentsDeployed();
    expect(await auction.market()).to.equal(await market.getAddress());
    expect(await auction.vault()).to.equal(await vault.getAddress());
    await expect(ethers.deployContract("TaskAuction", [ethers.ZeroAddress])).to.be.revertedWithCustomError(
      auction,
      "TaskAuctionZeroAddress",
    );
  });

  it("knows nothing of other tasks", async () => {
    const { auction, alice } = await assignmentsDeployed();
    expect((await auction.auction(1n)).maxPriceWei).to.equal(0n);
    expect(await auction.isTaken(1n)).to.equal(false);
    expect(await auction.mayCommit(1n, alice)).to.equal(false);
    await expect(auction.priceWeiAt(1n, 0n))
      .to.be.revertedWithCustomError(auction, "TaskAuctionUnknownTask")
      .withArgs(1n);
  });

  it("is for the market only", async () => {
    const { auction, alice } = await assignmentsDeployed();
    const spec = await auctionedSpec();
    const frame = {
      poster: alice.address,
      rewardToken: NATIVE,
      rewardWei: REWARD_WEI,
      stakeToken: NATIVE,
      commitDeadline: spec.commitDeadline,
      proveDeadline: spec.proveDeadline,
      maxProvers: 1n,
      split: SPLIT.firstValid,
      winners: 1n,
      shardCount: 1n,
      isSealed: false,
    };
    const terms = encodeTerms(auction, "AuctionOpened", await auctionTerms(spec));
    await expect(auction.connect(alice).open(1n, frame, terms))
      .to.be.revertedWithCustomError(auction, "TaskAuctionNotMarket")
      .withArgs(alice.address);
  });

  it("refuses terms in another encoding", async () => {
    const { auction, market, poster } = await assignmentsDeployed();
    const spec = await auctionedSpec();
    const valid = encodeTerms(auction, "AuctionOpened", await auctionTerms(spec));
    const tooLarge = `0x01${valid.slice(4)}`;
    for (const assignmentTerms of ["0x", valid.slice(0, -2), tooLarge]) {
      const rules = { ...NO_RULES, assignment: await auction.getAddress(), assignmentTerms };
      await expect(
        market.connect(poster).postWithRules(spec, rules, { value: REWARD_WEI }),
      ).to.be.revertedWithoutReason(ethers);
    }
    const rules = { ...NO_RULES, assignment: await auction.getAddress(), assignmentTerms: valid };
    await market.connect(poster).postWithRules(spec, rules, { value: REWARD_WEI });
  });

  it("refuses tasks that divide the reward", async () => {
    const d = await assignmentsDeployed();
    for (const split of [SPLIT.bestScore, SPLIT.proRata]) {
      await expect(postAuction(d, { spec: { split } }))
        .to.be.revertedWithCustomError(d.auction, "TaskAuctionNotSingleWinner")
        .withArgs(split, 1n);
    }
    await expect(postAuction(d, { spec: { winners: 2n } }))
      .to.be.revertedWithCustomError(d.auction, "TaskAuctionNotSingleWinner")
      .withArgs(SPLIT.firstValid, 2n);
  });

  it("takes lowest prices from one up to the reward", async () => {
    const d = await assignmentsDeployed();
    for (const minPriceWei of [1n, REWARD_WEI]) await postAuction(d, { terms: { minPriceWei } });
    for (const minPriceWei of [0n, REWARD_WEI + 1n]) {
      await expect(postAuction(d, { terms: { minPriceWei } }))
        .to.be.revertedWithCustomError(d.auction, "TaskAuctionInvalidMinPrice")
        .withArgs(minPriceWei, REWARD_WEI);
    }
  });

  it("refuses an auction without collateral", async () => {
    const d = await assignmentsDeployed();
    await expect(postAuction(d, { terms: { collateralWei: 0n } })).to.be.revertedWithCustomError(
      d.auction,
      "TaskAuctionZeroCollateral",
    );
  });

  it("takes lock deadlines from now or the start up to the commit deadline", async () => {
    const d = await assignmentsDeployed();
    const spec = await auctionedSpec();
    const { startsAt } = await auctionTerms(spec);
    const exclusiveDeadline = spec.proveDeadline;
    for (const lockDeadline of [startsAt, spec.commitDeadline]) {
      await postAuction(d, { spec, terms: { startsAt, lockDeadline, exclusiveDeadline } });
    }
    for (const lockDeadline of [startsAt - 1n, spec.commitDeadline + 1n]) {
      await expect(postAuction(d, { spec, terms: { startsAt, lockDeadline, exclusiveDeadline } }))
        .to.be.revertedWithCustomError(d.auction, "TaskAuctionInvalidLockDeadline")
        .withArgs(lockDeadline, startsAt, spec.commitDeadline);
    }

    const now = BigInt(await networkHelpers.time.latest()) + 10n;
    await nextBlockAt(now);
    await postAuction(d, { spec, terms: { startsAt: 0n, lockDeadline: now } });
    await nextBlockAt(now + 1n);
    await expect(postAuction(d, { spec, terms: { startsAt: 0n, lockDeadline: now } }))
      .to.be.revertedWithCustomError(d.auction, "TaskAuctionInvalidLockDeadline")
      .withArgs(now, now + 1n, spec.commitDeadline);
  });

  it("takes exclusive deadlines from after the lock deadline up to the prove deadline", async () => {
    const d = await assignmentsDeployed();
    const spec = await auctionedSpec();
    const { lockDeadline } = await auctionTerms(spec);
    for (const exclusiveDeadline of [lockDeadline + 1n, spec.proveDeadline]) {
      await postAuction(d, { spec, terms: { lockDeadline, exclusiveDeadline } });
    }
    for (const exclusiveDeadline of [lockDeadline, spec.proveDeadline + 1n]) {
      await expect(postAuction(d, { spec, terms: { lockDeadline, exclusiveDeadline } }))
        .to.be.revertedWithCustomError(d.auction, "TaskAuctionInvalidExclusiveDeadline")
        .withArgs(exclusiveDeadline, lockDeadline + 1n, spec.proveDeadline);
    }
  });

  it("leaves the assignee of a sealed task all the time there is", async () => {
    const d = await assignmentsDeployed();
    const spec = await auctionedSpec();
    const { proveDeadline } = spec;
    await postAuction(d, { spec, isSealed: true });
    for (const exclusiveDeadline of [proveDeadline - 1n, proveDeadline + 1n]) {
      await expect(postAuction(d, { spec, isSealed: true, terms: { exclusiveDeadline } }))
        .to.be.revertedWithCustomError(d.auction, "TaskAuctionInvalidExclusiveDeadline")
        .withArgs(exclusiveDeadline, proveDeadline, proveDeadline);
    }
  });
});
