import { expect } from "chai";

import { releaseCurve } from "../../prover/src/proof/multi-exponentiation.ts";
import { chunkAnswer } from "../../prover/src/seal/opening.ts";
import { assignmentsDeployed, lockAs, postAuction, postDraw } from "./support/assignment.ts";
import {
  commitAs,
  deployed,
  ethers,
  NATIVE,
  networkHelpers,
  nextBlockAt,
  NO_RULES,
  postTask,
  REWARD_WEI,
  single,
  SPLIT,
  taskSpec,
  UNBONDING_SECONDS,
} from "./support/deployment.ts";
import { postSealed, threeShards } from "./support/seal.ts";

import type { BaseContract } from "ethers";

import type { Deployment } from "./support/deployment.ts";

const GUARD_SELECTOR = ethers.id("ReentrancyGuardReentrantCall()").slice(0, 10);

/** Calls into the vault that a token or receiver could try in the middle of another. */
function vaultCalls({ vault, alice }: Deployment): string[] {
  const encode = vault.interface;
  return [
    encode.encodeFunctionData("deposit", [NATIVE, 0n]),
    encode.encodeFunctionData("approveLocker", [alice.address, NATIVE, 1n]),
    encode.encodeFunctionData("depositAndApprove", [NATIVE, 0n, alice.address, 1n]),
    encode.encodeFunctionData("requestUnbonding", [NATIVE, 1n]),
    encode.encodeFunctionData("withdraw", [NATIVE]),
    encode.encodeFunctionData("withdrawCredit", [NATIVE]),
    encode.encodeFunctionData("lock", [alice.address, NATIVE, 1n]),
    encode.encodeFunctionData("release", [NATIVE, 1n]),
    encode.encodeFunctionData("slash", [NATIVE, 1n, 1n, alice.address]),
    encode.encodeFunctionData("burnSlashed", [NATIVE]),
  ];
}

/** The same for the market. */
async function marketCalls({ market, alice }: Deployment): Promise<string[]> {
  const encode = market.interface;
  const spec = await taskSpec();
  const point = { x: 1n, y: 2n };
  const proof = {
    a: point,
    b: { xImag: 0n, xReal: 0n, yImag: 0n, yReal: 0n },
    c: point,
    blockCommitment: point,
    blockKnowledge: point,
  };
  return [
    encode.encodeFunctionData("post", [spec]),
    encode.encodeFunctionData("postWithRules", [spec, NO_RULES]),
    encode.encodeFunctionData("cancel", [1n]),
    encode.encodeFunctionData("commit", [1n, 1n]),
    encode.encodeFunctionData("commitWithTrace", [1n, 1n, ethers.ZeroHash]),
    encode.encodeFunctionData("prove", single(1n, 1n, proof)),
    encode.encodeFunctionData("lowerReward", [1n, 1n]),
    encode.encodeFunctionData("withdraw", [NATIVE]),
    encode.encodeFunctionData("settle", [1n]),
    encode.encodeFunctionData("expire", [1n]),
    encode.encodeFunctionData("claim", [1n, alice.address]),
    encode.encodeFunctionData("releaseStake", [1n, alice.address]),
    encode.encodeFunctionData("slashStake", [1n, alice.address]),
  ];
}

/** What only the owner of the market can call; it moves no money. */
const OWNER_ACTIONS = [
  "acceptOwnership",
  "pause",
  "renounceOwnership",
  "setFee",
  "transferOwnership",
  "unpause",
];

/** Names of all functions of a contract that change state. */
function stateChanging(contract: Deployment["vault"] | Deployment["market"]): string[] {
  const names: string[] = [];
  contract.interface.forEachFunction((fragment) => {
    if (!fragment.constant) names.push(fragment.name);
  });
  return names.sort();
}

