import { expect } from "chai";

import {
  assignmentsDeployed,
  CAP_WEI,
  consent,
  DRAW_DELAY_BLOCKS,
  ENROL_BLOCKS,
  MIN_WEI,
  nextBlockIs,
  WINDOW_BLOCKS,
} from "./support/assignment.ts";
import { ethers, NATIVE, networkHelpers, nextBlockAt } from "./support/deployment.ts";
import { drawSeed, expectedIndices } from "./support/weighted-draw.ts";

import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import type { Result } from "ethers";

import type { Assignments } from "./support/assignment.ts";

const DOMAIN = "zkpot.committee-draw.v1";
const LIFE_SECONDS = 10_000n;

async function committeeTerms() {
  return {
    token: NATIVE,
    minWei: MIN_WEI,
    capWei: CAP_WEI,
    enrolBlocks: ENROL_BLOCKS,
    seats: 3n,
    endsAt: BigInt(await networkHelpers.time.latest()) + LIFE_SECONDS,
  };
}

type CommitteeTerms = Awaited<ReturnType<typeof committeeTerms>>;

interface Opened {
  readonly committeeId: bigint;
  readonly terms: CommitteeTerms;
  /** First block whose hash may give the draw. */
  readonly drawBlock: bigint;
  /** Accounts in the order of their enrolments; the n-th has n + 1 times the least stake. */
  readonly auditors: HardhatEthersSigner[];
}

/** A committee that alice controls, with some enrolments. */
async function opened(d: Assignments, count: number, changes: Partial<CommitteeTerms> = {}): Promise<Opened> {
  const terms = { ...(await committeeTerms()), ...changes };
  await d.committees.connect(d.alice).open(terms);
  const lastEnrolBlock = BigInt(await ethers.provider.getBlockNumber()) + terms.enrolBlocks;
  const committeeId = await d.committees.committeeCount();
  const auditors = (await ethers.getSigners()).slice(6, 6 + count);
  for (const [i, auditor] of auditors.entries()) {
    await enrolAs(d, committeeId, auditor, BigInt(i + 1) * MIN_WEI);
  }
  return { committeeId, terms, drawBlock: lastEnrolBlock + DRAW_DELAY_BLOCKS, auditors };
}

async function enrolAs(
  d: Assignments,
  committeeId: bigint,
  auditor: HardhatEthersSigner,
  stakeWei: bigint,
): Promise<void> {
  await consent(d, auditor, d.committees, stakeWei);
  await d.committees.connect(auditor).enrol(committeeId, stakeWei);
}

/** Draws in the first block in which it is possible; returns the members and who was not drawn. */
async function drawn(d: Assignments, { committeeId, drawBlock, auditors }: Opened) {
  await nextBlockIs(drawBlock + 1n);
  await d.committees.draw(committeeId);
  const addresses = await d.committees.members(committeeId);
  return {
    members: auditors.filter(({ address }) => addresses.includes(address)),
    others: auditors.filter(({ address }) => !addresses.includes(address)),
  };
}

async function expectLeaves(d: Assignments, committeeId: bigint, auditor: HardhatEthersSigner) {
  const { committees, vault } = d;
  const { lockId } = await committees.enrolmentOf(committeeId, auditor);
  const transaction = committees.connect(auditor).leave(committeeId);
  await expect(transaction).to.emit(committees, "AuditorLeft").withArgs(committeeId, auditor.address, lockId);
  await expect(transaction).to.emit(vault, "StakeReleased");
  expect((await vault.balanceOf(auditor, NATIVE)).lockedWei).to.equal(0n);
  await expect(committees.connect(auditor).leave(committeeId))
    .to.be.revertedWithCustomError(committees, "DrawPoolNotEnrolled")
    .withArgs(auditor.address);
}

async function expectStays({ committees }: Assignments, committeeId: bigint, auditor: HardhatEthersSigner) {
  await expect(committees.connect(auditor).leave(committeeId))
    .to.be.revertedWithCustomError(committees, "CommitteesStakeInUse")
    .withArgs(committeeId, auditor.address);
}

