import { expect } from "chai";
import { Contract, ZeroAddress } from "ethers";
import fc from "fast-check";

import { contractInterface } from "../../../prover/src/chain/abis.ts";
import {
  type AuctionRecord,
  canSettleCollateral,
  lockTask,
  priceWeiAt,
  readAuction,
  settleCollateral,
  timeOfPrice,
} from "../../../prover/src/chain/auction.ts";
import { pendingTime } from "../../../prover/src/chain/connect.ts";
import { allowLock, depositStake, readStake } from "../../../prover/src/chain/stake.ts";
import { commitModel, endTask, readTask, submitProofs } from "../../../prover/src/chain/tasks.ts";
import type { ITaskAuction } from "../../../types/ethers-contracts/index.ts";
import { ANVIL_ADDRESSES } from "../../support/anvil.ts";
import { errorOf } from "../../support/error-of.ts";
import { COLLATERAL_WEI, Market, MIN_CORRECT, REWARD_WEI, STAKE_WEI } from "../../support/market.ts";

let market: Market;

async function auctionOf(taskId: bigint): Promise<AuctionRecord> {
  return await readAuction(market.contracts, await readTask(market.contracts, taskId));
}

/** Takes the task as account `index`, and returns its price. */
async function take(taskId: bigint, index: number): Promise<bigint> {
  const sender = market.sender(index);
  const auction = await auctionOf(taskId);
  await depositStake(sender, market.contracts, ZeroAddress, COLLATERAL_WEI + STAKE_WEI, 10n ** 20n);
  await allowLock(sender, market.contracts, auction.address, ZeroAddress, COLLATERAL_WEI);
  await lockTask(sender, auction);
  return (await readTask(market.contracts, taskId)).rewardWei;
}

before(async () => {
  market = await Market.start();
});

after(async () => {
  await market.stop();
});

describe("auctions on chain", () => {
  it("reads back the terms of a posted auction", async () => {
    const { commitDeadline, proveDeadline } = await market.terms();
    const startsAt = commitDeadline - 3_000n;
    const terms = {
      minPriceWei: 5n,
      startsAt,
      rampSeconds: 77n,
      lockDeadline: startsAt + 100n,
      exclusiveDeadline: proveDeadline - 50n,
      collateralWei: 3n,
    };
    const taskId = await market.postAuction(terms);
    expect(await auctionOf(taskId)).to.deep.equal({
      ...terms,
      taskId,
      address: market.contracts.addresses.taskAuction,
      collateralToken: ZeroAddress,
      maxPriceWei: REWARD_WEI,
      assignee: ZeroAddress,
      lockId: 0n,
    });
  });

  it("computes the contract's price at every second", async () => {
    const taskId = await market.postAuction({ minPriceWei: 7n, rampSeconds: 999n });
    const auction = await auctionOf(taskId);
    const contract = new Contract(
      auction.address,
      contractInterface("ITaskAuction"),
      market.connection.provider,
    ) as unknown as ITaskAuction;
    for (const second of [0n, 1n, 500n, 998n, 999n, 1_000n, 5_000n]) {
      const time = auction.startsAt + second;
      expect(priceWeiAt(auction, time), String(second)).to.equal(await contract.priceWeiAt(taskId, time));
    }
  });

  it("takes a task at the price of its block, exclusively, for collateral", async () => {
    const taskId = await market.postAuction();
    await market.pass(500);
    const priceWei = await take(taskId, 1);
    const auction = await auctionOf(taskId);
    expect(auction.assignee).to.equal(ANVIL_ADDRESSES[1]);
    expect(priceWei > REWARD_WEI / 2n && priceWei < REWARD_WEI).to.equal(true);
    expect((await market.contracts.vault.balanceOf(ANVIL_ADDRESSES[1], ZeroAddress)).lockedWei).to.equal(
      COLLATERAL_WEI,
    );
    const rival = await errorOf(lockTask(market.sender(2), auction));
    expect(rival.code).to.equal("contract.TaskAuctionTaken");
    expect((await errorOf(market.commit(taskId, 2))).code).to.equal("contract.TaskMarketNotAssigned");
  });

  it("gives the collateral back to an assignee that proved in time", async () => {
    const taskId = await market.postAuction();
    await take(taskId, 1);
    expect(await canSettleCollateral(market.contracts, await auctionOf(taskId))).to.equal(false);
    await commitModel(market.sender(1), market.contracts, taskId, 1001n);
    await submitProofs(market.sender(1), market.contracts, taskId, [
      await market.proof(taskId, 1, MIN_CORRECT),
    ]);
    const auction = await auctionOf(taskId);
    expect(await canSettleCollateral(market.contracts, auction)).to.equal(true);
    const { freeWei } = await readStake(market.contracts, ANVIL_ADDRESSES[1], ZeroAddress);
    await settleCollateral(market.sender(3), auction);
    expect((await readStake(market.contracts, ANVIL_ADDRESSES[1], ZeroAddress)).freeWei).to.equal(
      freeWei + COLLATERAL_WEI,
    );
    expect(await canSettleCollateral(market.contracts, await auctionOf(taskId))).to.equal(false);
  });

  it("pays half of a late assignee's collateral to the poster", async () => {
    const taskId = await market.postAuction();
    await take(taskId, 2);
    await market.pass(7_300);
    await endTask(market.sender(0), market.contracts, taskId, "expire");
    const before = await market.contracts.vault.creditOf(ANVIL_ADDRESSES[0], ZeroAddress);
    await settleCollateral(market.sender(3), await auctionOf(taskId));
    expect(await market.contracts.vault.creditOf(ANVIL_ADDRESSES[0], ZeroAddress)).to.equal(
      before + COLLATERAL_WEI / 2n,
    );
  });

  it("refuses tasks that are not auctioned, saying how they are assigned", async () => {
    for (const [taskId, code, step] of [
      [await market.post(), "chain.other-assignment", "zkpot commit"],
      [await market.postDraw(), "chain.other-assignment", "zkpot enrol"],
    ] as const) {
      const error = await errorOf(auctionOf(taskId));
      expect(error.code).to.equal(code);
      expect(error.nextStep).to.include(step);
    }
  });

  it("refuses an auction contract of another deployment", async () => {
    const taskId = await market.postAuction();
    const addresses = { ...market.contracts.addresses, taskAuction: ANVIL_ADDRESSES[3] };
    const task = await readTask(market.contracts, taskId);
    const error = await errorOf(readAuction({ ...market.contracts, addresses }, task));
    expect(error.code).to.equal("chain.unknown-rule");
    expect(error.details).to.include({ rule: "assignment", address: task.assignment });
  });

  it("knows the time of the block that is being made", async () => {
    await market.pass(1_234);
    const latest = BigInt((await market.connection.provider.getBlock("latest"))!.timestamp);
    expect((await pendingTime(market.connection)) >= latest).to.equal(true);
    await market.anvil.request("evm_increaseTime", [600]);
    expect((await pendingTime(market.connection)) >= latest + 600n).to.equal(true);
  });
});

