import type { Command } from "commander";

import { parseAddress } from "../addresses.ts";
import { handle, type Invocation } from "../command.ts";
import type { Report } from "../output.ts";
import { openReadSession, type ReadSession } from "../session.ts";
import { type NetworkOptions, withNetworkOptions } from "../shared-options.ts";
import { parseFederationId } from "../units.ts";

interface StatusOptions extends NetworkOptions {
  readonly member?: string;
}

/** `zkpot round status`: where a federation and its round stand. */
export function registerRoundStatus(round: Command): void {
  const command = withNetworkOptions(
    round
      .command("status")
      .argument("[federation id]", "the federation (default: a list of all)")
      .description("show a federation, its last round with deadlines and candidates, and what to do next"),
  ).option("--member <address>", "account whose part in it is shown, too");
  handle<StatusOptions, [string | undefined]>(command, status);
}

async function status({ options }: Invocation<StatusOptions>, id: string | undefined): Promise<Report> {
  const federationId = id === undefined ? undefined : parseFederationId(id);
  const account = options.member === undefined ? undefined : await parseAddress(options.member, "--member");
  const session = await openReadSession(options);
  if (federationId === undefined) return await listReport(session);
  const { chainTime } = await import("../../chain/connect.ts");
  const { readFederation, readMember } = await import("../../chain/federations.ts");
  const { readRound } = await import("../../chain/rounds.ts");
  const { NATIVE_COIN } = await import("../addresses.ts");
  const { statusText } = await import("../round-text.ts");
  const { connection, contracts } = session;
  const federation = await readFederation(contracts, federationId);
  const time = await chainTime(connection);
  // Nobody has the zero address: it stands for no member.
  const round = await readRound(contracts, federation, federation.round, account ?? NATIVE_COIN, time);
  const member = account === undefined ? undefined : await readMember(contracts, federation, account);
  return {
    data: {
      federation,
      round: account === undefined ? { ...round, own: undefined, reported: undefined } : round,
      member,
    },
    text: statusText(federation, round, member),
  };
}

async function listReport({ contracts }: ReadSession): Promise<Report> {
  const { listFederations } = await import("../../chain/federations.ts");
  const { formatAmount } = await import("../addresses.ts");
  const { globalText } = await import("../round-text.ts");
  const { table } = await import("../text.ts");
  const federations = await listFederations(contracts);
  const rows = federations.map((federation) => [
    String(federation.federationId),
    federation.isClosed ? "closed" : `${federation.round} of ${federation.maxRounds}`,
    globalText(federation),
    formatAmount(federation.rewardWei, federation.rewardToken),
    formatAmount(federation.poolWei, federation.rewardToken),
    formatAmount(federation.minStakeWei, federation.stakeToken),
  ]);
  return {
    data: { federations },
    text:
      rows.length === 0
        ? "no federations"
        : table(["federation", "round", "global model", "reward", "pool", "least stake"], rows),
  };
}
