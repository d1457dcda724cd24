import { unlinkSync } from "node:fs";

import { expect } from "chai";
import { FeeData, keccak256, parseEther, ZeroAddress } from "ethers";

import {
  finishEarlierTransactions,
  sendOnce,
  type Sender,
  type SentTransaction,
  waitForReceipt,
} from "../../../prover/src/chain/send.ts";
import { depositStake, readStake } from "../../../prover/src/chain/stake.ts";
import { ANVIL_ADDRESSES } from "../../support/anvil.ts";
import { errorOf } from "../../support/error-of.ts";
import { Market } from "../../support/market.ts";

describe("sendOnce", () => {
  let market: Market;

  beforeEach(async () => {
    market = await Market.start();
  });

  afterEach(async () => {
    await market.stop();
  });

  const transfer = { to: ANVIL_ADDRESSES[3], value: parseEther("1") };

  it("records a transaction before and after it is sent", async () => {
    const sender = market.sender(1);
    const { hash, isResumed } = await sendOnce(sender, "gift", "giving", transfer);
    const entries = sender.journal.entries();
    expect(entries.map(({ event }) => event)).to.deep.equal(["signed", "finished"]);
    expect(entries.every((entry) => entry.hash === hash && entry.purpose === "gift")).to.equal(true);
    expect(isResumed).to.equal(false);
  });

  it("waits for a transaction that an earlier run sent instead of sending a second one", async () => {
    const sender = market.sender(1);
    await market.anvil.request("evm_setAutomine", [false]);
    const first = sendOnce(sender, "gift", "giving", transfer);
    // The first run is forgotten here, as if it had been killed while waiting.
    first.catch(() => undefined);
    while (sender.journal.unfinished().length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    const hash = sender.journal.unfinished()[0]!.hash;
    while ((await market.connection.provider.getTransaction(hash)) === null) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const second = sendOnce(market.sender(1), "gift", "giving", transfer);
    await market.anvil.request("evm_setAutomine", [true]);
    await market.anvil.request("evm_mine");
    const resumed = await second;
    expect(resumed.hash).to.equal(hash);
    expect(resumed.isResumed).to.equal(true);
    expect(await market.connection.provider.getTransactionCount(sender.wallet.address)).to.equal(1);
  });

  it("sends a transaction that was signed and never reached the node, as it was signed", async () => {
    const sender = market.sender(1);
    const prepared = await sender.wallet.populateTransaction({ ...transfer, chainId: 31337n });
    const raw = await sender.wallet.signTransaction(prepared);
    const hash = keccak256(raw);
    sender.journal.append({ event: "signed", purpose: "gift", hash, nonce: 0, raw, at: "now" });
    const sent = await sendOnce(sender, "gift", "giving", transfer);
    expect(sent.hash).to.equal(hash);
    expect(sent.isResumed).to.equal(true);
    expect(await market.connection.provider.getTransactionCount(sender.wallet.address)).to.equal(1);
  });

  it("finishes what was left for another purpose before it sends", async () => {
    const sender = market.sender(1);
    const prepared = await sender.wallet.populateTransaction({ ...transfer, chainId: 31337n });
    const raw = await sender.wallet.signTransaction(prepared);
    sender.journal.append({
      event: "signed",
      purpose: "gift",
      hash: keccak256(raw),
      nonce: 0,
      raw,
      at: "now",
    });
    const sent = await sendOnce(sender, "another gift", "giving", transfer);
    expect(sent.isResumed).to.equal(false);
    expect(sender.journal.unfinished()).to.deep.equal([]);
    expect(await market.connection.provider.getTransactionCount(sender.wallet.address)).to.equal(2);
  });

  it("settles what was left, whatever it was for, for commands that read the chain first", async () => {
    const sender = market.sender(1);
    await finishEarlierTransactions(sender);
    const prepared = await sender.wallet.populateTransaction({ ...transfer, chainId: 31337n });
    const raw = await sender.wallet.signTransaction(prepared);
    const hash = keccak256(raw);
    sender.journal.append({ event: "signed", purpose: "gift", hash, nonce: 0, raw, at: "now" });
    await finishEarlierTransactions(sender);
    expect((await market.connection.provider.getTransactionReceipt(hash))!.status).to.equal(1);
    expect(sender.journal.unfinished()).to.deep.equal([]);
  });

  it("gives up a transaction whose number another one took", async () => {
    const sender = market.sender(1);
    const prepared = await sender.wallet.populateTransaction({ ...transfer, chainId: 31337n });
    const raw = await sender.wallet.signTransaction({ ...prepared, value: 7n });
    const { hash } = await sender.wallet.sendTransaction(transfer);
    await waitForReceipt(market.connection, hash);
    sender.journal.append({
      event: "signed",
      purpose: "gift",
      hash: keccak256(raw),
      nonce: 0,
      raw,
      at: "now",
    });
    const sent = await sendOnce(sender, "gift", "giving", transfer);
    expect(sent.isResumed).to.equal(false);
    const outcomes = sender.journal
      .entries()
      .flatMap((entry) => (entry.event === "finished" ? [entry.outcome] : []));
    expect(outcomes).to.deep.equal(["dropped", "mined"]);
  });

  it("signs anew what the node refuses to take again", async () => {
    const sender = market.sender(1);
    const prepared = await sender.wallet.populateTransaction({ ...transfer, chainId: 31337n });
    const raw = await sender.wallet.signTransaction({
      ...prepared,
      maxFeePerGas: 1n,
      maxPriorityFeePerGas: 0n,
    });
    sender.journal.append({
      event: "signed",
      purpose: "gift",
      hash: keccak256(raw),
      nonce: 0,
      raw,
      at: "now",
    });
    const sent = await sendOnce(sender, "gift", "giving", transfer);
    expect(sent.isResumed).to.equal(false);
    const outcomes = sender.journal
      .entries()
      .flatMap((entry) => (entry.event === "finished" ? [entry.outcome] : []));
    expect(outcomes).to.deep.equal(["dropped", "mined"]);
    expect(await market.connection.provider.getTransactionCount(sender.wallet.address)).to.equal(1);
  });

  it("leaves nothing unfinished when the node refuses a transaction", async () => {
    const local = market.sender(1);
    const { provider } = local.connection;
    // A node whose answer about fees is out of date.
    provider.getFeeData = () => Promise.resolve(new FeeData(1n, 1n, 0n));
    const error = await errorOf(sendOnce(local, "gift", "giving", transfer));
    expect(error.code).to.equal("chain.request-failed");
    expect(error.message).to.include("base fee");
    expect(local.journal.entries().map(({ event }) => event)).to.deep.equal(["signed", "finished"]);
  });

  it("forgets transactions of a local chain that was started anew", async () => {
    const sender = market.sender(1);
    const prepared = await sender.wallet.populateTransaction({ ...transfer, chainId: 31337n, nonce: 9 });
    const raw = await sender.wallet.signTransaction(prepared);
    sender.journal.append({
      event: "signed",
      purpose: "gift",
      hash: keccak256(raw),
      nonce: 9,
      raw,
      at: "now",
    });
    expect((await sendOnce(sender, "gift", "giving", transfer)).isResumed).to.equal(false);
  });

  it("sends nothing over a gap of numbers on a chain that is not local", async () => {
    const local = market.sender(1);
    const profile = { ...local.connection.profile, isLocal: false };
    const sender = { ...local, connection: { ...local.connection, profile } };
    const prepared = await sender.wallet.populateTransaction({ ...transfer, chainId: 31337n, nonce: 9 });
    const raw = await sender.wallet.signTransaction(prepared);
    sender.journal.append({
      event: "signed",
      purpose: "gift",
      hash: keccak256(raw),
      nonce: 9,
      raw,
      at: "now",
    });
    const error = await errorOf(sendOnce(sender, "gift", "giving", transfer));
    expect(error.code).to.equal("chain.nonce-gap");
    expect(await market.connection.provider.getTransactionCount(sender.wallet.address)).to.equal(0);
  });

  it("reports a contract's refusal by name, with its values, before anything is signed", async () => {
    const sender = market.sender(1);
    const error = await errorOf(
      sendOnce(sender, "unbond", "unbonding", {
        to: market.contracts.addresses.stakeVault,
        data: market.contracts.vault.interface.encodeFunctionData("requestUnbonding", [ZeroAddress, 5n]),
      }),
    );
    expect(error.code).to.equal("contract.StakeVaultInsufficientStake");
    expect(error.details).to.deep.include({ availableWei: 0n, requiredWei: 5n });
    expect(sender.journal.entries()).to.deep.equal([]);
  });

  it("reports missing funds", async () => {
    const error = await errorOf(
      sendOnce(market.sender(1), "all", "giving", { to: ANVIL_ADDRESSES[3], value: parseEther("20000") }),
    );
    expect(error.code).to.equal("chain.insufficient-funds");
  });

  describe("once a transaction has left", () => {
    /** Sends without blocks being made, and waits until the node has the transaction. */
    const sendUnmined = async (
      sender: Sender,
    ): Promise<{ sending: Promise<SentTransaction>; hash: string }> => {
      await market.anvil.request("evm_setAutomine", [false]);
      const sending = sendOnce(sender, "gift", "giving", transfer);
      sending.catch(() => undefined);
      for (;;) {
        const [sent] = sender.journal.unfinished();
        if (sent !== undefined && (await isKnown(sent.hash))) return { sending, hash: sent.hash };
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    const isKnown = async (hash: string): Promise<boolean> =>
      (await market.connection.provider.getTransaction(hash)) !== null;
    const outcomes = (sender: Sender): string[] =>
      sender.journal.entries().flatMap((entry) => (entry.event === "finished" ? [entry.outcome] : []));

    it("sends it again when the node forgets it", async () => {
      const sender = { ...market.sender(1), patienceMs: 100 };
      const { sending, hash } = await sendUnmined(sender);
      await market.anvil.request("anvil_dropTransaction", [hash]);
      while (!(await isKnown(hash))) await new Promise((resolve) => setTimeout(resolve, 20));
      await market.anvil.request("evm_mine");
      expect((await sending).hash).to.equal(hash);
      expect(outcomes(sender)).to.deep.equal(["mined"]);
      expect(await market.connection.provider.getTransactionCount(sender.wallet.address)).to.equal(1);
    });

    it("waits on while the node has it", async () => {
      const sender = { ...market.sender(1), patienceMs: 100 };
      const { sending, hash } = await sendUnmined(sender);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      await market.anvil.request("evm_mine");
      expect((await sending).hash).to.equal(hash);
    });

    it("gives it up when another one took its number", async () => {
      const sender = { ...market.sender(1), patienceMs: 100 };
      const { sending, hash } = await sendUnmined(sender);
      const { maxFeePerGas, maxPriorityFeePerGas } = (await market.connection.provider.getTransaction(hash))!;
      await sender.wallet.sendTransaction({
        ...{ ...transfer, value: 7n, nonce: 0 },
        maxFeePerGas: 2n * maxFeePerGas!,
        maxPriorityFeePerGas: 2n * maxPriorityFeePerGas!,
      });
      await market.anvil.request("evm_mine");
      const error = await errorOf(sending);
      expect(error.code).to.equal("chain.transaction-dropped");
      expect(error.details).to.deep.equal({ hash, nonce: 0 });
      expect(sender.journal.unfinished()).to.deep.equal([]);
      expect(outcomes(sender)).to.deep.equal(["dropped"]);
    });

    it("sends again what an earlier run sent and the node forgets while it is waited for", async () => {
      const { hash } = await sendUnmined(market.sender(1));
      const sender = { ...market.sender(1), patienceMs: 100 };
      const finishing = finishEarlierTransactions(sender);
      await new Promise((resolve) => setTimeout(resolve, 300));
      await market.anvil.request("anvil_dropTransaction", [hash]);
      while (!(await isKnown(hash))) await new Promise((resolve) => setTimeout(resolve, 20));
      await market.anvil.request("evm_mine");
      await finishing;
      expect((await market.connection.provider.getTransactionReceipt(hash))!.status).to.equal(1);
    });
  });

  it("waits for the confirmations of the profile", async () => {
    const local = market.sender(1);
    const profile = { ...local.connection.profile, confirmations: 3 };
    const sender = { ...local, connection: { ...local.connection, profile } };
    let done = false;
    const sending = sendOnce(sender, "gift", "giving", transfer).then((sent) => {
      done = true;
      return sent;
    });
    while (sender.journal.entries().length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(done).to.equal(false);
    await market.anvil.request("anvil_mine", ["0x2"]);
    expect((await sending).isResumed).to.equal(false);
  });

  it("deposits once when a run is killed after its transaction was mined", async () => {
    const sender = market.sender(1);
    await depositStake(sender, market.contracts, ZeroAddress, 5n, 5n);
    // The end of the transaction was not written down.
    const [entry] = sender.journal.entries();
    unlinkSync(sender.journal.file);
    sender.journal.append(entry!);
    const again = await depositStake(sender, market.contracts, ZeroAddress, 5n, 10n);
    expect(again.isResumed).to.equal(true);
    expect((await readStake(market.contracts, sender.wallet.address, ZeroAddress)).freeWei).to.equal(5n);
  });
});
