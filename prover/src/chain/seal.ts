import { Contract, ZeroAddress, ZeroHash } from "ethers";

import type { ITestSetSeal } from "../../../types/ethers-contracts/index.ts";
import type { OpeningFault } from "../seal/find-fault.ts";
import type { ChunkAnswer } from "../seal/opening.ts";
import { contractInterface } from "./abis.ts";
import { ChainError } from "./chain-error.ts";
import type { Contracts } from "./contracts.ts";
import { toChainError } from "./decode-error.ts";
import { requireKnownRules } from "./rules.ts";
import { sendOnce, type Sender, type SentTransaction } from "./send.ts";
import { isAccepted } from "./simulate.ts";
import type { TaskRecord } from "./tasks.ts";

/** Under which terms a test set is sealed; see SealTerms in the contracts. Times in seconds since 1970. */
export interface SealTerms {
  readonly unsealDeadline: bigint;
  readonly disputeSeconds: number;
  /** Token of bond and demands. */
  readonly bondToken: string;
  readonly bondWei: bigint;
  readonly demandWei: bigint;
  readonly wordsPerShard: number;
  readonly basesRoot: string;
}

/** Why a bond was lost, as the contract numbers it. */
export const FORFEIT_REASONS = ["not-revealed", "demand-unanswered", "wrong-step", "wrong-end"] as const;
export type ForfeitReason = (typeof FORFEIT_REASONS)[number];

/** Where a sealed test set stands. */
export type SealState = "sealed" | "revealed" | "forfeited" | "released";

/** A task's seal as its contract stores it, with what only its events tell. */
export interface SealRecord extends SealTerms {
  readonly taskId: bigint;
  /** Of the seal contract. */
  readonly address: string;
  readonly state: SealState;
  readonly poster: string;
  readonly shardCount: number;
  readonly chunkCount: number;
  readonly commitDeadline: bigint;
  /** Last second for demands, and for their answers. */
  readonly demandDeadline: bigint;
  readonly answerDeadline: bigint;
  /** Zero before the reveal. */
  readonly openingRoot: string;
  /** Undefined before the reveal. */
  readonly revealUri: string | undefined;
  /** Undefined unless the bond is lost. */
  readonly forfeitReason: ForfeitReason | undefined;
  /** Demands that were neither answered nor released. */
  readonly openDemands: number;
}

/** A chunk that a prover asked for. */
export interface DemandRecord {
  readonly chunk: number;
  readonly prover: string;
  /** Neither answered nor released. */
  readonly isOpen: boolean;
}

/** Where the reveal of a task's sealed test set is found; undefined before it, and for public test sets. */
export async function readRevealUri(contracts: Contracts, task: TaskRecord): Promise<string | undefined> {
  const { taskId, seal } = task;
  if (seal === ZeroAddress) return undefined;
  const contract = sealAt(contracts, seal);
  const [revealed] = await contract.queryFilter(
    contract.filters.TestSetRevealed(taskId),
    contracts.firstBlock,
  );
  return revealed?.args.revealUri;
}

/**
 * Reads the seal of a task. Throws ChainError `chain.not-sealed` for a task with a public test set, and as
 * requireKnownRules.
 */
