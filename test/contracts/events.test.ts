/** Rebuilds the state of vault and market from their events alone and compares it with what the views return. */
import { expect } from "chai";

import {
  commitAs,
  ethers,
  key,
  NATIVE,
  networkHelpers,
  postTask,
  postWithRules,
  proveAs,
  proveShards,
  REWARD_WEI,
  shardedTestSet,
  SPLIT,
  SUBMISSION,
  TASK,
  UNBONDING_SECONDS,
} from "./support/deployment.ts";

import { postTraining, Run, trainingDeployed } from "./support/training.ts";

import type { EventLog, LogDescription } from "ethers";

import type { TrainingDeployment } from "./support/training.ts";

type Amounts = Record<string, bigint>;

interface RebuiltTask {
  state: bigint;
  rewardWei: bigint;
  feeBps: bigint;
  assignment: string;
  seal: string;
  trainingAudit: string;
  minCorrect: bigint;
  proverCount: bigint;
  provenCount: bigint;
  claimedCount: bigint;
  paidWei: bigint;
  leader: string;
  leaderCorrect: bigint;
  totalWeight: bigint;
}

interface RebuiltSubmission {
  modelCommitment: bigint;
  state: bigint;
  correct: bigint;
  provenAt: bigint;
  lockId: bigint;
  provenShards: bigint;
}

/** What the owner decides. */
interface RebuiltAdmin {
  owner: string;
  pendingOwner: string;
  paused: boolean;
  feeBps: bigint;
  feeRecipient: string;
}

/** Everything that changes, by ids joined with "/". */
interface Rebuilt {
  readonly admin: RebuiltAdmin;
  readonly tasks: Record<string, RebuiltTask>;
  readonly submissions: Record<string, RebuiltSubmission>;
  readonly rewardCredits: Amounts;
  readonly free: Amounts;
  readonly locked: Amounts;
  readonly unbonding: Amounts;
  readonly availableAt: Amounts;
  readonly limits: Amounts;
  readonly lockedBy: Amounts;
  readonly locks: Amounts;
  readonly slashCredits: Amounts;
}

function add(amounts: Amounts, id: string, amount: bigint): void {
  amounts[id] = (amounts[id] ?? 0n) + amount;
}

