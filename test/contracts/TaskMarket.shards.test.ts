import { expect } from "chai";

import {
  commitAs,
  deployed,
  ethers,
  key,
  MIN_CORRECT,
  nextBlockAt,
  postTask,
  proveShards,
  REWARD_WEI,
  SAMPLE_COUNT,
  shardedTestSet,
  shardProofs,
  shardScalar,
  SPLIT,
  statementFor,
  SUBMISSION,
  TASK,
} from "./support/deployment.ts";
import { BASE_FIELD_ORDER, G1_INFINITY, g1, g2OutsideSubgroup } from "./support/trapdoor-key.ts";

import type { Deployment } from "./support/deployment.ts";
import type { Proof } from "./support/trapdoor-key.ts";

const MAX_SHARDS = 64;

/** A task of `shardCount` shards, to which Alice has committed. */
async function sharded(shardCount: number) {
  const d = await deployed();
  const { taskId, spec } = await postTask(d, { ...shardedTestSet(shardCount), split: SPLIT.bestScore });
  await commitAs(d, taskId, d.alice);
  return { ...d, d, taskId, spec };
}

/** What a prover has proved so far: the map of shards and the sum of counts. */
async function provenBy({ market, alice }: Deployment, taskId: bigint): Promise<[bigint, bigint, bigint]> {
  const { state, provenShards, correct } = await market.submission(taskId, alice);
  return [state, provenShards, correct];
}

