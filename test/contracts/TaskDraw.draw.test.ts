import { expect } from "chai";

import {
  assignmentsDeployed,
  DRAW_DELAY_BLOCKS,
  enrolAs,
  inOneBlock,
  MIN_WEI,
  nextBlockIs,
  postDraw,
  TURN_BLOCKS,
  WINDOW_BLOCKS,
} from "./support/assignment.ts";
import {
  ethers,
  modelCommitmentOf,
  networkHelpers,
  nextBlockAt,
  postTask,
  proveAs,
  stakeFor,
} from "./support/deployment.ts";
import { drawSeed, expectedIndices } from "./support/weighted-draw.ts";

import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";

import type { Assignments, DrawTerms, Drawn } from "./support/assignment.ts";
import type { TaskSpec } from "./support/deployment.ts";

const DOMAIN = "zkpot.task-draw.v1";

interface Enrolled extends Drawn {
  /** Accounts in the order of their enrolments; the n-th has n + 1 times the least stake. */
  readonly provers: HardhatEthersSigner[];
  readonly weights: bigint[];
}

/** A task with some enrolments. */
async function enrolled(
  d: Assignments,
  count: number,
  terms: Partial<DrawTerms> = {},
  spec: Partial<TaskSpec> = {},
): Promise<Enrolled> {
  const drawn = await postDraw(d, { terms, spec: { maxProvers: 8n, ...spec } });
  const provers = (await ethers.getSigners()).slice(6, 6 + count);
  for (const [i, prover] of provers.entries()) {
    await enrolAs(d, drawn.taskId, prover, BigInt(i + 1) * MIN_WEI);
  }
  return { ...drawn, provers, weights: provers.map((_, i) => BigInt(i + 1) * MIN_WEI) };
}

/** The first draw, in the first block in which it is possible. */
async function firstDraw(d: Assignments, { taskId, lastEnrolBlock }: Drawn): Promise<void> {
  await nextBlockIs(lastEnrolBlock + DRAW_DELAY_BLOCKS + 1n);
  await d.draw.draw(taskId);
}

/** Draws again when the turn has passed. */
async function redraw({ draw }: Assignments, { taskId }: Drawn): Promise<void> {
  await nextBlockIs((await draw.taskSeats(taskId)).drawBlock + 1n);
  await draw.draw(taskId);
}

/** Accounts of the last draw. */
async function holders({ draw }: Assignments, task: Enrolled): Promise<HardhatEthersSigner[]> {
  const { round } = await draw.taskSeats(task.taskId);
  const events = await draw.queryFilter(draw.filters.SeatsDrawn(task.taskId, round));
  return events[0]!.args.accounts.map((account) => task.provers.find(({ address }) => address === account)!);
}

async function commit(d: Assignments, { taskId }: Drawn, prover: HardhatEthersSigner): Promise<void> {
  await stakeFor(d, prover);
  await d.market.connect(prover).commit(taskId, modelCommitmentOf(prover));
}

async function expectNotAssigned(
  d: Assignments,
  { taskId }: Drawn,
  prover: HardhatEthersSigner,
): Promise<void> {
  expect(await d.draw.mayCommit(taskId, prover)).to.equal(false);
  await expect(d.market.connect(prover).commit(taskId, 42n))
    .to.be.revertedWithCustomError(d.market, "TaskMarketNotAssigned")
    .withArgs(taskId, prover.address);
}

