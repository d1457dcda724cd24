import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { expect } from "chai";

import { deploymentFolder, openContracts } from "../../../prover/src/chain/contracts.ts";
import { RangedProvider } from "../../../prover/src/chain/ranged-provider.ts";
import type { NetworkProfile } from "../../../prover/src/config.ts";
import { Market } from "../../support/market.ts";

describe("openContracts", () => {
  let market: Market;
  let folder: string;

  before(async () => {
    market = await Market.start();
    folder = mkdtempSync(path.join(os.tmpdir(), "zkpot-contracts-"));
    const deployment = deploymentFolder(folder, market.connection.profile.name);
    mkdirSync(deployment, { recursive: true });
    writeFileSync(path.join(deployment, "journal.jsonl"), '{"blockNumber": 9}\n{"blockNumber":7}\n');
  });

  after(async () => {
    await market.stop();
    rmSync(folder, { recursive: true });
  });

  /** The first block that events of the market's addresses are searched from. */
  const firstBlock = async (changes: Partial<NetworkProfile>): Promise<number> => {
    const { connection, contracts } = market;
    const profile = { ...connection.profile, addresses: contracts.addresses, ...changes };
    return (await openContracts({ ...connection, profile }, folder)).firstBlock;
  };

  it("searches events from the block that the profile names", async () => {
    expect(await firstBlock({ firstBlock: 5 })).to.equal(5);
  });

  it("searches them in ranges at nodes that take no more", () => {
    expect(market.connection.provider).to.be.instanceOf(RangedProvider);
  });

  it("does not take the journal of its own deployment for that of other addresses", async () => {
    expect(await firstBlock({})).to.equal(0);
  });
});
