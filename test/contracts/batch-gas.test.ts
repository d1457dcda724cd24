/**
 * The exact gas of proofs of many shards in one transaction, compared with batch-gas-snapshot.json. As in
 * gas-snapshot.test.ts everything that has a price is the same in every run. ZKPOT_UPDATE_SNAPSHOT=1 rewrites the file.
 */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

import { expect } from "chai";
import { getBytes } from "ethers";
import hre, { network } from "hardhat";

import { deployMarket } from "./support/deployment.ts";
import { accuracyContext, drawTrapdoor, g1, seededScalars, TrapdoorKey } from "./support/trapdoor-key.ts";

import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";

const SNAPSHOT_FILE = path.join(import.meta.dirname, "batch-gas-snapshot.json");
const START = 2_000_000_000n;
const SIZES = [1, 4, 8, 16, 32, 64];
const TRANSACTION_GAS = 21_000;
/** From here on a transaction that verifies and nothing else keeps to `targetOf`. */
const LEAST_ON_TARGET = 32;
const STATEMENT_WORDS = 3;

interface BatchGas {
  /** Call of `verifyBatch`, without transaction and calldata. */
  readonly verifyBatch: number;
  /** Posting a task with so many shards. */
  readonly post: number;
  /** Proving all its shards in one transaction that settles it. */
  readonly prove: number;
  /** Part of `prove` that is the price of its calldata. */
  readonly calldata: number;
}

/** What n proofs in one transaction should cost besides calldata. */
function targetOf(n: number): number {
  return 150_000 + 75_000 * n;
}

/** What a transaction with n proofs pays for itself and for precompiles alone, at the prices of EIP-1108. */
function floorOf(n: number): number {
  const [pairingBase, pair, multiplication, addition] = [45_000, 34_000, 6_000, 150];
  // A, C, D, Dp and the data point of all proofs but the first, whose weight is one.
  const weighted = 5 * (n - 1);
  const icPoints = 1 + STATEMENT_WORDS + 2;
  // Two products by t; the sum of the weights times alpha1 and IC_0, which one proof has as they are.
  const multiplications = weighted + icPoints - 1 + 2 + (n === 1 ? 0 : 2);
  const additions = 4 * (n - 1) + icPoints + 2;
  const sums = multiplication * multiplications + addition * additions;
  return TRANSACTION_GAS + pairingBase + pair * (n + 4) + sums;
}

async function measureAll(): Promise<Record<string, BatchGas>> {
  const { ethers, networkHelpers } = await network.create();
  const draw = seededScalars("batch gas");
  const key = new TrapdoorKey(drawTrapdoor(STATEMENT_WORDS, draw), 0n, draw);
  await networkHelpers.time.setNextBlockTimestamp(START);
  const [owner, prover] = (await ethers.getSigners()) as [HardhatEthersSigner, HardhatEthersSigner];
  const registry = await ethers.deployContract("CircuitRegistry", [true, 3n]);
  const vault = await ethers.deployContract("StakeVault", [0n]);
  const market = await deployMarket(registry, vault, owner, ethers);
  const meter = await ethers.deployContract("GasMeter");
  await registry.addKey(key.bytes);
  const { chainId } = await ethers.provider.getNetwork();
  const shards = Array.from({ length: Math.max(...SIZES) }, draw);
  const gas: Record<string, BatchGas> = {};
  for (const n of SIZES) {
    const now = BigInt(await networkHelpers.time.latest());
    const spec = {
      rewardToken: ethers.ZeroAddress,
      rewardWei: 10n ** 18n,
      keyId: key.keyId,
      dataPoints: shards.slice(0, n).map(g1),
      sampleCount: 100n * BigInt(n),
      minCorrect: 90n * BigInt(n),
      commitDeadline: now + 3_600n,
      proveDeadline: now + 7_200n,
      stakeToken: ethers.ZeroAddress,
      stakeWei: 0n,
      split: 0n,
      winners: 1n,
      maxProvers: 3n,
      architectureId: 7n,
      documentHash: ethers.id("document"),
      documentUri: "ipfs://bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy",
    };
    const posting = await market.post(spec, { value: spec.rewardWei });
    const taskId = await market.taskCount();
    await market.connect(prover).commit(taskId, 42n);
    const context = accuracyContext(chainId, await market.getAddress(), taskId, prover.address);
    const statements = Array.from({ length: n }, (_, shard) => [context, 42n, 90n + BigInt(shard % 10)]);
    const proofs = statements.map((statement, shard) => key.prove({ statement, data: shards[shard]! }));
    const call = registry.interface.encodeFunctionData("verifyBatch", [
      key.keyId,
      statements.flat(),
      spec.dataPoints,
      proofs,
    ]);
    const [accepted, , verifyBatch] = await meter.measure.staticCall(registry, call);
    expect(accepted).to.equal(true);
    const counts = statements.map(([, , correct], shard) => ({ shard, correct: correct! }));
    const proving = await market.connect(prover).prove(taskId, counts, proofs);
    const bytes = getBytes(proving.data);
    gas[n] = {
      verifyBatch: Number(verifyBatch),
      post: Number((await posting.wait())!.gasUsed),
      prove: Number((await proving.wait())!.gasUsed),
      calldata: bytes.reduce((sum, byte) => sum + (byte === 0 ? 4 : 16), 0),
    };
    expect((await market.task(taskId)).leader).to.equal(prover.address);
  }
  return gas;
}

describe("Gas of many proofs in one transaction", () => {
  let gas: Record<string, BatchGas>;

  before(async function () {
    // Code that counts what it runs costs more.
    if (hre.globalOptions.coverage) this.skip();
    gas = await measureAll();
    if (process.env["ZKPOT_UPDATE_SNAPSHOT"] === "1") {
      writeFileSync(SNAPSHOT_FILE, `${JSON.stringify(gas, undefined, 2)}\n`);
    }
  });

  it("is what the snapshot says, to the unit", () => {
    expect(gas).to.deep.equal(JSON.parse(readFileSync(SNAPSHOT_FILE, "utf8")));
  });

  it(`of verification stays within 150,000 and 75,000 a proof from ${LEAST_ON_TARGET} proofs on`, () => {
    for (const n of SIZES.filter((size) => size >= LEAST_ON_TARGET)) {
      expect(TRANSACTION_GAS + gas[n]!.verifyBatch, `${n} proofs`).to.be.at.most(targetOf(n));
    }
  });

  it("is at most 100,000 and 2,500 a proof more in the market, besides calldata", () => {
    for (const n of SIZES) {
      const { verifyBatch, prove, calldata } = gas[n]!;
      const more = prove - calldata - TRANSACTION_GAS - verifyBatch;
      expect(more, `${n} proofs`).to.be.within(0, 100_000 + 2_500 * n);
    }
  });

  it("grows by at most 75,000 a proof, besides calldata", () => {
    for (const [i, n] of SIZES.slice(1).entries()) {
      const before = gas[SIZES[i]!]!;
      const { prove, calldata } = gas[n]!;
      const growth = prove - calldata - (before.prove - before.calldata);
      expect(growth / (n - SIZES[i]!), `${n} proofs`).to.be.at.most(75_000);
    }
  });

  it("is never below the price of its precompiles, which alone exceed 150,000 and 75,000 a proof for four", () => {
    for (const n of SIZES) {
      expect(TRANSACTION_GAS + gas[n]!.verifyBatch, `${n} proofs`).to.be.above(floorOf(n));
    }
    expect(floorOf(4)).to.be.above(targetOf(4));
  });
});
