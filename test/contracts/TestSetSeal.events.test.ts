import { expect } from "chai";

import { releaseCurve } from "../../prover/src/proof/multi-exponentiation.ts";
import { openingRoot } from "../../prover/src/seal/opening.ts";
import { ethers, NATIVE, nextBlockAt } from "./support/deployment.ts";
import {
  faultOf,
  postSealed,
  sealDeployed,
  type SealDeployment,
  type SealedWords,
  threeShards,
  wrongAt,
} from "./support/seal.ts";

import type { EventLog } from "ethers";

let words: SealedWords;
before(async () => (words = await threeShards()));
after(releaseCurve);

interface Rebuilt {
  poster: string;
  bondLockId: bigint;
  hasForfeited: boolean;
  claimedCount: bigint;
  openDemands: bigint;
  openingRoot: string;
  terms: unknown[];
  readonly demands: Record<string, [string, bigint]>;
  readonly claimed: Set<string>;
}

/** Sets as the events of the seal tell them, with the number of provers from the market. */
async function rebuild({ seal, market }: SealDeployment): Promise<Record<string, Rebuilt>> {
  const sets: Record<string, Rebuilt> = {};
  for (const { eventName, args } of (await seal.queryFilter("*" as never)) as unknown as EventLog[]) {
    const taskId = String(args["taskId"]);
    const set = sets[taskId]!;
    const chunk = String(args["chunk"]);
    switch (eventName) {
      case "TestSetSealed":
        sets[taskId] = {
          poster: args["poster"] as string,
          bondLockId: args["bondLockId"] as bigint,
          hasForfeited: false,
          claimedCount: 0n,
          openDemands: 0n,
          openingRoot: ethers.ZeroHash,
          terms: [...(args["terms"] as unknown[])],
          demands: {},
          claimed: new Set(),
        };
        break;
      case "TestSetRevealed":
        set.openingRoot = args["openingRoot"] as string;
        break;
      case "ChunkDemanded":
        set.demands[chunk] = [args["prover"] as string, args["lockId"] as bigint];
        set.openDemands++;
        break;
      case "ChunkAnswered":
      case "DemandReleased":
        set.demands[chunk]![1] = 0n;
        set.openDemands--;
        break;
      case "BondForfeited":
        set.hasForfeited = true;
        break;
      case "BondClaimed":
        set.claimed.add(args["prover"] as string);
        if (++set.claimedCount === (await market.proverCount(taskId))) set.bondLockId = 0n;
        break;
      case "BondReleased":
        set.bondLockId = 0n;
        break;
      default:
        throw new Error(`event ${eventName} is not part of the rebuilding`);
    }
  }
  return sets;
}

/** A history with every event of the seal. */
async function play(d: SealDeployment): Promise<void> {
  const { alice, bob, carol } = d;
  const answered = await postSealed(d, words);
  await answered.commitAndReveal([alice, bob]);
  await answered.demand(alice, 0);
  await answered.demand(bob, 1);
  await answered.answer(1);
  await answered.answer(0);
  await nextBlockAt(answered.spec.proveDeadline + 1n);
  await answered.releaseBond();
  const wrong = await postSealed(d, words);
  await wrong.commitAndReveal([alice, bob, carol], openingRoot(wrongAt(words, 20)));
  await wrong.demand(carol, 1);
  await wrong.demand(bob, 0);
  await wrong.dispute(await faultOf(words, wrongAt(words, 20)));
  await wrong.releaseDemand(1);
  await wrong.claimBond(bob);
  const unanswered = await postSealed(d, words);
  await unanswered.commitAndReveal([alice]);
  await unanswered.demand(alice, 0);
  await nextBlockAt(unanswered.answerDeadline + 1n);
  await unanswered.forfeit();
  await unanswered.claimBond(alice);
  await postSealed(d, words);
}

describe("Events of TestSetSeal", () => {
  it("are enough to rebuild sets, terms, demands and claims", async () => {
    const d = await sealDeployed();
    await play(d);
    const sets = await rebuild(d);
    expect(Object.keys(sets)).to.deep.equal(["1", "2", "3", "4"]);
    for (const [taskId, { demands, claimed, terms, ...expected }] of Object.entries(sets)) {
      const set = await d.seal.sealedSet(taskId);
      for (const [field, value] of Object.entries(expected)) {
        expect((set as unknown as Record<string, unknown>)[field], `${field} of ${taskId}`).to.equal(value);
      }
      expect(await d.seal.terms(taskId)).to.deep.equal(terms);
      for (const chunk of [0, 1]) {
        expect(await d.seal.demandOf(taskId, chunk)).to.deep.equal(
          demands[chunk] ?? [ethers.ZeroAddress, 0n],
        );
      }
      for (const prover of [d.alice, d.bob, d.carol]) {
        expect(await d.seal.hasClaimed(taskId, prover)).to.equal(claimed.has(prover.address));
      }
      const lockedWei = (await d.vault.lockOf(d.seal, NATIVE, set.bondLockId)).amountWei;
      expect(lockedWei > 0n).to.equal(set.bondLockId !== 0n);
    }
  });

  it("all occur in that history", async () => {
    const d = await sealDeployed();
    await play(d);
    const logs = (await d.seal.queryFilter("*" as never)) as unknown as EventLog[];
    const seen = logs.map((log) => log.eventName);
    d.seal.interface.forEachEvent((event) => {
      expect(seen).to.include(event.name);
    });
  });
});
