import { Contract, type ContractRunner, ZeroAddress, ZeroHash } from "ethers";

import type { ITrainingAudit } from "../../../types/ethers-contracts/index.ts";
import type { InitStage, StepStage } from "../audit/stages.ts";
import { contractInterface } from "./abis.ts";
import { ChainError } from "./chain-error.ts";
import type { Connection } from "./connect.ts";
import type { Contracts } from "./contracts.ts";
import { sendOnce, type Sender, type SentTransaction } from "./send.ts";
import type { ChainProof } from "./tasks.ts";

/** What a task asks of a training run; see TrainingTerms in the contracts. Times in seconds since 1970. */
export interface AuditTerms {
  readonly initKeyId: string;
  readonly stepKeyId: string;
  readonly ruleHash: string;
  readonly epochs: number;
  readonly minBatches: number;
  readonly halvingSteps: number;
  readonly learningRateExponent: number;
  readonly drawnSteps: number;
  readonly answerDeadline: bigint;
}

/** How far a run is: what is to be done next follows from it. */
export const RUN_STATES = [
  "none",
  /** The seed waits for its block. */
  "registered",
  "seeded",
  /** The challenge waits for its block. */
  "committed",
  "challenged",
  "passed",
  "failed",
] as const;
export type RunState = (typeof RUN_STATES)[number];

/** One prover's run as the audit contract stores it. */
export interface AuditRun {
  readonly state: RunState;
  readonly batchRoot: string;
  readonly batchCount: number;
  readonly stepCount: number;
  /** 0 until drawn. */
  readonly seed: bigint;
  readonly traceRoot: string;
  /** Blocks after which seed and challenge can be drawn; 0 where nothing is to be drawn yet. */
  readonly seedBlock: number;
  readonly challengeBlock: number;
  /** Steps asked for, in the order of `answered`; empty until drawn. */
  readonly challengedSteps: readonly number[];
  readonly isInitAnswered: boolean;
  /** Steps asked for and not answered. */
  readonly pendingSteps: readonly number[];
}

/** A task's audit contract, ready to be called. */
export interface Audit {
  readonly contract: ITrainingAudit;
  readonly address: string;
  readonly taskId: bigint;
  readonly terms: AuditTerms;
}

/** The audit contract at an address. */
export function auditAt(address: string, runner: ContractRunner): ITrainingAudit {
  return new Contract(address, contractInterface("ITrainingAudit"), runner) as unknown as ITrainingAudit;
}

/** Opens the audit of a task; throws ChainError `chain.no-audit` for a task that asks for no training proof. */
export async function openAudit(
  connection: Connection,
  contracts: Contracts,
  taskId: bigint,
): Promise<Audit> {
  const { trainingAudit: address } = await contracts.market.task(taskId);
  if (address === ZeroAddress) {
    throw new ChainError(
      "chain.no-audit",
      `task ${taskId} asks for no training proof`,
      "Use `zkpot commit` and `zkpot prove`, or choose another task.",
      { taskId },
    );
  }
  const contract = auditAt(address, connection.provider);
  const terms = await contract.terms(taskId);
  return {
    contract,
    address,
    taskId,
    terms: {
      initKeyId: terms.initKeyId,
      stepKeyId: terms.stepKeyId,
      ruleHash: terms.ruleHash,
      epochs: Number(terms.epochs),
      minBatches: Number(terms.minBatches),
      halvingSteps: Number(terms.halvingSteps),
      learningRateExponent: Number(terms.learningRateExponent),
      drawnSteps: Number(terms.drawnSteps),
      answerDeadline: terms.answerDeadline,
    },
  };
}

/** Reads how far a prover's run is. */
export async function readRun({ contract, taskId }: Audit, prover: string): Promise<AuditRun> {
  const [run, failed, stepCount] = await Promise.all([
    contract.run(taskId, prover),
    contract.hasFailed(taskId, prover),
    contract.stepCount(taskId, prover),
  ]);
  const isChallenged = run.challengeSeed !== ZeroHash;
  const challengedSteps = isChallenged ? (await contract.challengedSteps(taskId, prover)).map(Number) : [];
  const isAnswered = (bit: number): boolean => ((run.answered >> BigInt(bit)) & 1n) === 1n;
  const state: RunState = run.passed
    ? "passed"
    : failed
      ? "failed"
      : isChallenged
        ? "challenged"
        : run.challengeBlock !== 0n
          ? "committed"
          : run.seed !== ZeroHash
            ? "seeded"
            : run.batchCount !== 0n
              ? "registered"
              : "none";
  return {
    state,
    batchRoot: run.batchRoot,
    batchCount: Number(run.batchCount),
    stepCount: Number(stepCount),
    seed: BigInt(run.seed),
    traceRoot: run.traceRoot,
    seedBlock: Number(run.seedBlock),
    challengeBlock: Number(run.challengeBlock),
    challengedSteps,
    isInitAnswered: isAnswered(0),
    pendingSteps: challengedSteps.filter((_, index) => !isAnswered(1 + index)),
  };
}