/** Applies an event of the market. */
function applyMarket(r: Rebuilt, { name, args }: LogDescription, timestamp: bigint): void {
  const taskId = String((args as unknown as { taskId?: bigint }).taskId ?? "");
  const task = r.tasks[taskId]!;
  const prover = (): RebuiltSubmission => r.submissions[`${taskId}/${args["prover"] as string}`]!;
  switch (name) {
    case "OwnershipTransferStarted":
      r.admin.pendingOwner = args["newOwner"] as string;
      return;
    case "OwnershipTransferred":
      r.admin.owner = args["newOwner"] as string;
      r.admin.pendingOwner = ethers.ZeroAddress;
      return;
    case "FeeSet":
      r.admin.feeBps = args["feeBps"] as bigint;
      r.admin.feeRecipient = args["feeRecipient"] as string;
      return;
    case "Paused":
      r.admin.paused = true;
      return;
    case "Unpaused":
      r.admin.paused = false;
      return;
    case "TaskPosted":
      r.tasks[taskId] = {
        state: TASK.posted,
        rewardWei: (args["spec"] as { rewardWei: bigint }).rewardWei,
        feeBps: r.admin.feeBps,
        assignment: ethers.ZeroAddress,
        seal: ethers.ZeroAddress,
        trainingAudit: ethers.ZeroAddress,
        minCorrect: (args["spec"] as { minCorrect: bigint }).minCorrect,
        proverCount: 0n,
        provenCount: 0n,
        claimedCount: 0n,
        paidWei: 0n,
        leader: ethers.ZeroAddress,
        leaderCorrect: 0n,
        totalWeight: 0n,
      };
      return;
    case "TaskRulesSet":
      for (const rule of ["assignment", "seal", "trainingAudit"] as const) task[rule] = args[rule] as string;
      return;
    case "RewardLowered": {
      // What is credited next is no part of the reward any more.
      const rewardWei = args["rewardWei"] as bigint;
      task.paidWei -= task.rewardWei - rewardWei;
      task.rewardWei = rewardWei;
      return;
    }
    case "ModelCommitted":
      if (task.state === TASK.posted) task.state = TASK.committed;
      task.proverCount++;
      r.submissions[`${taskId}/${args["prover"] as string}`] = {
        modelCommitment: args["modelCommitment"] as bigint,
        state: SUBMISSION.committed,
        correct: 0n,
        provenAt: 0n,
        lockId: args["lockId"] as bigint,
        provenShards: 0n,
      };
      return;
    case "ShardsProven":
      prover().correct = args["correct"] as bigint;
      prover().provenShards = args["provenShards"] as bigint;
      return;
    case "ProofAccepted": {
      const correct = args["correct"] as bigint;
      Object.assign(prover(), { state: SUBMISSION.proven, provenAt: timestamp });
      task.state = TASK.proven;
      task.provenCount++;
      task.totalWeight += correct - task.minCorrect + 1n;
      if (correct > task.leaderCorrect) {
        task.leader = args["prover"] as string;
        task.leaderCorrect = correct;
      }
      return;
    }
    case "TaskSettled":
      task.state = TASK.settled;
      return;
    case "TaskCancelled":
      task.state = TASK.cancelled;
      return;
    case "TaskExpired":
      task.state = TASK.expired;
      return;
    case "RewardClaimed":
      prover().state = SUBMISSION.claimed;
      task.claimedCount++;
      return;
    case "RewardCredited":
      task.paidWei += args["amountWei"] as bigint;
      add(
        r.rewardCredits,
        `${args["account"] as string}/${args["token"] as string}`,
        args["amountWei"] as bigint,
      );
      return;
    case "ProverStakeReleased":
      prover().lockId = 0n;
      return;
    case "ProverStakeSlashed":
      prover().lockId = 0n;
      return;
    case "CreditWithdrawn":
      add(
        r.rewardCredits,
        `${args["account"] as string}/${args["token"] as string}`,
        -(args["amountWei"] as bigint),
      );
      return;
    default:
      throw new Error(`event ${name} is not part of the rebuilding`);
  }
}

/** Applies an event of the vault. */
function applyVault(r: Rebuilt, { name, args }: LogDescription, burnAddress: string): void {
  const [account, token, locker] = ["account", "token", "locker"].map((field) => args[field] as string);
  const amountWei = args["amountWei"] as bigint;
  const owner = `${account}/${token}`;
  const consent = `${account}/${locker}/${token}`;
  const lock = `${locker}/${token}/${String(args["lockId"])}`;
  switch (name) {
    case "StakeDeposited":
      add(r.free, owner, amountWei);
      return;
    case "LockerApproved":
      r.limits[consent] = args["limitWei"] as bigint;
      return;
    case "UnbondingRequested":
      add(r.free, owner, -amountWei);
      r.unbonding[owner] = args["slotWei"] as bigint;
      r.availableAt[owner] = args["availableAt"] as bigint;
      return;
    case "StakeWithdrawn":
      r.unbonding[owner] = 0n;
      r.availableAt[owner] = 0n;
      return;
    case "StakeLocked":
      add(r.free, owner, -amountWei);
      add(r.locked, owner, amountWei);
      add(r.lockedBy, consent, amountWei);
      r.locks[lock] = amountWei;
      return;
    case "StakeReleased":
      add(r.free, owner, amountWei);
      add(r.locked, owner, -amountWei);
      add(r.lockedBy, consent, -amountWei);
      r.locks[lock] = 0n;
      return;
    case "StakeSlashed": {
      const [burnedWei, paidWei] = [args["burnedWei"] as bigint, args["paidWei"] as bigint];
      const slashedWei = burnedWei + paidWei;
      add(r.locked, owner, -slashedWei);
      add(r.lockedBy, consent, -slashedWei);
      add(r.locks, lock, -slashedWei);
      const limitWei = r.limits[consent]!;
      r.limits[consent] = limitWei > slashedWei ? limitWei - slashedWei : 0n;
      add(r.slashCredits, `${burnAddress}/${token}`, burnedWei);
      add(r.slashCredits, `${args["beneficiary"] as string}/${token}`, paidWei);
      return;
    }
    case "CreditWithdrawn":
      add(r.slashCredits, owner, -amountWei);
      return;
    case "SlashedBurned":
      add(r.slashCredits, `${burnAddress}/${token}`, -amountWei);
      return;
    default:
      throw new Error(`event ${name} is not part of the rebuilding`);
  }
}

