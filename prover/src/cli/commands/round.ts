import type { Command } from "commander";

import { registerRoundCreate } from "./round-create.ts";
import { registerRoundHistory } from "./round-history.ts";
import { registerRoundMembership } from "./round-membership.ts";
import { registerRoundMoney } from "./round-money.ts";
import { registerRoundRun } from "./round-run.ts";
import { registerRoundStatus } from "./round-status.ts";

/** `zkpot round`: federated rounds, from the sponsor's and the members' side. */
export function registerRound(program: Command): void {
  const round = program
    .command("round")
    .description("found federations, take part in their rounds unattended, and look at what they made");
  registerRoundCreate(round);
  registerRoundMembership(round);
  registerRoundRun(round);
  registerRoundStatus(round);
  registerRoundHistory(round);
  registerRoundMoney(round);
}
