/**
 * Who pays what for a sealed test set: every strategy of a poster, also with accounts of its own among the provers,
 * against every strategy of provers. All money is of one token; gas is counted apart.
 */
import { expect } from "chai";

import { releaseCurve } from "../../prover/src/proof/multi-exponentiation.ts";
import { type Opening, openingRoot, openShards } from "../../prover/src/seal/opening.ts";
import { ANSWER_GAS, demandWeiFor } from "../../prover/src/seal/terms.ts";
import { nextBlockAt, REWARD_WEI } from "./support/deployment.ts";
import {
  faultOf,
  postSealed,
  sealDeployed,
  type SealDeployment,
  type SealedTask,
  type SealedWords,
  threeShards,
  wrongAt,
} from "./support/seal.ts";

import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";

const R = REWARD_WEI;
/** Divisible by everything that divides it here. */
const B = 3n * 10n ** 17n;
const D = 10n ** 16n;
const CHUNKS = [0, 1];

let words: SealedWords;
before(async () => (words = await threeShards()));
after(releaseCurve);

type Name = "poster" | "alice" | "bob" | "carol";

/** One game: who commits, what the poster reveals, what is done then, and what everybody has won or lost in the end. */
interface Game {
  readonly title: string;
  /** Provers in order; carol is the poster's own account. */
  readonly provers: readonly Exclude<Name, "poster">[];
  readonly reveals: "right" | "wrong words" | "other test set" | "nothing";
  readonly play: (table: Table) => Promise<void>;
  readonly nets: Readonly<Record<Name, bigint>>;
}

interface Table {
  readonly d: SealDeployment;
  readonly task: SealedTask;
  readonly opening: Opening;
}

const demandAll = async ({ task }: Table, prover: HardhatEthersSigner): Promise<void> => {
  for (const chunk of CHUNKS) await task.demand(prover, chunk);
};
const answerAll = async ({ task }: Table): Promise<void> => {
  for (const chunk of CHUNKS) await task.answer(chunk);
};
const dispute = async ({ task, opening }: Table): Promise<void> => {
  await task.dispute(await faultOf(words, opening));
};
const missAnswers = async ({ task }: Table): Promise<void> => {
  await nextBlockAt(task.answerDeadline + 1n);
  await task.forfeit();
};
const missReveal = async ({ task }: Table): Promise<void> => {
  await nextBlockAt(task.unsealDeadline + 1n);
  await task.forfeit();
};
const none = async (): Promise<void> => {};

const HONEST: readonly Game[] = [
  {
    title: "the first proof takes the reward, nobody asks for anything",
    provers: ["alice", "bob"],
    reveals: "right",
    play: async ({ d, task }) => {
      await task.prove(d.alice);
    },
    nets: { poster: -R, alice: R, bob: 0n, carol: 0n },
  },
  {
    title: "nobody reaches the threshold",
    provers: ["alice", "bob"],
    reveals: "right",
    play: none,
    nets: { poster: 0n, alice: 0n, bob: 0n, carol: 0n },
  },
  {
    title: "a prover demands every chunk to make answers cost the poster something",
    provers: ["alice", "bob"],
    reveals: "right",
    play: async (table) => {
      await demandAll(table, table.d.bob);
      await answerAll(table);
      await table.task.prove(table.d.alice);
    },
    nets: { poster: -R + D, alice: R, bob: -2n * D, carol: 0n },
  },
  {
    title: "provers demand at the last second and do not prove",
    provers: ["alice", "bob"],
    reveals: "right",
    play: async (table) => {
      await nextBlockAt(table.task.demandDeadline);
      await table.task.demand(table.d.bob, 0);
      await table.task.answer(0);
    },
    nets: { poster: D / 2n, alice: 0n, bob: -D, carol: 0n },
  },
  {
    title: "a prover disputes what is right, and demands when the window is over",
    provers: ["alice", "bob"],
    reveals: "right",
    play: async (table) => {
      const { d, task } = table;
      const wrong = wrongAt(words, 20);
      await expect(task.dispute(await faultOf(words, wrong))).to.be.revertedWithCustomError(
        d.seal,
        "TestSetSealNotInOpening",
      );
      await nextBlockAt(task.demandDeadline + 1n);
      await expect(task.demand(d.bob)).to.be.revertedWithCustomError(d.seal, "TestSetSealDeadlinePassed");
      await task.prove(d.alice);
    },
    nets: { poster: -R, alice: R, bob: 0n, carol: 0n },
  },
];

