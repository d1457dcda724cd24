import { cpSync, readFileSync, writeFileSync } from "node:fs";

import { expect } from "chai";

import { ANVIL_KEYS, startAnvil } from "../../support/anvil.ts";
import { BEACON, MINI, powersOfTauFile } from "../../support/ceremony-inputs.ts";
import { Workspace } from "../../support/zkpot.ts";

interface Sealed {
  readonly keyId: string;
  readonly kind: string;
  readonly contributions: number;
}

describe("zkpot keys new, contribute, beacon, verify", function () {
  this.timeout(300_000);
  let workspace: Workspace;
  let ptau: string;
  let sealed: Sealed;

  const folder = ["--keys", "ceremony"];
  const verify = (keys: string): string[] => [
    "keys",
    "verify",
    "./mini.json",
    "--keys",
    keys,
    "--ptau",
    ptau,
  ];

  before(async () => {
    ptau = await powersOfTauFile();
    workspace = new Workspace({ PRIVATE_KEY: ANVIL_KEYS[0] });
    workspace.write("mini.json", MINI);
    await workspace.json("keys", "new", "./mini.json", "--ptau", ptau, ...folder);
    for (const name of ["alice", "bob", "carol"]) {
      await workspace.json("keys", "contribute", "--name", name, ...folder);
    }
    sealed = await workspace.json<Sealed>(
      "keys",
      "beacon",
      "./mini.json",
      "--beacon",
      BEACON.beaconHash,
      ...folder,
    );
  });

  after(() => {
    workspace.remove();
  });

  it("count the contributions of people", () => {
    expect(sealed).to.include({ kind: "ceremony", contributions: 3 });
  });

  it("verify the ceremony from its transcript", async () => {
    const verified = await workspace.json<Sealed & { verified: boolean }>(...verify("ceremony"));
    expect(verified).to.include({ verified: true, keyId: sealed.keyId });
  });

  it("refuse a transcript in which a contributor was renamed", async () => {
    cpSync(workspace.file("ceremony"), workspace.file("renamed"), { recursive: true });
    const transcript = workspace.file("renamed/transcript.json");
    writeFileSync(transcript, readFileSync(transcript, "utf8").replace("alice", "mallory"));
    expect((await workspace.failure(...verify("renamed"))).code).to.equal("keys.ceremony");
  });

  it("refuse a second start in the same folder, and a contribution after the beacon", async () => {
    const again = await workspace.failure("keys", "new", "./mini.json", "--ptau", ptau, ...folder);
    expect(again.code).to.equal("keys.ceremony");
    const late = await workspace.failure("keys", "contribute", "--name", "dave", ...folder);
    expect(late.code).to.equal("keys.ceremony");
  });

  it("make keys that a registry on a public chain accepts", async () => {
    const anvil = await startAnvil("--chain-id", "11155111");
    try {
      workspace.configure(anvil.rpcUrl, { chainId: 11155111 });
      await workspace.json("deploy");
      const registered = await workspace.json<Sealed>("keys", "register", "./mini.json", ...folder);
      expect(registered).to.include({ keyId: sealed.keyId, contributions: 3 });
    } finally {
      await anvil.stop();
    }
  });
});
