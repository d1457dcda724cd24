import { expect } from "chai";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { JsonRpcProvider } from "ethers";

import { WORKSPACE } from "../../prover/src/chain/abis.ts";
import { openContracts } from "../../prover/src/chain/contracts.ts";
import { readSubmission, readTask } from "../../prover/src/chain/tasks.ts";
import type { AccuracyInstance } from "../../prover/src/circuits/accuracy.ts";
import { accuracyCost } from "../../prover/src/circuits/cost.ts";
import { loadInstance } from "../../prover/src/circuits/instances.ts";
import { modelCommitment } from "../../prover/src/model/commitment.ts";
import { runReference } from "../../prover/src/model/reference.ts";
import { loadKeySet } from "../../prover/src/proof/keys/key-set.ts";
import { releaseCurve } from "../../prover/src/proof/multi-exponentiation.ts";
import { openBackend } from "../../prover/src/training/backend.ts";
import { accuracyCommittedBlock } from "../../prover/src/witness/accuracy-witness.ts";
import { runDemo } from "../../scripts/demo/flow.ts";
import { type LocalChain, startLocalChain } from "../../scripts/demo/local-chain.ts";
import { prepareModel } from "../../scripts/demo/models.ts";
import type { DemoBalance, DemoRecord, PartyId } from "../../scripts/demo/record.ts";
import { renderReport } from "../../scripts/demo/report/report.ts";
import { findScenario } from "../../scripts/demo/scenarios.ts";
import { Story } from "../../scripts/demo/story.ts";
import { prepareData, REWARD_WEI, STAKE_WEI } from "../../scripts/demo/task.ts";
import { expectError } from "../prover/support/expect-error.ts";
import { filesButTestSet, findLeaks, type Secrets } from "./demo-leaks.ts";

const SEED = "1";
const BUILD = path.join(WORKSPACE, "build");
const SUBMIT_GAS_LIMIT = 420_000;
const BAD_PROOF_GAS_LIMIT = 500_000;
const scenario = findScenario("breast-cancer");

