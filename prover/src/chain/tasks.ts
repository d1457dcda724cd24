import { ZeroAddress, ZeroHash } from "ethers";

import type {
  ProofStruct,
  TaskRulesStruct,
} from "../../../types/ethers-contracts/contracts/interfaces/ITaskMarket.ts";
import { MAX_SHARDS } from "../witness/shards.ts";
import { contractInterface } from "./abis.ts";
import { type AuctionTerms, encodeAuctionTerms } from "./auction.ts";
import type { AuditTerms } from "./audits.ts";
import { ChainError } from "./chain-error.ts";
import type { Contracts } from "./contracts.ts";
import { toChainError } from "./decode-error.ts";
import { type DrawTerms, encodeDrawTerms } from "./draw.ts";
import type { SealTerms } from "./seal.ts";
import { sendOnce, type Sender, type SentTransaction } from "./send.ts";
import { allowToken } from "./stake.ts";

/** States of a task, as the contract numbers them. */
export const TASK_STATES = [
  "none",
  "posted",
  "committed",
  "proven",
  "settled",
  "cancelled",
  "expired",
] as const;
export type TaskState = (typeof TASK_STATES)[number];

/** How the reward is divided, as the contract numbers it. */
export const REWARD_SPLITS = ["first-valid", "best-score", "pro-rata"] as const;
export type RewardSplit = (typeof REWARD_SPLITS)[number];

/** States of one prover's submission, as the contract numbers them. */
export const SUBMISSION_STATES = ["none", "committed", "proven", "claimed"] as const;
export type SubmissionState = (typeof SUBMISSION_STATES)[number];

/** A point of G1 as the contracts take it; (0, 0) is infinity. */
export interface ChainPoint {
  readonly x: bigint;
  readonly y: bigint;
}

/** A task as the market stores it; times in seconds since 1970, amounts in the smallest unit of the token. */
export interface TaskRecord {
  readonly taskId: bigint;
  readonly state: TaskState;
  readonly poster: string;
  readonly split: RewardSplit;
  readonly rewardToken: string;
  readonly rewardWei: bigint;
  readonly stakeToken: string;
  readonly stakeWei: bigint;
  readonly commitDeadline: bigint;
  readonly proveDeadline: bigint;
  readonly sampleCount: number;
  readonly minCorrect: number;
  readonly maxProvers: number;
  readonly proverCount: number;
  readonly provenCount: number;
  /** The leading prover, the winner once settled; the zero address if there is none. */
  readonly leader: string;
  readonly leaderCorrect: number;
  /** Provers that share the reward of a first-valid task; 1 for the other splits. */
  readonly winners: number;
  /** Share of what a winner is paid that is the market's fee. */
  readonly feeBps: number;
  readonly keyId: string;
  /** One per shard of the test set. */
  readonly dataPoints: readonly ChainPoint[];
  readonly architectureId: bigint;
  readonly documentHash: string;
  /** Contract that decides who may commit; the zero address if everybody may. */
  readonly assignment: string;
  /** Contract that decides when proofs are accepted; the zero address if the test set is public. */
  readonly seal: string;
  /** Contract that decides on the training proof; the zero address if none is asked for. */
  readonly trainingAudit: string;
}

/** A task with what only its events tell. */
export interface TaskDetails extends TaskRecord {
  readonly documentUri: string;
  readonly postedAtBlock: number;
  readonly submissions: readonly SubmissionRecord[];
}

/** What one prover handed in for a task. */
export interface SubmissionRecord {
  readonly prover: string;
  readonly state: SubmissionState;
  readonly modelCommitment: bigint;
  /** Sum over the proven shards. */
  readonly correct: number;
  /** The shards proven so far, in ascending order. */
  readonly provenShards: readonly number[];
  /** Seconds since 1970; 0 before the last shard is proven. */
  readonly provenAt: bigint;
  /** 0 without locked stake. */
  readonly lockId: bigint;
}

/** What a poster asks for; see TaskSpec in the contracts. */
export interface TaskTerms {
  readonly rewardToken: string;
  readonly rewardWei: bigint;
  readonly keyId: string;
  /** One per shard of the test set. */
  readonly dataPoints: readonly ChainPoint[];
  readonly sampleCount: number;
  readonly minCorrect: number;
  readonly commitDeadline: bigint;
  readonly proveDeadline: bigint;
  readonly stakeToken: string;
  readonly stakeWei: bigint;
  readonly split: RewardSplit;
  /** Provers that share the reward of a first-valid task; 1 for the other splits. */
  readonly winners: number;
  readonly maxProvers: number;
  readonly architectureId: bigint;
  readonly documentHash: string;
  readonly documentUri: string;
}

