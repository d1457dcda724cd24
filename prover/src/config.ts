import { readFileSync } from "node:fs";
import path from "node:path";

import { z } from "zod";

import { ProverError } from "./errors.ts";

/** A configuration file that is missing, unreadable or wrong; codes start with `config.`. */
export class ConfigError extends ProverError {}

/** The file `zkpot init` writes and every command looks for, in the working directory or above. */
export const CONFIG_FILE = "zkpot.config.json";

/** Chain ids of development chains: Hardhat and anvil, Ganache. */
const DEVELOPMENT_CHAIN_IDS: readonly number[] = [31337, 1337];

/** Public chains by id: no profile may call them local. */
const PUBLIC_CHAINS: Readonly<Record<number, string>> = {
  1: "Ethereum",
  10: "OP Mainnet",
  56: "BNB Smart Chain",
  100: "Gnosis",
  137: "Polygon",
  324: "ZKsync Era",
  8453: "Base",
  17000: "Holesky",
  42161: "Arbitrum One",
  43114: "Avalanche",
  59144: "Linea",
  84532: "Base Sepolia",
  421614: "Arbitrum Sepolia",
  534352: "Scroll",
  560048: "Hoodi",
  11155111: "Sepolia",
  11155420: "OP Sepolia",
};

const ADDRESS = z.string().regex(/^0x[0-9a-fA-F]{40}$/, "is not an address (0x and 40 hexadecimal digits)");

const ADDRESSES = z
  .object({
    stakeVault: ADDRESS,
    circuitRegistry: ADDRESS,
    taskMarket: ADDRESS,
    trainingAudit: ADDRESS.optional(),
    taskAuction: ADDRESS.optional(),
    taskDraw: ADDRESS.optional(),
    committeeDraw: ADDRESS.optional(),
    testSetSeal: ADDRESS.optional(),
    federatedRounds: ADDRESS.optional(),
  })
  .strict();

const NETWORK = z
  .object({
    rpcUrl: z.string().url("is not a URL"),
    chainId: z.number().int().positive(),
    local: z.boolean().optional(),
    confirmations: z.number().int().min(1).max(256).optional(),
    addresses: ADDRESSES.optional(),
    firstBlock: z.number().int().min(0).optional(),
  })
  .strict();

const CONFIG = z
  .object({
    version: z.literal(1),
    network: z.string().min(1),
    networks: z.record(
      z.string().regex(/^[a-z0-9][a-z0-9-]*$/, "is not a network name (a-z, 0-9, -)"),
      NETWORK,
    ),
    ipfsRpcUrl: z.string().url("is not a URL").optional(),
  })
  .strict();

/** Where the contracts live on one chain. */
export interface ContractAddresses {
  readonly stakeVault: string;
  readonly circuitRegistry: string;
  readonly taskMarket: string;
  /** Audits training for tasks posted here; tasks name theirs. */
  readonly trainingAudit?: string | undefined;
  /** Auctions tasks posted here; tasks name theirs. */
  readonly taskAuction?: string | undefined;
  /** Draws who may commit to tasks posted here; tasks name theirs. */
  readonly taskDraw?: string | undefined;
  /** Draws committees. */
  readonly committeeDraw?: string | undefined;
  /** Hides test sets of tasks posted here until nobody can commit any more; tasks name theirs. */
  readonly testSetSeal?: string | undefined;
  /** Runs the rounds of federations. */
  readonly federatedRounds?: string | undefined;
}

/** How to reach one chain, and what is to be found there. */
export interface NetworkProfile {
  readonly name: string;
  readonly rpcUrl: string;
  /** Checked against the node's answer before anything is signed. */
  readonly chainId: number;
  /** Whether development keys may be used: a chain that nobody else relies on. */
  readonly isLocal: boolean;
  /** Blocks to wait for after a transaction, its own included. */
  readonly confirmations: number;
  /** Overrides what `deployments/<network>/` says. */
  readonly addresses?: ContractAddresses;
  /** First block that can hold events of `addresses`; default 0. */
  readonly firstBlock?: number;
}

/** The settings of one working folder. */
export interface ZkpotConfig {
  /** The folder of the configuration file; relative paths start here. */
  readonly folder: string;
  /** Network used when none is named. */
  readonly network: string;
  readonly networks: Readonly<Record<string, NetworkProfile>>;
  /** RPC interface of an IPFS node that has or takes artifacts; undefined for none. */
  readonly ipfsRpcUrl?: string;
}

