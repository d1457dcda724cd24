import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import path from "node:path";

import { WORKSPACE } from "../../prover/src/chain/abis.ts";
import { askChainId } from "../../prover/src/chain/connect.ts";
import { ProverError } from "../../prover/src/errors.ts";

const ANVIL = path.join(WORKSPACE, "node_modules", "@foundry-rs", "anvil", "bin.mjs");
const START_TIMEOUT_MS = 30_000;
const POLL_MS = 50;

/** A chain of its own for one run; it ends with this process, however that ends. */
export interface LocalChain {
  readonly rpcUrl: string;
  readonly chainId: bigint;
  stop(): Promise<void>;
}

/** Starts anvil on a free port and waits until it answers; throws ProverError `demo.no-chain`. */
export async function startLocalChain(): Promise<LocalChain> {
  const port = await freePort();
  const child = spawn(process.execPath, [ANVIL, "--port", String(port), "--silent"], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, FOUNDRY_DISABLE_NIGHTLY_WARNING: "1" },
  });
  let complaints = "";
  child.stderr.on("data", (chunk: Buffer) => (complaints += chunk.toString()));
  const endWithUs = (): void => void child.kill("SIGTERM");
  process.once("exit", endWithUs);
  const rpcUrl = `http://127.0.0.1:${port}`;
  try {
    const chainId = await firstAnswer(rpcUrl, child, () => complaints);
    return { rpcUrl, chainId, stop };
  } catch (cause) {
    await stop();
    throw cause;
  }

  async function stop(): Promise<void> {
    process.off("exit", endWithUs);
    if (child.exitCode !== null || child.signalCode !== null) return;
    const closed = new Promise((resolve) => child.once("close", resolve));
    child.kill("SIGTERM");
    await closed;
  }
}

async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

async function firstAnswer(rpcUrl: string, child: ChildProcess, complaints: () => string): Promise<bigint> {
  let spawnFailure: Error | undefined;
  child.once("error", (error) => (spawnFailure = error));
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    try {
      return await askChainId(rpcUrl);
    } catch (cause) {
      const hasEnded = child.exitCode !== null || child.signalCode !== null || spawnFailure !== undefined;
      if (hasEnded || Date.now() > deadline) {
        const reason = spawnFailure?.message ?? (complaints().trim() || "it says nothing");
        throw new ProverError(
          "demo.no-chain",
          `the local chain (anvil) does not start: ${reason}`,
          "Delete node_modules and run the command again, so that anvil is installed anew.",
          {},
          { cause },
        );
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}
