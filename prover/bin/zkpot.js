#!/usr/bin/env node
// Starts the command line under a Node that runs TypeScript directly; plain JavaScript that any Node ≥ 18 reads.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import module from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const [major, minor] = process.versions.node.split(".").map(Number);

if (major > 23 || (major === 23 && minor >= 6) || (major === 22 && minor >= 18)) {
  // Compiled code, and sources with their types left out, are kept between runs.
  module.enableCompileCache?.();
  await import("../src/cli/main.ts");
} else {
  const program = path.join(
    "node_modules",
    "node",
    "bin",
    process.platform === "win32" ? "node.exe" : "node",
  );
  const node = [path.join(here, "..", ".."), path.join(here, "..")]
    .map((folder) => path.join(folder, program))
    .find((file) => existsSync(file));
  if (node === undefined) {
    process.stderr.write(
      `zkpot: this is Node ${process.versions.node}, and zkpot needs Node 22.18 or newer.\n` +
        "next: run `npm run setup` in the zkpot folder (it installs Node 24 for itself), or install Node 24\n",
    );
    process.exitCode = 1;
  } else {
    const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
      stdio: "inherit",
    });
    // A terminal sends the interrupt to both; the child decides, we wait for it.
    process.on("SIGINT", () => {});
    process.on("SIGTERM", () => child.kill("SIGTERM"));
    child.on("close", (code, signal) => {
      process.exitCode = code ?? (signal === "SIGINT" ? 130 : 1);
    });
  }
}
