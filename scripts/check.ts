/**
 * The static checks: `node scripts/bootstrap.mjs scripts/check.ts [format] [lint] [solidity] [types]`, all when
 * none is named.
 */
import { spawn } from "node:child_process";
import { globSync } from "node:fs";
import path from "node:path";

import { compileContracts } from "./setup/contracts.ts";

const root = path.dirname(import.meta.dirname);

/** One static check: a program of node_modules/.bin with its arguments. */
export interface Check {
  readonly name: string;
  readonly program: string;
  readonly arguments: readonly string[];
  /** Whether it reads the types generated from the contracts. */
  readonly needsContractTypes: boolean;
}

/** All static checks, in the order in which they run. */
export const CHECKS: readonly Check[] = [
  {
    name: "format",
    program: "prettier/bin/prettier.cjs",
    arguments: ["--check", "--log-level", "warn", "."],
    needsContractTypes: false,
  },
  {
    name: "lint",
    program: "eslint/bin/eslint.js",
    arguments: ["--max-warnings", "0", "."],
    needsContractTypes: true,
  },
  {
    name: "solidity",
    program: "solhint/solhint.js",
    arguments: ["--disc", "--max-warnings", "0", "contracts/**/*.sol"],
    needsContractTypes: false,
  },
  {
    name: "types",
    program: "typescript/bin/tsc",
    arguments: ["--project", "."],
    needsContractTypes: true,
  },
];

/** Runs one check with its output going to ours; true when it found nothing. */
export async function runCheck(check: Check): Promise<boolean> {
  if (check.name === "solidity" && globSync("contracts/**/*.sol", { cwd: root }).length === 0) return false;
  return await new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [path.join(root, "node_modules", check.program), ...check.arguments],
      { cwd: root, stdio: "inherit" },
    );
    child.on("error", reject);
    child.on("close", (code) => {
      resolve(code === 0);
    });
  });
}

if (import.meta.main) {
  const names = process.argv.slice(2);
  const unknown = names.filter((name) => !CHECKS.some((check) => check.name === name));
  if (unknown.length > 0) {
    console.error(
      `unknown check ${unknown.join(", ")}; there are ${CHECKS.map(({ name }) => name).join(", ")}`,
    );
    process.exit(2);
  }
  const wanted = CHECKS.filter((check) => names.length === 0 || names.includes(check.name));
  if (wanted.some((check) => check.needsContractTypes)) await compileContracts();
  let clean = true;
  for (const check of wanted) {
    const passed = await runCheck(check);
    console.error(`${passed ? "passed" : "FAILED"}: ${check.name}`);
    clean &&= passed;
  }
  process.exitCode = clean ? 0 : 1;
}
