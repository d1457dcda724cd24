import { type Command, Option } from "commander";

/** Options of every command. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly config?: string;
}

/** Options of commands that read artifacts. */
export interface ArtifactOptions extends CommonOptions {
  readonly ipfsRpc?: string;
}

/** Options of commands that read the chain, and the artifacts it names. */
export interface NetworkOptions extends ArtifactOptions {
  readonly network?: string;
  readonly rpcUrl?: string;
}

/** Options of commands that sign. */
export interface AccountOptions {
  readonly account?: string;
  readonly keystore?: string;
  readonly keystoreDir?: string;
  readonly passwordFile?: string;
}

/** Adds --json and --config. */
export function withCommonOptions(command: Command): Command {
  return command
    .option("--json", "print exactly one JSON document on stdout, for errors too")
    .addOption(
      new Option("--config <file>", "configuration file (default: the closest zkpot.config.json)").env(
        "ZKPOT_CONFIG",
      ),
    );
}

/** Adds what names an IPFS node. */
export function withArtifactOptions(command: Command): Command {
  return withCommonOptions(command).addOption(
    new Option("--ipfs-rpc <url>", "IPFS node to use instead of the configuration's").env(
      "ZKPOT_IPFS_RPC_URL",
    ),
  );
}

/** Adds what names a network. */
export function withNetworkOptions(command: Command): Command {
  return withArtifactOptions(command)
    .addOption(new Option("--network <name>", "network of the configuration").env("ZKPOT_NETWORK"))
    .addOption(new Option("--rpc-url <url>", "node to use instead of the network's").env("ETH_RPC_URL"));
}

/** Adds what names an account that signs. */
export function withAccountOptions(command: Command): Command {
  return withNetworkOptions(command)
    .addOption(new Option("--account <name>", "keystore in the keystore folder").env("ETH_KEYSTORE_ACCOUNT"))
    .addOption(new Option("--keystore <file>", "encrypted keystore file").env("ETH_KEYSTORE"))
    .addOption(keystoreFolderOption())
    .addOption(new Option("--password-file <file>", "file with the keystore's password").env("ETH_PASSWORD"));
}

/** The folder in which keystores are looked up by name. */
export function keystoreFolderOption(): Option {
  return new Option("--keystore-dir <folder>", "folder of keystores (default: ~/.foundry/keystores)").env(
    "ZKPOT_KEYSTORE_DIR",
  );
}