const CHEATING: readonly Game[] = [
  {
    title: "it reveals nothing",
    provers: ["alice", "bob"],
    reveals: "nothing",
    play: missReveal,
    nets: { poster: -B, alice: B / 4n, bob: B / 4n, carol: 0n },
  },
  {
    title: "it reveals words that do not lead to the data points",
    provers: ["alice", "bob"],
    reveals: "wrong words",
    play: dispute,
    nets: { poster: -B, alice: B / 4n, bob: B / 4n, carol: 0n },
  },
  {
    title: "it reveals another test set",
    provers: ["alice", "bob"],
    reveals: "other test set",
    play: dispute,
    nets: { poster: -B, alice: B / 4n, bob: B / 4n, carol: 0n },
  },
  {
    title: "it withholds a chunk that is demanded: the demand costs nothing",
    provers: ["alice", "bob"],
    reveals: "right",
    play: async (table) => {
      await demandAll(table, table.d.bob);
      await table.task.answer(0);
      await missAnswers(table);
      await table.task.releaseDemand(1);
    },
    nets: { poster: -B + D / 2n, alice: B / 4n, bob: B / 4n - D, carol: 0n },
  },
  {
    title: "it takes a proof and then withholds: the reward is paid, and the bond lost, too",
    provers: ["alice", "bob"],
    reveals: "right",
    play: async (table) => {
      await table.task.demand(table.d.bob);
      await table.task.prove(table.d.alice);
      await missAnswers(table);
      await table.task.releaseDemand();
    },
    nets: { poster: -R - B, alice: R + B / 4n, bob: B / 4n, carol: 0n },
  },
  {
    title: "it takes a proof of a wrong opening: the reward is paid, and the bond lost, too",
    provers: ["alice", "bob"],
    reveals: "wrong words",
    play: async (table) => {
      await table.task.prove(table.d.alice);
      await dispute(table);
    },
    nets: { poster: -R - B, alice: R + B / 4n, bob: B / 4n, carol: 0n },
  },
  {
    title: "it reveals nothing, and is the only prover itself: half of the bond burns",
    provers: ["carol"],
    reveals: "nothing",
    play: missReveal,
    nets: { poster: -B, alice: 0n, bob: 0n, carol: B / 2n },
  },
  {
    title: "it reveals another test set, and is one of three provers",
    provers: ["alice", "bob", "carol"],
    reveals: "other test set",
    play: dispute,
    nets: { poster: -B, alice: B / 6n, bob: B / 6n, carol: B / 6n },
  },
  {
    title: "its own prover demands first, to hold back the answer",
    provers: ["alice", "carol"],
    reveals: "right",
    play: async (table) => {
      await table.task.demand(table.d.carol);
      await missAnswers(table);
      await table.task.releaseDemand();
    },
    nets: { poster: -B, alice: B / 4n, bob: 0n, carol: B / 4n },
  },
];

/** Everything of the token that an account has or may take, in the smallest unit. */
async function wealthOf(
  { token, vault, market }: SealDeployment,
  account: HardhatEthersSigner,
): Promise<bigint> {
  const { freeWei, lockedWei } = await vault.balanceOf(account, token);
  const credits = (await vault.creditOf(account, token)) + (await market.creditOf(account, token));
  return (await token.balanceOf(account)) + freeWei + lockedWei + credits;
}

