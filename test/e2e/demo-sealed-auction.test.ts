import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { expect } from "chai";
import { JsonRpcProvider } from "ethers";

import { ArtifactStore } from "../../prover/src/artifacts/store.ts";
import { WORKSPACE } from "../../prover/src/chain/abis.ts";
import { readAuction } from "../../prover/src/chain/auction.ts";
import type { Connection } from "../../prover/src/chain/connect.ts";
import { type Contracts, openContracts } from "../../prover/src/chain/contracts.ts";
import { readSeal } from "../../prover/src/chain/seal.ts";
import { readSubmission, readTask } from "../../prover/src/chain/tasks.ts";
import type { AccuracyInstance } from "../../prover/src/circuits/accuracy.ts";
import { loadInstance } from "../../prover/src/circuits/instances.ts";
import { modelCommitment } from "../../prover/src/model/commitment.ts";
import { runReference } from "../../prover/src/model/reference.ts";
import { releaseCurve } from "../../prover/src/proof/multi-exponentiation.ts";
import type { TaskShard } from "../../prover/src/task/task-files.ts";
import { openBackend } from "../../prover/src/training/backend.ts";
import { type LocalChain, startLocalChain } from "../../scripts/demo/local-chain.ts";
import { prepareModel, type PreparedModel } from "../../scripts/demo/models.ts";
import type { DemoBalance, PartyId } from "../../scripts/demo/record.ts";
import { renderSealedAuctionReport } from "../../scripts/demo/report/sealed-auction-report.ts";
import { prepareSealedData, type SealedAuctionData } from "../../scripts/demo/sealed-auction/data.ts";
import { runSealedAuctionDemo } from "../../scripts/demo/sealed-auction/flow.ts";
import { moneyMoved, type Wealth } from "../../scripts/demo/sealed-auction/money.ts";
import {
  BOND_WEI,
  COLLATERAL_WEI,
  MAX_PRICE_WEI,
  MIN_PRICE_WEI,
} from "../../scripts/demo/sealed-auction/offers.ts";
import type { SealedAuctionRecord } from "../../scripts/demo/sealed-auction/record.ts";
import { findSealedAuctionScenario } from "../../scripts/demo/sealed-auction/scenarios.ts";
import { Story } from "../../scripts/demo/story.ts";
import { expectError } from "../prover/support/expect-error.ts";
import { findLeaks, type Secrets } from "./demo-leaks.ts";

const SEED = "1";
const BUILD = path.join(WORKSPACE, "build");
const scenario = findSealedAuctionScenario("breast-cancer");

