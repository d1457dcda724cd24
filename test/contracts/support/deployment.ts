/** Contracts and accounts as most tests need them, on one simulated chain that fixtures roll back. */
import { network } from "hardhat";

import { accuracyContext, g1, randomScalar, TrapdoorKey } from "./trapdoor-key.ts";

import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import type { Addressable, BaseContract, BytesLike } from "ethers";

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

/** A market with its library, on `on` or the chain of the fixtures. */
export async function deployMarket(
  registry: Addressable | string,
  vault: Addressable | string,
  owner: Addressable | string,
  on: Pick<typeof ethers, "deployContract"> = ethers,
) {
  const posting = await on.deployContract("TaskPosting");
  return await on.deployContract("TaskMarket", [registry, vault, owner], {
    libraries: { TaskPosting: await posting.getAddress() },
  });
}

/** Registry (development keys allowed, `key` added), vault, market and a token everybody holds. */
export async function deploy() {
  const [poster, alice, bob, carol, stranger, owner] = await ethers.getSigners();
  const registry = await ethers.deployContract("CircuitRegistry", [true, 3n]);
  const vault = await ethers.deployContract("StakeVault", [UNBONDING_SECONDS]);
  const market = await deployMarket(registry, vault, owner!);
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
    owner: owner!,
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
    dataPoints: [g1(DATA)],
    sampleCount: SAMPLE_COUNT,
    minCorrect: MIN_CORRECT,
    commitDeadline: now + 3_600n,
    proveDeadline: now + 7_200n,
    stakeToken: NATIVE,
    stakeWei: STAKE_WEI,
    split: SPLIT.firstValid as bigint,
    winners: 1n,
    maxProvers: 3n,
    architectureId: 7n,
    documentHash: ethers.id("document") as BytesLike,
    documentUri: "ipfs://document",
  };
}

export type TaskSpec = Awaited<ReturnType<typeof taskSpec>>;

/** Terms of a rule that is left out. */
const NO_SEAL_TERMS = {
  unsealDeadline: 0n,
  disputeSeconds: 0n,
  bondToken: NATIVE,
  bondWei: 0n,
  demandWei: 0n,
  wordsPerShard: 0n,
  basesRoot: ethers.ZeroHash,
};
const NO_TRAINING_TERMS = {
  initKeyId: ethers.ZeroHash as BytesLike,
  stepKeyId: ethers.ZeroHash as BytesLike,
  ruleHash: ethers.ZeroHash as BytesLike,
  epochs: 0n,
  minBatches: 0n,
  halvingSteps: 0n,
  learningRateExponent: 0n,
  drawnSteps: 0n,
  answerDeadline: 0n,
};

/** Rules of a task about which nobody else decides. */
export const NO_RULES = {
  assignment: ethers.ZeroAddress,
  assignmentTerms: "0x",
  seal: ethers.ZeroAddress,
  sealTerms: NO_SEAL_TERMS,
  trainingAudit: ethers.ZeroAddress,
  trainingTerms: NO_TRAINING_TERMS,
};

/** Posts a task from the poster and returns its id and spec. */
export async function postTask({ market, poster }: Deployment, changes: Partial<TaskSpec> = {}) {
  const spec = { ...(await taskSpec()), ...changes };
  const value = spec.rewardToken === NATIVE ? spec.rewardWei : 0n;
  await market.connect(poster).post(spec, { value });
  return { taskId: await market.taskCount(), spec };
}

/** Posts a task about which other contracts decide, too. */
export async function postWithRules(
  { market, poster }: Deployment,
  rules: Partial<typeof NO_RULES>,
  changes: Partial<TaskSpec> = {},
) {
  const spec = { ...(await taskSpec()), ...changes };
  const value = spec.rewardToken === NATIVE ? spec.rewardWei : 0n;
  await market.connect(poster).postWithRules(spec, { ...NO_RULES, ...rules }, { value });
  return { taskId: await market.taskCount(), spec };
}

/** Scalar of the data point of a shard. */
export function shardScalar(shard: number): bigint {
  return DATA + BigInt(shard);
}

/** A test set of as many samples as always, in `count` shards. */
export function shardedTestSet(count: number): Pick<TaskSpec, "dataPoints"> {
  return { dataPoints: Array.from({ length: count }, (_, shard) => g1(shardScalar(shard))) };
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

/** Arguments of `prove` with valid proofs for the counts of some shards, in the order of `shards`. */
export async function shardProofs(
  d: Deployment,
  taskId: bigint,
  prover: { readonly address: string },
  counts: Readonly<Record<number, bigint>>,
  shards = Object.keys(counts).map(Number),
): Promise<[bigint, { shard: bigint; correct: bigint }[], Proof[]]> {
  const proofs: Proof[] = [];
  for (const shard of shards) {
    const statement = await statementFor(d, taskId, prover, counts[shard]!);
    proofs.push(key.prove({ statement, data: shardScalar(shard) }));
  }
  return [taskId, shards.map((shard) => ({ shard: BigInt(shard), correct: counts[shard]! })), proofs];
}

/** Proves the counts of some shards in one call. */
export async function proveShards(
  d: Deployment,
  taskId: bigint,
  prover: HardhatEthersSigner,
  counts: Readonly<Record<number, bigint>>,
): Promise<void> {
  await d.market.connect(prover).prove(...(await shardProofs(d, taskId, prover, counts)));
}

/** Arguments of `prove` for the only shard of a test set. */
export function single(
  taskId: bigint,
  correct: bigint,
  proof: Proof,
): [bigint, { shard: bigint; correct: bigint }[], Proof[]] {
  return [taskId, [{ shard: 0n, correct }], [proof]];
}

/** Proves a count. */
export async function proveAs(
  d: Deployment,
  taskId: bigint,
  prover: HardhatEthersSigner,
  correct: bigint,
): Promise<void> {
  await d.market
    .connect(prover)
    .prove(...single(taskId, correct, await proofFor(d, taskId, prover, correct)));
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