async function rebuild({ vault, market }: TrainingDeployment): Promise<Rebuilt> {
  const rebuilt: Rebuilt = {
    admin: {
      owner: ethers.ZeroAddress,
      pendingOwner: ethers.ZeroAddress,
      paused: false,
      feeBps: 0n,
      feeRecipient: ethers.ZeroAddress,
    },
    tasks: {},
    submissions: {},
    rewardCredits: {},
    free: {},
    locked: {},
    unbonding: {},
    availableAt: {},
    limits: {},
    lockedBy: {},
    locks: {},
    slashCredits: {},
  };
  const burnAddress = await vault.BURN_ADDRESS();
  for (const log of (await vault.queryFilter("*" as never)) as unknown as EventLog[]) {
    applyVault(rebuilt, vault.interface.parseLog(log)!, burnAddress);
  }
  for (const log of (await market.queryFilter("*" as never)) as unknown as EventLog[]) {
    const { timestamp } = await log.getBlock();
    applyMarket(rebuilt, market.interface.parseLog(log)!, BigInt(timestamp));
  }
  return rebuilt;
}

/** A history with every event of market, vault and audit. */
async function play(d: TrainingDeployment): Promise<void> {
  const { market, vault, token, poster, alice, bob, carol, stranger, owner } = d;
  const tokenAddress = await token.getAddress();
  await market.connect(owner).pause();
  await market.connect(owner).unpause();
  await market.connect(owner).setFee(250n, stranger);
  const cancelled = await postTask(d);
  await market.connect(poster).cancel(cancelled.taskId);
  const assignment = await ethers.deployContract("StubAssignment");
  const lowered = await postWithRules(d, { assignment: await assignment.getAddress() });
  await assignment.lowerReward(market, lowered.taskId, REWARD_WEI / 3n);
  const sharded = await postTask(d, { ...shardedTestSet(3), winners: 2n });
  await commitAs(d, sharded.taskId, alice, bob);
  await proveShards(d, sharded.taskId, alice, { 2: 115n });
  await proveShards(d, sharded.taskId, alice, { 0: 120n, 1: 112n });
  await proveShards(d, sharded.taskId, bob, { 1: 99n });
  const first = await postTask(d);
  await commitAs(d, first.taskId, alice, bob);
  await proveAs(d, first.taskId, bob, 345n);
  await market.connect(bob).withdraw(NATIVE);
  const shared = await postTask(d, {
    split: SPLIT.proRata,
    rewardToken: tokenAddress,
    rewardWei: 100n,
    maxProvers: 2n,
  });
  await commitAs(d, shared.taskId, alice, carol);
  await proveAs(d, shared.taskId, alice, 342n);
  await proveAs(d, shared.taskId, carol, 343n);
  await market.settle(shared.taskId);
  for (const prover of [alice, carol]) await market.claim(shared.taskId, prover);
  const best = await postTask(d, { split: SPLIT.bestScore });
  await commitAs(d, best.taskId, alice, bob, carol);
  await proveAs(d, best.taskId, carol, 350n);
  await proveAs(d, best.taskId, alice, 350n);
  await market.releaseStake(best.taskId, carol);
  const open = await postTask(d);
  await commitAs(d, open.taskId, alice);
  const expired = await postTask(d);
  await networkHelpers.time.increase(3_601n);
  await market.expire(expired.taskId);
  await market.releaseStake(first.taskId, bob);

  await market.connect(owner).transferOwnership(carol);
  await market.connect(carol).acceptOwnership();
  await market.connect(carol).setFee(100n, carol);
  await market.connect(carol).transferOwnership(bob);

  const trained = await postTraining(d);
  const passing = new Run(d, trained, carol);
  await passing.start();
  await passing.pass();
  const silent = new Run(d, trained, bob);
  await silent.start();
  await networkHelpers.time.increase(5_401n);
  await market.slashStake(trained.taskId, bob);

  await vault.connect(alice).depositAndApprove(token, 1_000n, stranger, 500n);
  const lockId = await vault.connect(stranger).lock.staticCall(alice, token, 301n);
  await vault.connect(stranger).lock(alice, token, 301n);
  await vault.connect(stranger).slash(token, lockId, 101n, bob);
  await vault.connect(bob).withdrawCredit(token);
  await vault.burnSlashed(token);
  await vault.connect(stranger).slash(token, lockId, 50n, carol);
  await vault.connect(alice).requestUnbonding(token, 600n);
  await networkHelpers.time.increase(UNBONDING_SECONDS);
  await vault.connect(alice).withdraw(token);
  await vault.connect(alice).requestUnbonding(token, 7n);
}

