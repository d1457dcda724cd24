import { existsSync, readFileSync } from "node:fs";

import { expect } from "chai";

import type { ContractAddresses } from "../../../prover/src/config.ts";
import { ANVIL_ADDRESSES, ANVIL_KEYS, type Anvil, freePort, startAnvil } from "../../support/anvil.ts";
import { quickKeystore, Workspace } from "../../support/zkpot.ts";

const TINY = "tiny-4-3-3x10";

interface Deployed {
  readonly addresses: ContractAddresses;
  readonly allowDevelopmentKeys: boolean;
}

describe("zkpot deploy", () => {
  let anvil: Anvil;
  let workspace: Workspace;

  beforeEach(async () => {
    anvil = await startAnvil();
    workspace = new Workspace({ PRIVATE_KEY: ANVIL_KEYS[0] });
    workspace.configure(anvil.rpcUrl);
  });

  afterEach(async () => {
    await anvil.stop();
    workspace.remove();
  });

  it("deploys the contracts and records them below deployments/<network>", async () => {
    const { addresses, allowDevelopmentKeys } = await workspace.json<Deployed>("deploy");
    expect(allowDevelopmentKeys).to.equal(true);
    expect(addresses).to.have.all.keys(
      "stakeVault",
      "circuitRegistry",
      "taskMarket",
      "trainingAudit",
      "taskAuction",
      "taskDraw",
      "committeeDraw",
      "testSetSeal",
      "federatedRounds",
    );
    for (const address of Object.values(addresses) as string[]) {
      expect(await anvil.request("eth_getCode", [address, "latest"])).to.have.length.above(100);
    }
    const recorded = readFileSync(workspace.file("deployments/localhost/deployed_addresses.json"), "utf8");
    expect(recorded).to.include(addresses.taskMarket);
  });

  it("registers the keys of instances that are named", async () => {
    await workspace.json("keys", "dev", TINY);
    const { registered } = await workspace.json<{ registered: string[] }>("deploy", "--register", TINY);
    expect(registered).to.have.length(1);
    const again = await workspace.json<{ transaction?: unknown }>("keys", "register", TINY);
    expect(again).to.deep.include({ keyId: registered[0] });
    expect(again).not.to.have.property("transaction");
  });

  it("deploys nothing when the keys that are to be registered do not exist", async () => {
    const error = await workspace.failure("deploy", "--register", "unknown");
    expect(error.code).to.equal("cli.unknown-instance");
    expect(await anvil.request("eth_blockNumber")).to.equal("0x0");
  });

  it("does nothing the second time", async () => {
    const first = await workspace.json<Deployed>("deploy");
    const count = await anvil.request("eth_getTransactionCount", [ANVIL_ADDRESSES[0], "latest"]);
    const second = await workspace.json<Deployed>("deploy");
    expect(second.addresses).to.deep.equal(first.addresses);
    expect(await anvil.request("eth_getTransactionCount", [ANVIL_ADDRESSES[0], "latest"])).to.equal(count);
  });

  it("deploys again with --reset on a local chain that was started anew", async () => {
    await workspace.json<Deployed>("deploy");
    const other = await startAnvil();
    try {
      workspace.configure(other.rpcUrl);
      expect((await workspace.failure("task", "list")).code).to.equal("chain.not-deployed");
      const { addresses } = await workspace.json<Deployed>("deploy", "--reset");
      expect(await other.request("eth_getCode", [addresses.taskMarket, "latest"])).to.have.length.above(100);
    } finally {
      await other.stop();
    }
  });

  it("signs with a keystore, without a warning", async () => {
    workspace.write("password", "pw");
    workspace.write("carol", await quickKeystore(ANVIL_KEYS[2], "pw"));
    const { code, stderr } = await workspace.run(
      "deploy",
      "--keystore",
      "carol",
      "--password-file",
      "password",
    );
    expect(code, stderr).to.equal(0);
    expect(stderr).to.include(ANVIL_ADDRESSES[2]);
    expect(stderr).not.to.include("warning");
  });

  it("refuses a wrong password", async () => {
    workspace.write("password", "wrong");
    workspace.write("carol", await quickKeystore(ANVIL_KEYS[2], "pw"));
    const error = await workspace.failure("deploy", "--keystore", "carol", "--password-file", "password");
    expect(error.code).to.equal("chain.wrong-password");
  });

  it("refuses a file that is no keystore, and one that is not there", async () => {
    workspace.write("password", "pw");
    workspace.write("notes", "hello");
    const options = ["--password-file", "password"];
    const damaged = await workspace.failure("deploy", "--keystore", "notes", ...options);
    expect(damaged.code).to.equal("chain.keystore-invalid");
    const missing = await workspace.failure("deploy", "--account", "nobody", ...options);
    expect(missing.code).to.equal("chain.keystore-missing");
  });

  it("warns about PRIVATE_KEY and never prints it", async () => {
    const { stdout, stderr } = await workspace.run("deploy");
    expect(stderr).to.include("warning: signing with PRIVATE_KEY");
    expect(stdout + stderr).not.to.include(ANVIL_KEYS[0].slice(2));
  });

  it("refuses a node on another chain before anything is signed", async () => {
    workspace.configure(anvil.rpcUrl, { chainId: 1337 });
    const error = await workspace.failure("deploy");
    expect(error.code).to.equal("chain.wrong-chain");
    expect(error.details).to.deep.equal({ network: "localhost", found: "31337", expected: 1337 });
    expect(await anvil.request("eth_getTransactionCount", [ANVIL_ADDRESSES[0], "latest"])).to.equal("0x0");
  });

  it("refuses a node that does not answer, without showing the whole URL", async () => {
    workspace.configure(`http://127.0.0.1:${await freePort()}/v3/secret-access-key`);
    const { code, stdout, stderr } = await workspace.run("deploy", "--json");
    expect(code).to.equal(1);
    expect((JSON.parse(stdout) as { error: { code: string } }).error.code).to.equal("chain.unreachable");
    expect(stdout + stderr).not.to.include("secret-access-key");
  });

  it("needs an account", async () => {
    const nobody = new Workspace();
    try {
      nobody.configure(anvil.rpcUrl);
      const error = await nobody.failure("deploy");
      expect(error.code).to.equal("cli.no-account");
      expect(error.exitCode).to.equal(2);
    } finally {
      nobody.remove();
    }
  });

  it("needs a configuration", async () => {
    const empty = new Workspace({ PRIVATE_KEY: ANVIL_KEYS[0] });
    try {
      expect((await empty.failure("deploy")).code).to.equal("config.missing");
    } finally {
      empty.remove();
    }
  });

  const wrong: readonly (readonly [string, string])[] = [
    ["--min-contributions", "0"],
    ["--unbonding", "soon"],
    ["--rpc-url", "nowhere"],
  ];
  for (const [option, value] of wrong) {
    it(`refuses ${option} ${value}`, async () => {
      const error = await workspace.failure("deploy", option, value);
      expect(error.code).to.equal("cli.invalid-value");
      expect(error.message).to.include(option);
      expect(existsSync(workspace.file("deployments"))).to.equal(false);
    });
  }
});

