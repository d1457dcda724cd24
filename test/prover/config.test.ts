import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { expect } from "chai";

import {
  CONFIG_FILE,
  ConfigError,
  DEFAULT_CONFIG,
  findConfig,
  isLocalChain,
  loadConfig,
  networkProfile,
  parseConfig,
} from "../../prover/src/config.ts";

const ADDRESS = `0x${"1".repeat(40)}`;

function withNetwork(network: Record<string, unknown>): string {
  const complete = { rpcUrl: "http://127.0.0.1:8545", chainId: 31337, ...network };
  return JSON.stringify({ version: 1, network: "somewhere", networks: { somewhere: complete } });
}

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof ConfigError) return error.code;
    throw error;
  }
  return "none";
}

describe("parseConfig", () => {
  it("reads what zkpot init writes", () => {
    const config = parseConfig(JSON.stringify(DEFAULT_CONFIG), "/work", CONFIG_FILE);
    expect(networkProfile(config)).to.deep.equal({
      name: "localhost",
      rpcUrl: "http://127.0.0.1:8545",
      chainId: 31337,
      isLocal: true,
      confirmations: 1,
    });
  });

  it("reads addresses", () => {
    const addresses = { stakeVault: ADDRESS, circuitRegistry: ADDRESS, taskMarket: ADDRESS };
    const config = parseConfig(withNetwork({ addresses }), "/work", CONFIG_FILE);
    expect(networkProfile(config).addresses).to.deep.equal(addresses);
  });

  it("reads the first block of addresses", () => {
    const addresses = { stakeVault: ADDRESS, circuitRegistry: ADDRESS, taskMarket: ADDRESS };
    const config = parseConfig(withNetwork({ addresses, firstBlock: 1_234 }), "/work", CONFIG_FILE);
    expect(networkProfile(config)).to.deep.include({ addresses, firstBlock: 1_234 });
  });

  it("reads the address of an IPFS node, which it can do without", () => {
    const ipfsRpcUrl = "http://127.0.0.1:5001";
    const text = JSON.stringify({ ...DEFAULT_CONFIG, ipfsRpcUrl });
    expect(parseConfig(text, "/work", CONFIG_FILE).ipfsRpcUrl).to.equal(ipfsRpcUrl);
    expect(parseConfig(JSON.stringify(DEFAULT_CONFIG), "/work", CONFIG_FILE).ipfsRpcUrl).to.equal(undefined);
  });

  const wrong: readonly (readonly [string, string, string])[] = [
    ["a URL that is none", withNetwork({ rpcUrl: "here" }), "networks.somewhere.rpcUrl"],
    ["a chain id of 0", withNetwork({ chainId: 0 }), "networks.somewhere.chainId"],
    ["a chain id as text", withNetwork({ chainId: "1" }), "networks.somewhere.chainId"],
    ["an unknown entry", withNetwork({ privateKey: "0x1" }), "networks.somewhere"],
    ["no confirmations", withNetwork({ confirmations: 0 }), "networks.somewhere.confirmations"],
    [
      "an address that is none",
      withNetwork({ addresses: { stakeVault: "0x1", circuitRegistry: ADDRESS, taskMarket: ADDRESS } }),
      "networks.somewhere.addresses.stakeVault",
    ],
    ["a first block without addresses", withNetwork({ firstBlock: 7 }), "networks.somewhere.firstBlock"],
    ["a first block below none", withNetwork({ firstBlock: -1 }), "networks.somewhere.firstBlock"],
    ["a first block as text", withNetwork({ firstBlock: "7" }), "networks.somewhere.firstBlock"],
    [
      "a public chain declared local",
      withNetwork({ chainId: 11155111, local: true }),
      "networks.somewhere.local",
    ],
    ["an IPFS node that is no URL", JSON.stringify({ ...DEFAULT_CONFIG, ipfsRpcUrl: "here" }), "ipfsRpcUrl"],
    ["another version", JSON.stringify({ ...DEFAULT_CONFIG, version: 2 }), "version"],
    ["a default network that is not there", JSON.stringify({ ...DEFAULT_CONFIG, network: "x" }), "network"],
  ];
  for (const [what, text, entry] of wrong) {
    it(`refuses ${what}, naming the entry`, () => {
      expect(() => parseConfig(text, "/work", CONFIG_FILE)).to.throw(ConfigError, `${CONFIG_FILE}: ${entry}`);
    });
  }

  it("refuses text that is not JSON", () => {
    expect(codeOf(() => parseConfig("{", "/work", CONFIG_FILE))).to.equal("config.invalid-json");
  });
});

describe("networkProfile", () => {
  it("names the networks there are when another is asked for", () => {
    const config = parseConfig(JSON.stringify(DEFAULT_CONFIG), "/work", CONFIG_FILE);
    expect(() => networkProfile(config, "mars")).to.throw(ConfigError, "it has localhost");
  });

  it("does not take properties of every object for networks", () => {
    const config = parseConfig(JSON.stringify(DEFAULT_CONFIG), "/work", CONFIG_FILE);
    expect(codeOf(() => networkProfile(config, "constructor"))).to.equal("config.unknown-network");
  });
});

describe("isLocalChain", () => {
  it("takes development chains for local without being told", () => {
    expect(isLocalChain(31337, false)).to.equal(true);
    expect(isLocalChain(1337, false)).to.equal(true);
  });

  it("takes an unknown chain for local only when told", () => {
    expect(isLocalChain(424242, false)).to.equal(false);
    expect(isLocalChain(424242, true)).to.equal(true);
  });

  it("never takes a public chain for local", () => {
    for (const chainId of [1, 10, 137, 8453, 42161, 11155111]) {
      expect(isLocalChain(chainId, true), `chain ${chainId}`).to.equal(false);
    }
  });
});

describe("findConfig and loadConfig", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), "zkpot-config-"));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it("find the closest file above", () => {
    const deep = path.join(folder, "a", "b");
    mkdirSync(deep, { recursive: true });
    writeFileSync(path.join(folder, CONFIG_FILE), JSON.stringify(DEFAULT_CONFIG));
    expect(findConfig(deep)).to.equal(path.join(folder, CONFIG_FILE));
  });

  it("start relative paths at the file's folder", () => {
    const file = path.join(folder, CONFIG_FILE);
    writeFileSync(file, JSON.stringify(DEFAULT_CONFIG));
    expect(loadConfig(file).folder).to.equal(folder);
  });

  it("name a file that cannot be read", () => {
    expect(codeOf(() => loadConfig(path.join(folder, "absent.json")))).to.equal("config.unreadable");
  });
});