describe("Reentrancy", () => {
  it("is tried below on every function that changes state, but for the owner's", async () => {
    const d = await deployed();
    const named = (
      calls: readonly string[],
      contract: Deployment["vault"] | Deployment["market"],
    ): string[] => calls.map((call) => contract.interface.parseTransaction({ data: call })!.name).sort();
    expect(named(vaultCalls(d), d.vault)).to.deep.equal(stateChanging(d.vault));
    const tried = named(await marketCalls(d), d.market);
    expect([...tried, ...OWNER_ACTIONS].sort()).to.deep.equal(stateChanging(d.market));
  });

  it("is refused by the vault while a token moves in", async () => {
    const d = await deployed();
    const { vault, alice } = d;
    const token = await ethers.deployContract("ReentrantToken");
    await token.mint(alice, 10n);
    await token.connect(alice).approve(vault, 10n);
    for (const call of vaultCalls(d)) {
      await token.callOnTransfer(vault, call);
      await expect(vault.connect(alice).deposit(token, 1n)).to.be.revertedWithCustomError(
        vault,
        "ReentrancyGuardReentrantCall",
      );
    }
  });

  it("is refused by the market while a token moves in", async () => {
    const d = await deployed();
    const { market, poster } = d;
    const token = await ethers.deployContract("ReentrantToken");
    await token.mint(poster, 10n);
    await token.connect(poster).approve(market, 10n);
    const spec = { ...(await taskSpec()), rewardToken: await token.getAddress(), rewardWei: 1n };
    for (const call of await marketCalls(d)) {
      await token.callOnTransfer(market, call);
      await expect(market.connect(poster).post(spec)).to.be.revertedWithCustomError(
        market,
        "ReentrancyGuardReentrantCall",
      );
    }
  });

  it("is refused by the vault while coin moves out, and pays once", async () => {
    const d = await deployed();
    const { vault, alice } = d;
    await vault.connect(alice).deposit(NATIVE, 1_000n, { value: 1_000n });
    const puppet = await ethers.deployContract("PuppetAccount");
    const vaultAddress = await vault.getAddress();
    const execute = async (data: string, value = 0n): Promise<unknown> =>
      await puppet.execute(vaultAddress, value, data, { value });
    for (const call of vaultCalls(d)) {
      await execute(vault.interface.encodeFunctionData("deposit", [NATIVE, 5n]), 5n);
      await execute(vault.interface.encodeFunctionData("requestUnbonding", [NATIVE, 5n]));
      await networkHelpers.time.increase(UNBONDING_SECONDS);
      await puppet.setOnReceive(2n, vault, call);
      await expect(execute(vault.interface.encodeFunctionData("withdraw", [NATIVE]))).to.changeEtherBalances(
        ethers,
        [vault, puppet],
        [-5n, 5n],
      );
      expect(await puppet.reentrySucceeded()).to.equal(false);
      expect(await puppet.reentryResult()).to.equal(GUARD_SELECTOR);
    }
  });

  it("is refused by the market while coin moves out, and pays once", async () => {
    const d = await deployed();
    const { market } = d;
    await postTask(d);
    const puppet = await ethers.deployContract("PuppetAccount");
    const marketAddress = await market.getAddress();
    const spec = { ...(await taskSpec()), rewardWei: 5n, split: SPLIT.bestScore };
    for (const call of await marketCalls(d)) {
      await puppet.execute(marketAddress, 5n, market.interface.encodeFunctionData("post", [spec]), {
        value: 5n,
      });
      const taskId = await market.taskCount();
      await puppet.execute(marketAddress, 0n, market.interface.encodeFunctionData("cancel", [taskId]));
      await puppet.setOnReceive(2n, market, call);
      await expect(
        puppet.execute(marketAddress, 0n, market.interface.encodeFunctionData("withdraw", [NATIVE])),
      ).to.changeEtherBalances(ethers, [market, puppet], [-5n, 5n]);
      expect(await puppet.reentrySucceeded()).to.equal(false);
      expect(await puppet.reentryResult()).to.equal(GUARD_SELECTOR);
    }
  });
});

