/**
 * Runs every test and check of the workspace, two suites at a time, and ends with one line:
 * `N passed, N failed`. With names of suites as arguments it runs those only.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";

import { releaseCurve } from "../prover/src/proof/multi-exponentiation.ts";
import { powersOfTauFile } from "../test/support/ceremony-inputs.ts";
import { setUp } from "./setup.ts";
import { misplacedTestFiles, SUITES, suiteFiles } from "./suites/suites.ts";

import type { SuiteSummary } from "./suites/run-suite.ts";
import type { Suite } from "./suites/suites.ts";

const root = path.dirname(import.meta.dirname);
const PARALLEL_SUITES = 2;

interface SuiteResult extends SuiteSummary {
  readonly suite: string;
  readonly seconds: number;
}

/** Runs a suite in its own process, every line of its output behind the suite's name. */
async function runInProcess(suite: Suite, folder: string): Promise<SuiteResult> {
  const started = performance.now();
  const summaryFile = path.join(folder, `${suite.name}.json`);
  const child = spawn(
    process.execPath,
    [path.join(root, "scripts/suites/run-suite.ts"), suite.name, summaryFile],
    {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined },
    },
  );
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      process.stdout.write(`${suite.name.padEnd(9)} | ${line}\n`);
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  const seconds = (performance.now() - started) / 1000;
  try {
    const summary = JSON.parse(readFileSync(summaryFile, "utf8")) as SuiteSummary;
    return { ...withMissingFiles(suite, summary), suite: suite.name, seconds };
  } catch {
    const failure = `the suite ended early (exit code ${code ?? "none"})`;
    const nothing = { passed: 0, skipped: 0, filesWithTests: [] };
    return { ...nothing, failed: 1, failures: [failure], suite: suite.name, seconds };
  }
}

/** A test file in which nothing ran is a failure of its own. */
function withMissingFiles(suite: Suite, summary: SuiteSummary): SuiteSummary {
  const silent = suiteFiles(suite).filter((file) => !summary.filesWithTests.includes(file));
  return {
    ...summary,
    failed: summary.failed + silent.length,
    failures: [...summary.failures, ...silent.map((file) => `${file}: no test ran`)],
  };
}

async function runAll(suites: readonly Suite[]): Promise<SuiteResult[]> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "zkpot-test-"));
  const waiting = [...suites];
  const results: SuiteResult[] = [];
  const worker = async (): Promise<void> => {
    for (let suite = waiting.shift(); suite !== undefined; suite = waiting.shift()) {
      results.push(await runInProcess(suite, folder));
    }
  };
  try {
    await Promise.all(Array.from({ length: PARALLEL_SUITES }, worker));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return results;
}

/** The outcome of the suite-name check, counted as one test. */
function checkSuiteNames(): SuiteResult {
  const failures = misplacedTestFiles(SUITES);
  return {
    suite: "names",
    passed: failures.length === 0 ? 1 : 0,
    failed: failures.length === 0 ? 0 : 1,
    skipped: 0,
    failures,
    filesWithTests: [],
    seconds: 0,
  };
}

function chosenSuites(names: readonly string[]): readonly Suite[] {
  const unknown = names.filter((name) => !SUITES.some((suite) => suite.name === name));
  if (unknown.length > 0) {
    console.error(
      `unknown suite ${unknown.join(", ")}; there are ${SUITES.map(({ name }) => name).join(", ")}`,
    );
    process.exit(2);
  }
  const wanted = SUITES.filter((suite) => names.length === 0 || names.includes(suite.name));
  return wanted.filter((suite) => suite.runner === "checks" || suiteFiles(suite).length > 0);
}

/** The ceremonies of two suites start from it; making it takes tens of seconds. */
async function preparePowersOfTau(): Promise<void> {
  process.stderr.write("[set-up] powers of tau for the tests of ceremonies\n");
  await powersOfTauFile();
  await releaseCurve();
}

const suites = chosenSuites(process.argv.slice(2));
let results: SuiteResult[];
try {
  await setUp();
  await preparePowersOfTau();
  results = [checkSuiteNames(), ...(await runAll(suites))];
} catch (error) {
  console.log(error instanceof Error ? error.message : error);
  console.log("0 passed, 1 failed");
  process.exit(1);
}

const total = (key: "passed" | "failed" | "skipped"): number =>
  results.reduce((sum, result) => sum + result[key], 0);
console.log("");
for (const { suite, passed, failed, skipped, seconds, failures } of results) {
  const skips = skipped > 0 ? `, ${skipped} skipped` : "";
  console.log(`${suite.padEnd(9)} | ${passed} passed, ${failed} failed${skips}, ${seconds.toFixed(0)} s`);
  for (const failure of failures) console.log(`${"".padEnd(9)} | failed: ${failure}`);
}
console.log(`${total("passed")} passed, ${total("failed")} failed`);
process.exitCode = total("failed") > 0 || total("passed") === 0 ? 1 : 0;
