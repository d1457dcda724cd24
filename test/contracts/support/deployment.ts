/** Contracts and accounts as most tests need them, on one simulated chain that fixtures roll back. */
import { network } from "hardhat";

import { accuracyContext, g1, randomScalar, TrapdoorKey } from "./trapdoor-key.ts";

import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import type { BaseContract, BytesLike } from "ethers";

import type { Proof } from "./trapdoor-key.ts";

export const chain = await network.create();
export const { ethers, networkHelpers } = chain;

export const NATIVE = ethers.ZeroAddress;
export const REWARD_WEI = 10n ** 18n;
export const STAKE_WEI = 10n ** 17n;
/** What provers let the market lock. */
const LIMIT_WEI = 1_000n * STAKE_WEI;
export const UNBONDING_SECONDS = 7n * 24n * 3600n;
export const SAMPLE_COUNT = 360n;
export const MIN_CORRECT = 342n;

/** Values of `RewardSplit`. */
export const SPLIT = { firstValid: 0n, bestScore: 1n, proRata: 2n } as const;
/** Values of `TaskState`. */
export const TASK = {
  none: 0n,
  posted: 1n,
  committed: 2n,
  proven: 3n,
  settled: 4n,
  cancelled: 5n,
  expired: 6n,
} as const;
/** Values of `SubmissionState`. */
export const SUBMISSION = { none: 0n, committed: 1n, proven: 2n, claimed: 3n } as const;

/** One key for all tests of a run: simulating a key costs dozens of point multiplications. */
export const key = new TrapdoorKey();

/** Scalar of the data point of every task. */
export const DATA = randomScalar();

/** Registry (development keys allowed, `key` added), vault, market and a token everybody holds. */
export async function deploy() {
  const [poster, alice, bob, carol, stranger] = await ethers.getSigners();
  const registry = await ethers.deployContract("CircuitRegistry", [true, 3n]);
  const vault = await ethers.deployContract("StakeVault", [UNBONDING_SECONDS]);
  const market = await ethers.deployContract("TaskMarket", [registry, vault]);
  const token = await ethers.deployContract("TestToken");
  await registry.addKey(key.bytes);
  const accounts = [poster!, alice!, bob!, carol!, stranger!];
  for (const account of accounts) {
    await token.mint(account, 1_000n * REWARD_WEI);
    await token.connect(account).approve(vault, ethers.MaxUint256);
    await token.connect(account).approve(market, ethers.MaxUint256);
  }
  return {
    registry,
    vault,
    market,
    token,
    poster: poster!,
    alice: alice!,
    bob: bob!,
    carol: carol!,
    stranger: stranger!,
  };
}

export type Deployment = Awaited<ReturnType<typeof deploy>>;

/** `deploy`, from a snapshot of the chain. */
export async function deployed(): Promise<Deployment> {
  return await networkHelpers.loadFixture(deploy);
}

/** A valid task: native reward and stake, first valid, three provers, deadlines in one and two hours. */
export async function taskSpec() {
  const now = BigInt(await networkHelpers.time.latest());
  return {
    rewardToken: NATIVE,
    rewardWei: REWARD_WEI,
    keyId: key.keyId as BytesLike,
    dataPoint: g1(DATA),
    sampleCount: SAMPLE_COUNT,
    minCorrect: MIN_CORRECT,
    commitDeadline: now + 3_600n,
    proveDeadline: now + 7_200n,
    stakeToken: NATIVE,
    stakeWei: STAKE_WEI,
    split: SPLIT.firstValid as bigint,
    maxProvers: 3n,
    architectureId: 7n,
    documentHash: ethers.id("document") as BytesLike,
    documentUri: "ipfs://document",
  };
}

export type TaskSpec = Awaited<ReturnType<typeof taskSpec>>;

/** Posts a task from the poster and returns its id and spec. */
export async function postTask({ market, poster }: Deployment, changes: Partial<TaskSpec> = {}) {
  const spec = { ...(await taskSpec()), ...changes };
  const value = spec.rewardToken === NATIVE ? spec.rewardWei : 0n;
  await market.connect(poster).post(spec, { value });
  return { taskId: await market.taskCount(), spec };
}

/** Deposits stake for a prover and lets the market lock it and what it staked before. */
export async function stakeFor(
  { vault, market }: Deployment,
  prover: HardhatEthersSigner,
  amountWei = STAKE_WEI,
  token: string = NATIVE,
): Promise<void> {
  const value = token === NATIVE ? amountWei : 0n;
  await vault.connect(prover).depositAndApprove(token, amountWei, market, LIMIT_WEI, { value });
}

/** A model commitment that differs from prover to prover. */
export function modelCommitmentOf(prover: { readonly address: string }): bigint {
  return BigInt(ethers.id(prover.address)) >> 8n;
}

/** Stakes and commits. */
export async function commitAs(
  d: Deployment,
  taskId: bigint,
  ...provers: HardhatEthersSigner[]
): Promise<void> {
  for (const prover of provers) {
    await stakeFor(d, prover);
    await d.market.connect(prover).commit(taskId, modelCommitmentOf(prover));
  }
}

/** The statement the market checks for a prover's count. */
export async function statementFor(
  { market }: Deployment,
  taskId: bigint,
  prover: { readonly address: string },
  correct: bigint,
): Promise<bigint[]> {
  const { chainId } = await ethers.provider.getNetwork();
  const context = accuracyContext(chainId, await market.getAddress(), taskId, prover.address);
  return [context, modelCommitmentOf(prover), correct];
}

/** A valid proof of a prover's count. */
export async function proofFor(
  d: Deployment,
  taskId: bigint,
  prover: { readonly address: string },
  correct: bigint,
): Promise<Proof> {
  return key.prove({ statement: await statementFor(d, taskId, prover, correct), data: DATA });
}

/** Proves a count. */
export async function proveAs(
  d: Deployment,
  taskId: bigint,
  prover: HardhatEthersSigner,
  correct: bigint,
): Promise<void> {
  await d.market.connect(prover).prove(taskId, correct, await proofFor(d, taskId, prover, correct));
}

/** Makes the next block's timestamp `timestamp`. */
export async function nextBlockAt(timestamp: bigint): Promise<void> {
  await networkHelpers.time.setNextBlockTimestamp(timestamp);
}

/** What an account or contract holds of a token. */
export async function holdings(token: string, holder: string | BaseContract): Promise<bigint> {
  if (token === NATIVE) return await ethers.provider.getBalance(holder);
  return await (await ethers.getContractAt("TestToken", token)).balanceOf(holder);
}