describe("Reentrancy into contracts that lock stake", () => {
  /** Contracts and tasks in which a contract account could do each of these things right now. */
  async function scene() {
    const d = await assignmentsDeployed();
    const seal = await ethers.deployContract("TestSetSeal", [d.market]);
    const puppet = await ethers.deployContract("PuppetAccount");
    const run = async (contract: BaseContract, data: string, value = 0n): Promise<unknown> =>
      await puppet.execute(await contract.getAddress(), value, data, { value });
    const stake = async (locker: BaseContract, amountWei: bigint): Promise<void> => {
      const args: [string, bigint, string, bigint] = [
        NATIVE,
        amountWei,
        await locker.getAddress(),
        100n * amountWei,
      ];
      await run(d.vault, d.vault.interface.encodeFunctionData("depositAndApprove", args), amountWei);
    };
    for (const locker of [d.market, d.auction, d.draw, d.committees, seal]) await stake(locker, REWARD_WEI);
    // Something that it can take out of the vault.
    await run(d.vault, d.vault.interface.encodeFunctionData("requestUnbonding", [NATIVE, 5n]));
    await networkHelpers.time.increase(UNBONDING_SECONDS);

    const words = await threeShards();
    for (const account of [d.poster, d.alice]) {
      await d.vault
        .connect(account)
        .depositAndApprove(NATIVE, REWARD_WEI, seal, REWARD_WEI, { value: REWARD_WEI });
      await d.vault.connect(account).approveLocker(d.market, NATIVE, REWARD_WEI);
    }
    const encode = {
      market: d.market.interface,
      auction: d.auction.interface,
      draw: d.draw.interface,
      committees: d.committees.interface,
      seal: seal.interface,
    };
    return { ...d, sealed: { ...d, seal }, puppet, run, words, encode };
  }

  type Scene = Awaited<ReturnType<typeof scene>>;

  const committeeTerms = (now: bigint) => ({
    token: NATIVE,
    minWei: 1n,
    capWei: 100n,
    enrolBlocks: 100n,
    seats: 1n,
    endsAt: now + 1_000n,
  });

  /** Brings each call about; it is possible afterwards. */
  const SITUATIONS: Record<string, (s: Scene) => Promise<[BaseContract, string]>> = {
    "market: commit": async (s) => {
      const { taskId } = await postTask(s);
      return [s.market, s.encode.market.encodeFunctionData("commit", [taskId, 1n])];
    },
    "market: releaseStake": async (s) => {
      const { taskId, spec } = await postTask(s);
      await commitAs(s, taskId, s.alice);
      await nextBlockAt(spec.proveDeadline + 1n);
      await s.market.expire(taskId);
      return [s.market, s.encode.market.encodeFunctionData("releaseStake", [taskId, s.alice.address])];
    },
    "auction: lock": async (s) => {
      const { taskId, terms } = await postAuction(s);
      await nextBlockAt(terms.startsAt);
      return [s.auction, s.encode.auction.encodeFunctionData("lock", [taskId])];
    },
    "auction: settleCollateral": async (s) => {
      const auctioned = await postAuction(s);
      await lockAs(s, auctioned, s.alice);
      await nextBlockAt(auctioned.spec.commitDeadline + 1n);
      await s.market.expire(auctioned.taskId);
      return [s.auction, s.encode.auction.encodeFunctionData("settleCollateral", [auctioned.taskId])];
    },
    "draw: enrol": async (s) => {
      const { taskId } = await postDraw(s);
      return [s.draw, s.encode.draw.encodeFunctionData("enrol", [taskId, 10n ** 16n])];
    },
    "draw: leave": async (s) => {
      const { taskId } = await postDraw(s);
      await s.run(s.draw, s.encode.draw.encodeFunctionData("enrol", [taskId, 10n ** 16n]));
      await s.market.connect(s.poster).cancel(taskId);
      return [s.draw, s.encode.draw.encodeFunctionData("leave", [taskId])];
    },
    "committees: enrol": async (s) => {
      const now = BigInt(await networkHelpers.time.latest());
      await s.committees.open(committeeTerms(now));
      return [s.committees, s.encode.committees.encodeFunctionData("enrol", [1n, 50n])];
    },
    "committees: leave": async (s) => {
      const now = BigInt(await networkHelpers.time.latest());
      await s.committees.open(committeeTerms(now));
      await s.run(s.committees, s.encode.committees.encodeFunctionData("enrol", [1n, 50n]));
      await s.committees.dissolve(1n);
      return [s.committees, s.encode.committees.encodeFunctionData("leave", [1n])];
    },
    "committees: slash": async (s) => {
      const now = BigInt(await networkHelpers.time.latest());
      const terms = committeeTerms(now);
      await s.run(s.committees, s.encode.committees.encodeFunctionData("open", [terms]));
      await s.vault.connect(s.alice).approveLocker(s.committees, NATIVE, 100n);
      await s.committees.connect(s.alice).enrol(1n, 50n);
      await networkHelpers.mine(110n);
      await s.committees.draw(1n);
      const call = s.encode.committees.encodeFunctionData("slash", [1n, s.alice.address, 10n, s.bob.address]);
      return [s.committees, call];
    },
    "seal: demand": async (s) => {
      const task = await postSealed(s.sealed, s.words);
      const commit = s.encode.market.encodeFunctionData("commit", [task.taskId, 1n]);
      await s.run(s.market, commit);
      await nextBlockAt(task.spec.commitDeadline + 1n);
      await task.reveal();
      return [s.sealed.seal, s.encode.seal.encodeFunctionData("demand", [task.taskId, 0n])];
    },
    "seal: answer": async (s) => {
      const task = await postSealed(s.sealed, s.words);
      await task.commitAndReveal([s.alice]);
      await task.demand(s.alice);
      const { values, path } = chunkAnswer(s.words.opening, 0);
      const call = s.encode.seal.encodeFunctionData("answer", [task.taskId, 0n, [...values], [...path]]);
      return [s.sealed.seal, call];
    },
    "seal: claimBond": async (s) => {
      const task = await postSealed(s.sealed, s.words);
      await task.commit(s.alice);
      await nextBlockAt(task.unsealDeadline + 1n);
      await task.forfeit();
      return [s.sealed.seal, s.encode.seal.encodeFunctionData("claimBond", [task.taskId, s.alice.address])];
    },
    "seal: releaseDemand": async (s) => {
      const task = await postSealed(s.sealed, s.words);
      await task.commitAndReveal([s.alice]);
      await task.demand(s.alice);
      await nextBlockAt(task.answerDeadline + 1n);
      await task.forfeit();
      return [s.sealed.seal, s.encode.seal.encodeFunctionData("releaseDemand", [task.taskId, 0n])];
    },
    "seal: releaseBond": async (s) => {
      const task = await postSealed(s.sealed, s.words);
      await s.market.connect(s.poster).cancel(task.taskId);
      return [s.sealed.seal, s.encode.seal.encodeFunctionData("releaseBond", [task.taskId])];
    },
  };

  after(releaseCurve);

  for (const [title, arrange] of Object.entries(SITUATIONS)) {
    it(`is refused by the vault while coin moves out, though ${title} is possible right after`, async () => {
      const s = await scene();
      const [target, call] = await arrange(s);
      await s.puppet.setOnReceive(2n, target, call);
      const withdraw = s.vault.interface.encodeFunctionData("withdraw", [NATIVE]);
      await expect(s.run(s.vault, withdraw)).to.changeEtherBalances(ethers, [s.vault, s.puppet], [-5n, 5n]);
      expect(await s.puppet.reentrySucceeded()).to.equal(false);
      expect(await s.puppet.reentryResult()).to.equal(GUARD_SELECTOR);
      await s.puppet.setOnReceive(0n, target, "0x");
      await s.run(target, call);
    });
  }
});
