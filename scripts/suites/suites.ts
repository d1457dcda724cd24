import { globSync } from "node:fs";
import path from "node:path";

const root = path.join(import.meta.dirname, "..", "..");

/** How the files of a suite are run. */
export type SuiteRunner = "checks" | "hardhat-solidity" | "hardhat-mocha" | "mocha";

/** A part of the tests that runs in a process of its own. */
export interface Suite {
  readonly name: string;
  readonly runner: SuiteRunner;
  /** The test files, as globs from the root of the workspace. */
  readonly files: readonly string[];
}

/** All suites, the longest first: two run at a time. */
export const SUITES: readonly Suite[] = [
  { name: "command", runner: "mocha", files: ["test/prover/{chain,cli}/**/*.test.ts"] },
  {
    name: "training",
    runner: "mocha",
    files: ["test/e2e/{demo-training,training,training-commands}.test.ts"],
  },
  {
    name: "e2e",
    runner: "mocha",
    files: [
      "test/e2e/{cli,demo,demo-command,demo-federation,demo-sealed-auction,demo-story,killed,sealed-commands,shards}.test.ts",
    ],
  },
  { name: "federation", runner: "mocha", files: ["test/e2e/federation.test.ts"] },
  { name: "circuits", runner: "mocha", files: ["test/circuits/**/*.test.ts"] },
  {
    name: "prover",
    runner: "mocha",
    files: ["test/prover/*.test.ts", "test/prover/!(chain|cli)/**/*.test.ts"],
  },
  { name: "contracts", runner: "hardhat-mocha", files: ["test/contracts/**/*.test.ts"] },
  { name: "solidity", runner: "hardhat-solidity", files: ["test/contracts/**/*.t.sol"] },
  { name: "scripts", runner: "mocha", files: ["test/scripts/**/*.test.ts"] },
  { name: "checks", runner: "checks", files: [] },
];

/** Whatever looks like a test file, wherever it lies. */
const TEST_FILES = ["test/**/*.test.*", "test/**/*[._-]test.*", "test/**/*.spec.*", "**/*.t.sol"];
const SKIPPED_FOLDERS = ["node_modules", "artifacts", "build", "cache"];

/** The files of a suite, relative to the root, sorted. */
export function suiteFiles(suite: Suite): string[] {
  return globSync([...suite.files], { cwd: root }).sort();
}

/** Test files that no suite runs or that more than one runs, each with the reason. */
export function misplacedTestFiles(suites: readonly Suite[]): string[] {
  const owners = new Map<string, string[]>();
  const found = globSync(TEST_FILES, { cwd: root, exclude: (name) => SKIPPED_FOLDERS.includes(name) });
  for (const file of found) owners.set(file, []);
  for (const suite of suites) {
    for (const file of suiteFiles(suite)) owners.set(file, [...(owners.get(file) ?? []), suite.name]);
  }
  return [...owners]
    .filter(([, names]) => names.length !== 1)
    .map(([file, names]) =>
      names.length === 0 ? `${file} is run by no suite` : `${file} is run by ${names.join(" and ")}`,
    )
    .sort();
}
