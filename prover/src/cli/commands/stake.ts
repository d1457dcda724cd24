import type { Command } from "commander";

import type { StakeStatus } from "../../chain/stake.ts";
import type { SentTransaction } from "../../chain/send.ts";
import { handle } from "../command.ts";
import type { Report } from "../output.ts";
import { openReadSession, openSignSession, type SignSession } from "../session.ts";
import {
  type AccountOptions,
  type NetworkOptions,
  withAccountOptions,
  withNetworkOptions,
} from "../shared-options.ts";
import { parseAddress, parseToken } from "../addresses.ts";
import { transactionFacts } from "../transaction-facts.ts";
import { parseAmount } from "../units.ts";

interface StakeOptions extends NetworkOptions, AccountOptions {
  readonly token?: string;
  readonly limit?: string;
}

/** `zkpot stake`: what an account has at stake. */
export function registerStake(program: Command): void {
  const stake = program.command("stake").description("deposit, approve, unbond and withdraw stake");
  registerShow(stake);
  registerAction(
    stake,
    "deposit",
    "<amount>",
    "deposit stake and let the market lock it",
    async (session, token, options, amount) => {
      const { depositStake, readStake } = await import("../../chain/stake.ts");
      const amountWei = parseAmount(amount, "amount");
      const { marketLimitWei } = await readStake(session.contracts, session.address, token);
      const limitWei =
        options.limit === undefined ? marketLimitWei + amountWei : parseAmount(options.limit, "--limit");
      return await depositStake(session.sender, session.contracts, token, amountWei, limitWei);
    },
  ).option("--limit <amount>", "most the market may lock (default: what it may now and this deposit)");
  registerAction(
    stake,
    "approve",
    "<limit>",
    "set the most the market may lock",
    async (session, token, _options, limit) => {
      const { approveMarket } = await import("../../chain/stake.ts");
      return await approveMarket(session.sender, session.contracts, token, parseAmount(limit, "limit"));
    },
  );
  registerAction(
    stake,
    "unbond",
    "<amount>",
    "begin to take free stake out",
    async (session, token, _options, amount) => {
      const { unbondStake } = await import("../../chain/stake.ts");
      return await unbondStake(session.sender, session.contracts, token, parseAmount(amount, "amount"));
    },
  );
  registerAction(stake, "withdraw", undefined, "pay out unbonded stake", async (session, token) => {
    const { withdrawStake } = await import("../../chain/stake.ts");
    return await withdrawStake(session.sender, session.contracts, token);
  });
}

function registerShow(stake: Command): void {
  const command = withNetworkOptions(
    stake
      .command("show")
      .argument("<address>", "account to look at")
      .description("show the stake of an account"),
  ).option("--token <address>", "ERC-20 token (default: the native coin)");
  handle<StakeOptions, [string]>(command, async ({ options }, account) => {
    const address = await parseAddress(account, "address");
    const token = await parseToken(options.token, "--token");
    const { contracts } = await openReadSession(options);
    const { readStake } = await import("../../chain/stake.ts");
    return await reportStake(await readStake(contracts, address, token));
  });
}

type StakeAction = (
  session: SignSession,
  token: string,
  options: StakeOptions,
  value: string,
) => Promise<SentTransaction>;

function registerAction(
  stake: Command,
  name: string,
  argument: string | undefined,
  description: string,
  act: StakeAction,
): Command {
  const bare = stake.command(name).description(description);
  if (argument !== undefined) bare.argument(argument, "wei, or e.g. 5gwei, 0.1ether");
  const command = withAccountOptions(bare).option(
    "--token <address>",
    "ERC-20 token (default: the native coin)",
  );
  return handle<StakeOptions, [string]>(command, async ({ options }, value) => {
    const token = await parseToken(options.token, "--token");
    // A wrong amount is refused before anything is decrypted or asked.
    if (argument !== undefined) parseAmount(value, argument.slice(1, -1));
    const session = await openSignSession(options);
    const transaction = await act(session, token, options, value);
    const { readStake } = await import("../../chain/stake.ts");
    return await reportStake(await readStake(session.contracts, session.address, token), transaction);
  });
}

async function reportStake(status: StakeStatus, transaction?: SentTransaction): Promise<Report> {
  const { facts, utc } = await import("../text.ts");
  const { formatAmount } = await import("../addresses.ts");
  const amount = (wei: bigint): string => formatAmount(wei, status.token);
  const sent = transaction === undefined ? {} : { transaction: transactionFacts(transaction) };
  return {
    data: { ...status, ...sent },
    text: facts([
      ["account", status.account],
      ["free", amount(status.freeWei)],
      ["locked", amount(status.lockedWei)],
      [
        "unbonding",
        amount(status.unbondingWei) +
          (status.availableAt === 0n ? "" : ` (paid out from ${utc(status.availableAt)})`),
      ],
      ["market may lock", `${amount(status.marketLimitWei)}, locks ${amount(status.marketLockedWei)}`],
      ...(transaction === undefined ? [] : [["transaction", transaction.hash] as const]),
    ]),
  };
}