/** The settings `zkpot init` writes: an anvil or Hardhat node on this machine. */
export const DEFAULT_CONFIG = {
  version: 1,
  network: "localhost",
  networks: { localhost: { rpcUrl: "http://127.0.0.1:8545", chainId: 31337, confirmations: 1 } },
} as const;

/** Whether development keys may be used on a chain: never on a chain known to be public. */
export function isLocalChain(chainId: number, declaredLocal: boolean): boolean {
  return DEVELOPMENT_CHAIN_IDS.includes(chainId) || (declaredLocal && PUBLIC_CHAINS[chainId] === undefined);
}

/**
 * Reads settings from the text of a configuration file lying in `folder`; `source` names the file in errors.
 * Throws ConfigError naming the entry that is wrong.
 */
export function parseConfig(text: string, folder: string, source: string): ZkpotConfig {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(
      "config.invalid-json",
      `${source} is not JSON: ${problem}`,
      "Correct the file, or write a new one with `zkpot init --force`.",
      { source },
      { cause },
    );
  }
  const result = CONFIG.safeParse(parsed);
  if (!result.success) {
    const issue = result.error.issues[0]!;
    throw invalidEntry(source, issue.path.join(".") || "the file", issue.message);
  }
  const networks: Record<string, NetworkProfile> = {};
  for (const [name, entry] of Object.entries(result.data.networks)) {
    const { rpcUrl, chainId, local = false, confirmations = 1, addresses, firstBlock } = entry;
    const publicName = PUBLIC_CHAINS[chainId];
    if (local && publicName !== undefined) {
      throw invalidEntry(
        source,
        `networks.${name}.local`,
        `chain ${chainId} is ${publicName}, a public chain`,
      );
    }
    if (firstBlock !== undefined && addresses === undefined) {
      throw invalidEntry(
        source,
        `networks.${name}.firstBlock`,
        "it goes with addresses; a deployment's journal has its own first block",
      );
    }
    networks[name] = {
      name,
      rpcUrl,
      chainId,
      isLocal: isLocalChain(chainId, local),
      confirmations,
      ...(addresses === undefined ? {} : { addresses }),
      ...(firstBlock === undefined ? {} : { firstBlock }),
    };
  }
  const { network, ipfsRpcUrl } = result.data;
  if (networks[network] === undefined) {
    throw invalidEntry(source, "network", `there is no network ${network}`);
  }
  return { folder, network, networks, ...(ipfsRpcUrl === undefined ? {} : { ipfsRpcUrl }) };
}

/** The configuration file that applies in `start`: there or in the closest folder above; undefined if there is none. */
export function findConfig(start: string): string | undefined {
  for (let folder = path.resolve(start); ; folder = path.dirname(folder)) {
    const file = path.join(folder, CONFIG_FILE);
    try {
      readFileSync(file);
      return file;
    } catch {
      if (path.dirname(folder) === folder) return undefined;
    }
  }
}

/** Loads the configuration file at `file`, or the one that applies in the working directory. */
export function loadConfig(file?: string): ZkpotConfig {
  const found = file ?? findConfig(process.cwd());
  if (found === undefined) {
    throw new ConfigError(
      "config.missing",
      `there is no ${CONFIG_FILE} in ${process.cwd()} or above`,
      "Write one with `zkpot init`, or name one with --config.",
    );
  }
  let text: string;
  try {
    text = readFileSync(found, "utf8");
  } catch (cause) {
    throw new ConfigError(
      "config.unreadable",
      `cannot read ${found}: ${(cause as NodeJS.ErrnoException).code ?? String(cause)}`,
      "Name an existing file with --config, or write one with `zkpot init`.",
      { file: found },
      { cause },
    );
  }
  return parseConfig(text, path.dirname(path.resolve(found)), found);
}

/** The profile of `name`, or of the default network; throws ConfigError listing the networks there are. */
export function networkProfile(config: ZkpotConfig, name: string = config.network): NetworkProfile {
  const profile = Object.hasOwn(config.networks, name) ? config.networks[name] : undefined;
  if (profile === undefined) {
    const known = Object.keys(config.networks);
    throw new ConfigError(
      "config.unknown-network",
      `there is no network ${name} in ${CONFIG_FILE}; it has ${known.join(", ")}`,
      `Add the network to ${CONFIG_FILE} or name another with --network.`,
      { network: name, known },
    );
  }
  return profile;
}

function invalidEntry(source: string, entry: string, problem: string): ConfigError {
  return new ConfigError(
    "config.invalid",
    `${source}: ${entry}: ${problem}`,
    "Correct the entry; `zkpot init --force` writes a file that works.",
    { source, entry, problem },
  );
}