describe("CommitteeDraw.open", () => {
  it("makes the caller the controller of a committee with the next number", async () => {
    const d = await assignmentsDeployed();
    const { committees, alice, bob } = d;
    const { committeeId, terms, drawBlock } = await opened(d, 0);
    expect(committeeId).to.equal(1n);
    const [event] = await committees.queryFilter(committees.filters.CommitteeOpened());
    expect((event!.args as unknown as Result).toArray(true)).to.deep.equal([
      1n,
      alice.address,
      Object.values(terms),
      drawBlock - DRAW_DELAY_BLOCKS,
      drawBlock,
    ]);
    const committee = (await committees.committee(1n)) as unknown as Result;
    expect(committee.toObject()).to.deep.equal({
      controller: alice.address,
      drawBlock,
      endsAt: terms.endsAt,
      seats: 3n,
    });
    const pool = (await committees.poolOf(1n)) as unknown as Result;
    expect(pool.toObject()).to.deep.equal({
      token: NATIVE,
      lastEnrolBlock: drawBlock - DRAW_DELAY_BLOCKS,
      enrolledCount: 0n,
      minWei: MIN_WEI,
      capWei: CAP_WEI,
    });
    await committees.connect(bob).open(terms);
    expect((await committees.committee(2n)).controller).to.equal(bob.address);
  });

  it("belongs to one market and its vault", async () => {
    const { committees, market, vault } = await assignmentsDeployed();
    expect(await committees.market()).to.equal(await market.getAddress());
    expect(await committees.vault()).to.equal(await vault.getAddress());
    expect(await committees.DRAW_DELAY_BLOCKS()).to.equal(DRAW_DELAY_BLOCKS);
    await expect(ethers.deployContract("CommitteeDraw", [ethers.ZeroAddress])).to.be.revertedWithCustomError(
      committees,
      "CommitteesZeroAddress",
    );
  });

  it("takes one to eight seats", async () => {
    const d = await assignmentsDeployed();
    const limit = await d.committees.MAX_SEATS();
    expect(limit).to.equal(8n);
    for (const seats of [1n, limit]) await opened(d, 0, { seats });
    for (const seats of [0n, limit + 1n]) {
      await expect(opened(d, 0, { seats }))
        .to.be.revertedWithCustomError(d.committees, "CommitteesInvalidSeats")
        .withArgs(seats, limit);
    }
  });

  it("takes ends in the future", async () => {
    const d = await assignmentsDeployed();
    const now = BigInt(await networkHelpers.time.latest()) + 10n;
    await nextBlockAt(now);
    await expect(opened(d, 0, { endsAt: now }))
      .to.be.revertedWithCustomError(d.committees, "CommitteesInvalidEnd")
      .withArgs(now, now);
    await nextBlockAt(now);
    await opened(d, 0, { endsAt: now + 1n });
  });

  it("takes least stakes from one up to the cap", async () => {
    const d = await assignmentsDeployed();
    for (const minWei of [1n, CAP_WEI]) await opened(d, 0, { minWei });
    for (const minWei of [0n, CAP_WEI + 1n]) {
      await expect(opened(d, 0, { minWei }))
        .to.be.revertedWithCustomError(d.committees, "DrawPoolInvalidStakeRange")
        .withArgs(minWei, CAP_WEI);
    }
  });
});