describe("the demo's auctions on sealed test sets, on breast-cancer", function () {
  this.timeout(600_000);

  const workFolder = mkdtempSync(path.join(os.tmpdir(), "zkpot-demo-sealed-"));
  const lines: string[] = [];
  const salts: bigint[] = [];
  /** All that was told and written just before each reveal. */
  const beforeReveals: string[][] = [];
  let chain: LocalChain;
  let instance: AccuracyInstance;
  let data: SealedAuctionData;
  let record: SealedAuctionRecord;

  before(async () => {
    chain = await startLocalChain();
    instance = await loadInstance(scenario.instanceId);
    const elsewhere = mkdtempSync(path.join(os.tmpdir(), "zkpot-demo-sealed-"));
    data = await prepareSealedData(
      scenario,
      instance,
      SEED,
      new ArtifactStore(elsewhere),
      recognizable(BLINDING_BASE),
    );
    rmSync(elsewhere, { recursive: true });
    record = await runSealedAuctionDemo({
      story: new Story({
        line: (text) => {
          lines.push(text);
          if (text.includes("computes the opening"))
            beforeReveals.push([...lines, ...filesBelow(workFolder)]);
        },
        progress: () => {},
        end: () => {},
      }),
      scenario,
      instance,
      seed: SEED,
      chain,
      buildDirectory: BUILD,
      workFolder,
      drawSalt: recognizable(SALT_BASE, salts),
      drawBlinding: recognizable(BLINDING_BASE),
    });
  });

  after(async () => {
    await chain.stop();
    await releaseCurve();
    rmSync(workFolder, { recursive: true });
  });

  it("lets a model that memorised the public sample fail on the sealed set, its proofs included", async () => {
    const [task] = record.tasks;
    const [rival] = record.models;
    expect(rival!.trainSamples).to.equal(scenario.publicSamples);
    expect(rival!.publicCorrect, "all of the public sample").to.equal(record.dataset.publicSamples);
    expect(rival!.sealedCorrect[0]).to.be.lessThan(task.minCorrect);
    const proofs = record.proofs.filter(({ party }) => party === "rival");
    expect(proofs.map(({ correct, isAccepted }) => [correct, isAccepted])).to.deep.equal([
      [rival!.sealedCorrect[0], false],
    ]);
    expect(record.attempts.map(({ party, stoppedBy, code }) => [party, stoppedBy, code])).to.deep.equal([
      ["rival", "toolkit", "task.claim"],
      ["rival", "contract", "contract.TaskMarketBelowThreshold"],
      ["rival", "contract", "contract.TaskMarketInvalidProof"],
      ["rival", "toolkit", "chain.insufficient-stake"],
      ["forger", "toolkit", "task.mismatch"],
    ]);
    const { contracts, connection } = await openChain();
    const submission = await readSubmission(contracts, 1n, balance("rival").address);
    expect(submission).to.include({ state: "committed", correct: 0 });
    expect((await readTask(contracts, 1n)).state).to.equal("expired");
    expect((await readAuction(contracts, await readTask(contracts, 1n))).lockId, "settled").to.equal(0n);
    connection.provider.destroy();
  });

  it("pays the prover, whose model was never shown the sealed set, for proofs over two shards", async () => {
    const [, task] = record.tasks;
    const [, prover] = record.models;
    expect(task.dataPoints).to.have.length(2);
    expect(prover!.sealedCorrect[1]).to.be.at.least(task.minCorrect);
    expect(task.provenCorrect).to.equal(prover!.sealedCorrect[1]);
    const proofs = record.proofs.filter(({ isAccepted }) => isAccepted);
    expect(proofs.map(({ party, shard }) => [party, shard])).to.deep.equal([
      ["prover", 0],
      ["prover", 1],
    ]);
    expect(proofs.reduce((sum, { correct }) => sum + correct, 0)).to.equal(task.provenCorrect);
    const { contracts, connection } = await openChain();
    const onChain = await readTask(contracts, 2n);
    expect(onChain).to.include({ state: "settled", leader: balance("prover").address });
    expect(onChain.rewardWei).to.equal(BigInt(task.auction.priceWei));
    expect((await readSubmission(contracts, 2n, balance("prover").address)).provenShards).to.deep.equal([
      0, 1,
    ]);
    expect((await readSeal(contracts, onChain)).state, "the bond is back").to.equal("released");
    connection.provider.destroy();
  });

  it("convicts the poster that revealed other labels, by a wrong step", async () => {
    const { dispute, tasks } = record;
    const { contracts, connection } = await openChain();
    const task = await readTask(contracts, 3n);
    expect(task.state).to.equal("expired");
    const seal = await readSeal(contracts, task);
    expect(seal).to.include({ state: "forfeited", forfeitReason: "wrong-step", openDemands: 0 });
    expect(seal.openingRoot).to.equal(tasks[2].openingRoot);
    expect(dispute.changedLabels).to.equal(tasks[2].sampleCount);
    expect(dispute.wrongIndex).to.equal(dispute.wordCount - 1);
    connection.provider.destroy();
  });

  it("lets each task go to whoever the rising price pays first, at the price of that second", () => {
    for (const { auction } of record.tasks) {
      const soonest = Math.min(...auction.bids.map(({ paidFromSecond }) => paidFromSecond));
      const winner = auction.bids.find(({ party }) => party === auction.takenBy)!;
      expect(winner.paidFromSecond).to.equal(soonest);
      expect(auction.takenSecond).to.be.within(soonest, soonest + 60);
      const rise =
        ((MAX_PRICE_WEI - MIN_PRICE_WEI) * BigInt(auction.takenSecond)) / BigInt(auction.rampSeconds);
      expect(BigInt(auction.priceWei)).to.equal(MIN_PRICE_WEI + rise);
      expect(BigInt(auction.priceWei) >= BigInt(winner.askWei)).to.equal(true);
    }
    expect(record.tasks.map(({ auction }) => auction.takenBy)).to.deep.equal(["rival", "prover", "prover"]);
    expect(record.tasks[0].auction.bids.map(({ party }) => party)).to.deep.equal(["rival", "prover"]);
  });

  it("moves the money that the rules say, and no other", () => {
    const priceWei = BigInt(record.tasks[1].auction.priceWei);
    const demandWei = BigInt(record.dispute.demandWei);
    const demandPaidWei = demandWei - (demandWei + 1n) / 2n;
    const none = { buyer: 0n, prover: 0n, rival: 0n, forger: 0n };
    const expected = [
      { ...none, rival: -COLLATERAL_WEI },
      { ...none, buyer: -priceWei, prover: priceWei },
      { ...none, prover: BOND_WEI / 2n - demandWei, forger: demandPaidWei - BOND_WEI },
    ];
    expect(record.money.map(({ changesWei }) => changesWei)).to.deep.equal(
      expected.map((changes) =>
        Object.fromEntries(Object.entries(changes).map(([party, wei]) => [party, String(wei)])),
      ),
    );
    expect(record.money.map(({ burnedWei }) => BigInt(burnedWei))).to.deep.equal([
      COLLATERAL_WEI,
      0n,
      BOND_WEI / 2n + demandWei - demandPaidWei,
    ]);
    for (const { party, beforeWei, afterWei, feesWei, stakeWei } of record.balances) {
      const earned = record.money.reduce((sum, { changesWei }) => sum + BigInt(changesWei[party]!), 0n);
      expect(BigInt(afterWei) + BigInt(stakeWei) - BigInt(beforeWei), party).to.equal(
        earned - BigInt(feesWei),
      );
    }
  });

  it("records every transaction as the chain has it", async () => {
    const { connection } = await openChain();
    for (const { hash, gas, revertedWith } of record.transactions) {
      const receipt = (await connection.provider.getTransactionReceipt(hash))!;
      expect(Number(receipt.gasUsed)).to.equal(gas);
      expect(receipt.status).to.equal(revertedWith === null ? 1 : 0);
    }
    const actions = record.transactions.map(({ action }) => action);
    expect(actions).to.include.members(["deploy TaskAuction", "deploy TestSetSeal", "take the task"]);
    connection.provider.destroy();
  });

  it("keeps a test set and its blindings under seal until it is revealed", () => {
    expect(beforeReveals).to.have.length(3);
    beforeReveals.forEach((texts, index) => {
      const secrets = secretsOf(data.sealed[index]!);
      for (const text of texts) expect(findLeaks(text, secrets), `auction ${index + 1}`).to.deep.equal([]);
    });
    for (const shards of [data.sealed[0]!, data.sealed[1]!]) {
      const found = filesBelow(workFolder).flatMap((text) => findLeaks(text, secretsOf(shards)));
      expect(found, "the search finds what was revealed").to.include.members([
        "features 0",
        `value ${shards[0]!.blinding}`,
      ]);
    }
  });

  it("lets no weights, salts, predictions or training samples out", async () => {
    const { secrets, commitments } = await secretsOfTheProvers();
    expect(record.tasks.map(({ modelCommitment: stated }) => stated)).to.deep.equal(commitments);
    const written = filesBelow(workFolder).filter((text) => !text.startsWith('{"format":"zkpot.test-set",'));
    expect(written).not.to.have.length(0);
    const told = [lines.join("\n"), JSON.stringify(record), renderSealedAuctionReport(record), ...written];
    for (const text of told) expect(findLeaks(text, secrets)).to.deep.equal([]);
    for (const [name, sequence] of Object.entries(secrets.sequences)) {
      expect(findLeaks(sequence.join(","), secrets), name).to.include(name);
    }
  });

  it("is the same record after a round trip through JSON, and renders", () => {
    const copy = JSON.parse(JSON.stringify(record)) as SealedAuctionRecord;
    expect(copy).to.deep.equal(record);
    expect(renderSealedAuctionReport(copy)).to.contain(balance("forger").address);
  });

  it("ends when the memorised model would pass, and before the prover proves when its own would not", async () => {
    for (const [minCorrectShare, code, ending] of [
      [0.1, "demo.memoriser-passes", /classifies \d+ of 80 sealed samples correctly, the task asks for 8$/],
      [1, "demo.below-threshold", /classifies \d+ of 160 sealed samples correctly, the task asks for 160$/],
    ] as const) {
      const fresh = await startLocalChain();
      const folder = mkdtempSync(path.join(os.tmpdir(), "zkpot-demo-sealed-"));
      try {
        await expectError(
          () =>
            runSealedAuctionDemo({
              story: new Story({ line: () => {}, progress: () => {}, end: () => {} }),
              scenario: { ...scenario, minCorrectShare },
              instance,
              seed: SEED,
              chain: fresh,
              buildDirectory: BUILD,
              workFolder: folder,
            }),
          code,
          ending,
        );
      } finally {
        await fresh.stop();
        rmSync(folder, { recursive: true });
      }
    }
  });

  function balance(party: PartyId): DemoBalance {
    return record.balances.find((entry) => entry.party === party)!;
  }

  async function openChain(): Promise<{ connection: Connection; contracts: Contracts }> {
    const profile = { name: "demo", rpcUrl: chain.rpcUrl, chainId: 31337, isLocal: true, confirmations: 1 };
    const provider = new JsonRpcProvider(chain.rpcUrl, 31337, { staticNetwork: true });
    const connection = { provider, chainId: 31337n, profile };
    return { connection, contracts: await openContracts(connection, workFolder) };
  }

  /** Trains both models once more; their commitments show that they are the same. */
  async function secretsOfTheProvers(): Promise<{ secrets: Secrets; commitments: string[] }> {
    const backend = await openBackend();
    const { architecture } = instance;
    const { inputQuantization } = data.sample.testSet;
    const plan = { architecture, inputQuantization };
    const { test, rows } = data.sample;
    const rival = await prepareModel(
      { ...plan, samples: rows, seed: `${SEED} rival`, epochs: scenario.rivalEpochs },
      test,
      backend,
    );
    const prover = await prepareModel({ ...plan, samples: data.train, seed: SEED }, test, backend);
    const commitments = [rival, prover, prover].map(({ file }, index) =>
      String(modelCommitment(file.quantized.model, salts[index]!)),
    );
    const weights = ({ file }: PreparedModel): number[] =>
      file.quantized.model.layers.flatMap((layer) => [...layer.weights]);
    const predictions = data.sealed[1]!.flatMap(({ testSet }) => [
      ...runReference(prover.file.quantized.model, testSet.samples).predictions,
    ]);
    return {
      commitments,
      secrets: {
        values: salts,
        sequences: {
          "the rival's weights": weights(rival),
          "the prover's weights": weights(prover),
          predictions,
          "training samples": [...data.train.features],
          "training labels": [...data.train.labels],
        },
      },
    };
  }
});