describe("TaskDraw.draw", () => {
  it("gives the seats to those that the hash of the block fixed at posting chooses", async () => {
    const d = await assignmentsDeployed();
    const { draw } = d;
    const task = await enrolled(d, 6, { seats: 3n });
    const { taskId, lastEnrolBlock, provers, weights } = task;
    const number = lastEnrolBlock + DRAW_DELAY_BLOCKS;
    await nextBlockIs(number + 1n);
    const seed = await drawSeed(DOMAIN, draw, [taskId, 1n], number);
    const indices = expectedIndices(weights, [], 3, seed);
    const accounts = indices.map((index) => provers[index]!.address);
    await expect(draw.draw(taskId))
      .to.emit(draw, "SeatsDrawn")
      .withArgs(taskId, 1n, accounts, number, number + 1n + TURN_BLOCKS);
    expect(await draw.drawnAccounts(taskId)).to.deep.equal(accounts);
    for (const [index, prover] of provers.entries()) {
      const isDrawn = indices.includes(index);
      expect(await draw.mayCommit(taskId, prover)).to.equal(isDrawn);
      expect((await draw.enrolmentOf(taskId, prover)).round).to.equal(isDrawn ? 1n : 0n);
    }
    const { round, drawBlock } = await draw.taskSeats(taskId);
    expect([round, drawBlock]).to.deep.equal([1n, number + 1n + TURN_BLOCKS]);
  });

  it("waits until the block has passed", async () => {
    const d = await assignmentsDeployed();
    const { taskId, lastEnrolBlock } = await enrolled(d, 2);
    const number = lastEnrolBlock + DRAW_DELAY_BLOCKS;
    await nextBlockIs(number);
    await expect(d.draw.draw(taskId))
      .to.be.revertedWithCustomError(d.draw, "BlockDrawTooEarly")
      .withArgs(number, number);
    await nextBlockIs(number + 1n);
    await d.draw.draw(taskId);
  });

  it("gives everybody the same draw for 256 blocks, then by rule the next", async () => {
    const d = await assignmentsDeployed();
    const { draw, alice, bob } = d;
    const { taskId, lastEnrolBlock, provers, weights } = await enrolled(d, 8);
    const number = lastEnrolBlock + DRAW_DELAY_BLOCKS;
    const snapshot = await networkHelpers.takeSnapshot();
    for (const [passed, caller, used] of [
      [1n, alice, number],
      [2n, bob, number],
      [WINDOW_BLOCKS, alice, number],
      [WINDOW_BLOCKS + 1n, alice, number + WINDOW_BLOCKS],
      [2n * WINDOW_BLOCKS, bob, number + WINDOW_BLOCKS],
      [3n * WINDOW_BLOCKS + 1n, bob, number + 3n * WINDOW_BLOCKS],
    ] as const) {
      await nextBlockIs(number + passed);
      const seed = await drawSeed(DOMAIN, draw, [taskId, 1n], used);
      const [index] = expectedIndices(weights, [], 1, seed);
      await draw.connect(caller).draw(taskId);
      expect(await draw.drawnAccounts(taskId)).to.deep.equal([provers[index!]!.address]);
      await snapshot.restore();
    }
  });

  it("gives everybody a seat when fewer enrolled than there are seats", async () => {
    const d = await assignmentsDeployed();
    const task = await enrolled(d, 2, { seats: 3n });
    await firstDraw(d, task);
    const drawn = await d.draw.drawnAccounts(task.taskId);
    expect([...drawn].sort()).to.deep.equal(task.provers.map(({ address }) => address).sort());
  });

  it("refuses tasks for which nobody enrolled, and tasks without a draw", async () => {
    const d = await assignmentsDeployed();
    const { taskId, lastEnrolBlock } = await enrolled(d, 0);
    await nextBlockIs(lastEnrolBlock + DRAW_DELAY_BLOCKS + 1n);
    const open = await postTask(d);
    for (const id of [taskId, open.taskId, open.taskId + 1n]) {
      await expect(d.draw.draw(id))
        .to.be.revertedWithCustomError(d.draw, "TaskDrawNobodyEnrolled")
        .withArgs(id);
    }
  });

  it("is closed after the commit deadline, whatever became of the task", async () => {
    const d = await assignmentsDeployed();
    const { draw, market, poster } = d;
    const [cancelled, late] = [await enrolled(d, 1), await enrolled(d, 1)];
    await market.connect(poster).cancel(cancelled.taskId);
    await nextBlockIs(late.lastEnrolBlock + DRAW_DELAY_BLOCKS + 1n);
    const over = async (taskId: bigint) =>
      await expect(draw.draw(taskId))
        .to.be.revertedWithCustomError(draw, "TaskDrawTaskOver")
        .withArgs(taskId);
    await nextBlockAt(late.spec.commitDeadline + 1n);
    await over(late.taskId);
    await market.expire(late.taskId);
    await over(late.taskId);
  });

  it("is possible to the last second of the commit deadline", async () => {
    const d = await assignmentsDeployed();
    const { taskId, lastEnrolBlock, spec } = await enrolled(d, 1);
    await nextBlockIs(lastEnrolBlock + DRAW_DELAY_BLOCKS + 1n);
    await nextBlockAt(spec.commitDeadline);
    await d.draw.draw(taskId);
  });
});