describe("the demo's flow, on breast-cancer", function () {
  this.timeout(300_000);

  const workFolder = mkdtempSync(path.join(os.tmpdir(), "zkpot-demo-test-"));
  const lines: string[] = [];
  const salts: bigint[] = [];
  let chain: LocalChain;
  let instance: AccuracyInstance;
  let record: DemoRecord;

  before(async () => {
    chain = await startLocalChain();
    instance = await loadInstance(scenario.instanceId);
    record = await runDemo({
      story: quietStory(lines),
      scenario,
      instance,
      seed: SEED,
      chain,
      buildDirectory: BUILD,
      workFolder,
      drawSalt: () => {
        // No round number, which the padding of a transaction's data may spell.
        salts.push(123_456_789n ** 9n + BigInt(salts.length));
        return salts.at(-1)!;
      },
    });
  });

  after(async () => {
    await chain.stop();
    await releaseCurve();
    rmSync(workFolder, { recursive: true });
  });

  it("proves what the integer model has, at least the threshold", () => {
    const { task, model, dataset } = record;
    expect(dataset.testSamples).to.equal(114);
    expect(task.minCorrect).to.equal(108);
    expect(task.provenCorrect).to.equal(model.integer.correct);
    expect(task.provenCorrect).to.be.at.least(task.minCorrect);
    expect(model.float.correct - model.integer.correct).to.be.at.most(dataset.testSamples / 100);
    const total = model.integer.confusion.flat().reduce((sum, entry) => sum + entry, 0);
    expect(total).to.equal(dataset.testSamples);
  });

  it("leaves the chain as the record says", async () => {
    const { provider, contracts } = await openChain();
    const task = await readTask(contracts, 1n);
    expect(task.state).to.equal("settled");
    expect(task.leader).to.equal(balance("prover").address);
    expect(task.leaderCorrect).to.equal(record.task.provenCorrect);
    expect(task.documentHash).to.equal(record.task.documentHash);
    expect(String(task.dataPoints[0]!.x)).to.equal(record.task.dataPoint[0]);
    const state = async (party: PartyId) =>
      (await readSubmission(contracts, 1n, balance(party).address)).state;
    expect(await state("prover")).to.equal("proven");
    expect(await state("rival")).to.equal("committed");
    expect(await state("copier")).to.equal("committed");
    for (const { hash, gas, revertedWith, blockNumber } of record.transactions) {
      const receipt = (await provider.getTransactionReceipt(hash))!;
      expect(Number(receipt.gasUsed)).to.equal(gas);
      expect(receipt.blockNumber).to.equal(blockNumber);
      expect(receipt.status).to.equal(revertedWith === null ? 1 : 0);
    }
    provider.destroy();
  });

  it("pays the prover, charges the buyer, and costs the cheaters nothing but fees", () => {
    const gained = (party: PartyId): bigint => {
      const { beforeWei, afterWei, feesWei } = balance(party);
      expect(BigInt(feesWei) > 0n, `${party} pays fees`).to.be.true;
      return BigInt(afterWei) - BigInt(beforeWei) + BigInt(feesWei);
    };
    expect(gained("prover")).to.equal(REWARD_WEI);
    expect(gained("buyer")).to.equal(-REWARD_WEI);
    for (const cheater of ["rival", "copier"] as const) {
      expect(gained(cheater)).to.equal(-STAKE_WEI);
      expect(BigInt(balance(cheater).stakeWei)).to.equal(STAKE_WEI);
    }
    expect(balance("prover").stakeWei).to.equal("0");
  });

  it("refuses the rival: in the toolkit twice, and in the contract", () => {
    const { rival } = record;
    expect(rival.correct).to.be.lessThan(record.task.minCorrect);
    expect(rival.claimed).to.equal(record.task.minCorrect);
    const attempts = record.attempts.filter(({ party }) => party === "rival");
    expect(attempts.map(({ stoppedBy, code }) => [stoppedBy, code])).to.deep.equal([
      ["toolkit", "witness.claim"],
      ["toolkit", "task.invalid-proof"],
      ["contract", "contract.TaskMarketInvalidProof"],
    ]);
    expect(attempts[2]!.gas).to.be.within(1, BAD_PROOF_GAS_LIMIT);
  });

  it("refuses the copied proof although it comes first in the block of the original", () => {
    const attempts = record.attempts.filter(({ party }) => party === "copier");
    expect(attempts.map(({ stoppedBy, code }) => [stoppedBy, code])).to.deep.equal([
      ["toolkit", "task.bundle-mismatch"],
      ["contract", "contract.TaskMarketInvalidProof"],
    ]);
    const copy = transaction("hand in a copied proof");
    const original = transaction("hand in the proof");
    expect(copy).to.include({ party: "copier", indexInBlock: 0, revertedWith: "TaskMarketInvalidProof" });
    expect(copy.gas).to.be.at.most(BAD_PROOF_GAS_LIMIT);
    expect(original).to.include({ party: "prover", indexInBlock: 1, revertedWith: null });
    expect(copy.blockNumber).to.equal(original.blockNumber);
  });

  it("keeps the whole submission within its gas limit", () => {
    expect(transaction("hand in the proof").gas).to.be.at.most(SUBMIT_GAS_LIMIT);
  });

  it("tells every event as it happens, with seconds that add up", () => {
    const told = lines.filter((line) => !line.startsWith("\n"));
    expect(told).to.have.length(record.events.length);
    record.events.forEach(({ text, startSeconds, seconds }, index) => {
      expect(told[index]).to.contain(text);
      expect(startSeconds + seconds).to.be.at.most(record.totalSeconds);
      if (index > 0) expect(startSeconds).to.be.at.least(record.events[index - 1]!.startSeconds);
    });
    const refusals = record.events.filter(({ outcome }) => outcome === "refused");
    expect(refusals).to.have.length(4);
    expect(record.proof.steps.map(({ name }) => name)).to.deep.equal([
      "commit",
      "witness",
      "prove",
      "verify",
    ]);
    const parts = record.proof.steps.reduce((sum, { seconds }) => sum + seconds, 0);
    expect(parts).to.be.within(0, record.proof.seconds + 0.05);
  });

  it("measures keys and proof", async () => {
    const keys = await loadKeySet(instance, path.join(BUILD, "keys", instance.id));
    expect(record.keys.keyId).to.equal(keys.keyId);
    expect(record.keys.provingKeyBytes).to.equal(statSync(keys.provingKeyFile).size);
    expect(record.keys).to.include({ kind: "development", contributions: 0 });
    const cost = accuracyCost(instance);
    expect(record.circuit).to.include({ rows: cost.rows, domainPower: cost.domainPower });
    // Selector, task, two offsets, a list of shard and count, a list of twelve words of proof.
    expect(record.proof.calldataBytes).to.equal(4 + (3 + 3 + 13) * 32);
    expect(record.training.history).to.have.length(record.training.epochs);
  });

  it("is the same record after a round trip through JSON, and renders", () => {
    const copy = JSON.parse(JSON.stringify(record)) as DemoRecord;
    expect(copy).to.deep.equal(record);
    const page = renderReport(copy);
    expect(page).to.contain(`${record.task.provenCorrect} / 114`);
    expect(page).to.contain(balance("prover").address);
  });

  it("tells nobody weights, salts, predictions or samples", async () => {
    const secrets = await secretsOfTheProver();
    const page = renderReport(record);
    expect(findLeaks(JSON.stringify(record), secrets), "record").to.deep.equal([]);
    expect(findLeaks(page, secrets), "report").to.deep.equal([]);
    expect(findLeaks(lines.join("\n"), secrets), "story").to.deep.equal([]);
    const written = filesButTestSet(workFolder);
    expect(written).not.to.be.empty;
    for (const { file, text } of written) expect(findLeaks(text, secrets), file).to.deep.equal([]);
    for (const leak of leaks(secrets)) {
      const leaky = JSON.stringify({ ...record, leak });
      expect(findLeaks(leaky, secrets), "the search finds what is there").not.to.be.empty;
    }
  });

  it("ends before anything is committed when the model misses the threshold", async () => {
    const strict = { ...scenario, minCorrectShare: 1 };
    const fresh = await startLocalChain();
    const folder = mkdtempSync(path.join(os.tmpdir(), "zkpot-demo-test-"));
    try {
      await expectError(
        () =>
          runDemo({
            story: quietStory([]),
            scenario: strict,
            instance,
            seed: SEED,
            chain: fresh,
            buildDirectory: BUILD,
            workFolder: folder,
          }),
        "demo.below-threshold",
        /classifies 111 of 114 test samples correctly, the task asks for 114/,
      );
    } finally {
      await fresh.stop();
      rmSync(folder, { recursive: true });
    }
  });

  function balance(party: PartyId): DemoBalance {
    return record.balances.find((entry) => entry.party === party)!;
  }

  function transaction(action: string): DemoRecord["transactions"][number] {
    const found = record.transactions.filter((entry) => entry.action === action);
    expect(found, action).to.have.length(1);
    return found[0]!;
  }

  async function openChain() {
    const profile = { name: "demo", rpcUrl: chain.rpcUrl, chainId: 31337, isLocal: true, confirmations: 1 };
    const provider = new JsonRpcProvider(chain.rpcUrl, 31337, { staticNetwork: true });
    const contracts = await openContracts({ provider, chainId: 31337n, profile }, workFolder);
    return { provider, contracts };
  }

  /** Trains the prover's model once more; its commitment shows that it is the same. */
  async function secretsOfTheProver(): Promise<Secrets> {
    const keys = await loadKeySet(instance, path.join(BUILD, "keys", instance.id));
    const data = await prepareData(scenario, instance, keys, SEED, workFolder);
    const { inputQuantization } = data.files;
    const samples = data.test.integer;
    const { file } = await prepareModel(
      { samples: data.split.train, architecture: instance.architecture, inputQuantization, seed: SEED },
      data.test,
      await openBackend(),
    );
    const { model } = file.quantized;
    expect(String(modelCommitment(model, salts[0]!))).to.equal(record.model.modelCommitment);
    const { committed } = accuracyCommittedBlock(instance, model, samples);
    return {
      values: salts,
      sequences: {
        ...Object.fromEntries(model.layers.map(({ weights }, layer) => [`weights ${layer}`, [...weights]])),
        ...Object.fromEntries(Object.entries(committed).map(([name, values]) => [name, values.map(String)])),
        predictions: [...runReference(model, samples).predictions],
        "training samples": [...data.split.train.features],
        "training labels": [...data.split.train.labels],
        "training rows": [...data.split.trainRows],
      },
    };
  }
});

/** One record entry for each kind of secret, to see the search find it. */
function leaks({ values, sequences }: Secrets): unknown[] {
  const { predictions, weightLimbs } = sequences;
  return [
    String(values[0]),
    `0x${values[0]!.toString(16)}`,
    { deep: [{ weights: sequences["weights 0"] }] },
    predictions,
    weightLimbs!.join(" "),
    sequences["training samples"]!.slice(60, 90),
  ];
}

function quietStory(lines: string[]): Story {
  return new Story({ line: (text) => void lines.push(text), progress: () => {}, end: () => {} });
}
