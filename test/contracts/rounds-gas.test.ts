/**
 * The gas of a federation's round with the real registry, compared with rounds-gas-snapshot.json.
 * ZKPOT_UPDATE_SNAPSHOT=1 rewrites the file.
 */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

import { expect } from "chai";
import hre, { network } from "hardhat";

import { NATIVE, UNBONDING_SECONDS } from "./support/deployment.ts";
import { CAP_WEI, deployRounds, federationSpec, maskKey, MIN_STAKE_WEI, TIMING } from "./support/rounds.ts";
import { drawTrapdoor, g1, proofContext, seededScalars, TrapdoorKey } from "./support/trapdoor-key.ts";

import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import type { ContractTransactionResponse } from "ethers";

const SNAPSHOT_FILE = path.join(import.meta.dirname, "rounds-gas-snapshot.json");
const LIMITS = { member: 700_000, leader: 600_000 };
/** Zero bytes of calldata are cheaper, and addresses decide how many there are. */
const TOLERANCE = 500;
/** How far the draw of a leader walks along the places is chance: up to 15 steps of 312. */
const DRAW_TOLERANCE = 5_000;
const URI = "ipfs://bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy";

/** Plays a round of `count` members with room for `vectors`; members outside of it have joined before. */
async function measure(
  gas: Record<string, number>,
  count: number,
  vectors: number,
  idleMembers: number,
): Promise<void> {
  const { ethers, networkHelpers } = await network.create();
  const draw = seededScalars("rounds gas");
  const data = draw();
  const keys = {
    score: new TrapdoorKey(drawTrapdoor(6, draw), 0n, draw),
    mask: new TrapdoorKey(drawTrapdoor(10, draw), 0n, draw),
    aggregate: new TrapdoorKey(drawTrapdoor(3 + vectors, draw), 0n, draw),
  };
  await networkHelpers.time.setNextBlockTimestamp(2_000_000_000n);
  const signers = await ethers.getSigners();
  const [sponsor, ...others] = signers as [HardhatEthersSigner, ...HardhatEthersSigner[]];
  const members = others.slice(0, count);
  const registry = await ethers.deployContract("CircuitRegistry", [true, 3n]);
  for (const key of Object.values(keys)) await registry.addKey(key.bytes);
  const vault = await ethers.deployContract("StakeVault", [UNBONDING_SECONDS]);
  const rounds = await deployRounds(registry, vault, ethers);
  const suffix = `, ${count} of ${vectors} places`;
  const record = async (name: string, sent: Promise<ContractTransactionResponse>): Promise<void> => {
    const used = Number((await (await sent).wait())!.gasUsed);
    gas[name + suffix] = Math.max(gas[name + suffix] ?? 0, used);
  };

  const spec = {
    ...federationSpec(),
    scoreKeyId: keys.score.keyId,
    maskKeyId: keys.mask.keyId,
    aggregateKeyId: keys.aggregate.keyId,
    emptyVectorDigest: draw(),
    globalCommitment: draw(),
    maxFactorSum: BigInt(vectors * 255),
    places: BigInt(vectors),
    dataPoints: [g1(data)],
    keepBetter: true,
    // All are drawn from: every stake is read.
    bandCount: 20n,
  };
  await record("create", rounds.connect(sponsor).create(spec));
  await rounds.connect(sponsor).fund(1n, spec.rewardWei, { value: spec.rewardWei });
  for (const [i, member] of others.slice(0, count + idleMembers).entries()) {
    await vault.connect(member).depositAndApprove(NATIVE, CAP_WEI, rounds, CAP_WEI, { value: CAP_WEI });
    const { key, eighth } = maskKey(BigInt(i + 2));
    await record("join", rounds.connect(member).join(1n, MIN_STAKE_WEI, key, eighth));
  }

  const { chainId } = await ethers.provider.getNetwork();
  const address = await rounds.getAddress();
  const word = await rounds.federationWord(1n);
  const contextOf = (member: HardhatEthersSigner, purpose: string) =>
    proofContext(chainId, address, 1n, 1n, member.address, purpose);
  const commitments = members.map(() => draw());
  const nullifiers = members.map(() => draw());
  const digests = members.map(() => draw());
  const scoreOf = (context: bigint, commitment: bigint, correct: bigint, nullifier: bigint) => {
    const statement = [context, commitment, correct, word, 1n, nullifier];
    return { counts: [correct], nullifier, proofs: [keys.score.prove({ statement, data })] };
  };

  await record("start", rounds.connect(members[0]).start(1n));
  await networkHelpers.time.increase(TIMING.trainSeconds + 1n);
  for (const [i, member] of members.entries()) {
    await record("commit", rounds.connect(member).commit(1n, commitments[i]!, 255n));
  }
  await networkHelpers.time.increase(TIMING.commitSeconds);
  for (const [i, member] of members.entries()) {
    const context = contextOf(member, "zkpot.round-accuracy.v1");
    const score = scoreOf(context, commitments[i]!, 320n + BigInt(i), nullifiers[i]!);
    await record("prove", rounds.connect(member).prove(1n, score));
  }
  await networkHelpers.time.increase(TIMING.proveSeconds);
  await record("advance to masking", rounds.advance(1n));
  const roster = draw();
  const peers = (1n << BigInt(count)) - 1n;
  for (const [i, member] of members.entries()) {
    const { x, y } = maskKey(BigInt(i + 2)).key;
    const context = contextOf(member, "zkpot.masked-update.v1");
    const statement = [context, commitments[i]!, 255n, digests[i]!, x, y, roster, peers, word, 1n];
    const proof = keys.mask.prove({ statement, data: 0n });
    await record("mask", rounds.connect(member).mask(1n, roster, digests[i]!, URI, proof));
  }
  await networkHelpers.mine(9);
  await record("advance to a leader", rounds.advance(1n));
  const { leaderPlace } = await rounds.roundOf(1n, 1n);
  const leader = members[Number(leaderPlace)]!;
  await networkHelpers.time.increase(TIMING.takeSeconds / 2n + 1n);
  await record("takeLead", rounds.connect(leader).takeLead(1n, 1n));
  const global = draw();
  const fill = new Array<bigint>(vectors - count).fill(spec.emptyVectorDigest);
  const statement = [
    contextOf(leader, "zkpot.aggregate.v1"),
    255n * BigInt(count),
    global,
    ...digests,
    ...fill,
  ];
  const proof = keys.aggregate.prove({ statement, data: 0n });
  await record("aggregate", rounds.connect(leader).aggregate(1n, global, URI, proof));
  const context = contextOf(leader, "zkpot.global-accuracy.v1");
  await record("scoreGlobal", rounds.connect(leader).scoreGlobal(1n, scoreOf(context, global, 345n, draw())));
  for (const member of members) await record("claim", rounds.claim(1n, 1n, member));
}

