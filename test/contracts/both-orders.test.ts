/** Conflicting calls in one block, in both orders: either the clock decides, or the first of them, and the money adds up. */
import { expect } from "chai";

import { releaseCurve } from "../../prover/src/proof/multi-exponentiation.ts";
import { chunkAnswer } from "../../prover/src/seal/opening.ts";
import {
  assignmentsDeployed,
  enrolAs,
  lockAs,
  nextBlockIs,
  postAuction,
  postDraw,
} from "./support/assignment.ts";
import { both, eitherFirst, inBothOrders, onlyFirst, onlySecond } from "./support/both-orders.ts";
import {
  commitAs,
  deployed,
  key,
  modelCommitmentOf,
  NATIVE,
  networkHelpers,
  nextBlockAt,
  postTask,
  proofFor,
  REWARD_WEI,
  single,
  SPLIT,
  stakeFor,
  statementFor,
  TASK,
} from "./support/deployment.ts";
import { DEMAND_WEI, postSealed, sealDeployed, threeShards } from "./support/seal.ts";

import type { Call } from "./support/both-orders.ts";
import type { SealedWords } from "./support/seal.ts";

describe("In one block, a proof", () => {
  const provenScene = async (seconds: bigint) => {
    const d = await deployed();
    const { taskId, spec } = await postTask(d);
    await commitAs(d, taskId, d.alice);
    const proof = single(taskId, 350n, await proofFor(d, taskId, d.alice, 350n));
    const prove: Call = (overrides) => d.market.connect(d.alice).prove(...proof, overrides);
    const expire: Call = (overrides) => d.market.connect(d.stranger).expire(taskId, overrides);
    return { d, taskId, at: spec.proveDeadline + seconds, calls: [prove, expire] as const };
  };

  it("and an expiry at the prove deadline: the proof counts in both orders", async () => {
    await inBothOrders(async () => {
      const { d, taskId, at, calls } = await provenScene(0n);
      return {
        at,
        calls,
        check: async () => {
          expect((await d.market.task(taskId)).state).to.equal(TASK.settled);
          expect(await d.market.creditOf(d.alice, NATIVE)).to.equal(REWARD_WEI);
          expect(await d.market.creditOf(d.poster, NATIVE)).to.equal(0n);
        },
      };
    }, onlyFirst);
  });

  it("and an expiry a second later: the expiry counts in both orders", async () => {
    await inBothOrders(async () => {
      const { d, taskId, at, calls } = await provenScene(1n);
      return {
        at,
        calls,
        check: async () => {
          expect((await d.market.task(taskId)).state).to.equal(TASK.expired);
          expect(await d.market.creditOf(d.alice, NATIVE)).to.equal(0n);
          expect(await d.market.creditOf(d.poster, NATIVE)).to.equal(REWARD_WEI);
        },
      };
    }, onlySecond);
  });

  it("and another prover's: the first is paid, the second costs no stake", async () => {
    await inBothOrders(async () => {
      const d = await deployed();
      const { taskId } = await postTask(d);
      await commitAs(d, taskId, d.alice, d.bob);
      const proofs = await Promise.all(
        [d.alice, d.bob].map(async (prover) => single(taskId, 350n, await proofFor(d, taskId, prover, 350n))),
      );
      return {
        calls: [
          (overrides) => d.market.connect(d.alice).prove(...proofs[0]!, overrides),
          (overrides) => d.market.connect(d.bob).prove(...proofs[1]!, overrides),
        ],
        check: async ({ first }) => {
          expect(await d.market.creditOf(d.alice, NATIVE)).to.equal(first ? REWARD_WEI : 0n);
          expect(await d.market.creditOf(d.bob, NATIVE)).to.equal(first ? 0n : REWARD_WEI);
          for (const prover of [d.alice, d.bob]) await d.market.releaseStake(taskId, prover);
        },
      };
    }, eitherFirst);
  });

  it("and a new fee of the owner's: the task keeps the fee it was posted under", async () => {
    await inBothOrders(async () => {
      const d = await deployed();
      const { taskId } = await postTask(d);
      await commitAs(d, taskId, d.alice);
      const proof = single(taskId, 350n, await proofFor(d, taskId, d.alice, 350n));
      return {
        calls: [
          (overrides) => d.market.connect(d.alice).prove(...proof, overrides),
          (overrides) => d.market.connect(d.owner).setFee(500n, d.owner, overrides),
        ],
        check: async () => {
          expect(await d.market.creditOf(d.alice, NATIVE)).to.equal(REWARD_WEI);
          expect(await d.market.creditOf(d.owner, NATIVE)).to.equal(0n);
        },
      };
    }, both);
  });
});

