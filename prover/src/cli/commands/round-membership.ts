import type { Command } from "commander";

import type { FederationRecord } from "../../chain/federations.ts";
import type { SentTransaction } from "../../chain/send.ts";
import { handle, type Invocation } from "../command.ts";
import { type RoundKeyFlags, withRoundKeyOptions } from "../federation-session.ts";
import { note, type Report } from "../output.ts";
import { openSignSession, type SignSession } from "../session.ts";
import { type AccountOptions, type NetworkOptions, withAccountOptions } from "../shared-options.ts";
import { transactionFacts } from "../transaction-facts.ts";
import { parseAmount, parseFederationId } from "../units.ts";
import { UsageError } from "../usage-error.ts";

interface JoinOptions extends NetworkOptions, AccountOptions, RoundKeyFlags {
  readonly stake?: string;
}

/** `zkpot round join` and `leave`: membership in a federation. */
export function registerRoundMembership(round: Command): void {
  const joining = withRoundKeyOptions(
    withAccountOptions(
      round
        .command("join")
        .argument("<federation id>", "the federation")
        .description(
          "check a federation against its published files, and become a member from the next round on",
        ),
    ),
  ).option("--stake <amount>", "stake to lock (default: the most that counts)");
  handle<JoinOptions, [string]>(joining, join);
  const leaving = withAccountOptions(
    round
      .command("leave")
      .argument("<federation id>", "a federation of the account")
      .description(
        "end the membership and free the stake, unless the account has committed in a running round",
      ),
  );
  handle<NetworkOptions & AccountOptions, [string]>(leaving, leave);
}

async function join({ options }: Invocation<JoinOptions>, id: string): Promise<Report> {
  const federationId = parseFederationId(id);
  const namedWei = options.stake === undefined ? undefined : parseAmount(options.stake, "--stake");
  const session = await openSignSession(options);
  const { readFederation, readMember } = await import("../../chain/federations.ts");
  const { openCheckedFederation, requireGlobalModel } = await import("../federation-session.ts");
  const { contracts, sender, address } = session;
  const before = await readFederation(contracts, federationId);
  if ((await readMember(contracts, before, address)).isMember) {
    note(`${address} is a member of federation ${federationId} already`);
    return await report(session, before, undefined);
  }
  await requireRounds(before);
  const stakeWei = namedWei ?? before.capWei;
  requireStake(before, stakeWei);
  const checked = await openCheckedFederation(session, federationId, options);
  await requireGlobalModel(session, checked);
  const { federation } = checked;
  const { joinWithOwnKey } = await import("../../federation/join.ts");
  const transaction = await joinWithOwnKey(sender, contracts, federation, stakeWei);
  return await report(session, federation, transaction);
}

async function leave({ options }: Invocation<NetworkOptions & AccountOptions>, id: string): Promise<Report> {
  const federationId = parseFederationId(id);
  const session = await openSignSession(options);
  const { leaveFederation, readFederation } = await import("../../chain/federations.ts");
  const federation = await readFederation(session.contracts, federationId);
  return await report(session, federation, await leaveFederation(session.sender, federation));
}

/** Throws ChainError `chain.federation-over` when no round is left to take part in. */
async function requireRounds(federation: FederationRecord): Promise<void> {
  const { isOver } = await import("../round-text.ts");
  if (!isOver(federation)) return;
  const { ChainError } = await import("../../chain/chain-error.ts");
  const { federationId, round, maxRounds, isClosed } = federation;
  throw new ChainError(
    "chain.federation-over",
    `federation ${federationId} is ${isClosed ? "closed" : "at its end"} after ${round} of ${maxRounds} rounds`,
    "Choose another one with `zkpot round status`.",
    { federationId, round, maxRounds, isClosed },
  );
}

function requireStake({ minStakeWei, federationId }: FederationRecord, stakeWei: bigint): void {
  if (stakeWei >= minStakeWei) return;
  throw new UsageError(
    "cli.stake-too-small",
    `--stake: ${stakeWei} is below ${minStakeWei}, the least stake of federation ${federationId}`,
    "Stake at least that; leave --stake out to stake what counts at most.",
    { federationId, stakeWei, minStakeWei },
  );
}

async function report(
  { contracts, address }: SignSession,
  federation: FederationRecord,
  transaction: SentTransaction | undefined,
): Promise<Report> {
  const { readMember } = await import("../../chain/federations.ts");
  const { formatAmount } = await import("../addresses.ts");
  const { facts } = await import("../text.ts");
  const { federationId, stakeToken } = federation;
  const member = await readMember(contracts, federation, address);
  const stake = formatAmount(member.weightWei, stakeToken);
  return {
    data: {
      ...{ federationId, member },
      transaction: transaction === undefined ? undefined : transactionFacts(transaction),
    },
    text: facts([
      ["federation", String(federationId)],
      [
        "member",
        member.isMember
          ? `${address}, from round ${member.firstRound} on, with ${stake} locked`
          : `${address} has left; ${stake} of its stake is free`,
      ],
      ...(transaction === undefined
        ? []
        : [["transaction", `${transaction.hash}, ${transaction.gasUsed} gas`] as const]),
      ["next", member.isMember ? `zkpot round run ${federationId}` : "zkpot stake unbond"],
    ]),
  };
}
