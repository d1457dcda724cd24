import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";

import { sha256, sha256File, writeFileAtomically } from "../../prover/src/files.ts";

const root = path.join(import.meta.dirname, "..", "..");
/** Says from which sources the artifacts were made. */
const STAMP = path.join(root, "artifacts", "compiled-sources.sha256");

/**
 * Compiles the contracts and writes artifacts and contract types, unless those of the same sources are there. Throws
 * with the compiler's messages when a contract does not compile.
 *
 * Hardhat's own cache would be as quick, but two Hardhats at once break it: a demo beside running tests, for instance.
 */
export async function compileContracts(): Promise<void> {
  const sources = await hashSources();
  if (existsSync(STAMP) && (await readFile(STAMP, "utf8")) === sources) return;
  await runHardhatCompile();
  await writeFileAtomically(STAMP, sources);
}

/** Hash of everything artifacts and types depend on: contracts, compiler settings, libraries. */
async function hashSources(): Promise<string> {
  const contracts = await readdir(path.join(root, "contracts"), { recursive: true });
  const files = [
    "hardhat.config.ts",
    "package-lock.json",
    ...contracts.filter((name) => name.endsWith(".sol")).map((name) => path.join("contracts", name)),
  ].sort();
  const hashes = await Promise.all(
    files.map(async (file) => `${file} ${await sha256File(path.join(root, file))}`),
  );
  return sha256(hashes.join("\n"));
}

async function runHardhatCompile(): Promise<void> {
  let output = "";
  const code = await new Promise<number | null>((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [path.join(root, "node_modules/hardhat/dist/src/cli.js"), "compile", "--quiet"],
      {
        cwd: root,
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...process.env, HARDHAT_DISABLE_TELEMETRY: "true" },
      },
    );
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
    }
    child.on("error", reject);
    child.on("close", resolve);
  });
  if (code !== 0) throw new Error(`the contracts do not compile\n${output.trim()}`);
}
