import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

import { expect } from "chai";

import { ANVIL_KEYS, type Anvil, startAnvil } from "../../support/anvil.ts";
import { Workspace } from "../../support/zkpot.ts";

const ROOT = path.join(import.meta.dirname, "..", "..", "..");
const TINY = "tiny-4-3-3x10";

interface Plan {
  readonly instance: { readonly id: string; readonly groups: number; readonly slots: number };
  readonly cost: { readonly rows: number; readonly domainPower: number; readonly memoryBytes: number };
  readonly fits: boolean;
}

interface Keys {
  readonly keyId: string;
  readonly kind: string;
  readonly contributions: number;
  readonly folder: string;
}

let workspace: Workspace;

beforeEach(() => {
  workspace = new Workspace();
});

afterEach(() => {
  workspace.remove();
});

describe("zkpot circuit", () => {
  it("lists the instances of circuits.json", async () => {
    const { instances } = await workspace.json<{ instances: { id: string }[] }>("circuit", "list");
    const packaged = JSON.parse(readFileSync(path.join(ROOT, "circuits/circuits.json"), "utf8")) as unknown;
    expect(instances).to.deep.equal(packaged);
  });

  it("plans for a shape and a number of samples, and says what it costs", async () => {
    const { instance, cost, fits } = await workspace.json<Plan>(
      ...["circuit", "plan", "--layers", "4,3,3", "--samples", "10", "--input-bits", "4"],
    );
    expect(instance.id).to.equal("4-3-3x10");
    expect(instance.groups * instance.slots).to.be.at.least(10);
    expect(cost.rows).to.be.at.most(2 ** cost.domainPower);
    expect(fits).to.equal(true);
  });

  it("plans for a test set with its hidden widths", async () => {
    await workspace.json("data", "split", "breast-cancer");
    const { instance } = await workspace.json<Plan>(
      "circuit",
      "plan",
      "--test-set",
      "test-set.json",
      "--id",
      "bc",
    );
    expect(instance.id).to.equal("bc");
    expect(instance).to.have.nested.property("architecture.layerSizes").that.deep.equals([30, 2]);
  });

  it("says so when a circuit does not fit into memory", async () => {
    const { code, stdout, stderr } = await workspace.run(
      ...["circuit", "plan", "--layers", "784,32,10", "--samples", "100000", "--json"],
    );
    expect(code, stderr).to.equal(0);
    expect((JSON.parse(stdout) as Plan).fits).to.equal(false);
    expect(stderr).to.include("warning: proving needs about");
  });

  it("compiles a planned instance apart from a packaged one of the same id", async () => {
    await workspace.json(
      ...["circuit", "plan", "--layers", "4,3", "--samples", "3", "--id", TINY, "--out", "planned.json"],
    );
    const planned = await workspace.json<{ directory: string }>("circuit", "build", "./planned.json");
    const packaged = await workspace.json<{ directory: string }>("circuit", "build", TINY);
    try {
      expect(planned.directory).not.to.equal(packaged.directory);
      for (const { directory } of [planned, packaged]) {
        expect(existsSync(path.join(directory, "main.r1cs"))).to.equal(true);
      }
    } finally {
      rmSync(path.dirname(planned.directory), { recursive: true, force: true });
    }
  });

  const refusals: readonly (readonly [string[], string, number])[] = [
    [["plan"], "cli.plan-shape", 2],
    [["plan", "--layers", "4"], "cli.plan-shape", 2],
    [["plan", "--layers", "4", "--samples", "10"], "circuit.plan", 1],
    [["plan", "--layers", "four,3", "--samples", "10"], "cli.invalid-value", 2],
    [["plan", "--layers", "4,3", "--samples", "0"], "cli.invalid-value", 2],
    [["plan", "--layers", "4,3", "--samples", "10", "--id", "../up"], "cli.invalid-value", 2],
    [["plan", "--test-set", "x.json", "--layers", "4,3"], "cli.plan-shape", 2],
    [["plan", "--test-set", "absent.json"], "document.missing", 1],
    [["build", "unknown"], "cli.unknown-instance", 2],
    [["build", "./absent.json"], "cli.instance-file", 2],
  ];
  for (const [parameters, code, exitCode] of refusals) {
    it(`refuses circuit ${parameters.join(" ")} with ${code}`, async () => {
      const error = await workspace.failure("circuit", ...parameters);
      expect(error.code, error.message).to.equal(code);
      expect(error.exitCode).to.equal(exitCode);
    });
  }

  it("refuses an instance file with parameters out of range, naming the entry", async () => {
    await workspace.json("circuit", "plan", "--layers", "4,3", "--samples", "3", "--out", "planned.json");
    const file = workspace.file("planned.json");
    writeFileSync(file, readFileSync(file, "utf8").replace(/"slotBits": \d+/, '"slotBits": 300'));
    const error = await workspace.failure("circuit", "build", "./planned.json");
    expect(error.code).to.equal("cli.instance-file");
    expect(error.message).to.include("slotBits");
  });
});