describe("Commitments to a drawn task", () => {
  it("are the holders' only", async () => {
    const d = await assignmentsDeployed();
    const task = await enrolled(d, 4, { seats: 2n });
    for (const prover of [...task.provers, d.stranger]) await expectNotAssigned(d, task, prover);
    await firstDraw(d, task);
    const drawn = await holders(d, task);
    for (const prover of drawn) await commit(d, task, prover);
    for (const prover of [...task.provers, d.stranger]) {
      if (!drawn.includes(prover)) await expectNotAssigned(d, task, prover);
    }
    expect(await d.market.proverCount(task.taskId)).to.equal(2n);
  });
});

describe("A draw after a turn", () => {
  it("replaces a holder that never committed, by an account not drawn before", async () => {
    const d = await assignmentsDeployed();
    const { draw } = d;
    const task = await enrolled(d, 5);
    const { taskId, provers, weights } = task;
    await firstDraw(d, task);
    const [first] = await holders(d, task);
    const { drawBlock } = await draw.taskSeats(taskId);

    await nextBlockIs(drawBlock);
    await expect(draw.draw(taskId))
      .to.be.revertedWithCustomError(draw, "BlockDrawTooEarly")
      .withArgs(drawBlock, drawBlock);
    await nextBlockIs(drawBlock + 1n);
    const seed = await drawSeed(DOMAIN, draw, [taskId, 2n], drawBlock);
    const [index] = expectedIndices(weights, [provers.indexOf(first!)], 1, seed);
    await expect(draw.draw(taskId))
      .to.emit(draw, "SeatsDrawn")
      .withArgs(taskId, 2n, [provers[index!]!.address], drawBlock, drawBlock + 1n + TURN_BLOCKS);

    await expectNotAssigned(d, task, first!);
    await commit(d, task, provers[index!]!);
  });

  it("leaves who committed in place and replaces the others", async () => {
    const d = await assignmentsDeployed();
    const task = await enrolled(d, 8, { seats: 4n });
    await firstDraw(d, task);
    const first = await holders(d, task);
    for (const prover of [first[1]!, first[3]!]) await commit(d, task, prover);
    await redraw(d, task);
    const second = await holders(d, task);
    expect(second).to.have.length(2);
    expect(first.filter((prover) => second.includes(prover))).to.deep.equal([]);
    for (const prover of [first[0]!, first[2]!]) await expectNotAssigned(d, task, prover);
    for (const prover of second) await commit(d, task, prover);
    expect(await d.market.proverCount(task.taskId)).to.equal(4n);
  });

  it("has nothing to do when everybody committed", async () => {
    const d = await assignmentsDeployed();
    const task = await enrolled(d, 4, { seats: 2n });
    await firstDraw(d, task);
    for (const prover of await holders(d, task)) await commit(d, task, prover);
    await nextBlockIs((await d.draw.taskSeats(task.taskId)).drawBlock + 1n);
    await expect(d.draw.draw(task.taskId))
      .to.be.revertedWithCustomError(d.draw, "TaskDrawNoVacancy")
      .withArgs(task.taskId);
  });

  it("lets a holder commit after its turn as long as nobody has drawn again", async () => {
    const d = await assignmentsDeployed();
    const task = await enrolled(d, 3);
    await firstDraw(d, task);
    const [first] = await holders(d, task);
    await networkHelpers.mine(10n * TURN_BLOCKS);
    await commit(d, task, first!);
    await expect(d.draw.draw(task.taskId)).to.be.revertedWithCustomError(d.draw, "TaskDrawNoVacancy");
  });

  it("and the commitment in one block: the first of them counts", async () => {
    for (const isCommitFirst of [true, false]) {
      const d = await assignmentsDeployed();
      const task = await enrolled(d, 3);
      await firstDraw(d, task);
      const [first] = await holders(d, task);
      await stakeFor(d, first!);
      await nextBlockIs((await d.draw.taskSeats(task.taskId)).drawBlock + 1n);
      const calls = [
        (o: object) => d.market.connect(first).commit(task.taskId, 42n, o),
        (o: object) => d.draw.draw(task.taskId, o),
      ];
      const done = await inOneBlock(...(isCommitFirst ? calls : calls.reverse()));
      expect(done).to.deep.equal([true, false]);
      expect(await d.market.proverCount(task.taskId)).to.equal(isCommitFirst ? 1n : 0n);
      expect((await d.draw.taskSeats(task.taskId)).round).to.equal(isCommitFirst ? 1n : 2n);
    }
  });

  it("opens the task to everybody enrolled once all draws are used", async () => {
    const d = await assignmentsDeployed();
    const { draw } = d;
    const task = await enrolled(d, 5, { maxRedraws: 1n });
    const { taskId, provers } = task;
    await firstDraw(d, task);
    await redraw(d, task);
    expect(await draw.drawnAccounts(taskId)).to.have.length(2);
    await nextBlockIs((await draw.taskSeats(taskId)).drawBlock + 1n);
    await expect(draw.draw(taskId)).to.emit(draw, "SeatsOpened").withArgs(taskId);
    expect((await draw.taskSeats(taskId)).isOpen).to.equal(true);
    await expect(draw.draw(taskId)).to.be.revertedWithCustomError(draw, "TaskDrawIsOpen").withArgs(taskId);
    for (const prover of provers.slice(1)) await commit(d, task, prover);
    await draw.connect(provers[0]).leave(taskId);
    for (const prover of [provers[0]!, d.stranger]) await expectNotAssigned(d, task, prover);
  });

  it("opens seats that nobody was left to take, also when all holders have committed", async () => {
    const d = await assignmentsDeployed();
    const task = await enrolled(d, 3, { seats: 2n });
    await firstDraw(d, task);
    const [first, second] = await holders(d, task);
    await redraw(d, task);
    const [third] = await holders(d, task);
    await commit(d, task, third!);
    await nextBlockIs((await d.draw.taskSeats(task.taskId)).drawBlock + 1n);
    await expect(d.draw.draw(task.taskId)).to.emit(d.draw, "SeatsOpened").withArgs(task.taskId);
    for (const prover of [first!, second!]) await commit(d, task, prover);
  });

  it("opens the task to everybody enrolled once nobody is left to draw", async () => {
    const d = await assignmentsDeployed();
    const task = await enrolled(d, 2, { maxRedraws: 5n });
    await firstDraw(d, task);
    await redraw(d, task);
    await nextBlockIs((await d.draw.taskSeats(task.taskId)).drawBlock + 1n);
    await expect(d.draw.draw(task.taskId)).to.emit(d.draw, "SeatsOpened").withArgs(task.taskId);
    for (const prover of task.provers) await commit(d, task, prover);
  });
});

