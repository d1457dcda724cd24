import { existsSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";

import { Wallet } from "ethers";

import { ChainError } from "../chain/chain-error.ts";
import { defaultKeystoreFolder, openKeystore } from "../chain/keystore.ts";
import { note, warn } from "./output.ts";
import type { AccountOptions } from "./shared-options.ts";
import { UsageError } from "./usage-error.ts";

/** Ethereum: a key in clear in the environment is not accepted there. */
const MAINNET = 1n;

/**
 * The key that signs: a keystore named by option or variable, else PRIVATE_KEY with a warning.
 * Throws UsageError `cli.no-account`, ChainError for the keystore or password, and `chain.private-key-on-mainnet`.
 */
export async function openAccount(options: AccountOptions, chainId: bigint): Promise<Wallet> {
  const file = keystoreFile(options);
  if (file !== undefined) {
    const password = readPassword(options.passwordFile) ?? (await askPassword(`password of ${file}: `));
    note("opening the keystore");
    return await openKeystore(file, password);
  }
  const privateKey = process.env.PRIVATE_KEY;
  if (privateKey === undefined || privateKey === "") {
    throw new UsageError(
      "cli.no-account",
      "this command signs a transaction and no account was named",
      "Name a keystore with --account or --keystore (`zkpot account new` makes one).",
    );
  }
  if (chainId === MAINNET) {
    throw new ChainError(
      "chain.private-key-on-mainnet",
      "PRIVATE_KEY is not accepted on Ethereum: a key in clear leaks too easily",
      "Put the key into a keystore and name it with --account or --keystore.",
      { chainId },
    );
  }
  warn("signing with PRIVATE_KEY, a key in clear; use a keystore (--account) for anything of value");
  try {
    return new Wallet(privateKey.startsWith("0x") ? privateKey : `0x${privateKey}`);
  } catch {
    // The cause is left out: ethers quotes the key in it.
    throw new ChainError(
      "chain.invalid-private-key",
      "PRIVATE_KEY is not a private key",
      "It has 64 hexadecimal digits, with or without 0x.",
    );
  }
}

/** The password in a file, without the line end; undefined without a file. */
export function readPassword(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, "utf8").replace(/\r?\n$/, "");
  } catch (cause) {
    throw new ChainError(
      "chain.password-file",
      `cannot read the password file ${file} (${(cause as NodeJS.ErrnoException).code ?? String(cause)})`,
      "Name an existing file with --password-file.",
      { file },
      { cause },
    );
  }
}

/** Asks on the terminal without showing what is typed; throws UsageError without a terminal. */
export async function askPassword(question: string): Promise<string> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new UsageError(
      "cli.no-password",
      "the keystore needs a password and there is no terminal to ask on",
      "Name a file that holds it with --password-file.",
    );
  }
  process.stderr.write(question);
  const reader = createInterface({ input: process.stdin, terminal: true });
  try {
    return await new Promise((resolve) => reader.question("", resolve));
  } finally {
    reader.close();
    process.stderr.write("\n");
  }
}

function keystoreFile(options: AccountOptions): string | undefined {
  const { account, keystore, keystoreDir } = options;
  if (keystore !== undefined) {
    const isFolder = existsSync(keystore) && statSync(keystore).isDirectory();
    if (!isFolder) return keystore;
    if (account !== undefined) return path.join(keystore, account);
    throw new UsageError(
      "cli.keystore-folder",
      `${keystore} is a folder of keystores`,
      "Name one of them with --account.",
      { keystore },
    );
  }
  return account === undefined ? undefined : path.join(keystoreDir ?? defaultKeystoreFolder(), account);
}
