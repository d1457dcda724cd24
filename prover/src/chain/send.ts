import {
  keccak256,
  type JsonRpcProvider,
  type TransactionReceipt,
  type TransactionRequest,
  type Wallet,
} from "ethers";

import { ChainError } from "./chain-error.ts";
import type { Connection } from "./connect.ts";
import { nodeAnswer, toChainError } from "./decode-error.ts";
import type { TransactionJournal, UnfinishedTransaction } from "./journal.ts";

/** Room above the estimate: state may change between estimate and block. */
const GAS_MARGIN_PERCENT = 20n;
const POLL_MS = 250;

/** An account that signs here and sends through a connection, every transaction written down first. */
export interface Sender {
  readonly wallet: Wallet;
  readonly connection: Connection;
  readonly journal: TransactionJournal;
  /** Told what is being waited for. */
  readonly onProgress?: (message: string) => void;
}

/** A transaction that succeeded. */
export interface SentTransaction {
  readonly hash: string;
  readonly blockNumber: number;
  readonly gasUsed: bigint;
  /** Whether an earlier run had sent it and this one only waited for it. */
  readonly isResumed: boolean;
  readonly receipt: TransactionReceipt;
}

/**
 * Sends a transaction once. One that an earlier, interrupted run sent for the same purpose is waited for instead;
 * unfinished ones for other purposes are finished first.
 *
 * @param purpose Names what the transaction does, arguments included: at most one may be under way.
 * @param what The same for people, e.g. "posting the task".
 * Throws ChainError: the contract's refusal, found before anything is sent, or the reason why it failed.
 */
export async function sendOnce(
  sender: Sender,
  purpose: string,
  what: string,
  request: TransactionRequest,
): Promise<SentTransaction> {
  try {
    const earlier = await finishEarlier(sender, purpose);
    if (earlier !== undefined) return earlier;
    return await send(sender, purpose, what, request);
  } catch (cause) {
    throw toChainError(cause, what);
  }
}

/**
 * Waits for what earlier, interrupted runs sent, whatever it was for. For commands that decide by the chain's state what
 * to send: it is settled afterwards.
 */
export async function finishEarlierTransactions(sender: Sender): Promise<void> {
  await finishEarlier(sender, undefined);
}

async function send(
  sender: Sender,
  purpose: string,
  what: string,
  request: TransactionRequest,
): Promise<SentTransaction> {
  const { wallet, connection, journal } = sender;
  // The estimate runs the call: a refusal shows here, before anything is signed.
  const estimate = await connection.provider.estimateGas({ ...request, from: wallet.address });
  const prepared = await wallet.populateTransaction({
    ...request,
    chainId: connection.chainId,
    gasLimit: (estimate * (100n + GAS_MARGIN_PERCENT)) / 100n,
    nonce: await connection.provider.getTransactionCount(wallet.address, "pending"),
  });
  const raw = await wallet.signTransaction(prepared);
  const transaction = { purpose, hash: keccak256(raw), nonce: Number(prepared.nonce), raw };
  journal.append({ event: "signed", ...transaction, at: new Date().toISOString() });
  try {
    await broadcast(connection, transaction);
  } catch (cause) {
    // The next transaction gets the same number, so this one cannot happen beside it.
    if (nodeAnswer(cause) !== undefined) record(sender, transaction, "dropped", null);
    throw cause;
  }
  sender.onProgress?.(`${what}: sent ${transaction.hash}, waiting for its block`);
  const receipt = await waitForReceipt(connection, transaction.hash);
  return finish(sender, transaction, receipt, what, false);
}

/** Waits for what earlier runs left behind; returns the transaction for `purpose` if it succeeded. */
async function finishEarlier(
  sender: Sender,
  purpose: string | undefined,
): Promise<SentTransaction | undefined> {
  let found: SentTransaction | undefined;
  for (const transaction of sender.journal.unfinished()) {
    const isSame = transaction.purpose === purpose;
    sender.onProgress?.(
      `an earlier run sent ${transaction.hash} (${transaction.purpose}); finding out what became of it`,
    );
    const receipt = await settleEarlier(sender, transaction);
    if (receipt === null) {
      record(sender, transaction, "dropped", null);
    } else if (receipt.status === 1) {
      const sent = finish(sender, transaction, receipt, transaction.purpose, true);
      if (isSame) found = sent;
    } else {
      record(sender, transaction, "reverted", receipt.blockNumber);
    }
  }
  return found;
}

