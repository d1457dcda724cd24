import { readFileSync, writeFileSync, mkdirSync, readdirSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { Wallet, type HDNodeWallet } from "ethers";

import { ChainError } from "./chain-error.ts";

/** Where Foundry keeps encrypted keys; both toolkits open each other's. */
export function defaultKeystoreFolder(): string {
  return path.join(os.homedir(), ".foundry", "keystores");
}

/** An encrypted key in a folder of keystores. */
export interface KeystoreEntry {
  readonly name: string;
  readonly file: string;
  /** The address the file states; undefined when it states none, which the format allows. */
  readonly address: string | undefined;
}

/** The keystores of a folder, by name; an absent folder has none, files that are no keystores are left out. */
export function listKeystores(folder: string): KeystoreEntry[] {
  let names: string[];
  try {
    names = readdirSync(folder).sort();
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    const file = path.join(folder, name);
    try {
      const content = JSON.parse(readFileSync(file, "utf8")) as { crypto?: unknown; address?: unknown };
      if (content.crypto === undefined) return [];
      const address =
        typeof content.address === "string" ? `0x${content.address.replace(/^0x/, "")}` : undefined;
      return [{ name, file, address }];
    } catch {
      return [];
    }
  });
}

/**
 * Encrypts a key into a new V3 keystore that only its owner can read; never replaces a file.
 * Throws ChainError `chain.keystore-exists` or `chain.keystore-not-written`.
 */
export async function writeKeystore(
  file: string,
  wallet: Wallet | HDNodeWallet,
  password: string,
): Promise<void> {
  const { Crypto: crypto, ...rest } = JSON.parse(await wallet.encrypt(password)) as Record<string, unknown>;
  try {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    // ethers writes `Crypto`; the format and Foundry's cast want `crypto`.
    writeFileSync(file, `${JSON.stringify({ ...rest, crypto })}\n`, { mode: 0o600, flag: "wx" });
  } catch (cause) {
    const exists = (cause as NodeJS.ErrnoException).code === "EEXIST";
    throw new ChainError(
      exists ? "chain.keystore-exists" : "chain.keystore-not-written",
      exists ? `there is a keystore ${file} already` : `cannot write ${file}: ${String(cause)}`,
      exists ? "Choose another name." : "Check that the folder exists and is writable.",
      { file },
      { cause },
    );
  }
}

/**
 * Decrypts a V3 keystore.
 * Throws ChainError `chain.keystore-missing`, `chain.keystore-invalid` or `chain.wrong-password`.
 */
export async function openKeystore(file: string, password: string): Promise<Wallet> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new ChainError(
      "chain.keystore-missing",
      `cannot read the keystore ${file} (${(cause as NodeJS.ErrnoException).code ?? String(cause)})`,
      "Name an existing one with --account or --keystore; `zkpot account list` shows what there is.",
      { file },
      { cause },
    );
  }
  try {
    return (await Wallet.fromEncryptedJson(text, password)) as Wallet;
  } catch (cause) {
    if (String(cause).includes("incorrect password")) {
      throw new ChainError(
        "chain.wrong-password",
        `the password does not open the keystore ${file}`,
        "Check the password or the file named with --password-file.",
        { file },
      );
    }
    throw new ChainError(
      "chain.keystore-invalid",
      `${file} is not a V3 keystore`,
      "Name a keystore written by zkpot, cast or geth.",
      { file },
    );
  }
}
