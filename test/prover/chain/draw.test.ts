import { expect } from "chai";
import { ZeroAddress } from "ethers";

import {
  canLeave,
  drawSeats,
  type DrawRecord,
  enrolForTask,
  leaveDraw,
  readDraw,
  readEnrolment,
} from "../../../prover/src/chain/draw.ts";
import { allowLock, depositStake, readStake } from "../../../prover/src/chain/stake.ts";
import { readTask } from "../../../prover/src/chain/tasks.ts";
import { ANVIL_ADDRESSES } from "../../support/anvil.ts";
import { errorOf } from "../../support/error-of.ts";
import { Market, STAKE_WEI } from "../../support/market.ts";

const ENROL_BLOCKS = 10;
const DRAW_DELAY_BLOCKS = 8;

let market: Market;

async function drawOf(taskId: bigint): Promise<DrawRecord> {
  return await readDraw(market.contracts, await readTask(market.contracts, taskId));
}

async function enrol(taskId: bigint, index: number, stakeWei = STAKE_WEI): Promise<void> {
  const sender = market.sender(index);
  const draw = await drawOf(taskId);
  await depositStake(sender, market.contracts, ZeroAddress, stakeWei + STAKE_WEI, 10n ** 20n);
  await allowLock(sender, market.contracts, draw.address, ZeroAddress, stakeWei);
  await enrolForTask(sender, draw, stakeWei);
}

before(async () => {
  market = await Market.start();
});

after(async () => {
  await market.stop();
});

describe("draws on chain", () => {
  it("reads back the terms of a posted draw", async () => {
    const taskId = await market.postDraw({ seats: 3, maxRedraws: 2, turnBlocks: 21, capWei: 5n, minWei: 4n });
    const block = await market.connection.provider.getBlockNumber();
    expect(await drawOf(taskId)).to.deep.equal({
      taskId,
      address: market.contracts.addresses.taskDraw,
      token: ZeroAddress,
      minWei: 4n,
      capWei: 5n,
      turnBlocks: 21,
      seats: 3,
      maxRedraws: 2,
      lastEnrolBlock: block + ENROL_BLOCKS,
      enrolledCount: 0,
      round: 0,
      drawBlock: block + ENROL_BLOCKS + DRAW_DELAY_BLOCKS,
      isOpen: false,
      drawn: [],
    });
  });

  it("draws one of those enrolled, and another when its turn has passed", async () => {
    const taskId = await market.postDraw();
    await enrol(taskId, 1);
    await enrol(taskId, 2, 3n * STAKE_WEI);
    const early = await errorOf(drawSeats(market.sender(3), await drawOf(taskId)));
    expect(early.code).to.equal("contract.BlockDrawTooEarly");
    await market.mine(ENROL_BLOCKS + DRAW_DELAY_BLOCKS);
    await drawSeats(market.sender(3), await drawOf(taskId));
    const first = await drawOf(taskId);
    expect(first).to.include({ round: 1, enrolledCount: 2, isOpen: false });
    expect(first.drawn).to.have.length(1);
    const holder = first.drawn[0]!.account;
    const other = holder === ANVIL_ADDRESSES[1] ? ANVIL_ADDRESSES[2] : ANVIL_ADDRESSES[1];
    expect((await readEnrolment(market.contracts, first, holder)).mayCommit).to.equal(true);
    expect((await readEnrolment(market.contracts, first, other)).mayCommit).to.equal(false);
    expect(await canLeave(market.contracts, first, holder)).to.equal(false);

    await market.mine(11);
    await drawSeats(market.sender(3), first);
    const second = await drawOf(taskId);
    expect(second.drawn).to.deep.equal([
      { account: holder, round: 1 },
      { account: other, round: 2 },
    ]);
    expect((await readEnrolment(market.contracts, second, holder)).mayCommit).to.equal(false);
    expect(await canLeave(market.contracts, second, holder)).to.equal(true);
  });

  it("opens the task to all enrolled after the last redraw, and lets them leave", async () => {
    const taskId = await market.postDraw({ maxRedraws: 0 });
    await enrol(taskId, 1, 2n * STAKE_WEI);
    await market.mine(ENROL_BLOCKS + DRAW_DELAY_BLOCKS);
    await drawSeats(market.sender(3), await drawOf(taskId));
    await market.mine(11);
    await drawSeats(market.sender(3), await drawOf(taskId));
    const draw = await drawOf(taskId);
    expect(draw.isOpen).to.equal(true);
    const again = await errorOf(drawSeats(market.sender(3), draw));
    expect(again.code).to.equal("contract.TaskDrawIsOpen");
    const before = await readEnrolment(market.contracts, draw, ANVIL_ADDRESSES[1]);
    expect(before).to.include({ weightWei: 2n * STAKE_WEI, round: 1, mayCommit: true });
    const { freeWei } = await readStake(market.contracts, ANVIL_ADDRESSES[1], ZeroAddress);
    await leaveDraw(market.sender(1), draw);
    expect((await readStake(market.contracts, ANVIL_ADDRESSES[1], ZeroAddress)).freeWei).to.equal(
      freeWei + 2n * STAKE_WEI,
    );
    expect(await readEnrolment(market.contracts, draw, ANVIL_ADDRESSES[1])).to.include({
      lockId: 0n,
      mayCommit: false,
    });
    expect(await canLeave(market.contracts, draw, ANVIL_ADDRESSES[1])).to.equal(false);
  });

  it("refuses an enrolment that is too small, too late or the second", async () => {
    const taskId = await market.postDraw();
    await enrol(taskId, 1);
    const sender = market.sender(1);
    const draw = await drawOf(taskId);
    expect((await errorOf(enrolForTask(sender, draw, STAKE_WEI))).code).to.equal(
      "contract.DrawPoolAlreadyEnrolled",
    );
    expect((await errorOf(enrolForTask(market.sender(2), draw, STAKE_WEI - 1n))).code).to.equal(
      "contract.DrawPoolStakeTooSmall",
    );
    await market.mine(ENROL_BLOCKS);
    expect((await errorOf(enrolForTask(market.sender(2), draw, STAKE_WEI))).code).to.equal(
      "contract.DrawPoolEnrolmentClosed",
    );
  });

  it("refuses tasks that are not drawn", async () => {
    const error = await errorOf(drawOf(await market.postAuction()));
    expect(error.code).to.equal("chain.other-assignment");
    expect(error.nextStep).to.include("zkpot bid");
  });
});
