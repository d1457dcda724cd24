import { expect } from "chai";

import { ANVIL_ADDRESSES, ANVIL_KEYS } from "../../support/anvil.ts";
import { Market } from "../../support/market.ts";
import { Workspace } from "../../support/zkpot.ts";

interface Stake {
  readonly account: string;
  readonly freeWei: string;
  readonly unbondingWei: string;
  readonly marketLimitWei: string;
  readonly transaction: { readonly hash: string; readonly isResumed: boolean };
}

const ETHER = (10n ** 18n).toString();

describe("zkpot stake", () => {
  let market: Market;
  let workspace: Workspace;

  beforeEach(async () => {
    market = await Market.start();
    workspace = market.workspace;
  });

  afterEach(async () => {
    await market.stop();
  });

  it("deposits, and lets the market lock what was deposited", async () => {
    await workspace.json<Stake>("stake", "deposit", "1ether");
    const second = await workspace.json<Stake>("stake", "deposit", "1ether");
    expect(second).to.include({
      account: ANVIL_ADDRESSES[0],
      freeWei: `${2n * 10n ** 18n}`,
      marketLimitWei: `${2n * 10n ** 18n}`,
    });
  });

  it("sets the limit that --limit names", async () => {
    const { marketLimitWei } = await workspace.json<Stake>("stake", "deposit", "1ether", "--limit", "5");
    expect(marketLimitWei).to.equal("5");
  });

  it("sets the limit by itself", async () => {
    const { marketLimitWei } = await workspace.json<Stake>("stake", "approve", "7gwei");
    expect(marketLimitWei).to.equal("7000000000");
  });

  it("unbonds, waits out the delay, and withdraws", async () => {
    await workspace.json<Stake>("stake", "deposit", "1ether");
    const unbonding = await workspace.json<Stake>("stake", "unbond", "1ether");
    expect(unbonding).to.include({ freeWei: "0", unbondingWei: ETHER });
    expect((await workspace.failure("stake", "withdraw")).code).to.equal("contract.StakeVaultStillUnbonding");
    await market.pass(3_601);
    expect(await workspace.json<Stake>("stake", "withdraw")).to.include({ unbondingWei: "0" });
  });

  it("shows the stake of any account, without one of its own", async () => {
    await workspace.json<Stake>("stake", "deposit", "1ether");
    const reader = new Workspace();
    try {
      reader.configure(market.anvil.rpcUrl, { addresses: market.contracts.addresses });
      const { freeWei } = await reader.json<Stake>("stake", "show", ANVIL_ADDRESSES[0]);
      expect(freeWei).to.equal(ETHER);
    } finally {
      reader.remove();
    }
  });

  it("prints a short table for people", async () => {
    const { stdout } = await workspace.run("stake", "show", ANVIL_ADDRESSES[0]);
    expect(stdout).to.match(/^account +0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266$/m);
    expect(stdout).to.match(/^free +0 ether$/m);
  });

  it("goes on with a deposit that was killed while it waited, and deposits once", async () => {
    await market.anvil.request("evm_setAutomine", [false]);
    const { child, finished } = workspace.start("stake", "deposit", "1ether", "--json");
    const journal = market.sender(0).journal;
    const isSent = async (): Promise<boolean> => {
      const [open] = journal.unfinished();
      return open !== undefined && (await market.connection.provider.getTransaction(open.hash)) !== null;
    };
    while (!(await isSent())) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill("SIGKILL");
    await finished;
    await market.anvil.request("evm_setAutomine", [true]);
    await market.anvil.request("evm_mine");
    const { freeWei, transaction } = await workspace.json<Stake>("stake", "deposit", "1ether");
    expect(freeWei).to.equal(ETHER);
    expect(transaction.isResumed).to.equal(true);
    const third = await workspace.json<Stake>("stake", "deposit", "1ether");
    expect(third.transaction.isResumed).to.equal(false);
  });

  it("ends with exit code 130 and one JSON document when it is interrupted", async () => {
    await market.anvil.request("evm_setAutomine", [false]);
    const { child, finished } = workspace.start("stake", "deposit", "1ether", "--json");
    const journal = market.sender(0).journal;
    while (journal.unfinished().length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill("SIGINT");
    const { code, stdout } = await finished;
    expect(code).to.equal(130);
    expect((JSON.parse(stdout) as { error: { code: string } }).error.code).to.equal("cli.interrupted");
  });

  it("refuses a damaged journal, naming the file", async () => {
    await workspace.json<Stake>("stake", "deposit", "1ether");
    const { appendFileSync } = await import("node:fs");
    appendFileSync(market.sender(0).journal.file, "garbage\n");
    const error = await workspace.failure("stake", "deposit", "1ether");
    expect(error.code).to.equal("chain.damaged-journal");
    expect(error.details.file).to.equal(market.sender(0).journal.file);
  });

  const refusals: readonly (readonly [string[], string])[] = [
    [["deposit", "1.5"], "cli.invalid-value"],
    [["deposit", "-1"], "cli.invalid-value"],
    [["deposit", "0"], "contract.StakeVaultZeroAmount"],
    [["deposit", "1ether", "--token", "0x12"], "cli.invalid-value"],
    [["unbond", "1ether"], "contract.StakeVaultInsufficientStake"],
    [["withdraw"], "contract.StakeVaultNothingUnbonding"],
    [["show", "me"], "cli.invalid-value"],
    [["show", ANVIL_ADDRESSES[0], "--network", "mars"], "config.unknown-network"],
  ];
  for (const [parameters, code] of refusals) {
    it(`refuses stake ${parameters.join(" ")} with ${code}`, async () => {
      expect((await workspace.failure("stake", ...parameters)).code).to.equal(code);
    });
  }

  it("refuses a key that is none, without printing it", async () => {
    const secret = ANVIL_KEYS[0].slice(0, -2);
    const other = new Workspace({ PRIVATE_KEY: secret });
    try {
      other.configure(market.anvil.rpcUrl, { addresses: market.contracts.addresses });
      const { code, stdout, stderr } = await other.run("stake", "deposit", "1", "--json");
      expect(code).to.equal(1);
      expect(stdout + stderr).not.to.include(secret.slice(2));
    } finally {
      other.remove();
    }
  });
});