async function play(
  names: Game["provers"],
  reveals: Game["reveals"],
  moves: Game["play"],
): Promise<{ nets: Record<Name, bigint>; burnedWei: bigint; isPaid: boolean }> {
  const d = await sealDeployed();
  const { token, vault, market, seal, poster, alice, bob, carol } = d;
  const accounts = { poster, alice, bob, carol };
  for (const account of Object.values(accounts)) {
    await vault.connect(account).depositAndApprove(token, 2n * R, seal, 2n * R);
    await vault.connect(account).approveLocker(market, token, 2n * R);
  }
  const wealth = async () =>
    await Promise.all(Object.values(accounts).map((account) => wealthOf(d, account)));
  const before = await wealth();
  const asset = await token.getAddress();
  const task = await postSealed(
    d,
    words,
    { bondToken: asset, bondWei: B, demandWei: D },
    { rewardToken: asset, stakeToken: asset },
  );
  await task.commit(...names.map((name) => accounts[name]));
  const opening = {
    right: () => words.opening,
    nothing: () => words.opening,
    "wrong words": () => wrongAt(words, 20),
    "other test set": async () => await openShards(words.bases, words.shards.toReversed()),
  }[reveals];
  const table = { d, task, opening: await opening() };
  if (reveals !== "nothing") {
    await nextBlockAt(task.spec.commitDeadline + 1n);
    await task.reveal(openingRoot(table.opening));
  }
  await moves(table);
  // Everything ends: whoever wants to can bring it about.
  await nextBlockAt(task.spec.proveDeadline + 1n);
  const isPaid = (await market.task(task.taskId)).provenCount > 0n;
  if (!isPaid) await market.expire(task.taskId);
  if (await seal.hasForfeited(task.taskId)) {
    for (const name of names) await task.claimBond(accounts[name]);
  } else {
    await task.releaseBond();
  }
  for (const name of names) await market.releaseStake(task.taskId, accounts[name]);
  for (const account of Object.values(accounts)) {
    expect((await vault.balanceOf(account, token)).lockedWei).to.equal(0n);
  }
  const after = await wealth();
  const nets = Object.fromEntries(
    Object.keys(accounts).map((name, index) => [name, after[index]! - before[index]!]),
  ) as Record<Name, bigint>;
  return { nets, burnedWei: await vault.creditOf(await vault.BURN_ADDRESS(), token), isPaid };
}

describe("An honest poster of a sealed test set", () => {
  for (const game of HONEST) {
    it(`pays the reward for a proof and nothing else: ${game.title}`, async () => {
      const { nets, burnedWei, isPaid } = await play(game.provers, game.reveals, game.play);
      expect(nets).to.deep.equal(game.nets);
      expect(nets.poster >= (isPaid ? -R : 0n)).to.equal(true);
      expect(nets.alice + nets.bob <= (isPaid ? R : 0n)).to.equal(true);
      expect(nets.poster + nets.alice + nets.bob + nets.carol + burnedWei).to.equal(0n);
    });
  }

  it("is paid the gas of an answer at the price it chose the demand for", async () => {
    const gasPriceWei = 10n ** 9n;
    const d = await sealDeployed();
    const task = await postSealed(d, words, { demandWei: demandWeiFor(gasPriceWei) });
    await task.commitAndReveal([d.alice]);
    for (const chunk of CHUNKS) {
      await task.demand(d.alice, chunk);
      const receipt = await (await task.answer(chunk)).wait();
      expect(receipt!.gasUsed <= ANSWER_GAS).to.equal(true);
      const paidWei = task.terms.demandWei / 2n;
      expect(paidWei >= receipt!.gasUsed * gasPriceWei).to.equal(true);
    }
  });
});

describe("A poster of a sealed test set that cheats", () => {
  for (const game of CHEATING) {
    it(`loses at least half of its bond, its own provers counted: ${game.title}`, async () => {
      const { nets, burnedWei, isPaid } = await play(game.provers, game.reveals, game.play);
      expect(nets).to.deep.equal(game.nets);
      const ownWei = nets.poster + nets.carol + (isPaid ? R : 0n);
      expect(ownWei <= -B / 2n).to.equal(true);
      expect(nets.poster + nets.alice + nets.bob + nets.carol + burnedWei).to.equal(0n);
    });
  }
});

describe("A poster that answers demands instead of publishing the data", () => {
  it("keeps its bond; provers pay at most chunks times demandWei to have it all on the chain", async () => {
    const { nets, burnedWei } = await play(["alice"], "right", async (table) => {
      await demandAll(table, table.d.alice);
      await answerAll(table);
      await table.task.prove(table.d.alice);
    });
    expect(nets).to.deep.equal({ poster: -R + D, alice: R - 2n * D, bob: 0n, carol: 0n });
    expect(burnedWei).to.equal(D);
  });
});