describe("CommitteeDraw.enrol", () => {
  it("locks the stake up to the cap, which is the weight", async () => {
    const d = await assignmentsDeployed();
    const { committees, vault, bob, carol } = d;
    const { committeeId } = await opened(d, 0);
    await consent(d, bob, committees);
    await expect(committees.connect(bob).enrol(committeeId, CAP_WEI + 1n))
      .to.emit(committees, "AuditorEnrolled")
      .withArgs(committeeId, bob.address, CAP_WEI, 1n);
    await enrolAs(d, committeeId, carol, MIN_WEI);
    expect((await vault.balanceOf(bob, NATIVE)).lockedWei).to.equal(CAP_WEI);
    expect(await committees.enrolmentOf(committeeId, bob)).to.deep.equal([1n, CAP_WEI, 0n]);
    expect(await committees.entryAt(committeeId, 1n)).to.deep.equal([carol.address, CAP_WEI + MIN_WEI]);
    expect((await committees.poolOf(committeeId)).enrolledCount).to.equal(2n);
  });

  it("refuses too little stake, a second time, and blocks after the last", async () => {
    const d = await assignmentsDeployed();
    const { committees, bob, carol, stranger } = d;
    const { committeeId, drawBlock } = await opened(d, 0);
    const lastEnrolBlock = drawBlock - DRAW_DELAY_BLOCKS;
    await expect(committees.connect(bob).enrol(committeeId, MIN_WEI - 1n))
      .to.be.revertedWithCustomError(committees, "DrawPoolStakeTooSmall")
      .withArgs(MIN_WEI - 1n, MIN_WEI);
    await enrolAs(d, committeeId, bob, MIN_WEI);
    await expect(committees.connect(bob).enrol(committeeId, MIN_WEI))
      .to.be.revertedWithCustomError(committees, "DrawPoolAlreadyEnrolled")
      .withArgs(bob.address);
    for (const auditor of [carol, stranger]) await consent(d, auditor, committees);
    await nextBlockIs(lastEnrolBlock);
    await committees.connect(carol).enrol(committeeId, MIN_WEI);
    await expect(committees.connect(stranger).enrol(committeeId, MIN_WEI))
      .to.be.revertedWithCustomError(committees, "DrawPoolEnrolmentClosed")
      .withArgs(lastEnrolBlock, lastEnrolBlock + 1n);
  });

  it("stops while the market is paused, and drawing and leaving do not", async () => {
    const d = await assignmentsDeployed();
    const { committees, market, owner, bob } = d;
    const committee = await opened(d, 4);
    await consent(d, bob, committees);
    await market.connect(owner).pause();
    await expect(committees.connect(bob).enrol(committee.committeeId, MIN_WEI)).to.be.revertedWithCustomError(
      committees,
      "CommitteesPaused",
    );
    const { others } = await drawn(d, committee);
    await expectLeaves(d, committee.committeeId, others[0]!);
  });

  it("refuses committees that are over or never were", async () => {
    const d = await assignmentsDeployed();
    const { committees, alice, bob } = d;
    const [ended, dissolved] = [await opened(d, 0), await opened(d, 0)];
    await committees.connect(alice).dissolve(dissolved.committeeId);
    await consent(d, bob, committees);
    await nextBlockAt(ended.terms.endsAt + 1n);
    for (const id of [ended.committeeId, dissolved.committeeId, 99n]) {
      await expect(committees.connect(bob).enrol(id, MIN_WEI))
        .to.be.revertedWithCustomError(committees, "CommitteesOver")
        .withArgs(id);
    }
  });
});

