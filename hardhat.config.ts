import path from "node:path";
import { fileURLToPath } from "node:url";

import hardhatToolboxMochaEthers from "@nomicfoundation/hardhat-toolbox-mocha-ethers";
import { defineConfig } from "hardhat/config";

/** The long profile of the tests: many more fuzz runs and longer invariant sequences. */
const isLong = process.env["ZKPOT_LONG"] === "1";

const root = path.dirname(fileURLToPath(import.meta.url));

export default defineConfig({
  plugins: [hardhatToolboxMochaEthers],
  solidity: {
    version: "0.8.37",
    // The compiler from npm: nothing is downloaded.
    path: path.join(root, "node_modules/solc/soljson.js"),
    // The owner of the market, deployed as it is published.
    npmFilesToBuild: ["@openzeppelin/contracts/governance/TimelockController.sol"],
    settings: {
      evmVersion: "cancun",
      optimizer: { enabled: true, runs: 10_000 },
    },
  },
  paths: {
    sources: "./contracts",
    tests: { mocha: "./test/contracts", solidity: "./test/contracts" },
    // Modules in modules/, journals and addresses in deployments/<deployment id>/.
    ignition: ".",
  },
  networks: {
    // A local anvil at its default address.
    anvil: { type: "http", url: "http://127.0.0.1:8545" },
  },
  test: {
    solidity: {
      fuzz: { runs: isLong ? 10_000 : 1_000 },
      invariant: {
        runs: isLong ? 10_000 : 256,
        depth: isLong ? 100 : 128,
        failOnRevert: true,
      },
    },
  },
});
