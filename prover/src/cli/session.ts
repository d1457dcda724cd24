import type { Connection } from "../chain/connect.ts";
import type { Contracts } from "../chain/contracts.ts";
import type { Sender } from "../chain/send.ts";
import { loadConfig, networkProfile, type NetworkProfile, type ZkpotConfig } from "../config.ts";
import { note } from "./output.ts";
import type { AccountOptions, ArtifactOptions, NetworkOptions } from "./shared-options.ts";
import { UsageError } from "./usage-error.ts";

/** The settings and the network a command works with. */
export interface Settings {
  readonly config: ZkpotConfig;
  readonly profile: NetworkProfile;
}

/** Loads the configuration, with the IPFS node that the options name. */
export function openConfig({ config: file, ipfsRpc }: ArtifactOptions): ZkpotConfig {
  const config = loadConfig(file);
  if (ipfsRpc === undefined) return config;
  return { ...config, ipfsRpcUrl: parseUrl(ipfsRpc, "--ipfs-rpc", "http://127.0.0.1:5001") };
}

/** Loads the configuration and picks the network. */
export function openSettings(options: NetworkOptions): Settings {
  const config = openConfig(options);
  const profile = networkProfile(config, options.network);
  if (options.rpcUrl === undefined) return { config, profile };
  const rpcUrl = parseUrl(options.rpcUrl, "--rpc-url", "http://127.0.0.1:8545");
  return { config, profile: { ...profile, rpcUrl } };
}

/** Settings with a checked connection and the deployed contracts, to read from. */
export interface ReadSession extends Settings {
  readonly connection: Connection;
  readonly contracts: Contracts;
}

/** Opens the chain for reading. */
export async function openReadSession(options: NetworkOptions): Promise<ReadSession> {
  const settings = openSettings(options);
  const { connect } = await import("../chain/connect.ts");
  const { openContracts } = await import("../chain/contracts.ts");
  const connection = await connect(settings.profile);
  const contracts = await openContracts(connection, settings.config.folder);
  return { ...settings, connection, contracts };
}

/** A session that can sign. */
export interface SignSession extends ReadSession {
  readonly sender: Sender;
  /** Address of the account that signs. */
  readonly address: string;
}

/** Opens the chain and the account, in this order: nothing is decrypted for a chain that is not the expected one. */
export async function openSignSession(options: NetworkOptions & AccountOptions): Promise<SignSession> {
  const session = await openReadSession(options);
  const sender = await openSender(session.connection, session.config, options);
  return { ...session, sender, address: sender.wallet.address };
}

/** Opens the account and its journal. */
export async function openSender(
  connection: Connection,
  config: ZkpotConfig,
  options: AccountOptions,
): Promise<Sender> {
  const { openAccount } = await import("./account.ts");
  const { TransactionJournal } = await import("../chain/journal.ts");
  const wallet = await openAccount(options, connection.chainId);
  return {
    wallet: wallet.connect(connection.provider),
    connection,
    journal: TransactionJournal.of(config.folder, connection.chainId, wallet.address),
    onProgress: note,
  };
}

function parseUrl(text: string, option: string, example: string): string {
  if (URL.canParse(text)) return text;
  throw new UsageError("cli.invalid-value", `${option}: "${text}" is not a URL`, `Write e.g. ${example}.`, {
    option,
    value: text,
  });
}