describe("CommitteeDraw.draw", () => {
  it("gives the seats to those that the hash of the block fixed at opening chooses", async () => {
    const d = await assignmentsDeployed();
    const { committees, stranger } = d;
    const { committeeId, drawBlock, auditors } = await opened(d, 7);
    await nextBlockIs(drawBlock);
    await expect(committees.draw(committeeId))
      .to.be.revertedWithCustomError(committees, "BlockDrawTooEarly")
      .withArgs(drawBlock, drawBlock);
    await nextBlockIs(drawBlock + 1n);
    const seed = await drawSeed(DOMAIN, committees, [committeeId], drawBlock);
    const weights = auditors.map((_, i) => BigInt(i + 1) * MIN_WEI);
    const indices = expectedIndices(weights, [], 3, seed);
    const accounts = indices.map((index) => auditors[index]!.address);
    await expect(committees.connect(stranger).draw(committeeId))
      .to.emit(committees, "CommitteeDrawn")
      .withArgs(committeeId, accounts, drawBlock);
    expect(await committees.members(committeeId)).to.deep.equal(accounts);
    for (const [index, auditor] of auditors.entries()) {
      expect(await committees.isMember(committeeId, auditor)).to.equal(indices.includes(index));
    }
    await expect(committees.draw(committeeId))
      .to.be.revertedWithCustomError(committees, "CommitteesDrawn")
      .withArgs(committeeId);
  });

  it("uses by rule a later block when the first one's hash is gone", async () => {
    const d = await assignmentsDeployed();
    const { committeeId, drawBlock } = await opened(d, 4);
    await nextBlockIs(drawBlock + WINDOW_BLOCKS + 1n);
    await d.committees.draw(committeeId);
    const [event] = await d.committees.queryFilter(d.committees.filters.CommitteeDrawn());
    expect(event!.args.blockNumber).to.equal(drawBlock + WINDOW_BLOCKS);
  });

  it("leaves seats empty when fewer enrolled", async () => {
    const d = await assignmentsDeployed();
    const { members, others } = await drawn(d, await opened(d, 2));
    expect([members.length, others.length]).to.deep.equal([2, 0]);
  });

  it("refuses committees for which nobody enrolled, and those that are over or never were", async () => {
    const d = await assignmentsDeployed();
    const { committees, alice } = d;
    const [empty, ended, dissolved] = [await opened(d, 0), await opened(d, 1), await opened(d, 1)];
    await committees.connect(alice).dissolve(dissolved.committeeId);
    await nextBlockIs(dissolved.drawBlock + 1n);
    await expect(committees.draw(empty.committeeId))
      .to.be.revertedWithCustomError(committees, "CommitteesNobodyEnrolled")
      .withArgs(empty.committeeId);
    await nextBlockAt(ended.terms.endsAt + 1n);
    for (const id of [ended.committeeId, dissolved.committeeId, 99n]) {
      await expect(committees.draw(id))
        .to.be.revertedWithCustomError(committees, "CommitteesOver")
        .withArgs(id);
    }
  });
});

