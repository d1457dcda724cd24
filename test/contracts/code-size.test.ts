/** No contract exceeds what EIP-170 lets a chain deploy. */
import { globSync, readFileSync } from "node:fs";
import path from "node:path";

import { expect } from "chai";
import { dataLength } from "ethers";
import hre from "hardhat";

const LIMIT_BYTES = 24_576;
const ARTIFACTS = path.join(import.meta.dirname, "..", "..", "artifacts", "contracts");

describe("Code of the contracts", () => {
  before(function () {
    // Code that counts what it runs is longer.
    if (hre.globalOptions.coverage) this.skip();
  });

  it(`stays below ${LIMIT_BYTES} bytes`, () => {
    const files = globSync(["*.sol/*.json", "libraries/*.sol/*.json"], { cwd: ARTIFACTS });
    const sizes = new Map<string, number>();
    for (const file of files) {
      const { contractName, deployedBytecode } = JSON.parse(
        readFileSync(path.join(ARTIFACTS, file), "utf8"),
      ) as { contractName: string; deployedBytecode: string };
      // Libraries are put in as addresses: as long as what stands for them.
      sizes.set(
        contractName,
        dataLength(deployedBytecode.replaceAll(/__\$[0-9a-f]{34}\$__/g, "00".repeat(20))),
      );
    }
    expect([...sizes.keys()]).to.include.members([
      "TaskMarket",
      "TaskPosting",
      "CircuitRegistry",
      "StakeVault",
      "FederatedRounds",
      "FederationCreation",
      "RoundFlow",
    ]);
    for (const [name, size] of sizes) expect(size, name).to.be.below(LIMIT_BYTES);
  });
});
