/**
 * The main job from end to end on a local chain, told as it happens: `npm run demo`. Leaves demo/report.html, which
 * shows what happened, and demo/report.json, from which it was made.
 */
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { WORKSPACE } from "../prover/src/chain/abis.ts";
import { loadInstance } from "../prover/src/circuits/instances.ts";
import { EXIT_CODES, exitCodeOf, printError, toJson } from "../prover/src/cli/output.ts";
import { writeFileAtomically } from "../prover/src/files.ts";
import { type DemoRun, runDemo } from "./demo/flow.ts";
import { startLocalChain } from "./demo/local-chain.ts";
import { type DemoOptions, HELP, readOptions } from "./demo/options.ts";
import type { DemoRecord } from "./demo/record.ts";
import { renderReport } from "./demo/report/report.ts";
import { renderTrainingReport } from "./demo/report/training-report.ts";
import { findScenario } from "./demo/scenarios.ts";
import { Story, terminalOutput } from "./demo/story.ts";
import { runTrainingDemo } from "./demo/training/flow.ts";
import type { TrainingDemoRecord } from "./demo/training/record.ts";
import { findTrainingScenario } from "./demo/training/scenarios.ts";
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
  const { dataset, instanceId } = findScenario(options.dataset);
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
  output.line(
    options.trainingProof
      ? `zkpot demo: data set ${dataset}, split ${options.seed}, with training proof`
      : `zkpot demo: data set ${dataset}, seed ${options.seed}, circuit ${instanceId}`,
  );
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
    const workplace = {
      story,
      seed: options.seed,
      chain,
      buildDirectory: path.join(WORKSPACE, "build"),
      workFolder,
    };
    const told = options.trainingProof
      ? await tellTraining(workplace, dataset)
      : await tellAccuracy(workplace, dataset);
    const { record, report } = told;
    const reportFile = await saveReport(options.out, record, report);
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

/** What is left of a story. */
interface Told {
  readonly record: DemoRecord | TrainingDemoRecord;
  readonly report: string;
  readonly summary: string;
}

type Workplace = Omit<DemoRun, "scenario" | "instance">;

async function tellAccuracy(workplace: Workplace, dataset: string): Promise<Told> {
  const scenario = findScenario(dataset);
  const instance = await loadInstance(scenario.instanceId);
  const record = await runDemo({ ...workplace, scenario, instance });
  const { task, dataset: data, proof } = record;
  return {
    record,
    report: renderReport(record),
    summary: `Proved: at least ${task.provenCorrect} of ${data.testSamples} test samples correct, in one proof made in ${proof.seconds.toFixed(1)} s; paid on chain.`,
  };
}

async function tellTraining(workplace: Workplace, dataset: string): Promise<Told> {
  const scenario = findTrainingScenario(dataset);
  const record = await runTrainingDemo({ ...workplace, scenario, instances: await scenario.instances() });
  const { task, dataset: data, audit } = record;
  return {
    record,
    report: renderTrainingReport(record),
    summary: `Proved: ${audit.stages.length} stages of a training run of ${audit.stepCount} steps, in ${audit.provingSeconds.toFixed(1)} s, and at least ${task.provenCorrect} of ${data.testSamples} test samples correct; paid on chain, the rival slashed.`,
  };
}

async function saveReport(folder: string, record: Told["record"], report: string): Promise<string> {
  const file = path.join(folder, "report.html");
  await writeFileAtomically(path.join(folder, "report.json"), toJson(record));
  await writeFileAtomically(file, report);
  return file;
}