export async function readSeal(contracts: Contracts, task: TaskRecord): Promise<SealRecord> {
  const { taskId, seal: address, commitDeadline } = task;
  requireKnownRules(contracts, task);
  if (address === ZeroAddress) {
    throw new ChainError(
      "chain.not-sealed",
      `the test set of task ${taskId} is public`,
      "Nothing is to be revealed or disputed; go on with `zkpot commit`.",
      { taskId },
    );
  }
  const contract = sealAt(contracts, address);
  const { firstBlock } = contracts;
  const [terms, set, chunkCount, revealUri, forfeits] = await Promise.all([
    contract.terms(taskId),
    contract.sealedSet(taskId),
    contract.chunkCount(taskId),
    readRevealUri(contracts, task),
    contract.queryFilter(contract.filters.BondForfeited(taskId), firstBlock),
  ]);
  const { unsealDeadline } = terms;
  const reason = forfeits[0]?.args.reason;
  return {
    taskId,
    address,
    state: stateOf(set),
    poster: set.poster,
    shardCount: Number(set.shardCount),
    chunkCount: Number(chunkCount),
    commitDeadline,
    unsealDeadline,
    demandDeadline: unsealDeadline + terms.disputeSeconds,
    answerDeadline: unsealDeadline + 2n * terms.disputeSeconds,
    disputeSeconds: Number(terms.disputeSeconds),
    bondToken: terms.bondToken,
    bondWei: terms.bondWei,
    demandWei: terms.demandWei,
    wordsPerShard: Number(terms.wordsPerShard),
    basesRoot: terms.basesRoot,
    openingRoot: set.openingRoot,
    revealUri,
    forfeitReason: reason === undefined ? undefined : FORFEIT_REASONS[Number(reason)],
    openDemands: Number(set.openDemands),
  };
}

/** The chunks that provers asked for, in ascending order. */
export async function listDemands(contracts: Contracts, seal: SealRecord): Promise<DemandRecord[]> {
  const { address, taskId } = seal;
  const contract = sealAt(contracts, address);
  const events = await contract.queryFilter(contract.filters.ChunkDemanded(taskId), contracts.firstBlock);
  const demands = await Promise.all(
    events.map(async ({ args: { chunk, prover } }) => {
      const { lockId } = await contract.demandOf(taskId, chunk);
      return { chunk: Number(chunk), prover, isOpen: lockId !== 0n };
    }),
  );
  return demands.sort((one, other) => one.chunk - other.chunk);
}

/** What demands were answered with. */
export async function readAnswers(contracts: Contracts, seal: SealRecord): Promise<ChunkAnswer[]> {
  const { address, taskId } = seal;
  const contract = sealAt(contracts, address);
  const events = await contract.queryFilter(contract.filters.ChunkAnswered(taskId), contracts.firstBlock);
  return events.map(({ args }) => ({
    chunk: Number(args.chunk),
    // By position: lists have a method of the name.
    values: args[2].map(({ word, partialSum: { x, y } }) => ({ word, partialSum: { x, y } })),
    path: args.path as ChunkAnswer["path"],
  }));
}

/** Whether a prover took its part of a lost bond. */
export async function hasClaimedBond(
  contracts: Contracts,
  { address, taskId }: SealRecord,
  prover: string,
): Promise<boolean> {
  return await sealAt(contracts, address).hasClaimed(taskId, prover);
}

/** Whether the bond is lost by now, or can be taken from a poster that owes a reveal or an answer. */
export async function canForfeit(contracts: Contracts, { address, taskId }: SealRecord): Promise<boolean> {
  return await isAccepted(sealAt(contracts, address).forfeit.staticCall(taskId));
}

/** Whether the poster owes nothing any more. */
export async function canReleaseBond(
  contracts: Contracts,
  { address, taskId }: SealRecord,
): Promise<boolean> {
  return await isAccepted(sealAt(contracts, address).releaseBond.staticCall(taskId));
}

/** Runs a reveal without sending it; throws the contract's refusal. */
export async function simulateReveal(
  contracts: Contracts,
  { address, taskId }: SealRecord,
  account: string,
  openingRoot: string,
): Promise<void> {
  try {
    await sealAt(contracts, address).reveal.staticCall(taskId, openingRoot, "", { from: account });
  } catch (cause) {
    throw toChainError(cause, `revealing the test set of task ${taskId}`);
  }
}

/** Publishes the root of the opening of the task's data points, and where the data are found. */
export async function revealTestSet(
  sender: Sender,
  { address, taskId }: SealRecord,
  openingRoot: string,
  revealUri: string,
): Promise<SentTransaction> {
  return await sendToSeal(sender, address, `revealing the test set of task ${taskId}`, "reveal", [
    taskId,
    openingRoot,
    revealUri,
  ]);
}

