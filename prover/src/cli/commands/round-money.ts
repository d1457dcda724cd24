import type { Command } from "commander";

import type { FederationRecord } from "../../chain/federations.ts";
import type { SentTransaction } from "../../chain/send.ts";
import { handle, type Invocation } from "../command.ts";
import type { Report } from "../output.ts";
import { openSignSession, type SignSession } from "../session.ts";
import { type AccountOptions, type NetworkOptions, withAccountOptions } from "../shared-options.ts";
import { transactionFacts } from "../transaction-facts.ts";
import { parseAmount, parseFederationId } from "../units.ts";

type MoneyOptions = NetworkOptions & AccountOptions;

/** `zkpot round fund`, `close` and `withdraw`: the money of a federation. */
export function registerRoundMoney(round: Command): void {
  const funding = withAccountOptions(
    round
      .command("fund")
      .argument("<federation id>", "the federation")
      .argument("<amount>", "in the token of its rewards, e.g. 2.5ether")
      .description("add reward money to the pool of a federation; anybody may"),
  );
  handle<MoneyOptions, [string, string]>(funding, fund);
  const closing = withAccountOptions(
    round
      .command("close")
      .argument("<federation id>", "a federation of the account")
      .description("end a federation whose rounds are over, and withdraw what is left of its pool"),
  );
  handle<MoneyOptions, [string]>(closing, close);
  const withdrawing = withAccountOptions(
    round
      .command("withdraw")
      .argument("<federation id>", "the federation")
      .description("claim the rewards of all its rounds, and withdraw what the account was credited"),
  );
  handle<MoneyOptions, [string]>(withdrawing, withdraw);
}

async function fund({ options }: Invocation<MoneyOptions>, id: string, amountText: string): Promise<Report> {
  const federationId = parseFederationId(id);
  const amountWei = parseAmount(amountText, "amount");
  const { contracts, sender } = await openSignSession(options);
  const { fundFederation, readFederation } = await import("../../chain/federations.ts");
  const { facts } = await import("../text.ts");
  const { formatAmount } = await import("../addresses.ts");
  const before = await readFederation(contracts, federationId);
  const transaction = await fundFederation(sender, before, amountWei);
  const { poolWei, rewardToken, rewardWei } = await readFederation(contracts, federationId);
  const rounds = rewardWei === 0n ? undefined : poolWei / rewardWei;
  return {
    data: { federationId, amountWei, poolWei, rewardWei, transaction: transactionFacts(transaction) },
    text: facts([
      ["federation", String(federationId)],
      ["added", formatAmount(amountWei, rewardToken)],
      [
        "pool",
        formatAmount(poolWei, rewardToken) +
          (rounds === undefined ? "" : `, full reward of ${rounds} rounds`),
      ],
      ["transaction", `${transaction.hash}, ${transaction.gasUsed} gas`],
    ]),
  };
}

async function close({ options }: Invocation<MoneyOptions>, id: string): Promise<Report> {
  const federationId = parseFederationId(id);
  const session = await openSignSession(options);
  const { closeFederation, readFederation } = await import("../../chain/federations.ts");
  const federation = await readFederation(session.contracts, federationId);
  // An earlier run may have been stopped between the two transactions.
  const isDone = federation.isClosed && BigInt(federation.sponsor) === BigInt(session.address);
  const transactions = isDone ? [] : [await closeFederation(session.sender, federation)];
  const paid = await payOut(session, federation, transactions);
  return await reportPaid(session, federation, [], paid, transactions);
}

async function withdraw({ options }: Invocation<MoneyOptions>, id: string): Promise<Report> {
  const federationId = parseFederationId(id);
  const session = await openSignSession(options);
  const { readFederation } = await import("../../chain/federations.ts");
  const { claimReward } = await import("../../chain/rounds.ts");
  const { ChainError } = await import("../../chain/chain-error.ts");
  const { claimableRounds } = await import("../round-claims.ts");
  const { contracts, sender, address } = session;
  const federation = await readFederation(contracts, federationId);
  const transactions: SentTransaction[] = [];
  const rounds = await claimableRounds(session, federation, address);
  for (const round of rounds) transactions.push(await claimReward(sender, { ...federation, round }, address));
  const paid = await payOut(session, federation, transactions);
  if (transactions.length === 0) {
    throw new ChainError(
      "chain.nothing-to-claim",
      `federation ${federationId} owes ${address} nothing: there is no round to claim and no credit to withdraw`,
      `See what its rounds have paid with \`zkpot round history ${federationId}\`.`,
      { federationId, account: address },
    );
  }
  return await reportPaid(session, federation, rounds, paid, transactions);
}

/** What was paid out to the account. */
interface Paid {
  /** From pool and rewards. */
  readonly rewardWei: bigint;
  /** From bonds of leaders that did not deliver. */
  readonly bondWei: bigint;
}

/** Withdraws all that the account was credited in the federation's tokens. */
async function payOut(
  { contracts, sender, address }: SignSession,
  { rewardToken, stakeToken }: FederationRecord,
  transactions: SentTransaction[],
): Promise<Paid> {
  const { readFederationCredit, withdrawFederationCredit } = await import("../../chain/federations.ts");
  const { readCredit, withdrawCredit } = await import("../../chain/stake.ts");
  const rewardWei = await readFederationCredit(contracts, address, rewardToken);
  if (rewardWei > 0n) transactions.push(await withdrawFederationCredit(sender, contracts, rewardToken));
  const bondWei = await readCredit(contracts, address, stakeToken);
  if (bondWei > 0n) transactions.push(await withdrawCredit(sender, contracts, stakeToken));
  return { rewardWei, bondWei };
}

async function reportPaid(
  { address }: SignSession,
  { federationId, rewardToken, stakeToken }: FederationRecord,
  claimedRounds: readonly bigint[],
  { rewardWei, bondWei }: Paid,
  transactions: readonly SentTransaction[],
): Promise<Report> {
  const { facts } = await import("../text.ts");
  const { formatAmount } = await import("../addresses.ts");
  return {
    data: {
      ...{ federationId, account: address, claimedRounds, withdrawnWei: rewardWei, bondWei },
      transactions: transactions.map(transactionFacts),
    },
    text: facts([
      ["federation", String(federationId)],
      ["rounds claimed", claimedRounds.length === 0 ? "none" : claimedRounds.join(", ")],
      ["withdrawn", formatAmount(rewardWei, rewardToken)],
      ...(bondWei === 0n ? [] : [["from lost bonds", formatAmount(bondWei, stakeToken)] as const]),
      ["transactions", String(transactions.length)],
    ]),
  };
}
