import type { SentTransaction } from "../chain/send.ts";

/** What a report says about a transaction. */
export function transactionFacts(transaction: SentTransaction): Readonly<Record<string, unknown>> {
  const { hash, blockNumber, gasUsed, isResumed } = transaction;
  return { hash, blockNumber, gasUsed, isResumed };
}
