/**
 * The gas of auctions and draws, compared with assignment-gas-snapshot.json. Which entries a draw visits depends on block
 * hashes, so draws are measured several times. ZKPOT_UPDATE_SNAPSHOT=1 rewrites the file.
 */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

import { expect } from "chai";
import hre from "hardhat";

import {
  assignmentsDeployed,
  CAP_WEI,
  consent,
  DRAW_DELAY_BLOCKS,
  MIN_WEI,
  nextBlockIs,
  postAuction,
  postDraw,
} from "./support/assignment.ts";
import {
  ethers,
  modelCommitmentOf,
  NATIVE,
  networkHelpers,
  nextBlockAt,
  proofFor,
  single,
} from "./support/deployment.ts";

import type { ContractTransactionResponse } from "ethers";

import type { Assignments } from "./support/assignment.ts";

const SNAPSHOT_FILE = path.join(import.meta.dirname, "assignment-gas-snapshot.json");
const LIMITS = { action: 150_000, draw: 500_000 };
const ENROLLED = 10_000n;
const FILL = 250n;
/** Draws of each kind that are measured; the snapshot keeps the dearest. */
const DRAWS = 8;
/** Binary searches share the places they read more or less, by chance. */
const DRAW_TOLERANCE = 40_000;

async function gasOf(sent: Promise<ContractTransactionResponse>): Promise<number> {
  return Number((await (await sent).wait())!.gasUsed);
}

/** What provers do, each for the first time with a market and vault in use. */
async function measureActions(d: Assignments, gas: Record<string, number>): Promise<void> {
  const { auction, draw, committees, market, vault, alice, bob, carol } = d;
  for (const prover of [alice, bob, carol]) {
    for (const locker of [auction, draw, committees, market]) await consent(d, prover, locker);
  }
  const late = await postAuction(d);
  const { taskId, terms } = await postAuction(d);
  await nextBlockAt(terms.startsAt + 1n);
  gas["auction: lock"] = await gasOf(auction.connect(alice).lock(taskId));
  gas["auction: commit"] = await gasOf(market.connect(alice).commit(taskId, modelCommitmentOf(alice)));
  const proof = await proofFor(d, taskId, alice, 350n);
  await market.connect(alice).prove(...single(taskId, 350n, proof));
  gas["auction: settleCollateral, released"] = await gasOf(auction.settleCollateral(taskId));
  await auction.connect(bob).lock(late.taskId);
  await networkHelpers.time.increaseTo(late.spec.commitDeadline);
  await market.expire(late.taskId);
  gas["auction: settleCollateral, slashed"] = await gasOf(auction.settleCollateral(late.taskId));

  const drawn = await postDraw(d, { terms: { seats: 3n } });
  gas["draw: enrol, first"] = await gasOf(draw.connect(alice).enrol(drawn.taskId, MIN_WEI));
  gas["draw: enrol, later"] = await gasOf(draw.connect(bob).enrol(drawn.taskId, MIN_WEI));
  await nextBlockIs(drawn.lastEnrolBlock + DRAW_DELAY_BLOCKS + 1n);
  await draw.draw(drawn.taskId);
  gas["draw: commit"] = await gasOf(market.connect(alice).commit(drawn.taskId, modelCommitmentOf(alice)));
  gas["draw: leave"] = await gasOf(draw.connect(alice).leave(drawn.taskId));

  const endsAt = BigInt(await networkHelpers.time.latest()) + 10_000n;
  const committee = { token: NATIVE, minWei: MIN_WEI, capWei: CAP_WEI, enrolBlocks: 40n, seats: 3n, endsAt };
  gas["committee: open"] = await gasOf(committees.connect(carol).open(committee));
  gas["committee: enrol, first"] = await gasOf(committees.connect(alice).enrol(1n, MIN_WEI));
  gas["committee: enrol, later"] = await gasOf(committees.connect(bob).enrol(1n, MIN_WEI));
  expect((await vault.balanceOf(bob, NATIVE)).lockedWei).to.be.above(0n);
}