describe("In one block, a commitment", () => {
  it("and a cancellation: the first of them counts", async () => {
    await inBothOrders(async () => {
      const d = await deployed();
      const { taskId } = await postTask(d);
      await stakeFor(d, d.alice);
      return {
        calls: [
          (overrides) => d.market.connect(d.alice).commit(taskId, modelCommitmentOf(d.alice), overrides),
          (overrides) => d.market.connect(d.poster).cancel(taskId, overrides),
        ],
        check: async ({ first }) => {
          expect((await d.market.task(taskId)).state).to.equal(first ? TASK.committed : TASK.cancelled);
          expect(await d.market.creditOf(d.poster, NATIVE)).to.equal(first ? 0n : REWARD_WEI);
        },
      };
    }, eitherFirst);
  });

  it("and a pause: before it the prover is in, after it none of its stake is locked", async () => {
    await inBothOrders(
      async () => {
        const d = await deployed();
        const { taskId } = await postTask(d);
        await stakeFor(d, d.alice);
        return {
          calls: [
            (overrides) => d.market.connect(d.alice).commit(taskId, modelCommitmentOf(d.alice), overrides),
            (overrides) => d.market.connect(d.owner).pause(overrides),
          ],
          check: async ({ first }) => {
            const { lockedWei } = await d.vault.balanceOf(d.alice, NATIVE);
            expect(lockedWei > 0n).to.equal(first);
          },
        };
      },
      { asWritten: [true, true], reversed: [false, true] },
    );
  });

  it("and another for the last place: the first is in, the other keeps its stake free", async () => {
    await inBothOrders(async () => {
      const d = await deployed();
      const { taskId } = await postTask(d, { maxProvers: 1n });
      for (const prover of [d.alice, d.bob]) await stakeFor(d, prover);
      return {
        calls: [
          (overrides) => d.market.connect(d.alice).commit(taskId, 1n, overrides),
          (overrides) => d.market.connect(d.bob).commit(taskId, 1n, overrides),
        ],
        check: async ({ first }) => {
          const loser = first ? d.bob : d.alice;
          expect((await d.vault.balanceOf(loser, NATIVE)).lockedWei).to.equal(0n);
        },
      };
    }, eitherFirst);
  });
});

describe("In one block, stake", () => {
  it("asked for by two: it is released once", async () => {
    await inBothOrders(async () => {
      const d = await deployed();
      const { taskId, spec } = await postTask(d);
      await commitAs(d, taskId, d.alice);
      await nextBlockAt(spec.proveDeadline + 1n);
      await d.market.expire(taskId);
      const before = await d.vault.balanceOf(d.alice, NATIVE);
      return {
        calls: [
          (overrides) => d.market.connect(d.alice).releaseStake(taskId, d.alice, overrides),
          (overrides) => d.market.connect(d.stranger).releaseStake(taskId, d.alice, overrides),
        ],
        check: async () => {
          const after = await d.vault.balanceOf(d.alice, NATIVE);
          expect(after.freeWei).to.equal(before.freeWei + before.lockedWei);
          expect(after.lockedWei).to.equal(0n);
        },
      };
    }, eitherFirst);
  });

  it("of a pro-rata winner and its share: each is given once, in both orders", async () => {
    await inBothOrders(async () => {
      const d = await deployed();
      const { taskId } = await postTask(d, { split: SPLIT.proRata, maxProvers: 1n });
      await commitAs(d, taskId, d.alice);
      await d.market
        .connect(d.alice)
        .prove(...single(taskId, 350n, await proofFor(d, taskId, d.alice, 350n)));
      await d.market.settle(taskId);
      return {
        calls: [
          (overrides) => d.market.connect(d.stranger).claim(taskId, d.alice, overrides),
          (overrides) => d.market.connect(d.stranger).releaseStake(taskId, d.alice, overrides),
        ],
        check: async () => {
          expect(await d.market.creditOf(d.alice, NATIVE)).to.equal(REWARD_WEI);
          expect((await d.vault.balanceOf(d.alice, NATIVE)).lockedWei).to.equal(0n);
        },
      };
    }, both);
  });
});

describe("In one block, an auction's collateral", () => {
  it("settled before the expiry is refused, after it goes to the poster; once in both orders", async () => {
    await inBothOrders(
      async () => {
        const d = await assignmentsDeployed();
        const auctioned = await postAuction(d);
        await lockAs(d, auctioned, d.alice);
        const { taskId, spec } = auctioned;
        return {
          at: spec.commitDeadline + 1n,
          calls: [
            (overrides) => d.market.connect(d.stranger).expire(taskId, overrides),
            (overrides) => d.auction.connect(d.stranger).settleCollateral(taskId, overrides),
          ],
          check: async ({ second }) => {
            if (!second) await d.auction.settleCollateral(taskId);
            const { collateralWei } = auctioned.terms;
            expect(await d.vault.creditOf(d.poster, NATIVE)).to.equal(collateralWei / 2n);
          },
        };
      },
      { asWritten: [true, true], reversed: [true, false] },
    );
  });
});

