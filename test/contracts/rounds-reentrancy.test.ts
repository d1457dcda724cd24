/** Calls back into federations, and into the vault on their behalf, while tokens or coin move. */
import { expect } from "chai";

import { ethers, NATIVE, networkHelpers, UNBONDING_SECONDS } from "./support/deployment.ts";
import {
  aggregateRound,
  commitmentOf,
  createFederation,
  federationOfSix,
  federationSpec,
  finishRound,
  maskKey,
  MIN_STAKE_WEI,
  pass,
  ROUND_REWARD_WEI,
  score,
  TIMING,
} from "./support/rounds.ts";

import type { BaseContract } from "ethers";

import type { Federation } from "./support/rounds.ts";

const GUARD_SELECTOR = ethers.id("ReentrancyGuardReentrantCall()").slice(0, 10);

/** Move money, or call the vault: guarded. */
const GUARDED = ["advance", "close", "fund", "join", "leave", "withdraw"];
/** Call the registry's views and nobody else, and move no money. */
const BOOKKEEPING = [
  "aggregate",
  "claim",
  "commit",
  "create",
  "keepOwn",
  "mask",
  "prove",
  "reportMissing",
  "scoreGlobal",
  "start",
  "takeLead",
];

function guardedCalls({ rounds, id }: Federation): string[] {
  const encode = rounds.interface;
  const { key, eighth } = maskKey(99n);
  return [
    encode.encodeFunctionData("advance", [id]),
    encode.encodeFunctionData("close", [id]),
    encode.encodeFunctionData("fund", [id, 1n]),
    encode.encodeFunctionData("join", [id, MIN_STAKE_WEI, key, eighth]),
    encode.encodeFunctionData("leave", [id]),
    encode.encodeFunctionData("withdraw", [NATIVE]),
  ];
}

describe("Reentrancy into federations", () => {
  it("is tried below on every function that moves money or calls the vault", async () => {
    const d = await federationOfSix();
    const named = guardedCalls(d).map((data) => d.rounds.interface.parseTransaction({ data })!.name);
    expect(named).to.deep.equal(GUARDED);
    const changing: string[] = [];
    d.rounds.interface.forEachFunction(({ constant, name }) => {
      if (!constant) changing.push(name);
    });
    expect(changing.sort()).to.deep.equal([...GUARDED, ...BOOKKEEPING].sort());
  });

  it("is refused while a token moves in", async () => {
    const d = await federationOfSix();
    const { rounds, stranger } = d;
    const token = await ethers.deployContract("ReentrantToken");
    await token.mint(stranger, 10n);
    await token.connect(stranger).approve(rounds, 10n);
    const id = await createFederation(d, { rewardToken: await token.getAddress() });
    for (const call of guardedCalls(d)) {
      await token.callOnTransfer(rounds, call);
      await expect(rounds.connect(stranger).fund(id, 1n)).to.be.revertedWithCustomError(
        rounds,
        "ReentrancyGuardReentrantCall",
      );
    }
  });

  /** An account with code that is owed five wei as the sponsor of a federation that is closed. */
  async function owedPuppet(d: Federation) {
    const { rounds } = d;
    const address = await rounds.getAddress();
    const puppet = await ethers.deployContract("PuppetAccount");
    const run = async (data: string, value = 0n): Promise<unknown> =>
      await puppet.execute(address, value, data, { value });
    const owe = async (): Promise<void> => {
      await run(rounds.interface.encodeFunctionData("create", [federationSpec()]));
      const id = await rounds.federationCount();
      await run(rounds.interface.encodeFunctionData("fund", [id, 5n]), 5n);
      await networkHelpers.time.increase((await rounds.IDLE_SECONDS()) + 1n);
      await run(rounds.interface.encodeFunctionData("close", [id]));
    };
    const withdraw = async (): Promise<unknown> =>
      await run(rounds.interface.encodeFunctionData("withdraw", [NATIVE]));
    return { puppet, owe, withdraw };
  }

  it("is refused while coin moves out, which is paid once", async () => {
    const d = await federationOfSix();
    const { puppet, owe, withdraw } = await owedPuppet(d);
    for (const call of guardedCalls(d)) {
      await owe();
      await puppet.setOnReceive(2n, d.rounds, call);
      await expect(withdraw()).to.changeEtherBalances(ethers, [d.rounds, puppet], [-5n, 5n]);
      expect(await puppet.reentrySucceeded()).to.equal(false);
      expect(await puppet.reentryResult()).to.equal(GUARD_SELECTOR);
    }
  });

  it("by a claim while coin moves out finds all books in order: each is paid what it is owed, once", async () => {
    const d = await federationOfSix();
    const { rounds, members, id } = d;
    await finishRound(d, [150n, 140n, 130n], 200n);
    const { puppet, owe, withdraw } = await owedPuppet(d);
    await owe();
    const claim = rounds.interface.encodeFunctionData("claim", [id, 1n, members[0]!.address]);
    await puppet.setOnReceive(2n, rounds, claim);
    await expect(withdraw()).to.changeEtherBalances(ethers, [rounds, puppet], [-5n, 5n]);
    expect(await puppet.reentrySucceeded()).to.equal(true);
    expect(await rounds.creditOf(members[0]!, NATIVE)).to.equal((ROUND_REWARD_WEI * 50n) / 120n);
    expect(await rounds.creditOf(puppet, NATIVE)).to.equal(0n);
    await expect(rounds.claim(id, 1n, members[0]!)).to.be.revertedWithCustomError(
      rounds,
      "RoundNothingToClaim",
    );
  });
});