/** The five points of a proof as the contract takes them. */
export type ChainProof = ProofStruct;

/** A proof that the committed model classifies at least `correct` samples of one shard correctly. */
export interface ShardProof {
  readonly shard: number;
  readonly correct: number;
  readonly proof: ChainProof;
}

/** Reads a task; throws ChainError `chain.no-such-task`. */
export async function readTask(contracts: Contracts, taskId: bigint): Promise<TaskRecord> {
  const [task, dataPoints] = await Promise.all([
    contracts.market.task(taskId),
    contracts.market.dataPointsOf(taskId),
  ]);
  const state = TASK_STATES[Number(task.state)]!;
  if (state === "none") {
    const count = await contracts.market.taskCount();
    throw new ChainError(
      "chain.no-such-task",
      `there is no task ${taskId}; the market has ${count === 0n ? "no tasks" : `tasks 1 to ${count}`}`,
      "See the tasks with `zkpot task list`.",
      { taskId, taskCount: count },
    );
  }
  return {
    taskId,
    state,
    poster: task.poster,
    split: REWARD_SPLITS[Number(task.split)]!,
    rewardToken: task.rewardToken,
    rewardWei: task.rewardWei,
    stakeToken: task.stakeToken,
    stakeWei: task.stakeWei,
    commitDeadline: task.commitDeadline,
    proveDeadline: task.proveDeadline,
    sampleCount: Number(task.sampleCount),
    minCorrect: Number(task.minCorrect),
    maxProvers: Number(task.maxProvers),
    proverCount: Number(task.proverCount),
    provenCount: Number(task.provenCount),
    leader: task.leader,
    leaderCorrect: Number(task.leaderCorrect),
    keyId: task.keyId,
    winners: Number(task.winners),
    feeBps: Number(task.feeBps),
    dataPoints: dataPoints.map(({ x, y }) => ({ x, y })),
    architectureId: task.architectureId,
    documentHash: task.documentHash,
    assignment: task.assignment,
    seal: task.seal,
    trainingAudit: task.trainingAudit,
  };
}

/** Reads a task with its document's place and all its submissions. */
export async function readTaskDetails(contracts: Contracts, taskId: bigint): Promise<TaskDetails> {
  const record = await readTask(contracts, taskId);
  const { market, firstBlock } = contracts;
  const [posted, committed] = await Promise.all([
    market.queryFilter(market.filters.TaskPosted(taskId), firstBlock),
    market.queryFilter(market.filters.ModelCommitted(taskId), firstBlock),
  ]);
  const submissions = await Promise.all(
    committed.map((event) => readSubmission(contracts, taskId, event.args.prover)),
  );
  return {
    ...record,
    documentUri: posted[0]?.args.spec.documentUri ?? "",
    postedAtBlock: posted[0]?.blockNumber ?? 0,
    submissions,
  };
}

/** All tasks posted since the deployment, oldest first, found by their events. */
export async function listTasks(contracts: Contracts): Promise<TaskRecord[]> {
  const { market, firstBlock } = contracts;
  const events = await market.queryFilter(market.filters.TaskPosted(), firstBlock);
  return await Promise.all(events.map((event) => readTask(contracts, event.args.taskId)));
}

/** What a prover handed in for a task; state `none` if nothing. */
export async function readSubmission(
  contracts: Contracts,
  taskId: bigint,
  prover: string,
): Promise<SubmissionRecord> {
  const submission = await contracts.market.submission(taskId, prover);
  return {
    prover,
    state: SUBMISSION_STATES[Number(submission.state)]!,
    modelCommitment: submission.modelCommitment,
    correct: Number(submission.correct),
    provenShards: shardsOf(submission.provenShards),
    provenAt: submission.provenAt,
    lockId: submission.lockId,
  };
}

/** The indices of the bits of a map of shards. */
function shardsOf(map: bigint): number[] {
  const shards = Array.from({ length: MAX_SHARDS }, (_, shard) => shard);
  return shards.filter((shard) => ((map >> BigInt(shard)) & 1n) === 1n);
}

/** Contracts a task hands decisions to, each with its terms; a rule that is left out leaves the decision to the market. */
export interface TaskRuleTerms {
  /** Who may commit. */
  readonly assignment?: AssignmentTerms | undefined;
  /** When proofs are accepted, of a test set that is hidden before. */
  readonly seal?: { readonly address: string; readonly terms: SealTerms } | undefined;
  /** Whose training run passes. */
  readonly training?: TrainingProofTerms | undefined;
}