describe("zkpot deploy on a public chain", () => {
  let anvil: Anvil;
  let workspace: Workspace;

  before(async () => {
    anvil = await startAnvil("--chain-id", "11155111");
    workspace = new Workspace({ PRIVATE_KEY: ANVIL_KEYS[0] });
    workspace.configure(anvil.rpcUrl, { chainId: 11155111 });
  });

  after(async () => {
    await anvil.stop();
    workspace.remove();
  });

  it("refuses a registry that would accept development keys", async () => {
    const error = await workspace.failure("deploy", "--allow-development-keys");
    expect(error.code).to.equal("chain.development-keys");
    expect(await anvil.request("eth_getTransactionCount", [ANVIL_ADDRESSES[0], "latest"])).to.equal("0x0");
  });

  it("does not forget a deployment", async () => {
    expect((await workspace.failure("deploy", "--reset")).code).to.equal("chain.reset-public");
  });

  it("deploys a registry that refuses development keys", async () => {
    const { allowDevelopmentKeys } = await workspace.json<Deployed>("deploy");
    expect(allowDevelopmentKeys).to.equal(false);
  });
});

describe("zkpot deploy on Ethereum's chain id", () => {
  it("refuses PRIVATE_KEY", async () => {
    const anvil = await startAnvil("--chain-id", "1");
    const workspace = new Workspace({ PRIVATE_KEY: ANVIL_KEYS[0] });
    try {
      workspace.configure(anvil.rpcUrl, { chainId: 1 });
      expect((await workspace.failure("deploy")).code).to.equal("chain.private-key-on-mainnet");
      expect(await anvil.request("eth_getTransactionCount", [ANVIL_ADDRESSES[0], "latest"])).to.equal("0x0");
    } finally {
      await anvil.stop();
      workspace.remove();
    }
  });
});