describe("Reentrancy into the vault by federations", () => {
  /** A contract account with stake of which five wei can be withdrawn. */
  async function stakedPuppet(d: Federation) {
    const puppet = await ethers.deployContract("PuppetAccount");
    const run = async (contract: BaseContract, data: string, value = 0n): Promise<unknown> =>
      await puppet.execute(await contract.getAddress(), value, data, { value });
    const encode = d.vault.interface;
    const amountWei = 10n * MIN_STAKE_WEI;
    const rounds = await d.rounds.getAddress();
    const deposit = encode.encodeFunctionData("depositAndApprove", [NATIVE, amountWei, rounds, amountWei]);
    await run(d.vault, deposit, amountWei);
    await run(d.vault, encode.encodeFunctionData("requestUnbonding", [NATIVE, 5n]));
    await networkHelpers.time.increase(UNBONDING_SECONDS);
    return { puppet, run };
  }

  const join = ({ rounds, id }: Federation): string => {
    const { key, eighth } = maskKey(99n);
    return rounds.interface.encodeFunctionData("join", [id, MIN_STAKE_WEI, key, eighth]);
  };
  const SITUATIONS: Record<
    string,
    (d: Federation, run: Awaited<ReturnType<typeof stakedPuppet>>["run"]) => Promise<string>
  > = {
    join: async (d) => await Promise.resolve(join(d)),
    leave: async (d, run) => {
      await run(d.rounds, join(d));
      return d.rounds.interface.encodeFunctionData("leave", [d.id]);
    },
    "the slash of a leader": async (d) => {
      await aggregateRound(d, [150n, 140n, 130n]);
      await pass(TIMING.leadSeconds + 1n);
      return d.rounds.interface.encodeFunctionData("advance", [d.id]);
    },
  };

  for (const [title, arrange] of Object.entries(SITUATIONS)) {
    it(`is refused while coin moves out, though ${title} is possible right after`, async () => {
      const d = await federationOfSix();
      const { puppet, run } = await stakedPuppet(d);
      const call = await arrange(d, run);
      await puppet.setOnReceive(2n, d.rounds, call);
      const withdraw = d.vault.interface.encodeFunctionData("withdraw", [NATIVE]);
      await expect(run(d.vault, withdraw)).to.changeEtherBalances(ethers, [d.vault, puppet], [-5n, 5n]);
      expect(await puppet.reentrySucceeded()).to.equal(false);
      expect(await puppet.reentryResult()).to.equal(GUARD_SELECTOR);
      await puppet.setOnReceive(0n, d.rounds, "0x");
      await run(d.rounds, call);
    });
  }

  it("does not keep a member with code from a round", async () => {
    const d = await federationOfSix();
    const { puppet, run } = await stakedPuppet(d);
    await run(d.rounds, join(d));
    await d.rounds.connect(d.members[0]).start(d.id);
    await pass(TIMING.trainSeconds + 1n);
    const member = { address: await puppet.getAddress() };
    await run(d.rounds, d.rounds.interface.encodeFunctionData("commit", [d.id, commitmentOf(member), 1n]));
    await pass(TIMING.commitSeconds);
    await run(d.rounds, d.rounds.interface.encodeFunctionData("prove", [d.id, await score(d, member, 150n)]));
    expect((await d.rounds.contributionOf(d.id, 1n, member.address)).isProven).to.equal(true);
  });
});
