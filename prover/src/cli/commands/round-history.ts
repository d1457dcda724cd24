import type { Command } from "commander";

import { handle } from "../command.ts";
import { openReadSession } from "../session.ts";
import { type NetworkOptions, withNetworkOptions } from "../shared-options.ts";
import { parseFederationId } from "../units.ts";

/** `zkpot round history`: what a federation's rounds made, with the chain of records checked. */
export function registerRoundHistory(round: Command): void {
  const command = withNetworkOptions(
    round
      .command("history")
      .argument("<federation id>", "the federation")
      .description("rebuild all rounds from the contract's events, and check the chain of their records"),
  );
  handle<NetworkOptions, [string]>(command, async ({ options }, id) => {
    const federationId = parseFederationId(id);
    const { contracts } = await openReadSession(options);
    const { readFederation } = await import("../../chain/federations.ts");
    const { readHistory } = await import("../../chain/round-history.ts");
    const { historyText } = await import("../round-history-text.ts");
    const federation = await readFederation(contracts, federationId);
    const history = await readHistory(contracts, federation);
    return {
      data: { federationId, sampleCount: federation.sampleCount, ...history, isVerified: true },
      text: historyText(history, federation),
    };
  });
}
