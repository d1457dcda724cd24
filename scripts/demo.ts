/**
 * Scenarios from end to end on a local chain, told as they happen: `npm run demo`. Leaves a report in demo/, which shows
 * what happened, and the JSON from which it was made.
 */
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { WORKSPACE } from "../prover/src/chain/abis.ts";
import { EXIT_CODES, exitCodeOf, printError, toJson } from "../prover/src/cli/output.ts";
import { writeFileAtomically } from "../prover/src/files.ts";
import { startLocalChain } from "./demo/local-chain.ts";
import { type DemoOptions, HELP, readOptions } from "./demo/options.ts";
import { findPlay, type Told } from "./demo/plays.ts";
import { Story, terminalOutput } from "./demo/story.ts";
import { compileContracts } from "./setup/contracts.ts";

const json = process.argv.includes("--json");

try {
  const options = readOptions(process.argv.slice(2));
  if (options.help) process.stdout.write(HELP);
  else await main(options);
  // Proving libraries keep worker threads alive.
  process.exit(EXIT_CODES.ok);
} catch (error) {
  printError(error, json);
  process.exit(exitCodeOf(error));
}

async function main(options: DemoOptions): Promise<void> {
  const play = findPlay(options);
  const workFolder = mkdtempSync(path.join(os.tmpdir(), "zkpot-demo-"));
  process.once("exit", () => rmSync(workFolder, { recursive: true, force: true }));
  let isOver = false;
  // Leaving through exit() ends the chain and removes the folder.
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => process.exit(isOver ? EXIT_CODES.ok : EXIT_CODES.interrupted));
  }
  const out = options.json ? process.stderr : process.stdout;
  // Whoever read the story has left, as `head` does.
  out.once("error", () => process.exit(EXIT_CODES.interrupted));
  const output = terminalOutput(out, process.stderr);
  const story = new Story(output);
  output.line(`zkpot demo: ${play.title}`);
  try {
    story.heading("A chain and its contracts");
    await story.act("set-up", "compiling the contracts", compileContracts, () => ({
      text: "contracts compiled",
    }));
    const { result: chain } = await story.act(
      "set-up",
      "starting a chain on this machine",
      startLocalChain,
      ({ chainId, rpcUrl }) => ({ text: `anvil runs chain ${chainId} on port ${new URL(rpcUrl).port}` }),
    );
    const told = await play.tell({
      story,
      seed: options.seed,
      chain,
      buildDirectory: path.join(WORKSPACE, "build"),
      workFolder,
    });
    const { record } = told;
    const reportFile = await saveReport(path.join(options.out, play.reportName), told);
    isOver = true;
    out.write(
      `\n${told.summary}\nThe whole story took ${record.totalSeconds.toFixed(1)} s. Report: ${path.relative(process.cwd(), reportFile)}\n`,
    );
    if (options.json) process.stdout.write(toJson(record));
    if (options.keep) {
      out.write(
        `\nThe chain keeps running at ${chain.rpcUrl}; the task market is ${record.chain.taskMarket}.\nCtrl-C ends it.\n`,
      );
      await new Promise(() => {});
    }
    await chain.stop();
  } finally {
    output.end();
  }
}

async function saveReport(base: string, { record, report }: Told): Promise<string> {
  await writeFileAtomically(`${base}.json`, toJson(record));
  await writeFileAtomically(`${base}.html`, report);
  return `${base}.html`;
}
