import { readFileSync, statSync } from "node:fs";
import path from "node:path";

import { expect } from "chai";
import { Wallet } from "ethers";

import { ANVIL_ADDRESSES, ANVIL_KEYS } from "../../support/anvil.ts";
import { Workspace } from "../../support/zkpot.ts";

interface NewAccount {
  readonly name: string;
  readonly address: string;
  readonly file: string;
}

describe("zkpot account", () => {
  let workspace: Workspace;

  beforeEach(() => {
    workspace = new Workspace();
    workspace.write("password", "correct horse\n");
  });

  afterEach(() => {
    workspace.remove();
  });

  it("makes a keystore in Foundry's folder that only its owner can read", async () => {
    const { address, file } = await workspace.json<NewAccount>(
      "account",
      "new",
      "alice",
      "--password-file",
      "password",
    );
    expect(file).to.equal(path.join(workspace.folder, ".foundry", "keystores", "alice"));
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    const wallet = await Wallet.fromEncryptedJson(readFileSync(file, "utf8"), "correct horse");
    expect(wallet.address).to.equal(address);
  });

  it("writes a lower-case crypto entry, as the format and cast want it", async () => {
    const { file } = await workspace.json<NewAccount>(
      "account",
      "new",
      "alice",
      "--password-file",
      "password",
    );
    const content = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
    expect(content).to.have.property("crypto");
    expect(content).not.to.have.property("Crypto");
  });

  it("imports PRIVATE_KEY when asked, and prints it nowhere", async () => {
    const importing = new Workspace({ PRIVATE_KEY: ANVIL_KEYS[1] });
    try {
      importing.write("password", "x");
      const { code, stdout, stderr } = await importing.run(
        ...["account", "new", "bob", "--from-private-key", "--password-file", "password", "--json"],
      );
      expect(code).to.equal(0);
      expect((JSON.parse(stdout) as NewAccount).address).to.equal(ANVIL_ADDRESSES[1]);
      expect(stdout + stderr).not.to.include(ANVIL_KEYS[1].slice(2));
    } finally {
      importing.remove();
    }
  });

  it("lists keystores by name and leaves other files out", async () => {
    const { address } = await workspace.json<NewAccount>(
      ...["account", "new", "alice", "--keystore-dir", "keys", "--password-file", "password"],
    );
    workspace.write("keys/notes.txt", "not a keystore");
    const { accounts } = await workspace.json<{ accounts: { name: string; address: string }[] }>(
      ...["account", "list", "--keystore-dir", "keys"],
    );
    expect(accounts.map(({ name }) => name)).to.deep.equal(["alice"]);
    expect(accounts[0]!.address.toLowerCase()).to.equal(address.toLowerCase());
  });

  it("lists nothing in a folder that does not exist", async () => {
    expect((await workspace.json<{ accounts: unknown[] }>("account", "list")).accounts).to.deep.equal([]);
  });

  it("never replaces a keystore", async () => {
    const { file } = await workspace.json<NewAccount>(
      "account",
      "new",
      "alice",
      "--password-file",
      "password",
    );
    const before = readFileSync(file, "utf8");
    const error = await workspace.failure("account", "new", "alice", "--password-file", "password");
    expect(error.code).to.equal("chain.keystore-exists");
    expect(readFileSync(file, "utf8")).to.equal(before);
  });

  it("refuses a name that leaves the folder", async () => {
    const error = await workspace.failure("account", "new", "../alice", "--password-file", "password");
    expect(error.code).to.equal("cli.invalid-value");
    expect(error.exitCode).to.equal(2);
  });

  it("refuses to ask for a password without a terminal", async () => {
    expect((await workspace.failure("account", "new", "alice")).code).to.equal("cli.no-password");
  });

  it("names a password file that cannot be read", async () => {
    const error = await workspace.failure("account", "new", "alice", "--password-file", "absent");
    expect(error.code).to.equal("chain.password-file");
    expect(error.details.file).to.equal("absent");
  });

  it("refuses to import without a key", async () => {
    const error = await workspace.failure(
      ...["account", "new", "alice", "--from-private-key", "--password-file", "password"],
    );
    expect(error.code).to.equal("cli.no-private-key");
  });
});