describe("In one block, an enrolment", () => {
  it("and a cancellation: an enrolment keeps no stake of a cancelled task", async () => {
    await inBothOrders(async () => {
      const d = await assignmentsDeployed();
      const { taskId } = await postDraw(d);
      await d.vault.connect(d.alice).depositAndApprove(NATIVE, 10n ** 16n, d.draw, 10n ** 16n, {
        value: 10n ** 16n,
      });
      return {
        calls: [
          (overrides) => d.draw.connect(d.alice).enrol(taskId, 10n ** 16n, overrides),
          (overrides) => d.market.connect(d.poster).cancel(taskId, overrides),
        ],
        check: async () => {
          expect((await d.market.task(taskId)).state).to.equal(TASK.cancelled);
          await d.draw.connect(d.alice).leave(taskId);
          expect((await d.vault.balanceOf(d.alice, NATIVE)).lockedWei).to.equal(0n);
        },
      };
    }, both);
  });

  it("to be drawn and a second draw: the seats are given out once", async () => {
    await inBothOrders(async () => {
      const d = await assignmentsDeployed();
      const { taskId, lastEnrolBlock } = await postDraw(d);
      for (const prover of [d.alice, d.bob]) await enrolAs(d, taskId, prover);
      await nextBlockIs(lastEnrolBlock + 9n);
      return {
        calls: [
          (overrides) => d.draw.connect(d.bob).draw(taskId, overrides),
          (overrides) => d.draw.connect(d.stranger).draw(taskId, overrides),
        ],
        check: async () => {
          expect(await d.draw.drawnAccounts(taskId)).to.have.length(1);
        },
      };
    }, eitherFirst);
  });
});

describe("In one block, a sealed test set", () => {
  let words: SealedWords;
  before(async () => (words = await threeShards()));
  after(releaseCurve);

  const demandedScene = async () => {
    const d = await sealDeployed();
    const task = await postSealed(d, words);
    await task.commitAndReveal([d.alice]);
    await task.demand(d.alice);
    const { values, path } = chunkAnswer(words.opening, 0);
    const answer: Call = (overrides) =>
      d.seal.connect(d.stranger).answer(task.taskId, 0, [...values], [...path], overrides);
    const forfeit: Call = (overrides) => d.seal.connect(d.alice).forfeit(task.taskId, overrides);
    return { d, task, calls: [answer, forfeit] as const };
  };

  it("answered at the answer deadline and called forfeit: the answer counts in both orders", async () => {
    await inBothOrders(async () => {
      const { d, task, calls } = await demandedScene();
      return {
        at: task.answerDeadline,
        calls,
        check: async () => {
          expect(await d.seal.hasForfeited(task.taskId)).to.equal(false);
          expect(await d.vault.creditOf(d.poster, NATIVE)).to.equal(DEMAND_WEI / 2n);
        },
      };
    }, onlyFirst);
  });

  it("answered a second later and called forfeit: the bond is lost in both orders", async () => {
    await inBothOrders(async () => {
      const { d, task, calls } = await demandedScene();
      return {
        at: task.answerDeadline + 1n,
        calls,
        check: async () => {
          expect(await d.seal.hasForfeited(task.taskId)).to.equal(true);
          expect(await d.vault.creditOf(d.poster, NATIVE)).to.equal(0n);
        },
      };
    }, onlySecond);
  });

  it("of a lost bond, claimed by two for one prover: it is paid its part once", async () => {
    await inBothOrders(async () => {
      const d = await sealDeployed();
      const task = await postSealed(d, words);
      await task.commit(d.alice, d.bob);
      await networkHelpers.time.setNextBlockTimestamp(task.unsealDeadline + 1n);
      await task.forfeit();
      return {
        calls: [
          (overrides) => d.seal.connect(d.alice).claimBond(task.taskId, d.alice, overrides),
          (overrides) => d.seal.connect(d.bob).claimBond(task.taskId, d.alice, overrides),
        ],
        check: async () => {
          const partWei = task.terms.bondWei / 2n;
          expect(await d.vault.creditOf(d.alice, NATIVE)).to.equal(partWei / 2n);
        },
      };
    }, eitherFirst);
  });

  it("proved and forfeited: the proof is paid and the bond is lost in both orders", async () => {
    await inBothOrders(
      async () => {
        const d = await sealDeployed();
        const task = await postSealed(d, words);
        await task.commitAndReveal([d.alice]);
        await task.demand(d.alice);
        const counts = words.dataScalars.map((_, shard) => ({ shard: BigInt(shard), correct: 120n }));
        const statement = await statementFor(d, task.taskId, d.alice, 120n);
        const proofs = words.dataScalars.map((data) => key.prove({ statement, data }));
        return {
          at: task.answerDeadline + 1n,
          calls: [
            (overrides) => d.market.connect(d.alice).prove(task.taskId, counts, proofs, overrides),
            (overrides) => d.seal.connect(d.stranger).forfeit(task.taskId, overrides),
          ],
          check: async () => {
            expect(await d.market.creditOf(d.alice, NATIVE)).to.equal(REWARD_WEI);
            expect(await d.market.creditOf(d.poster, NATIVE)).to.equal(0n);
            expect(await d.seal.hasForfeited(task.taskId)).to.equal(true);
          },
        };
      },
      { asWritten: [true, true], reversed: [true, true] },
    );
  });
});