/** Asks the poster for a chunk; locks the price of the demand, which needs consent in the vault. */
export async function demandChunk(
  sender: Sender,
  { address, taskId }: SealRecord,
  chunk: number,
): Promise<SentTransaction> {
  return await sendToSeal(sender, address, `demanding chunk ${chunk} of task ${taskId}`, "demand", [
    taskId,
    chunk,
  ]);
}

/** Answers a demand. */
export async function answerDemand(
  sender: Sender,
  { address, taskId }: SealRecord,
  { chunk, values, path }: ChunkAnswer,
): Promise<SentTransaction> {
  return await sendOnce(
    sender,
    `seal ${address} answer ${taskId} ${chunk}`,
    `answering for chunk ${chunk} of task ${taskId}`,
    {
      to: address,
      data: contractInterface("ITestSetSeal").encodeFunctionData("answer", [taskId, chunk, values, path]),
    },
  );
}

/** Convicts the poster of a wrong opening. */
export async function disputeOpening(
  sender: Sender,
  { address, taskId }: SealRecord,
  fault: OpeningFault,
): Promise<SentTransaction> {
  const contract = contractInterface("ITestSetSeal");
  // One conviction ends the matter, whatever place it shows.
  return await sendOnce(
    sender,
    `seal ${address} dispute ${taskId}`,
    `disputing the reveal of task ${taskId}`,
    {
      to: address,
      data:
        fault.kind === "step"
          ? contract.encodeFunctionData("disputeStep", [taskId, fault.claim])
          : contract.encodeFunctionData("disputeEnd", [
              taskId,
              fault.claim.shard,
              fault.claim.last,
              fault.claim.path,
            ]),
    },
  );
}

/** Takes the bond of a poster that did not reveal, or did not answer a demand, in time. */
export async function forfeitBond(sender: Sender, { address, taskId }: SealRecord): Promise<SentTransaction> {
  return await sendToSeal(sender, address, `taking the bond of task ${taskId}`, "forfeit", [taskId]);
}

/** Credits a prover in the vault with its part of a lost bond. */
export async function claimBond(
  sender: Sender,
  { address, taskId }: SealRecord,
  prover: string,
): Promise<SentTransaction> {
  return await sendToSeal(sender, address, `claiming a part of the bond of task ${taskId}`, "claimBond", [
    taskId,
    prover,
  ]);
}

/** Releases the stake of a demand that a lost bond made moot. */
export async function releaseDemand(
  sender: Sender,
  { address, taskId }: SealRecord,
  chunk: number,
): Promise<SentTransaction> {
  return await sendToSeal(sender, address, `releasing the demand for chunk ${chunk}`, "releaseDemand", [
    taskId,
    chunk,
  ]);
}

/** Releases the bond of a poster that owes nothing any more. */
export async function releaseBond(sender: Sender, { address, taskId }: SealRecord): Promise<SentTransaction> {
  return await sendToSeal(sender, address, `releasing the bond of task ${taskId}`, "releaseBond", [taskId]);
}

function stateOf(set: {
  readonly hasForfeited: boolean;
  readonly bondLockId: bigint;
  readonly openingRoot: string;
}): SealState {
  if (set.hasForfeited) return "forfeited";
  if (set.bondLockId === 0n) return "released";
  return set.openingRoot === ZeroHash ? "sealed" : "revealed";
}

async function sendToSeal(
  sender: Sender,
  to: string,
  what: string,
  method: string,
  values: readonly (bigint | number | string)[],
): Promise<SentTransaction> {
  return await sendOnce(sender, `seal ${to} ${method} ${values.join(" ")}`, what, {
    to,
    data: contractInterface("ITestSetSeal").encodeFunctionData(method, values),
  });
}

function sealAt({ market }: Contracts, address: string): ITestSetSeal {
  return new Contract(address, contractInterface("ITestSetSeal"), market.runner) as unknown as ITestSetSeal;
}
