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
/** Pauses between two looks for a receipt: chains that make a block for every transaction have it at once. */
const FIRST_POLL_MS = 10;
const POLL_MS = 250;
/** How long a transaction may be without a receipt before the node is asked what became of it, unless the sender says. */
const PATIENCE_MS = 30_000;
/** A node's words for a transaction that it has already. */
const ALREADY_KNOWN = /already (known|imported)|known transaction/i;

/** An account that signs here and sends through a connection, every transaction written down first. */
export interface Sender {
  readonly wallet: Wallet;
  readonly connection: Connection;
  readonly journal: TransactionJournal;
  /** Told what is being waited for. */
  readonly onProgress?: (message: string) => void;
  /** How long a transaction may be without a receipt before the node is asked what became of it; default 30 s. */
  readonly patienceMs?: number;
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
 * Throws ChainError: the contract's refusal, found before anything is sent, or the reason why it failed;
 * `chain.transaction-dropped` when the transaction was sent and can never happen.
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
  const { patienceMs = PATIENCE_MS } = sender;
  const receipt =
    (await receiptWithin(connection, transaction.hash, patienceMs)) ??
    (await settleSent(sender, transaction));
  if (receipt === null) {
    record(sender, transaction, "dropped", null);
    throw dropped(what, transaction);
  }
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
    const receipt = await settleSent(sender, transaction);
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

/**
 * The receipt of a transaction that was sent, by this run or an earlier one; null if it can never happen. One that the node
 * forgot (a full pool, a restart, a reorganisation) is sent again, as often as it takes.
 */
async function settleSent(
  sender: Sender,
  transaction: UnfinishedTransaction,
): Promise<TransactionReceipt | null> {
  const { connection, patienceMs = PATIENCE_MS } = sender;
  const { provider, profile } = connection;
  // Of several nodes behind one address, the one asked now may not have the block that another knew.
  const lastLook = async (): Promise<TransactionReceipt | null> =>
    await receiptWithin(connection, transaction.hash, profile.isLocal ? 0 : patienceMs);
  for (;;) {
    if ((await provider.getTransaction(transaction.hash)) === null) {
      const nextNonce = await provider.getTransactionCount(sender.wallet.address, "latest");
      // Mined between the two questions, or its number was used by another transaction.
      if (nextNonce > transaction.nonce) return await lastLook();
      if (nextNonce < transaction.nonce) {
        // A local chain that was started anew. Elsewhere the transaction may still be waiting at some node.
        if (profile.isLocal) return null;
        throw nonceGap(transaction, nextNonce);
      }
      try {
        await broadcast(connection, transaction);
      } catch (cause) {
        if (nodeAnswer(cause) !== undefined) return await lastLook();
        throw cause;
      }
    }
    const receipt = await receiptWithin(connection, transaction.hash, patienceMs);
    if (receipt !== null) return receipt;
  }
}

/** Sends a signed transaction; a node that refuses it because it has it already is content. */
async function broadcast({ provider }: Connection, { hash, raw }: UnfinishedTransaction): Promise<void> {
  try {
    await provider.broadcastTransaction(raw);
  } catch (cause) {
    const answer = nodeAnswer(cause);
    if (answer === undefined) throw cause;
    if (ALREADY_KNOWN.test(answer.message ?? "")) return;
    if ((await provider.getTransaction(hash)) === null) throw cause;
  }
}

/** Waits until the transaction, whether it succeeded or not, has the confirmations the network's profile asks for. */
export async function waitForReceipt(connection: Connection, hash: string): Promise<TransactionReceipt> {
  return (await receiptWithin(connection, hash, Infinity))!;
}

/**
 * The receipt of a transaction that has the confirmations of the network's profile; null when there is none for so long.
 *
 * Not left to ethers, whose `waitForTransaction` compares the receipt with a block number it read before: on a chain
 * that makes blocks only for transactions, it then waits for a block that never comes.
 */
async function receiptWithin(
  connection: Connection,
  hash: string,
  patienceMs: number,
): Promise<TransactionReceipt | null> {
  const { provider, profile } = connection;
  let lastSeen = performance.now();
  for (let pauseMs = FIRST_POLL_MS; ; pauseMs = Math.min(2 * pauseMs, POLL_MS)) {
    const receipt = await askAgain(provider, () => provider.getTransactionReceipt(hash));
    if (receipt !== null) {
      const depth = (await askAgain(provider, () => provider.getBlockNumber())) - receipt.blockNumber + 1;
      if (depth >= profile.confirmations) return receipt;
      lastSeen = performance.now();
    } else if (performance.now() - lastSeen >= patienceMs) {
      return null;
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
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

function nonceGap({ hash, nonce }: UnfinishedTransaction, nextNonce: number): ChainError {
  return new ChainError(
    "chain.nonce-gap",
    `the transaction ${hash} has number ${nonce}, the chain is at ${nextNonce}`,
    "Wait until the node has caught up; if it never knew the transactions in between, send them again.",
    { hash, nonce, nextNonce },
  );
}

function dropped(what: string, { hash, nonce }: UnfinishedTransaction): ChainError {
  return new ChainError(
    "chain.transaction-dropped",
    `${what}: the transaction ${hash} can never happen: its number ${nonce} was used by another one, or the node does not take it again`,
    "Run the command again: it looks at the chain first. Use one account from one program at a time.",
    { hash, nonce },
  );
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