describe("A committee", () => {
  it("is one to the last second of its end", async () => {
    const d = await assignmentsDeployed();
    const { committees, alice, bob } = d;
    const committee = await opened(d, 4);
    const { committeeId, terms } = committee;
    const { members } = await drawn(d, committee);
    await networkHelpers.time.increaseTo(terms.endsAt - 1n);
    await nextBlockAt(terms.endsAt);
    await committees.connect(alice).slash(committeeId, members[0]!, 1n, bob);
    expect(await committees.isMember(committeeId, members[0]!)).to.equal(true);
    await nextBlockAt(terms.endsAt + 1n);
    await networkHelpers.mine();
    expect(await committees.isMember(committeeId, members[0]!)).to.equal(false);
    expect(await committees.members(committeeId)).to.have.length(3);
    await expect(committees.connect(alice).slash(committeeId, members[0]!, 1n, bob))
      .to.be.revertedWithCustomError(committees, "CommitteesNotMember")
      .withArgs(committeeId, members[0]!.address);
    await expect(committees.connect(alice).dissolve(committeeId))
      .to.be.revertedWithCustomError(committees, "CommitteesOver")
      .withArgs(committeeId);
  });

  it("ends when its controller dissolves it, drawn or not", async () => {
    const d = await assignmentsDeployed();
    const { committees, alice } = d;
    const [early, late] = [await opened(d, 2), await opened(d, 4)];
    const dissolve = async ({ committeeId }: Opened) =>
      await expect(committees.connect(alice).dissolve(committeeId))
        .to.emit(committees, "CommitteeDissolved")
        .withArgs(committeeId);
    await dissolve(early);
    for (const auditor of early.auditors) {
      await expect(committees.connect(auditor).leave(early.committeeId)).to.emit(committees, "AuditorLeft");
    }
    const { members } = await drawn(d, late);
    await dissolve(late);
    expect(await committees.isMember(late.committeeId, members[0]!)).to.equal(false);
    for (const auditor of late.auditors) await expectLeaves(d, late.committeeId, auditor);
    await expect(committees.connect(alice).dissolve(late.committeeId))
      .to.be.revertedWithCustomError(committees, "CommitteesOver")
      .withArgs(late.committeeId);
  });

  it("obeys its controller only", async () => {
    const d = await assignmentsDeployed();
    const { committees, alice, bob } = d;
    const committee = await opened(d, 3);
    const { committeeId } = committee;
    const { members } = await drawn(d, committee);
    for (const [id, controller] of [
      [committeeId, alice.address],
      [99n, ethers.ZeroAddress],
    ] as const) {
      for (const call of [
        () => committees.connect(bob).slash(id, members[0]!, 1n, bob),
        () => committees.connect(bob).dissolve(id),
      ]) {
        await expect(call())
          .to.be.revertedWithCustomError(committees, "CommitteesNotController")
          .withArgs(id, bob.address, controller);
      }
    }
  });

  it("slashes members, half burned and half to whom the controller names", async () => {
    const d = await assignmentsDeployed();
    const { committees, vault, alice, bob } = d;
    const committee = await opened(d, 3);
    const { committeeId } = committee;
    const { members } = await drawn(d, committee);
    const [member] = members;
    const { weightWei, lockId } = await committees.enrolmentOf(committeeId, member!);
    const slash = async (amountWei: bigint) =>
      await committees.connect(alice).slash(committeeId, member!, amountWei, bob);
    await expect(slash(5n))
      .to.emit(committees, "MemberSlashed")
      .withArgs(committeeId, member!.address, 5n, bob.address);
    expect(await vault.creditOf(bob, NATIVE)).to.equal(2n);
    expect(await vault.creditOf(await vault.BURN_ADDRESS(), NATIVE)).to.equal(3n);
    await expect(slash(weightWei))
      .to.be.revertedWithCustomError(vault, "StakeVaultSlashTooLarge")
      .withArgs(lockId, weightWei - 5n, weightWei);
    await expect(slash(0n)).to.be.revertedWithCustomError(vault, "StakeVaultZeroAmount");
    await slash(weightWei - 5n);
    expect((await vault.balanceOf(member!, NATIVE)).lockedWei).to.equal(0n);
    await committees.connect(alice).dissolve(committeeId);
    await expectLeaves(d, committeeId, member!);
  });

  it("cannot slash who is not a member: not drawn, not enrolled, or drawn elsewhere", async () => {
    const d = await assignmentsDeployed();
    const { committees, alice, bob, stranger } = d;
    const committee = await opened(d, 4);
    const { committeeId } = committee;
    const other = await opened(d, 0);
    const before = committees.connect(alice).slash(committeeId, committee.auditors[0]!, 1n, bob);
    await expect(before).to.be.revertedWithCustomError(committees, "CommitteesNotMember");
    const { members, others } = await drawn(d, committee);
    for (const [id, account] of [
      [committeeId, others[0]!],
      [committeeId, stranger],
      [other.committeeId, members[0]!],
    ] as const) {
      await expect(committees.connect(alice).slash(id, account, 1n, bob))
        .to.be.revertedWithCustomError(committees, "CommitteesNotMember")
        .withArgs(id, account.address);
    }
  });

  it("frees who was not drawn at once, and members when it is over", async () => {
    const d = await assignmentsDeployed();
    const { committees, stranger } = d;
    const committee = await opened(d, 5);
    const { committeeId, auditors, terms } = committee;
    for (const auditor of auditors) await expectStays(d, committeeId, auditor);
    const { members, others } = await drawn(d, committee);
    for (const auditor of others) await expectLeaves(d, committeeId, auditor);
    for (const auditor of members) await expectStays(d, committeeId, auditor);
    await nextBlockAt(terms.endsAt);
    await expectStays(d, committeeId, members[0]!);
    await nextBlockAt(terms.endsAt + 1n);
    for (const auditor of members) await expectLeaves(d, committeeId, auditor);
    await expect(committees.connect(stranger).leave(committeeId))
      .to.be.revertedWithCustomError(committees, "DrawPoolNotEnrolled")
      .withArgs(stranger.address);
  });

  it("that nobody drew frees everybody when it is over", async () => {
    const d = await assignmentsDeployed();
    const { committeeId, auditors, terms } = await opened(d, 2);
    await nextBlockAt(terms.endsAt + 1n);
    for (const auditor of auditors) await expectLeaves(d, committeeId, auditor);
  });
});