describe("Gas of federated rounds", () => {
  const gas: Record<string, number> = {};

  before(async function () {
    // Code that counts what it runs costs more.
    if (hre.globalOptions.coverage) this.skip();
    this.timeout(240_000);
    await measure(gas, 3, 8, 0);
    await measure(gas, 8, 8, 0);
    await measure(gas, 3, 16, 12);
    await measure(gas, 16, 16, 0);
    if (process.env["ZKPOT_UPDATE_SNAPSHOT"] === "1") {
      writeFileSync(SNAPSHOT_FILE, `${JSON.stringify(gas, undefined, 2)}\n`);
    }
  });

  const of = (name: string) =>
    Object.entries(gas)
      .filter(([key]) => key.startsWith(`${name},`))
      .map(([, used]) => used);

  it("is what the snapshot says", () => {
    const snapshot = JSON.parse(readFileSync(SNAPSHOT_FILE, "utf8")) as Record<string, number>;
    expect(Object.keys(gas)).to.have.members(Object.keys(snapshot));
    for (const [name, expected] of Object.entries(snapshot)) {
      expect(gas[name], name).to.be.closeTo(
        expected,
        name.startsWith("advance to a leader") ? DRAW_TOLERANCE : TOLERANCE,
      );
    }
  });

  it(`of a member's commitment, proof and claim stays within ${LIMITS.member}`, () => {
    const dearest = ["commit", "prove", "claim"].map((name) => Math.max(...of(name)));
    expect(dearest.reduce((sum, used) => sum + used, 0)).to.be.at.most(LIMITS.member);
  });

  it(`of each call of a leader stays within ${LIMITS.leader}, with 16 vectors too`, () => {
    for (const name of ["takeLead", "aggregate", "scoreGlobal"]) {
      expect(of(name)).to.have.length(4);
      for (const used of of(name)) expect(used, name).to.be.at.most(LIMITS.leader);
    }
  });
});