describe("Events", () => {
  it("are enough to rebuild what the owner set, tasks, submissions, credits, stakes, limits and locks", async () => {
    const d = await trainingDeployed();
    const { market, vault, registry, token, poster, alice, bob, carol, stranger } = d;
    await play(d);
    const r = await rebuild(d);
    const tokens = [NATIVE, await token.getAddress()];
    const accounts = [poster, alice, bob, carol, stranger].map(({ address }) => address);
    const lockers = [await market.getAddress(), stranger.address];

    for (const field of Object.keys(r.admin) as (keyof RebuiltAdmin)[]) {
      expect(await market[field](), field).to.equal(r.admin[field]);
    }

    for (let taskId = 1n; taskId <= (await market.taskCount()); taskId++) {
      const task = (await market.task(taskId)) as unknown as Record<string, unknown>;
      const { minCorrect, ...changing } = r.tasks[String(taskId)]!;
      expect(task["minCorrect"]).to.equal(minCorrect);
      for (const [field, value] of Object.entries(changing)) {
        expect(task[field], `${field} of task ${taskId}`).to.equal(value);
      }
      for (const account of accounts) {
        const submission = await market.submission(taskId, account);
        const rebuilt = r.submissions[`${taskId}/${account}`];
        const expected = rebuilt === undefined ? [0n, 0n, 0n, 0n, 0n, 0n] : Object.values(rebuilt);
        expect([...submission], `submission of ${account} to ${taskId}`).to.deep.equal(expected);
      }
    }
    for (const asset of tokens) {
      for (const account of [...accounts, await vault.BURN_ADDRESS()]) {
        const id = `${account}/${asset}`;
        expect(await market.creditOf(account, asset)).to.equal(r.rewardCredits[id] ?? 0n);
        expect(await vault.creditOf(account, asset)).to.equal(r.slashCredits[id] ?? 0n);
        expect(await vault.balanceOf(account, asset)).to.deep.equal([r.free[id] ?? 0n, r.locked[id] ?? 0n]);
        expect(await vault.unbondingOf(account, asset)).to.deep.equal([
          r.unbonding[id] ?? 0n,
          r.availableAt[id] ?? 0n,
        ]);
        for (const locker of lockers) {
          const consent = `${account}/${locker}/${asset}`;
          const expected = [r.limits[consent] ?? 0n, r.lockedBy[consent] ?? 0n];
          expect(await vault.approvalOf(account, locker, asset)).to.deep.equal(expected);
        }
      }
    }
    for (const [id, amountWei] of Object.entries(r.locks)) {
      const [locker, asset, lockId] = id.split("/") as [string, string, string];
      expect((await vault.lockOf(locker, asset, lockId)).amountWei, id).to.equal(amountWei);
    }

    const [added] = await registry.queryFilter(registry.filters.KeyAdded());
    expect(added!.args.keyId).to.equal(key.keyId);
    expect(await registry.keyPointer(key.keyId)).to.equal(added!.args.pointer);
  });

  it("all occur in that history", async () => {
    const d = await trainingDeployed();
    await play(d);
    for (const contract of [d.market, d.vault, d.audit]) {
      const logs = (await contract.queryFilter("*" as never)) as unknown as EventLog[];
      const seen = logs.map((log) => log.eventName);
      contract.interface.forEachEvent((event) => {
        expect(seen).to.include(event.name);
      });
    }
  });
});