describe("moneyMoved", () => {
  const wealth = (buyer: bigint, prover: bigint, burnedWei: bigint): Wealth => ({
    ownedWei: { buyer, prover, rival: 0n, forger: 0n },
    burnedWei,
  });

  it("tells who gained and lost, and what was burned", () => {
    expect(moneyMoved("an act", wealth(5n, 5n, 1n), wealth(2n, 6n, 3n))).to.deep.equal({
      act: "an act",
      changesWei: { buyer: "-3", prover: "1", rival: "0", forger: "0" },
      burnedWei: "2",
    });
  });

  it("refuses money that comes from nowhere", () => {
    expect(() => moneyMoved("an act", wealth(5n, 5n, 0n), wealth(5n, 6n, 0n))).to.throw(
      /does not add up: 1 wei/,
    );
  });
});

/** Field elements that no padding spells by chance, kept as they are drawn. */
function recognizable(base: bigint, drawn: bigint[] = []): () => bigint {
  return () => {
    drawn.push(base ** 8n + BigInt(drawn.length));
    return drawn.at(-1)!;
  };
}

const SALT_BASE = 123_456_789n;
const BLINDING_BASE = 987_654_321n;

function secretsOf(shards: readonly TaskShard[]): Secrets {
  return {
    values: shards.map(({ blinding }) => blinding),
    sequences: Object.fromEntries(
      shards.map(({ testSet }, index) => [`features ${index}`, [...testSet.samples.features]]),
    ),
  };
}

/** The texts of all files below a folder. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(path.join(entry.parentPath, entry.name), "utf8"));
}