/** The receipt of an earlier transaction, sent again if the node forgot it; null if it can never happen. */
async function settleEarlier(
  sender: Sender,
  transaction: UnfinishedTransaction,
): Promise<TransactionReceipt | null> {
  const { connection, wallet } = sender;
  const { provider, profile } = connection;
  const known = await provider.getTransaction(transaction.hash);
  if (known === null) {
    const nextNonce = await provider.getTransactionCount(wallet.address, "latest");
    if (nextNonce > transaction.nonce) {
      // Mined between the two questions, or its number was used by another transaction.
      return await provider.getTransactionReceipt(transaction.hash);
    }
    if (nextNonce < transaction.nonce) {
      // A local chain that was started anew. Elsewhere the transaction may still be waiting at some node.
      if (profile.isLocal) return null;
      throw new ChainError(
        "chain.nonce-gap",
        `the transaction ${transaction.hash} of an earlier run has number ${transaction.nonce}, the chain is at ${nextNonce}`,
        "Wait until the node has caught up; if it never knew the transactions in between, send them again.",
        { hash: transaction.hash, nonce: transaction.nonce, nextNonce },
      );
    }
    try {
      await broadcast(connection, transaction);
    } catch (cause) {
      if (nodeAnswer(cause) !== undefined) return null;
      throw cause;
    }
  }
  return await waitForReceipt(connection, transaction.hash);
}

/** Sends a signed transaction; a node that refuses it although it has it already is content. */
async function broadcast({ provider }: Connection, { hash, raw }: UnfinishedTransaction): Promise<void> {
  try {
    await provider.broadcastTransaction(raw);
  } catch (cause) {
    if (nodeAnswer(cause) !== undefined && (await provider.getTransaction(hash)) !== null) return;
    throw cause;
  }
}

/**
 * Waits until the transaction, whether it succeeded or not, has the confirmations the network's profile asks for.
 *
 * Not left to ethers, whose `waitForTransaction` compares the receipt with a block number it read before: on a chain
 * that makes blocks only for transactions, it then waits for a block that never comes.
 */
export async function waitForReceipt(connection: Connection, hash: string): Promise<TransactionReceipt> {
  const { provider, profile } = connection;
  for (;;) {
    const receipt = await askAgain(provider, () => provider.getTransactionReceipt(hash));
    if (receipt !== null) {
      const depth = (await askAgain(provider, () => provider.getBlockNumber())) - receipt.blockNumber + 1;
      if (depth >= profile.confirmations) return receipt;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** A question repeated while the node does not answer: the transaction is on its way, so giving up helps nobody. */
async function askAgain<Answer>(provider: JsonRpcProvider, ask: () => Promise<Answer>): Promise<Answer> {
  const MOST_FAILURES = 60;
  for (let failures = 0; ; failures++) {
    try {
      return await ask();
    } catch (cause) {
      if (failures >= MOST_FAILURES || provider.destroyed) throw cause;
      await new Promise((resolve) => setTimeout(resolve, Math.min(POLL_MS * 2 ** failures, 10_000)));
    }
  }
}

function finish(
  sender: Sender,
  transaction: UnfinishedTransaction,
  receipt: TransactionReceipt,
  what: string,
  isResumed: boolean,
): SentTransaction {
  const { hash } = transaction;
  if (receipt.status !== 1) {
    record(sender, transaction, "reverted", receipt.blockNumber);
    throw new ChainError(
      "chain.reverted-in-block",
      `${what}: the transaction ${hash} was included in block ${receipt.blockNumber} and failed; somebody was quicker`,
      "Run the command again: it then says why the contract refuses.",
      { hash, blockNumber: receipt.blockNumber },
    );
  }
  record(sender, transaction, "mined", receipt.blockNumber);
  return { hash, blockNumber: receipt.blockNumber, gasUsed: receipt.gasUsed, isResumed, receipt };
}

function record(
  sender: Sender,
  { purpose, hash }: UnfinishedTransaction,
  outcome: "mined" | "reverted" | "dropped",
  blockNumber: number | null,
): void {
  sender.journal.append({
    event: "finished",
    purpose,
    hash,
    outcome,
    blockNumber,
    at: new Date().toISOString(),
  });
}
