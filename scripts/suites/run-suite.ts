/**
 * Runs one suite in this process and writes what came out of it:
 *
 *   node scripts/suites/run-suite.ts <suite> <file for the summary>
 */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

import Mocha from "mocha";

import { CHECKS, runCheck } from "../check.ts";
import { SUITES, suiteFiles } from "./suites.ts";

import type { Suite } from "./suites.ts";

const root = path.join(import.meta.dirname, "..", "..");

/** What a suite's process leaves behind for the test runner. */
export interface SuiteSummary {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Titles of what failed. */
  readonly failures: readonly string[];
  /** Test files in which at least one test ran, relative to the root. */
  readonly filesWithTests: readonly string[];
}

/** A mocha reporter that prints as `spec` does and keeps count. */
class CountingReporter extends Mocha.reporters.Spec {
  static passed = 0;
  static skipped = 0;
  static readonly failures: string[] = [];
  static readonly files = new Set<string>();

  constructor(runner: Mocha.Runner, options?: Mocha.MochaOptions) {
    super(runner, options);
    const remember = (test: Mocha.Runnable): void => {
      if (test.file !== undefined) CountingReporter.files.add(path.relative(root, test.file));
    };
    runner.on("pass", (test) => {
      CountingReporter.passed++;
      remember(test);
    });
    // Hooks that fail arrive here too: what they were to prepare never ran.
    runner.on("fail", (test) => {
      CountingReporter.failures.push(test.fullTitle());
      remember(test);
    });
    runner.on("pending", () => CountingReporter.skipped++);
  }

  static summary(): SuiteSummary {
    return {
      passed: this.passed,
      failed: this.failures.length,
      skipped: this.skipped,
      failures: this.failures,
      filesWithTests: [...this.files].sort(),
    };
  }
}

async function runMocha(files: readonly string[]): Promise<SuiteSummary> {
  const { timeout } = JSON.parse(readFileSync(path.join(root, ".mocharc.json"), "utf8")) as {
    timeout: number;
  };
  const mocha = new Mocha({ timeout, forbidOnly: true, reporter: CountingReporter });
  for (const file of files) mocha.addFile(path.join(root, file));
  await mocha.loadFilesAsync();
  await new Promise((resolve) => mocha.run(resolve));
  return CountingReporter.summary();
}

async function runHardhatMocha(files: readonly string[]): Promise<SuiteSummary> {
  const { default: hre } = await import("hardhat");
  Object.assign(hre.config.test.mocha, { reporter: CountingReporter, forbidOnly: true });
  await hre.tasks.getTask(["test", "mocha"]).run({ testFiles: [...files], noCompile: true });
  return CountingReporter.summary();
}

interface SolidityRun {
  readonly suiteResults: readonly {
    readonly id: { readonly name: string; readonly source: string };
    readonly testResults: readonly { readonly name: string; readonly status: string }[];
  }[];
}

async function runHardhatSolidity(files: readonly string[]): Promise<SuiteSummary> {
  const { default: hre } = await import("hardhat");
  const outcome = (await hre.tasks.getTask(["test", "solidity"]).run({ testFiles: [...files] })) as
    | { readonly success: true; readonly value: SolidityRun }
    | { readonly success: false; readonly error: SolidityRun };
  const { suiteResults } = outcome.success ? outcome.value : outcome.error;
  const tests = suiteResults.flatMap(({ id, testResults }) =>
    testResults.map(({ name, status }) => ({ title: `${id.name} ${name}`, status })),
  );
  const count = (wanted: string): number => tests.filter(({ status }) => status === wanted).length;
  const failures = tests.filter(({ status }) => status === "Failure").map(({ title }) => title);
  // A run that could not finish has no failed test to show for it.
  if (!outcome.success && failures.length === 0) failures.push("Hardhat's run of the Solidity tests");
  return {
    passed: count("Success"),
    failed: failures.length,
    skipped: count("Skipped"),
    failures,
    filesWithTests: files.filter((file) =>
      suiteResults.some(({ id, testResults }) => id.source.endsWith(file) && testResults.length > 0),
    ),
  };
}

async function runChecks(): Promise<SuiteSummary> {
  const failures: string[] = [];
  for (const check of CHECKS) {
    const clean = await runCheck(check);
    process.stdout.write(`${clean ? "passed" : "FAILED"}: ${check.name}\n`);
    if (!clean) failures.push(check.name);
  }
  return {
    passed: CHECKS.length - failures.length,
    failed: failures.length,
    skipped: 0,
    failures,
    filesWithTests: [],
  };
}

async function runSuite(suite: Suite): Promise<SuiteSummary> {
  const files = suiteFiles(suite);
  switch (suite.runner) {
    case "checks":
      return await runChecks();
    case "mocha":
      return await runMocha(files);
    case "hardhat-mocha":
      return await runHardhatMocha(files);
    case "hardhat-solidity":
      return await runHardhatSolidity(files);
  }
}

if (import.meta.main) {
  const [name, summaryFile] = process.argv.slice(2);
  const suite = SUITES.find((candidate) => candidate.name === name);
  if (suite === undefined || summaryFile === undefined) {
    throw new Error("usage: run-suite.ts <suite> <file for the summary>");
  }
  writeFileSync(summaryFile, JSON.stringify(await runSuite(suite)));
  // Proving libraries keep worker threads alive.
  process.exit(0);
}