describe("Test sets of several shards", () => {
  it("have one data point a shard, readable in their order", async () => {
    const { market, taskId, spec } = await sharded(3);
    expect((await market.task(taskId)).shardCount).to.equal(3n);
    const points = await market.dataPointsOf(taskId);
    expect(points.map(({ x, y }) => ({ x, y }))).to.deep.equal(spec.dataPoints);
    expect(await market.dataPointsOf(taskId + 1n)).to.deep.equal([]);
  });

  it("have 1 to 64 shards, and each data point is finite and on the curve", async () => {
    const d = await deployed();
    const posting = await ethers.getContractAt("TaskPosting", d.market);
    expect(await d.market.MAX_SHARDS()).to.equal(MAX_SHARDS);
    const { dataPoints } = shardedTestSet(MAX_SHARDS);
    for (const points of [[], [...dataPoints, dataPoints[0]!]]) {
      await expect(postTask(d, { dataPoints: points }))
        .to.be.revertedWithCustomError(posting, "TaskMarketInvalidShardCount")
        .withArgs(points.length, MAX_SHARDS);
    }
    const { x, y } = dataPoints[0]!;
    for (const index of [0, 31, MAX_SHARDS - 1]) {
      for (const [point, error] of [
        [G1_INFINITY, "Bn254PointAtInfinity"],
        [{ x, y: y + 1n }, "Bn254NotOnCurve"],
        [{ x, y: y + BASE_FIELD_ORDER }, "Bn254CoordinateTooLarge"],
      ] as const) {
        await expect(
          postTask(d, { dataPoints: dataPoints.with(index, point) }),
        ).to.be.revertedWithCustomError(posting, error);
      }
    }
    const { taskId } = await postTask(d, { dataPoints });
    expect((await d.market.dataPointsOf(taskId)).length).to.equal(MAX_SHARDS);
  });

  it("are proved in any order, in one call or several, and the counts add up", async () => {
    const { market, d, alice, taskId } = await sharded(4);
    const counts = { 0: 90n, 1: 80n, 2: 85n, 3: 89n };
    await expect(market.connect(alice).prove(...(await shardProofs(d, taskId, alice, counts, [3, 1]))))
      .to.emit(market, "ShardsProven")
      .withArgs(taskId, alice.address, 0b1010n, 169n)
      .and.not.to.emit(market, "ProofAccepted");
    expect(await provenBy(d, taskId)).to.deep.equal([SUBMISSION.committed, 0b1010n, 169n]);
    expect((await market.task(taskId)).state).to.equal(TASK.committed);
    await expect(market.connect(alice).prove(...(await shardProofs(d, taskId, alice, counts, [0]))))
      .to.emit(market, "ShardsProven")
      .withArgs(taskId, alice.address, 0b1011n, 259n);
    const last = market.connect(alice).prove(...(await shardProofs(d, taskId, alice, counts, [2])));
    await expect(last).to.emit(market, "ShardsProven").withArgs(taskId, alice.address, 0b1111n, 344n);
    await expect(last).to.emit(market, "ProofAccepted").withArgs(taskId, alice.address, 344n);
    expect(await provenBy(d, taskId)).to.deep.equal([SUBMISSION.proven, 0b1111n, 344n]);
    const task = await market.task(taskId);
    expect([task.state, task.leader, task.leaderCorrect]).to.deep.equal([TASK.proven, alice.address, 344n]);
  });

  it("pay nobody before the last shard, and the stake stays locked until then", async () => {
    const { market, d, alice, taskId } = await sharded(2);
    await proveShards(d, taskId, alice, { 1: 180n });
    await expect(market.releaseStake(taskId, alice))
      .to.be.revertedWithCustomError(market, "TaskMarketStakeInUse")
      .withArgs(taskId, alice.address);
    await expect(market.settle(taskId))
      .to.be.revertedWithCustomError(market, "TaskMarketWrongState")
      .withArgs(taskId, TASK.committed);
    await proveShards(d, taskId, alice, { 0: 180n });
    await market.releaseStake(taskId, alice);
  });

  it("of 64 shards are proved in one call", async () => {
    const { market, d, alice, taskId } = await sharded(MAX_SHARDS);
    const counts = Object.fromEntries(Array.from({ length: MAX_SHARDS }, (_, i) => [i, 5n + BigInt(i % 2)]));
    await proveShards(d, taskId, alice, counts);
    expect(await provenBy(d, taskId)).to.deep.equal([SUBMISSION.proven, 2n ** 64n - 1n, 352n]);
    expect((await market.task(taskId)).leader).to.equal(alice.address);
  });

  it("ask for the threshold over the sum, in the call with the last shard only", async () => {
    const { market, d, alice, taskId } = await sharded(3);
    await proveShards(d, taskId, alice, { 0: 120n, 2: 120n });
    const missing = MIN_CORRECT - 240n;
    await expect(market.connect(alice).prove(...(await shardProofs(d, taskId, alice, { 1: missing - 1n }))))
      .to.be.revertedWithCustomError(market, "TaskMarketBelowThreshold")
      .withArgs(taskId, MIN_CORRECT - 1n, MIN_CORRECT);
    await proveShards(d, taskId, alice, { 1: missing });
    expect(await provenBy(d, taskId)).to.deep.equal([SUBMISSION.proven, 0b111n, MIN_CORRECT]);
  });

  it("allow counts of zero for some shards, and no sum above the samples", async () => {
    const { market, d, alice, bob, taskId } = await sharded(2);
    await proveShards(d, taskId, alice, { 0: 0n });
    expect(await provenBy(d, taskId)).to.deep.equal([SUBMISSION.committed, 1n, 0n]);
    await proveShards(d, taskId, alice, { 1: SAMPLE_COUNT });
    await commitAs(d, taskId, bob);
    await proveShards(d, taskId, bob, { 0: 1n });
    await expect(market.connect(bob).prove(...(await shardProofs(d, taskId, bob, { 1: SAMPLE_COUNT }))))
      .to.be.revertedWithCustomError(market, "TaskMarketCountTooLarge")
      .withArgs(taskId, SAMPLE_COUNT + 1n, SAMPLE_COUNT);
    // The largest counts there are, 64 times: their sum stays exact.
    const most = 2n ** 32n - 1n;
    const large = await postTask(d, { ...shardedTestSet(MAX_SHARDS) });
    await commitAs(d, large.taskId, bob);
    const counts = Array.from({ length: MAX_SHARDS }, (_, shard) => ({ shard, correct: most }));
    await expect(market.connect(bob).prove(large.taskId, counts, []))
      .to.be.revertedWithCustomError(market, "TaskMarketCountTooLarge")
      .withArgs(large.taskId, most * BigInt(MAX_SHARDS), SAMPLE_COUNT);
  });

  it("take each shard once a prover: not twice in a call, nor in two", async () => {
    const { market, d, alice, bob, taskId } = await sharded(3);
    const counts = { 0: 100n, 1: 120n };
    const expectTaken = async (shards: number[], shard: number): Promise<void> => {
      await expect(market.connect(alice).prove(...(await shardProofs(d, taskId, alice, counts, shards))))
        .to.be.revertedWithCustomError(market, "TaskMarketShardProven")
        .withArgs(taskId, alice.address, shard);
    };
    await expectTaken([1, 1], 1);
    await expectTaken([1, 0, 1], 1);
    await proveShards(d, taskId, alice, { 1: 120n });
    await expectTaken([1], 1);
    await expectTaken([0, 1], 1);
    await commitAs(d, taskId, bob);
    await proveShards(d, taskId, bob, { 1: 120n });
  });

  it("have no other shards than posted", async () => {
    const { market, d, alice, taskId } = await sharded(3);
    for (const shard of [3, 63, 64, 255]) {
      await expect(market.connect(alice).prove(...(await shardProofs(d, taskId, alice, { [shard]: 1n }))))
        .to.be.revertedWithCustomError(market, "TaskMarketUnknownShard")
        .withArgs(taskId, shard, 3n);
    }
  });

  it("need as many proofs as counts, and at least one", async () => {
    const { market, registry, d, alice, taskId } = await sharded(3);
    const [, counts, proofs] = await shardProofs(d, taskId, alice, { 0: 100n, 2: 120n });
    await expect(market.connect(alice).prove(taskId, counts, proofs.slice(1)))
      .to.be.revertedWithCustomError(registry, "CircuitRegistryDataPointCount")
      .withArgs(2n, 1n);
    await expect(market.connect(alice).prove(taskId, counts.slice(1), proofs))
      .to.be.revertedWithCustomError(registry, "CircuitRegistryDataPointCount")
      .withArgs(1n, 2n);
    await expect(market.connect(alice).prove(taskId, [], [])).to.be.revertedWithCustomError(
      registry,
      "CircuitRegistryNoProofs",
    );
    await expect(market.connect(alice).prove(taskId, [], proofs)).to.be.revertedWithCustomError(
      registry,
      "CircuitRegistryStatementLength",
    );
  });

  it("keep proofs of one shard from counting for another", async () => {
    const { market, d, alice, taskId } = await sharded(2);
    const [, , proofs] = await shardProofs(d, taskId, alice, { 0: 175n, 1: 175n });
    const [first, second] = [
      { shard: 0n, correct: 175n },
      { shard: 1n, correct: 175n },
    ];
    for (const [counts, shown] of [
      [[first, second], proofs.toReversed()],
      [[second, first], proofs],
      [
        [first, second],
        [proofs[0]!, proofs[0]!],
      ],
      [[second], [proofs[0]!]],
    ] as const) {
      await expect(market.connect(alice).prove(taskId, [...counts], [...shown]))
        .to.be.revertedWithCustomError(market, "TaskMarketInvalidProof")
        .withArgs(taskId, alice.address);
    }
    await market.connect(alice).prove(taskId, [second, first], proofs.toReversed());
  });

  it("keep counts from moving between shards", async () => {
    const { market, d, alice, taskId } = await sharded(2);
    const [, , proofs] = await shardProofs(d, taskId, alice, { 0: 170n, 1: 180n });
    const moved = [
      { shard: 0n, correct: 180n },
      { shard: 1n, correct: 170n },
    ];
    await expect(market.connect(alice).prove(taskId, moved, proofs))
      .to.be.revertedWithCustomError(market, "TaskMarketInvalidProof")
      .withArgs(taskId, alice.address);
  });

  it("keep proofs of another prover from filling up shards", async () => {
    const { market, d, alice, bob, taskId } = await sharded(2);
    await commitAs(d, taskId, bob);
    await proveShards(d, taskId, alice, { 0: 170n });
    const copied = await shardProofs(d, taskId, alice, { 1: 180n });
    await expect(market.connect(bob).prove(...copied))
      .to.be.revertedWithCustomError(market, "TaskMarketInvalidProof")
      .withArgs(taskId, bob.address);
  });

  it("record nothing of a call with one bad proof among good ones", async () => {
    const { market, registry, d, alice, taskId } = await sharded(4);
    const counts = { 0: 85n, 1: 86n, 2: 87n, 3: 88n };
    const [, claimed, proofs] = await shardProofs(d, taskId, alice, counts);
    const statement = await statementFor(d, taskId, alice, 87n);
    const bad: readonly [Partial<Proof>, typeof market | typeof registry, string][] = [
      [{ c: g1(7n) }, market, "TaskMarketInvalidProof"],
      [
        key.prove({ statement: statement.with(1, 3n), data: shardScalar(2) }),
        market,
        "TaskMarketInvalidProof",
      ],
      [{ a: { x: 1n, y: 3n } }, registry, "Bn254NotOnCurve"],
      [{ c: G1_INFINITY }, registry, "Bn254PointAtInfinity"],
      [{ blockCommitment: { x: BASE_FIELD_ORDER + 1n, y: 2n } }, registry, "Bn254CoordinateTooLarge"],
      [{ blockKnowledge: { x: 2n, y: 2n } }, registry, "Bn254NotOnCurve"],
      [{ b: g2OutsideSubgroup() }, registry, "Bn254PairingFailed"],
      [{ b: { ...proofs[2]!.b, yReal: 1n } }, registry, "Bn254PairingFailed"],
    ];
    for (const [change, reverting, error] of bad) {
      const junk = proofs.with(2, { ...proofs[2]!, ...change });
      await expect(market.connect(alice).prove(taskId, claimed, junk)).to.be.revertedWithCustomError(
        reverting,
        error,
      );
    }
    expect(await provenBy(d, taskId)).to.deep.equal([SUBMISSION.committed, 0n, 0n]);
    await market.connect(alice).prove(taskId, claimed, proofs);
  });

  it("are open for the last shard until the prove deadline and not a second longer", async () => {
    const { market, d, alice, bob, carol, taskId, spec } = await sharded(2);
    await commitAs(d, taskId, bob, carol);
    const last = [];
    for (const prover of [alice, bob, carol]) {
      await proveShards(d, taskId, prover, { 0: 170n });
      last.push(await shardProofs(d, taskId, prover, { 1: 180n }));
    }
    await nextBlockAt(spec.proveDeadline - 1n);
    await market.connect(alice).prove(...last[0]!);
    await nextBlockAt(spec.proveDeadline);
    await market.connect(bob).prove(...last[1]!);
    await nextBlockAt(spec.proveDeadline + 1n);
    await expect(market.connect(carol).prove(...last[2]!))
      .to.be.revertedWithCustomError(market, "TaskMarketDeadlinePassed")
      .withArgs(taskId, spec.proveDeadline, spec.proveDeadline + 1n);
  });

  it("expire when nobody proved all of them, with the reward at the poster and the stake free", async () => {
    const { market, d, poster, alice, taskId, spec } = await sharded(2);
    await proveShards(d, taskId, alice, { 0: 180n });
    await nextBlockAt(spec.proveDeadline + 1n);
    await market.expire(taskId);
    expect(await market.creditOf(poster, ethers.ZeroAddress)).to.equal(REWARD_WEI);
    await market.releaseStake(taskId, alice);
  });

  it("take no more once all are proven", async () => {
    const { market, d, alice, taskId } = await sharded(2);
    await proveShards(d, taskId, alice, { 0: 170n, 1: 180n });
    await expect(market.connect(alice).prove(...(await shardProofs(d, taskId, alice, { 1: 181n }))))
      .to.be.revertedWithCustomError(market, "TaskMarketAlreadyProven")
      .withArgs(taskId, alice.address);
  });
});
