import { spawn } from "node:child_process";
import path from "node:path";

const root = path.join(import.meta.dirname, "..", "..");

/**
 * Compiles the contracts and writes artifacts and contract types; Hardhat's cache makes it quick when nothing
 * changed. Throws with the compiler's messages when a contract does not compile.
 */
export async function compileContracts(): Promise<void> {
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
