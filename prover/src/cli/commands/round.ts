import type { Command } from "commander";

import { registerRoundMoney } from "./round-money.ts";
import { registerRoundStatus } from "./round-status.ts";

/** `zkpot round`: federated rounds, from the sponsor's and the members' side. */
export function registerRound(program: Command): void {
  const round = program
    .command("round")
    .description("look at federations of members that train together, and move their money");
  registerRoundStatus(round);
  registerRoundMoney(round);
}