describe("zkpot keys", () => {
  it("makes development keys, keeps them, and shows them", async () => {
    const made = await workspace.json<Keys>("keys", "dev", TINY, "--keys", "keys");
    expect(made).to.include({ kind: "development", contributions: 0 });
    const again = await workspace.json<Keys>("keys", "dev", TINY, "--keys", "keys");
    expect(again.keyId).to.equal(made.keyId);
    const shown = await workspace.json<Keys>("keys", "show", TINY, "--keys", "keys");
    expect(shown).to.deep.equal(made);
  });

  it("names every damaged file", async () => {
    await workspace.json<Keys>("keys", "dev", TINY, "--keys", "keys");
    for (const name of ["proving.zkey", "commitment.key"]) {
      const copy = workspace.file(`copy-${name}`);
      cpSync(workspace.file("keys"), copy, { recursive: true });
      const bytes = readFileSync(path.join(copy, name));
      bytes[bytes.length - 5]! ^= 4;
      writeFileSync(path.join(copy, name), bytes);
      const error = await workspace.failure("keys", "show", TINY, "--keys", copy);
      expect(error.code).to.equal("keys.damaged");
      expect(error.message).to.include(name);
    }
  });

  it("does not take keys of one circuit for another", async () => {
    await workspace.json<Keys>("keys", "dev", TINY, "--keys", "keys");
    const error = await workspace.failure("keys", "show", "breast-cancer-30-2x114", "--keys", "keys");
    expect(error.code).to.equal("keys.instance");
  });

  const refusals: readonly (readonly [string[], string, number])[] = [
    [["show", TINY, "--keys", "nowhere"], "keys.missing", 1],
    [["dev", "unknown"], "cli.unknown-instance", 2],
    [["new", TINY, "--keys", "ceremony"], "cli.usage", 2],
    [["new", TINY, "--keys", "ceremony", "--ptau", "absent.ptau"], "keys.ceremony", 1],
    [["contribute", "--keys", "nowhere", "--name", "me"], "keys.missing", 1],
    [["contribute", "--keys", "nowhere", "--name", " "], "cli.invalid-value", 2],
    [["beacon", TINY, "--keys", "nowhere", "--beacon", "0x12"], "cli.invalid-value", 2],
    [
      ["beacon", TINY, "--keys", "nowhere", "--beacon", "00".repeat(32), "--iterations", "9"],
      "cli.invalid-value",
      2,
    ],
    [["beacon", TINY, "--keys", "nowhere", "--beacon", "00".repeat(32)], "keys.missing", 1],
    [["verify", TINY, "--keys", "nowhere", "--ptau", "absent.ptau"], "keys.missing", 1],
  ];
  for (const [parameters, code, exitCode] of refusals) {
    it(`refuses keys ${parameters.slice(0, 4).join(" ")} … with ${code}`, async () => {
      const error = await workspace.failure("keys", ...parameters);
      expect(error.code, error.message).to.equal(code);
      expect(error.exitCode).to.equal(exitCode);
    });
  }
});

describe("zkpot keys register", () => {
  let anvil: Anvil | undefined;

  afterEach(async () => {
    await anvil?.stop();
  });

  async function deployOn(chainId: number): Promise<Workspace> {
    anvil = await startAnvil("--chain-id", String(chainId));
    const owner = new Workspace({ PRIVATE_KEY: ANVIL_KEYS[0] });
    owner.configure(anvil.rpcUrl, { chainId });
    await owner.json("deploy");
    await owner.json("keys", "dev", TINY);
    return owner;
  }

  it("adds a key once", async () => {
    const owner = await deployOn(31337);
    try {
      const first = await owner.json<Keys & { transaction?: unknown }>("keys", "register", TINY);
      expect(first).to.have.property("transaction");
      const second = await owner.json<Keys & { transaction?: unknown }>("keys", "register", TINY);
      expect(second).not.to.have.property("transaction");
      expect(second.keyId).to.equal(first.keyId);
    } finally {
      owner.remove();
    }
  });

  it("refuses a development key on a public chain before anything is sent", async () => {
    const owner = await deployOn(11155111);
    try {
      const count = await anvil!.request("eth_blockNumber");
      const error = await owner.failure("keys", "register", TINY);
      expect(error.code).to.equal("chain.development-keys");
      expect(await anvil!.request("eth_blockNumber")).to.equal(count);
    } finally {
      owner.remove();
    }
  });
});