/** How provers come to a task. */
export type AssignmentTerms =
  | { readonly kind: "auction"; readonly address: string; readonly terms: AuctionTerms }
  | { readonly kind: "draw"; readonly address: string; readonly terms: DrawTerms };

/** The training proof a task asks for, and the contract that decides on it. */
export interface TrainingProofTerms {
  readonly auditAddress: string;
  readonly terms: AuditTerms;
}

/**
 * Posts a task, escrowing its reward; ERC-20 rewards are approved for the market first. A seal locks the poster's bond,
 * which needs consent in the vault. Returns the task's id.
 */
export async function postTask(
  sender: Sender,
  contracts: Contracts,
  terms: TaskTerms,
  rules: TaskRuleTerms = {},
): Promise<{ readonly taskId: bigint; readonly transaction: SentTransaction }> {
  const { taskMarket } = contracts.addresses;
  await allowToken(sender, terms.rewardToken, taskMarket, terms.rewardWei);
  const spec = { ...terms, split: REWARD_SPLITS.indexOf(terms.split) };
  const hasRules = Object.values(rules).some((rule) => rule !== undefined);
  const purpose = `market ${taskMarket} post ${JSON.stringify(hasRules ? [terms, rules] : terms, steadyAsText)}`;
  const market = contractInterface("ITaskMarket");
  const transaction = await sendOnce(sender, purpose, "posting the task", {
    to: taskMarket,
    data: hasRules
      ? market.encodeFunctionData("postWithRules", [spec, encodeRules(rules)])
      : market.encodeFunctionData("post", [spec]),
    value: terms.rewardToken === ZeroAddress ? terms.rewardWei : 0n,
  });
  for (const log of transaction.receipt.logs) {
    const event = contractInterface("ITaskMarket").parseLog(log);
    if (event?.name === "TaskPosted") return { taskId: event.args.getValue("taskId") as bigint, transaction };
  }
  throw new ChainError(
    "chain.no-event",
    `the transaction ${transaction.hash} posted no task`,
    "Check that the address of the market is the one of this version of zkpot.",
    { hash: transaction.hash },
  );
}

/** Terms of rules that are left out. */
const NO_SEAL: SealTerms = {
  unsealDeadline: 0n,
  disputeSeconds: 0,
  bondToken: ZeroAddress,
  bondWei: 0n,
  demandWei: 0n,
  wordsPerShard: 0,
  basesRoot: ZeroHash,
};
const NO_TRAINING: AuditTerms = {
  initKeyId: ZeroHash,
  stepKeyId: ZeroHash,
  ruleHash: ZeroHash,
  epochs: 0,
  minBatches: 0,
  halvingSteps: 0,
  learningRateExponent: 0,
  drawnSteps: 0,
  answerDeadline: 0n,
};

function encodeRules({ assignment, seal, training }: TaskRuleTerms): TaskRulesStruct {
  return {
    assignment: assignment?.address ?? ZeroAddress,
    assignmentTerms: assignment === undefined ? "0x" : encodeAssignment(assignment),
    seal: seal?.address ?? ZeroAddress,
    sealTerms: seal?.terms ?? NO_SEAL,
    trainingAudit: training?.auditAddress ?? ZeroAddress,
    trainingTerms: training?.terms ?? NO_TRAINING,
  };
}

function encodeAssignment(assignment: AssignmentTerms): string {
  return assignment.kind === "auction"
    ? encodeAuctionTerms(assignment.terms)
    : encodeDrawTerms(assignment.terms);
}

/** Takes a task back that nobody has committed to. */
export async function cancelTask(
  sender: Sender,
  contracts: Contracts,
  taskId: bigint,
): Promise<SentTransaction> {
  return await sendToMarket(sender, contracts, `cancelling task ${taskId}`, "cancel", [taskId]);
}

/** Commits the account to a model and locks its stake. */
export async function commitModel(
  sender: Sender,
  contracts: Contracts,
  taskId: bigint,
  modelCommitment: bigint,
): Promise<SentTransaction> {
  return await sendToMarket(sender, contracts, `committing to task ${taskId}`, "commit", [
    taskId,
    modelCommitment,
  ]);
}

/** Runs the handing in of proofs without sending it; throws the contract's refusal. */
export async function simulateProofs(
  contracts: Contracts,
  account: string,
  taskId: bigint,
  proofs: readonly ShardProof[],
): Promise<void> {
  try {
    await contracts.market.prove.staticCall(...proveArguments(taskId, proofs), { from: account });
  } catch (cause) {
    throw toChainError(cause, `handing in proofs for task ${taskId}`);
  }
}