describe("TaskDraw.leave", () => {
  async function expectStays({ draw }: Assignments, { taskId }: Drawn, prover: HardhatEthersSigner) {
    await expect(draw.connect(prover).leave(taskId))
      .to.be.revertedWithCustomError(draw, "TaskDrawStakeInUse")
      .withArgs(taskId, prover.address);
  }

  async function expectLeaves(d: Assignments, { taskId }: Drawn, prover: HardhatEthersSigner) {
    const { draw, vault } = d;
    const { lockId, weightWei } = await draw.enrolmentOf(taskId, prover);
    const transaction = draw.connect(prover).leave(taskId);
    await expect(transaction).to.emit(draw, "ProverLeft").withArgs(taskId, prover.address, lockId);
    await expect(transaction)
      .to.emit(vault, "StakeReleased")
      .withArgs(lockId, await draw.getAddress(), prover.address, ethers.ZeroAddress, weightWei);
    expect((await draw.enrolmentOf(taskId, prover)).lockId).to.equal(0n);
    await expect(draw.connect(prover).leave(taskId))
      .to.be.revertedWithCustomError(draw, "DrawPoolNotEnrolled")
      .withArgs(prover.address);
  }

  it("is refused to who can still be drawn or holds a seat", async () => {
    const d = await assignmentsDeployed();
    const task = await enrolled(d, 3);
    for (const prover of task.provers) await expectStays(d, task, prover);
    await firstDraw(d, task);
    for (const prover of task.provers) await expectStays(d, task, prover);
  });

  it("is refused to who never enrolled", async () => {
    const d = await assignmentsDeployed();
    const task = await enrolled(d, 1);
    await expect(d.draw.connect(d.stranger).leave(task.taskId))
      .to.be.revertedWithCustomError(d.draw, "DrawPoolNotEnrolled")
      .withArgs(d.stranger.address);
  });

  it("frees who committed, and the others once all seats are used", async () => {
    const d = await assignmentsDeployed();
    const task = await enrolled(d, 5, { seats: 2n });
    await firstDraw(d, task);
    const [one, two] = await holders(d, task);
    const others = task.provers.filter((prover) => prover !== one && prover !== two);
    await commit(d, task, one!);
    await expectLeaves(d, task, one!);
    for (const prover of [two!, ...others]) await expectStays(d, task, prover);
    await commit(d, task, two!);
    for (const prover of [two!, ...others]) await expectLeaves(d, task, prover);
  });

  it("frees who was replaced, and not those who can replace it", async () => {
    const d = await assignmentsDeployed();
    const task = await enrolled(d, 3);
    await firstDraw(d, task);
    const [first] = await holders(d, task);
    await redraw(d, task);
    await expectLeaves(d, task, first!);
    for (const prover of task.provers) if (prover !== first) await expectStays(d, task, prover);
  });

  it("frees everybody once the task is open to all", async () => {
    const d = await assignmentsDeployed();
    const task = await enrolled(d, 3, { maxRedraws: 0n });
    await firstDraw(d, task);
    await redraw(d, task);
    for (const prover of task.provers) await expectLeaves(d, task, prover);
  });

  it("frees everybody when the task has ended", async () => {
    const d = await assignmentsDeployed();
    const [cancelled, settled] = [await enrolled(d, 2), await enrolled(d, 3, { seats: 2n })];
    await d.market.connect(d.poster).cancel(cancelled.taskId);
    for (const prover of cancelled.provers) await expectLeaves(d, cancelled, prover);
    await firstDraw(d, settled);
    const [first] = await holders(d, settled);
    await commit(d, settled, first!);
    await proveAs(d, settled.taskId, first!, 350n);
    for (const prover of settled.provers) await expectLeaves(d, settled, prover);
  });

  it("frees everybody after the commit deadline, though nobody ever drew", async () => {
    const d = await assignmentsDeployed();
    const task = await enrolled(d, 2);
    await nextBlockAt(task.spec.commitDeadline);
    await expectStays(d, task, task.provers[0]!);
    await nextBlockAt(task.spec.commitDeadline + 1n);
    for (const prover of task.provers) await expectLeaves(d, task, prover);
    await d.market.expire(task.taskId);
  });

  it("gives back all that was enrolled", async () => {
    const d = await assignmentsDeployed();
    const task = await enrolled(d, 4);
    await firstDraw(d, task);
    await networkHelpers.time.increaseTo(task.spec.proveDeadline + 1n);
    for (const prover of task.provers) {
      await d.draw.connect(prover).leave(task.taskId);
      const { freeWei, lockedWei } = await d.vault.balanceOf(prover, ethers.ZeroAddress);
      expect([freeWei, lockedWei]).to.deep.equal([task.weights[task.provers.indexOf(prover)], 0n]);
    }
  });
});
