import { expect } from "chai";
import { ZeroAddress } from "ethers";

import {
  cancelTask,
  claimShare,
  endTask,
  listTasks,
  readSubmission,
  readTask,
  readTaskDetails,
  releaseStake,
  REWARD_SPLITS,
  proofsPerCall,
  simulateProofs,
  submitProofs,
  withdrawReward,
} from "../../../prover/src/chain/tasks.ts";
import { readStake } from "../../../prover/src/chain/stake.ts";
import { ANVIL_ADDRESSES } from "../../support/anvil.ts";
import { errorOf } from "../../support/error-of.ts";
import { Market, MIN_CORRECT, REWARD_WEI, SAMPLE_COUNT, STAKE_WEI } from "../../support/market.ts";

describe("tasks on a chain", () => {
  let market: Market;

  before(async () => {
    market = await Market.start();
  });

  after(async () => {
    await market.stop();
  });

  for (const split of REWARD_SPLITS) {
    it(`reads a ${split} task back as it was posted`, async () => {
      const terms = await market.terms({ split });
      const taskId = await market.post(terms);
      const details = await readTaskDetails(market.contracts, taskId);
      expect(details).to.deep.include({
        taskId,
        state: "posted",
        poster: ANVIL_ADDRESSES[0],
        submissions: [],
      });
      for (const [name, value] of Object.entries(terms)) {
        expect(details, name).to.have.deep.property(name, value);
      }
    });
  }

  it("lists tasks in the order they were posted", async () => {
    const before = await listTasks(market.contracts);
    const first = await market.post();
    const second = await market.post();
    const tasks = await listTasks(market.contracts);
    expect(tasks.slice(before.length).map(({ taskId }) => taskId)).to.deep.equal([first, second]);
  });

  it("names the tasks there are when another is asked for", async () => {
    await market.post();
    const error = await errorOf(readTask(market.contracts, 10_000n));
    expect(error.code).to.equal("chain.no-such-task");
    expect(error.message).to.match(/the market has tasks 1 to \d+$/);
  });

  it("pays the first valid proof and frees the stake", async () => {
    const taskId = await market.post();
    await market.commit(taskId, 1);
    const prover = market.sender(1);
    const { address } = prover.wallet;
    expect((await readTask(market.contracts, taskId)).state).to.equal("committed");
    const proof = await market.proof(taskId, 1, MIN_CORRECT);
    await simulateProofs(market.contracts, address, taskId, [proof]);
    await submitProofs(prover, market.contracts, taskId, [proof]);
    expect(await readTask(market.contracts, taskId)).to.deep.include({ state: "settled", leader: address });
    expect(await readSubmission(market.contracts, taskId, address)).to.deep.include({
      state: "proven",
      correct: MIN_CORRECT,
    });
    await releaseStake(prover, market.contracts, taskId, address);
    expect((await readStake(market.contracts, address, ZeroAddress)).marketLockedWei).to.equal(0n);
    const balance = await market.connection.provider.getBalance(address);
    const { gasUsed, receipt } = await withdrawReward(prover, market.contracts, ZeroAddress);
    expect(await market.connection.provider.getBalance(address)).to.equal(
      balance + REWARD_WEI - gasUsed * receipt.gasPrice,
    );
  });

  it("refuses a copied proof from another sender, found without sending anything", async () => {
    const taskId = await market.post();
    await market.commit(taskId, 1);
    await market.commit(taskId, 2);
    const copied = await market.proof(taskId, 1, MIN_CORRECT);
    const thief = market.sender(2);
    const error = await errorOf(simulateProofs(market.contracts, thief.wallet.address, taskId, [copied]));
    expect(error.code).to.equal("contract.TaskMarketInvalidProof");
    const sending = await errorOf(submitProofs(thief, market.contracts, taskId, [copied]));
    expect(sending.code).to.equal("contract.TaskMarketInvalidProof");
    expect(thief.journal.unfinished()).to.deep.equal([]);
  });

  it("adds the shards of several calls up, in any order", async () => {
    const { dataPoints } = await market.terms();
    const point = dataPoints[0]!;
    const taskId = await market.post({ dataPoints: [point, point, point], minCorrect: 30 });
    await market.commit(taskId, 1);
    const prover = market.sender(1);
    const proofOf = async (shard: number) => await market.proof(taskId, 1, 10, shard);
    await submitProofs(prover, market.contracts, taskId, [await proofOf(2), await proofOf(0)]);
    const { address } = prover.wallet;
    expect(await readSubmission(market.contracts, taskId, address)).to.deep.include({
      ...{ state: "committed", correct: 20, provenShards: [0, 2] },
    });
    const again = await errorOf(submitProofs(prover, market.contracts, taskId, [await proofOf(0)]));
    expect(again.code).to.equal("contract.TaskMarketShardProven");
    await submitProofs(prover, market.contracts, taskId, [await proofOf(1)]);
    expect(await readSubmission(market.contracts, taskId, address)).to.deep.include({
      ...{ state: "proven", correct: 30, provenShards: [0, 1, 2] },
    });
  });

  for (const shardCount of [1, 8, 64]) {
    it(`hands ${shardCount} proofs in with the gas that proofsPerCall reckons with`, async () => {
      const point = (await market.terms()).dataPoints[0]!;
      const dataPoints = Array.from({ length: shardCount }, () => point);
      const taskId = await market.post({ dataPoints, minCorrect: 1 });
      await market.commit(taskId, 1);
      const proofs = await Promise.all(
        dataPoints.map(async (_, shard) => await market.proof(taskId, 1, 1, shard)),
      );
      const { hash } = await submitProofs(market.sender(1), market.contracts, taskId, proofs);
      const { gasLimit } = (await market.connection.provider.getTransaction(hash))!;
      expect(proofsPerCall(gasLimit)).to.be.at.most(shardCount);
    });
  }

  it("hands in at most what a block and a transaction have gas for, and never nothing", () => {
    expect(proofsPerCall(0n)).to.equal(1);
    expect(proofsPerCall(639_999n)).to.equal(1);
    expect(proofsPerCall(640_000n)).to.equal(2);
    expect(proofsPerCall(10n ** 9n)).to.equal(proofsPerCall(2n ** 24n));
    expect(proofsPerCall(2n ** 24n)).to.be.at.least(64);
  });

  it("refuses a count above the one that was proved", async () => {
    const taskId = await market.post();
    await market.commit(taskId, 1);
    const proof = await market.proof(taskId, 1, MIN_CORRECT);
    const { address } = market.sender(1).wallet;
    for (const [correct, code] of [
      [MIN_CORRECT + 1, "contract.TaskMarketInvalidProof"],
      [MIN_CORRECT - 1, "contract.TaskMarketBelowThreshold"],
      [SAMPLE_COUNT + 1, "contract.TaskMarketCountTooLarge"],
    ] as const) {
      const error = await errorOf(simulateProofs(market.contracts, address, taskId, [{ ...proof, correct }]));
      expect(error.code, String(correct)).to.equal(code);
    }
  });

  it("settles a pro-rata task after its deadline and pays the shares", async () => {
    const taskId = await market.post({ split: "pro-rata" });
    for (const [index, correct] of [
      [1, MIN_CORRECT],
      [2, MIN_CORRECT + 2],
    ] as const) {
      await market.commit(taskId, index);
      const proof = await market.proof(taskId, index, correct);
      await submitProofs(market.sender(index), market.contracts, taskId, [proof]);
    }
    const early = await errorOf(endTask(market.sender(0), market.contracts, taskId, "settle"));
    expect(early.code).to.equal("contract.TaskMarketDeadlineNotPassed");
    await market.pass(7_300);
    await endTask(market.sender(0), market.contracts, taskId, "settle");
    const { address } = market.sender(2).wallet;
    await claimShare(market.sender(2), market.contracts, taskId, address);
    expect(await market.contracts.market.creditOf(address, ZeroAddress)).to.equal((REWARD_WEI * 3n) / 4n);
    expect((await readSubmission(market.contracts, taskId, address)).state).to.equal("claimed");
    await withdrawReward(market.sender(2), market.contracts, ZeroAddress);
  });

  it("expires a task without a proof", async () => {
    const taskId = await market.post();
    await market.commit(taskId, 1);
    await market.pass(7_300);
    await endTask(market.sender(3), market.contracts, taskId, "expire");
    expect((await readTask(market.contracts, taskId)).state).to.equal("expired");
  });

  it("cancels a task before the first commitment only, and for its poster only", async () => {
    const taskId = await market.post();
    const stranger = await errorOf(cancelTask(market.sender(1), market.contracts, taskId));
    expect(stranger.code).to.equal("contract.TaskMarketNotPoster");
    await cancelTask(market.sender(0), market.contracts, taskId);
    expect((await readTask(market.contracts, taskId)).state).to.equal("cancelled");

    const other = await market.post();
    await market.commit(other, 1);
    const late = await errorOf(cancelTask(market.sender(0), market.contracts, other));
    expect(late.code).to.equal("contract.TaskMarketWrongState");
    expect(late.details.state).to.equal("committed");
  });

  it("names the stake that is missing", async () => {
    const taskId = await market.post({ stakeWei: STAKE_WEI * 1_000n });
    const error = await errorOf(market.commit(taskId, 3));
    expect(error.code).to.equal("contract.StakeVaultInsufficientStake");
    expect(error.nextStep).to.include("zkpot stake deposit");
  });
});
