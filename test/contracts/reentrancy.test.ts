import { expect } from "chai";

import {
  deployed,
  ethers,
  NATIVE,
  networkHelpers,
  NO_RULES,
  postTask,
  single,
  SPLIT,
  taskSpec,
  UNBONDING_SECONDS,
} from "./support/deployment.ts";

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
