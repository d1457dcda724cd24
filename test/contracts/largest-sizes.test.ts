/** Gas at the largest sizes: no call comes near the limit of a transaction, and exits cost the same whatever a task has grown to. */
import { expect } from "chai";

import {
  commitAs,
  deployed,
  ethers,
  modelCommitmentOf,
  NATIVE,
  nextBlockAt,
  postTask,
  proofFor,
  proveShards,
  shardedTestSet,
  single,
  SPLIT,
} from "./support/deployment.ts";

import type { ContractTransactionResponse } from "ethers";

import type { Deployment } from "./support/deployment.ts";

/** The most gas of one transaction (EIP-7825). */
const TRANSACTION_GAS = 2n ** 24n;
const MANY_PROVERS = 100;
const PUPPETS_A_CALL = 20;

async function gasOf(transaction: Promise<ContractTransactionResponse>): Promise<bigint> {
  return (await (await transaction).wait())!.gasUsed;
}

/** Has contract accounts commit to a task that asks for no stake. */
async function commitPuppets(d: Deployment, taskId: bigint): Promise<void> {
  const stage = await ethers.deployContract("PuppetStage");
  for (let made = 0; made < MANY_PROVERS; made += PUPPETS_A_CALL) {
    const hiring = (await (await stage.hire(PUPPETS_A_CALL, 0)).wait())!;
    for (const log of hiring.logs) {
      const address = ethers.dataSlice(log.data, 12);
      const puppet = await ethers.getContractAt("PuppetAccount", address);
      const commitment = modelCommitmentOf({ address });
      const commit = d.market.interface.encodeFunctionData("commit", [taskId, commitment]);
      await puppet.execute(d.market, 0n, commit);
    }
  }
}

describe("The largest task", () => {
  it("has 64 shards and a long address of its document: posting and proving stay below the limit of a transaction", async () => {
    const d = await deployed();
    const spec = {
      ...shardedTestSet(64),
      sampleCount: 6_400n,
      minCorrect: 64n,
      documentUri: `ipfs://${"b".repeat(20_000)}`,
    };
    const before = await ethers.provider.getBlockNumber();
    const { taskId } = await postTask(d, spec);
    const block = await ethers.provider.getBlock(before + 1, true);
    expect(block!.gasUsed < TRANSACTION_GAS).to.equal(true);
    await commitAs(d, taskId, d.alice);
    const counts = Object.fromEntries(Array.from({ length: 64 }, (_, shard) => [shard, 90n]));
    await proveShards(d, taskId, d.alice, counts);
    expect((await ethers.provider.getBlock("latest"))!.gasUsed < TRANSACTION_GAS).to.equal(true);
    expect((await d.market.submission(taskId, d.alice)).correct).to.equal(5_760n);
  });

  it("has exits of the same price as the smallest", async () => {
    const gas: bigint[][] = [];
    for (const isLarge of [false, true]) {
      const d = await deployed();
      const changes = { split: SPLIT.proRata as bigint, maxProvers: 1_000n, stakeWei: 0n };
      const large = { ...shardedTestSet(64), documentUri: `ipfs://${"b".repeat(20_000)}` };
      const { taskId, spec } = await postTask(d, isLarge ? { ...changes, ...large } : changes);
      const { taskId: staked, spec: stakedSpec } = await postTask(d, isLarge ? large : {});
      if (isLarge) await commitPuppets(d, taskId);
      await commitAs(d, staked, d.alice);
      await d.market.connect(d.bob).commit(taskId, modelCommitmentOf(d.bob));
      if (isLarge)
        await proveShards(
          d,
          taskId,
          d.bob,
          Object.fromEntries(Array.from({ length: 64 }, (_, i) => [i, i === 0 ? 350n : 0n])),
        );
      else
        await d.market.connect(d.bob).prove(...single(taskId, 350n, await proofFor(d, taskId, d.bob, 350n)));
      await nextBlockAt(spec.proveDeadline + 1n);
      const settle = await gasOf(d.market.settle(taskId));
      const claim = await gasOf(d.market.claim(taskId, d.bob));
      await nextBlockAt(stakedSpec.proveDeadline + 100n);
      const expire = await gasOf(d.market.expire(staked));
      const release = await gasOf(d.market.releaseStake(staked, d.alice));
      const withdraw = await gasOf(d.market.connect(d.bob).withdraw(NATIVE));
      gas.push([settle, claim, expire, release, withdraw]);
    }
    expect(gas[1]).to.deep.equal(gas[0]);
  });
});
