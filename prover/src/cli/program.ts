import { readFileSync } from "node:fs";
import path from "node:path";

import { Command } from "commander";

import { registerAccount } from "./commands/account.ts";
import { registerArtifact } from "./commands/artifact.ts";
import { registerAudit } from "./commands/audit.ts";
import { registerBid } from "./commands/bid.ts";
import { registerCircuit } from "./commands/circuit.ts";
import { registerClaim } from "./commands/claim.ts";
import { registerCommit } from "./commands/commit.ts";
import { registerData } from "./commands/data.ts";
import { registerDeploy } from "./commands/deploy.ts";
import { registerDoctor } from "./commands/doctor.ts";
import { registerInit } from "./commands/init.ts";
import { registerKeys } from "./commands/keys.ts";
import { registerProve } from "./commands/prove.ts";
import { registerQuote } from "./commands/quote.ts";
import { registerQuantize } from "./commands/quantize.ts";
import { registerDraw, registerEnrol, registerLeave } from "./commands/seats.ts";
import { registerRound } from "./commands/round.ts";
import { registerStake } from "./commands/stake.ts";
import { registerSubmit } from "./commands/submit.ts";
import { registerTask } from "./commands/task.ts";
import { registerTrain } from "./commands/train.ts";
import { registerVerify } from "./commands/verify.ts";

const AFTERWORD = `
stdout is data, stderr everything else. Exit codes: 0 done, 1 the input, a file, the network or a contract
is at fault, 2 the command line is wrong, 3 a defect of this program, 130 interrupted.
A .env file in the working directory is read.`;

/** The command line with all its commands; nothing heavy is loaded before a command runs. */
export function buildProgram(): Command {
  const program = new Command("zkpot")
    .description("train, quantise, prove and get paid: the off-chain side of a market for verified training")
    .version(packageVersion(), "-V, --version")
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .showSuggestionAfterError()
    .addHelpText("after", AFTERWORD);
  registerInit(program);
  registerDoctor(program);
  registerAccount(program);
  registerDeploy(program);
  registerCircuit(program);
  registerKeys(program);
  registerStake(program);
  registerTask(program);
  registerData(program);
  registerArtifact(program);
  registerBid(program);
  registerEnrol(program);
  registerDraw(program);
  registerLeave(program);
  registerTrain(program);
  registerQuantize(program);
  registerCommit(program);
  registerAudit(program);
  registerQuote(program);
  registerProve(program);
  registerVerify(program);
  registerSubmit(program);
  registerClaim(program);
  registerRound(program);
  return program;
}

function packageVersion(): string {
  const file = path.join(import.meta.dirname, "..", "..", "package.json");
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}