/** Hands in proofs of some shards; those of all shards, in one call or several, make the submission complete. */
export async function submitProofs(
  sender: Sender,
  contracts: Contracts,
  taskId: bigint,
  proofs: readonly ShardProof[],
): Promise<SentTransaction> {
  const { taskMarket: to } = contracts.addresses;
  const shards = proofs.map(({ shard }) => shard).join(",");
  // One proof per prover and shard: another proof of the same account means the same purpose.
  return await sendOnce(
    sender,
    `market ${to} prove ${taskId} ${shards}`,
    `handing in proofs for task ${taskId}`,
    {
      to,
      data: contractInterface("ITaskMarket").encodeFunctionData("prove", proveArguments(taskId, proofs)),
    },
  );
}

/** Most gas that one transaction may use on Ethereum (EIP-7825). */
const TRANSACTION_GAS_LIMIT = 2n ** 24n;
/** Bounds on the gas of a call of `prove` and of each proof in it, calldata and the margin of sending included. */
const PROVE_CALL_GAS = 400_000n;
const PROVE_SHARD_GAS = 120_000n;

/** How many proofs to hand in with one call on a chain whose blocks have so much gas; at least one. */
export function proofsPerCall(blockGasLimit: bigint): number {
  const limit = blockGasLimit < TRANSACTION_GAS_LIMIT ? blockGasLimit : TRANSACTION_GAS_LIMIT;
  return Math.max(1, Number((limit - PROVE_CALL_GAS) / PROVE_SHARD_GAS));
}

/** Gas that handing in the proofs of all shards takes at most, on a chain whose blocks have so much gas. */
export function provingGas(shardCount: number, blockGasLimit: bigint): bigint {
  const calls = BigInt(Math.ceil(shardCount / proofsPerCall(blockGasLimit)));
  return calls * PROVE_CALL_GAS + BigInt(shardCount) * PROVE_SHARD_GAS;
}

/** The arguments of the market's `prove`. */
export function proveArguments(
  taskId: bigint,
  proofs: readonly ShardProof[],
): [bigint, { shard: number; correct: number }[], ChainProof[]] {
  return [taskId, proofs.map(({ shard, correct }) => ({ shard, correct })), proofs.map(({ proof }) => proof)];
}

/** Ends a task whose time has come: `settle` with accepted proofs, `expire` without. */
export async function endTask(
  sender: Sender,
  contracts: Contracts,
  taskId: bigint,
  how: "settle" | "expire",
): Promise<SentTransaction> {
  const what = how === "settle" ? `settling task ${taskId}` : `expiring task ${taskId}`;
  return await sendToMarket(sender, contracts, what, how, [taskId]);
}

/** Credits a prover its share of a settled pro-rata task. */
export async function claimShare(
  sender: Sender,
  contracts: Contracts,
  taskId: bigint,
  prover: string,
): Promise<SentTransaction> {
  return await sendToMarket(sender, contracts, `claiming the share of task ${taskId}`, "claim", [
    taskId,
    prover,
  ]);
}

/** Frees the stake of a prover that has proved, or of any prover once the task has ended. */
export async function releaseStake(
  sender: Sender,
  contracts: Contracts,
  taskId: bigint,
  prover: string,
): Promise<SentTransaction> {
  return await sendToMarket(sender, contracts, `releasing the stake of task ${taskId}`, "releaseStake", [
    taskId,
    prover,
  ]);
}

/** Pays out all the market has credited to the account in `token`. */
export async function withdrawReward(
  sender: Sender,
  contracts: Contracts,
  token: string,
): Promise<SentTransaction> {
  return await sendToMarket(sender, contracts, "withdrawing the reward", "withdraw", [token]);
}

async function sendToMarket(
  sender: Sender,
  contracts: Contracts,
  what: string,
  method: string,
  values: readonly (bigint | string)[],
): Promise<SentTransaction> {
  const to = contracts.addresses.taskMarket;
  return await sendOnce(sender, `market ${to} ${method} ${values.join(" ")}`, what, {
    to,
    data: contractInterface("ITaskMarket").encodeFunctionData(method, values),
  });
}

/** Times, and prices that follow that of gas, move by themselves: a repeated command means the same task all the same. */
const MOVING = ["startsAt", "bondWei", "demandWei"];

function steadyAsText(key: string, value: unknown): unknown {
  if (key.endsWith("Deadline") || MOVING.includes(key)) return undefined;
  return typeof value === "bigint" ? value.toString() : value;
}