/** Draws from 10,000 enrolled; the dearest gives out eight seats that were drawn in vain. */
async function measureDraws(d: Assignments, gas: Record<string, number>): Promise<void> {
  const draw = await ethers.deployContract("FilledTaskDraw", [d.market]);
  const committees = await ethers.deployContract("FilledCommitteeDraw", [d.market]);
  const filled = { ...d, draw: draw as unknown as Assignments["draw"] };
  const one = await postDraw(filled);
  const eight = await postDraw(filled, { spec: { maxProvers: 8n }, terms: { seats: 8n, maxRedraws: 1n } });
  const endsAt = eight.spec.proveDeadline;
  await committees.open({
    token: NATIVE,
    minWei: MIN_WEI,
    capWei: CAP_WEI,
    enrolBlocks: 40n,
    seats: 8n,
    endsAt,
  });
  for (let count = 0n; count < ENROLLED; count += FILL) {
    for (const { taskId } of [one, eight]) await draw.fill(taskId, FILL, MIN_WEI);
    await committees.fill(1n, FILL, MIN_WEI);
  }
  for (const { taskId } of [one, eight]) {
    expect((await draw.poolOf(taskId)).enrolledCount).to.equal(ENROLLED);
    expect((await draw.entryAt(taskId, ENROLLED - 1n)).cumulativeWei).to.equal(ENROLLED * MIN_WEI);
  }

  const record = (name: string, used: number): void => {
    gas[name] = Math.max(gas[name] ?? 0, used);
  };
  const snapshot = await networkHelpers.takeSnapshot();
  for (let i = 0; i < DRAWS; i++) {
    await networkHelpers.mine(DRAW_DELAY_BLOCKS + BigInt(i));
    record("draw: one seat of 10,000", await gasOf(draw.draw(one.taskId)));
    record("committee: eight seats of 10,000", await gasOf(committees.draw(1n)));
    record("draw: eight seats of 10,000", await gasOf(draw.draw(eight.taskId)));
    await nextBlockIs((await draw.taskSeats(eight.taskId)).drawBlock + 1n);
    record("draw: eight seats of 10,000 again", await gasOf(draw.draw(eight.taskId)));
    expect(await draw.drawnAccounts(eight.taskId)).to.have.length(16);
    await snapshot.restore();
  }
}

describe("Gas of auctions and draws", () => {
  const gas: Record<string, number> = {};

  before(async function () {
    // Code that counts what it runs costs more.
    if (hre.globalOptions.coverage) this.skip();
    this.timeout(120_000);
    const d = await assignmentsDeployed();
    await measureActions(d, gas);
    await measureDraws(d, gas);
    if (process.env["ZKPOT_UPDATE_SNAPSHOT"] === "1") {
      writeFileSync(SNAPSHOT_FILE, `${JSON.stringify(gas, undefined, 2)}\n`);
    }
  });

  it("is what the snapshot says", () => {
    const snapshot = JSON.parse(readFileSync(SNAPSHOT_FILE, "utf8")) as Record<string, number>;
    expect(Object.keys(gas)).to.deep.equal(Object.keys(snapshot));
    for (const [name, expected] of Object.entries(snapshot)) {
      const tolerance = name.includes("10,000") ? DRAW_TOLERANCE : 0;
      expect(gas[name], name).to.be.closeTo(expected, tolerance);
    }
  });

  it(`of every lock, enrolment and commitment stays within ${LIMITS.action}`, () => {
    const names = Object.keys(gas).filter((name) => /: (lock|enrol|commit)/.test(name));
    expect(names).to.have.length(7);
    for (const name of names) expect(gas[name], name).to.be.at.most(LIMITS.action);
  });

  it(`of every draw from 10,000 enrolled stays within ${LIMITS.draw}`, () => {
    const names = Object.keys(gas).filter((name) => name.includes("10,000"));
    expect(names).to.have.length(4);
    for (const name of names) expect(gas[name], name).to.be.at.most(LIMITS.draw);
  });
});
