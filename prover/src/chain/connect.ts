import type { JsonRpcProvider } from "ethers";

import type { NetworkProfile } from "../config.ts";
import { ChainError } from "./chain-error.ts";
import { REQUEST_TIMEOUT_MS, unreachable } from "./node-provider.ts";
import { RangedProvider } from "./ranged-provider.ts";
import { redactUrl } from "./redact-url.ts";

/** A node that answered, on the chain that was expected. */
export interface Connection {
  readonly provider: JsonRpcProvider;
  readonly chainId: bigint;
  readonly profile: NetworkProfile;
}

/**
 * Connects to the node of a profile and compares `eth_chainId` with the profile's.
 * Throws ChainError `chain.unreachable` or `chain.wrong-chain`.
 */
export async function connect(profile: NetworkProfile): Promise<Connection> {
  const chainId = await askChainId(profile.rpcUrl);
  if (chainId !== BigInt(profile.chainId)) {
    throw new ChainError(
      "chain.wrong-chain",
      `the node at ${redactUrl(profile.rpcUrl)} is on chain ${chainId}, network ${profile.name} expects chain ${profile.chainId}`,
      "Start the right node, or correct rpcUrl or chainId of the network.",
      { network: profile.name, found: chainId, expected: profile.chainId },
    );
  }
  return { provider: new RangedProvider(profile.rpcUrl, chainId), chainId, profile };
}

/** The chain id a node reports; throws ChainError `chain.unreachable`. */
export async function askChainId(rpcUrl: string): Promise<bigint> {
  let answer: unknown;
  try {
    const response = await fetch(rpcUrl, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_chainId", params: [] }),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    answer = ((await response.json()) as { result?: unknown }).result;
  } catch (cause) {
    throw unreachable(rpcUrl, cause);
  }
  if (typeof answer !== "string" || !/^0x[0-9a-fA-F]+$/.test(answer)) {
    throw unreachable(rpcUrl, new Error("its answer is not one of an Ethereum node"));
  }
  return BigInt(answer);
}

/**
 * The time a transaction sent now will meet, in seconds since 1970: a chain without traffic has an old last block,
 * a test chain may be ahead of the clock.
 */
export async function chainTime(connection: Connection): Promise<bigint> {
  const latest = await connection.provider.getBlock("latest");
  const clock = Math.floor(Date.now() / 1000);
  return BigInt(Math.max(latest?.timestamp ?? 0, clock));
}

/** The time of the block that is being made, in seconds since 1970, by the node's clock and no other. */
export async function pendingTime({ provider }: Connection): Promise<bigint> {
  const [latest, pending] = await Promise.all([provider.getBlock("latest"), provider.getBlock("pending")]);
  return BigInt(Math.max(latest?.timestamp ?? 0, pending?.timestamp ?? 0));
}