/** Whether a draw from `firstBlock` on is possible in the next block. */
export async function isDrawable({ provider }: Connection, firstBlock: number): Promise<boolean> {
  return (await provider.getBlockNumber()) >= firstBlock;
}

/** Fixes the account's batches for a task; once. */
export async function registerBatches(
  sender: Sender,
  audit: Audit,
  batchRoot: string,
  batchCount: number,
): Promise<SentTransaction> {
  return await sendToAudit(sender, audit, "registering the batches", "register", [
    audit.taskId,
    batchRoot,
    batchCount,
  ]);
}

/** Draws the seed of a run. */
export async function drawSeed(sender: Sender, audit: Audit, prover: string): Promise<SentTransaction> {
  return await sendToAudit(sender, audit, "drawing the seed", "drawSeed", [audit.taskId, prover]);
}

/** Draws the steps that a prover must answer for. */
export async function drawChallenge(sender: Sender, audit: Audit, prover: string): Promise<SentTransaction> {
  return await sendToAudit(sender, audit, "drawing the challenge", "drawChallenge", [audit.taskId, prover]);
}

/** Commits the account to a model and the trace that led to it, and locks its stake. */
export async function commitTrace(
  sender: Sender,
  contracts: Contracts,
  taskId: bigint,
  modelCommitment: bigint,
  traceRoot: string,
): Promise<SentTransaction> {
  const to = contracts.addresses.taskMarket;
  const values = [taskId, modelCommitment, traceRoot];
  return await sendOnce(
    sender,
    `market ${to} commitWithTrace ${values.join(" ")}`,
    `committing to task ${taskId}`,
    { to, data: contractInterface("ITaskMarket").encodeFunctionData("commitWithTrace", values) },
  );
}

/** Answers for the initialisation. */
export async function answerInit(
  sender: Sender,
  audit: Audit,
  { checkpoint, tracePath }: InitStage,
  proof: ChainProof,
): Promise<SentTransaction> {
  const { address: to, taskId } = audit;
  return await sendOnce(sender, `audit ${to} answerInit ${taskId}`, "answering for the initialisation", {
    to,
    data: contractInterface("ITrainingAudit").encodeFunctionData("answerInit", [
      taskId,
      checkpoint,
      tracePath,
      proof,
    ]),
  });
}

/** Answers for steps, all in one transaction. */
export async function answerSteps(
  sender: Sender,
  audit: Audit,
  stages: readonly StepStage[],
  proofs: readonly ChainProof[],
): Promise<SentTransaction> {
  const { address: to, taskId } = audit;
  const steps = stages.map(({ step }) => step).join(" ");
  return await sendOnce(
    sender,
    `audit ${to} answerSteps ${taskId} ${steps}`,
    `answering for steps ${steps}`,
    {
      to,
      data: contractInterface("ITrainingAudit").encodeFunctionData("answerSteps", [taskId, stages, proofs]),
    },
  );
}

/** Slashes the stake of a prover that did not answer in time: half is burned, half goes to the poster. */
export async function slashStake(
  sender: Sender,
  contracts: Contracts,
  taskId: bigint,
  prover: string,
): Promise<SentTransaction> {
  const to = contracts.addresses.taskMarket;
  const values = [taskId, prover];
  return await sendOnce(sender, `market ${to} slashStake ${values.join(" ")}`, `slashing ${prover}`, {
    to,
    data: contractInterface("ITaskMarket").encodeFunctionData("slashStake", values),
  });
}

async function sendToAudit(
  sender: Sender,
  { address: to }: Audit,
  what: string,
  method: "register" | "drawSeed" | "drawChallenge",
  values: readonly (bigint | string | number)[],
): Promise<SentTransaction> {
  return await sendOnce(sender, `audit ${to} ${method} ${values.join(" ")}`, what, {
    to,
    data: contractInterface("ITrainingAudit").encodeFunctionData(method, values),
  });
}
