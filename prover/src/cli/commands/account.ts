import path from "node:path";

import type { Command } from "commander";
import type { Wallet as EthersWallet } from "ethers";

import { handle } from "../command.ts";
import { note } from "../output.ts";
import { type AccountOptions, type CommonOptions, keystoreFolderOption } from "../shared-options.ts";
import { UsageError } from "../usage-error.ts";

type NewOptions = CommonOptions & AccountOptions & { readonly fromPrivateKey?: boolean };

/** `zkpot account`: encrypted keys in the format of geth and Foundry. */
export function registerAccount(program: Command): void {
  const account = program.command("account").description("make and list encrypted keys (V3 keystores)");
  registerNew(account);
  registerList(account);
}

function registerNew(account: Command): void {
  const command = account
    .command("new")
    .argument("<name>", "name of the keystore: letters, digits, - and _")
    .description("make a key, or import PRIVATE_KEY, and encrypt it")
    .option("--json", "print exactly one JSON document on stdout, for errors too")
    .addOption(keystoreFolderOption())
    .option("--password-file <file>", "file with the password; asked for on the terminal otherwise")
    .option("--from-private-key", "import the key in the variable PRIVATE_KEY");
  handle<NewOptions, [string]>(command, async ({ options }, name) => {
    if (!/^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(name)) {
      throw new UsageError(
        "cli.invalid-value",
        `"${name}" is not a name for a keystore`,
        "Use letters, digits, - and _.",
        { name },
      );
    }
    const { Wallet } = await import("ethers");
    const { defaultKeystoreFolder, writeKeystore } = await import("../../chain/keystore.ts");
    const { askPassword, readPassword } = await import("../account.ts");
    const wallet = options.fromPrivateKey === true ? walletFromEnvironment(Wallet) : Wallet.createRandom();
    const password = readPassword(options.passwordFile) ?? (await askTwice(askPassword));
    const file = path.resolve(options.keystoreDir ?? defaultKeystoreFolder(), name);
    note("encrypting the key");
    await writeKeystore(file, wallet, password);
    return {
      data: { name, address: wallet.address, file },
      text: `${wallet.address}\nwrote ${file}\nnext: use it with --account ${name}; keep a copy of the file and of its password`,
    };
  });
}

function registerList(account: Command): void {
  const command = account
    .command("list")
    .description("list the keystores")
    .option("--json", "print exactly one JSON document on stdout, for errors too")
    .addOption(keystoreFolderOption());
  handle<CommonOptions & AccountOptions, []>(command, async ({ options }) => {
    const { defaultKeystoreFolder, listKeystores } = await import("../../chain/keystore.ts");
    const { table } = await import("../text.ts");
    const folder = path.resolve(options.keystoreDir ?? defaultKeystoreFolder());
    const accounts = listKeystores(folder);
    return {
      data: { folder, accounts },
      text:
        accounts.length === 0
          ? `no keystores in ${folder}; make one with \`zkpot account new <name>\``
          : table(
              ["account", "address"],
              accounts.map(({ name, address }) => [name, address ?? "(not stated in the file)"]),
            ),
    };
  });
}

function walletFromEnvironment(Wallet: typeof EthersWallet): EthersWallet {
  const key = process.env.PRIVATE_KEY ?? "";
  try {
    return new Wallet(key.startsWith("0x") ? key : `0x${key}`);
  } catch {
    throw new UsageError(
      "cli.no-private-key",
      "PRIVATE_KEY holds no private key to import",
      "Set it to 64 hexadecimal digits for this one command.",
    );
  }
}

async function askTwice(ask: (question: string) => Promise<string>): Promise<string> {
  const first = await ask("new password: ");
  if (first === (await ask("the same again: "))) return first;
  throw new UsageError("cli.password-mismatch", "the two passwords differ", "Try again.");
}
