import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import path from "node:path";

const ROOT = path.join(import.meta.dirname, "..", "..");
const START_TIMEOUT_MS = 30_000;

/** Private keys of anvil's first accounts (its public default mnemonic), each with 10,000 ether. */
export const ANVIL_KEYS = [
  "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
  "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
  "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
  "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
] as const;

/** Their addresses. */
export const ANVIL_ADDRESSES = [
  "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
  "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
  "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
  "0x90F79bf6EB2c4f870365E785982E1f101E93b906",
] as const;

/** A running anvil, on a port of its own. */
export interface Anvil {
  readonly rpcUrl: string;
  /** Sends a JSON-RPC request, e.g. `evm_mine`; throws what the node answers as error. */
  request(method: string, params?: readonly unknown[]): Promise<unknown>;
  stop(): Promise<void>;
}

/** Starts anvil and waits until it answers. */
export async function startAnvil(...options: string[]): Promise<Anvil> {
  const port = await freePort();
  const child = spawn(
    process.execPath,
    [
      path.join(ROOT, "node_modules/@foundry-rs/anvil/bin.mjs"),
      "--port",
      String(port),
      "--silent",
      ...options,
    ],
    { stdio: "ignore", env: { ...process.env, FOUNDRY_DISABLE_NIGHTLY_WARNING: "1" } },
  );
  const rpcUrl = `http://127.0.0.1:${port}`;
  const request = async (method: string, params: readonly unknown[] = []): Promise<unknown> => {
    const response = await fetch(rpcUrl, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    });
    const { result, error } = (await response.json()) as { result?: unknown; error?: { message: string } };
    if (error !== undefined) throw new Error(error.message);
    return result;
  };
  await answers(request, child);
  return {
    rpcUrl,
    request,
    stop: async () => {
      if (child.exitCode !== null) return;
      const closed = new Promise((resolve) => child.once("close", resolve));
      child.kill("SIGTERM");
      await closed;
    },
  };
}

/** A TCP port that nothing listens on. */
export async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

async function answers(request: Anvil["request"], child: ChildProcess): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    try {
      await request("eth_chainId");
      return;
    } catch (cause) {
      if (child.exitCode !== null || Date.now() > deadline)
        throw new Error("anvil does not start", { cause });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