describe("consent to locks", () => {
  it("raises the limit by what is needed, once", async () => {
    const sender = market.sender(3);
    const locker = market.contracts.addresses.testSetSeal!;
    await depositStake(sender, market.contracts, ZeroAddress, 10n, 10n);
    const limit = async (): Promise<bigint> =>
      (await market.contracts.vault.approvalOf(sender.wallet.address, locker, ZeroAddress)).limitWei;
    await allowLock(sender, market.contracts, locker, ZeroAddress, 4n);
    expect(await limit()).to.equal(4n);
    await allowLock(sender, market.contracts, locker, ZeroAddress, 3n);
    expect(await limit()).to.equal(4n);
  });

  it("names the stake that is missing, and sends nothing", async () => {
    const sender = market.sender(3);
    const locker = market.contracts.addresses.testSetSeal!;
    const sent = sender.journal.entries().length;
    const { freeWei } = await readStake(market.contracts, sender.wallet.address, ZeroAddress);
    const error = await errorOf(allowLock(sender, market.contracts, locker, ZeroAddress, freeWei + 1n));
    expect(error.code).to.equal("chain.insufficient-stake");
    expect(error.details).to.include({ freeWei, neededWei: freeWei + 1n });
    expect(sender.journal.entries()).to.have.length(sent);
  });
});

describe("timeOfPrice", () => {
  const record = (changes: Partial<AuctionRecord>): AuctionRecord => ({
    ...{ taskId: 1n, address: ZeroAddress, collateralToken: ZeroAddress, assignee: ZeroAddress, lockId: 0n },
    ...{ minPriceWei: 10n, maxPriceWei: 110n, startsAt: 1_000n, rampSeconds: 50n, lockDeadline: 1_060n },
    ...{ exclusiveDeadline: 2_000n, collateralWei: 1n },
    ...changes,
  });

  it("is the start up to the lowest price, and never above the highest", () => {
    expect(timeOfPrice(record({}), 0n)).to.equal(1_000n);
    expect(timeOfPrice(record({}), 10n)).to.equal(1_000n);
    expect(timeOfPrice(record({}), 11n)).to.equal(1_001n);
    expect(timeOfPrice(record({}), 110n)).to.equal(1_050n);
    expect(timeOfPrice(record({}), 111n)).to.equal(undefined);
  });

  it("is undefined for a price that comes after the lock deadline", () => {
    expect(timeOfPrice(record({ lockDeadline: 1_025n }), 60n)).to.equal(1_025n);
    expect(timeOfPrice(record({ lockDeadline: 1_025n }), 61n)).to.equal(undefined);
  });

  it("is the first second that pays the price", () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 1n, max: 2n ** 60n }),
        fc.bigInt({ min: 0n, max: 2n ** 60n }),
        fc.bigInt({ min: 0n, max: 10_000n }),
        fc.bigInt({ min: 0n, max: 2n ** 61n }),
        (minPriceWei, rise, rampSeconds, priceWei) => {
          const auction = record({
            ...{ minPriceWei, maxPriceWei: minPriceWei + rise, rampSeconds, lockDeadline: 1_000_000n },
          });
          const time = timeOfPrice(auction, priceWei);
          if (time === undefined) return priceWei > auction.maxPriceWei;
          const isPaid = priceWeiAt(auction, time) >= priceWei;
          const isFirst = time === auction.startsAt || priceWeiAt(auction, time - 1n) < priceWei;
          return isPaid && isFirst;
        },
      ),
    );
  });
});
