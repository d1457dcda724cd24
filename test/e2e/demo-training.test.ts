import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { expect } from "chai";
import { JsonRpcProvider } from "ethers";

import { WORKSPACE } from "../../prover/src/chain/abis.ts";
import { openAudit, readRun } from "../../prover/src/chain/audits.ts";
import type { Connection } from "../../prover/src/chain/connect.ts";
import { type Contracts, openContracts } from "../../prover/src/chain/contracts.ts";
import { readSubmission, readTask } from "../../prover/src/chain/tasks.ts";
import { quantizeInputs } from "../../prover/src/data/input-quantization.ts";
import { modelCommitment } from "../../prover/src/model/commitment.ts";
import { runReference } from "../../prover/src/model/reference.ts";
import { loadKeySet } from "../../prover/src/proof/keys/key-set.ts";
import { releaseCurve } from "../../prover/src/proof/multi-exponentiation.ts";
import { derivedSalt } from "../../prover/src/verifiable/salts.ts";
import { trainVerifiably } from "../../prover/src/verifiable/train.ts";
import { type LocalChain, startLocalChain } from "../../scripts/demo/local-chain.ts";
import type { DemoBalance, PartyId } from "../../scripts/demo/record.ts";
import { renderTrainingReport } from "../../scripts/demo/report/training-report.ts";
import { Story } from "../../scripts/demo/story.ts";
import { prepareData, REWARD_WEI, STAKE_WEI } from "../../scripts/demo/task.ts";
import { runTrainingDemo } from "../../scripts/demo/training/flow.ts";
import type { TrainingDemoRecord } from "../../scripts/demo/training/record.ts";
import {
  findTrainingScenario,
  TRAINING_SCENARIOS,
  type TrainingInstances,
} from "../../scripts/demo/training/scenarios.ts";
import { expectError } from "../prover/support/expect-error.ts";
import { filesButTestSet, findLeaks, type Secrets } from "./demo-leaks.ts";

const SEED = "1";
const BUILD = path.join(WORKSPACE, "build");
const scenario = findTrainingScenario("breast-cancer");

describe("the demo's flow with training proof, on breast-cancer", function () {
  this.timeout(600_000);

  const workFolder = mkdtempSync(path.join(os.tmpdir(), "zkpot-demo-training-"));
  const lines: string[] = [];
  const runKeys: Uint8Array[] = [];
  let chain: LocalChain;
  let instances: TrainingInstances;
  let record: TrainingDemoRecord;

  before(async () => {
    chain = await startLocalChain();
    instances = await scenario.instances();
    record = await runTrainingDemo({
      story: new Story({ line: (text) => void lines.push(text), progress: () => {}, end: () => {} }),
      scenario,
      instances,
      seed: SEED,
      chain,
      buildDirectory: BUILD,
      workFolder,
      drawRunKey: () => {
        runKeys.push(Uint8Array.from({ length: 32 }, (_, index) => 17 + 3 * index + runKeys.length));
        return runKeys.at(-1)!;
      },
    });
  });

  after(async () => {
    await chain.stop();
    await releaseCurve();
    rmSync(workFolder, { recursive: true });
  });

  it("audits the initialisation, the first, the last and the drawn steps, as the chain asked", async () => {
    const { audit } = record;
    expect(audit.stepCount).to.equal(560);
    expect(audit.stages.slice(0, 3).map(({ reason, step }) => [reason, step])).to.deep.equal([
      ["initialisation", null],
      ["first step", 0],
      ["last step", 559],
    ]);
    const drawn = audit.stages.slice(3);
    expect(drawn.map(({ reason }) => reason)).to.deep.equal(drawn.map(() => "drawn"));
    expect(drawn.length).to.be.within(scenario.drawnSteps - 2, scenario.drawnSteps);
    const { connection, contracts } = await openChain();
    const run = await readRun(await openAudit(connection, contracts, 1n), balance("prover").address);
    expect(run.state).to.equal("passed");
    expect(audit.stages.slice(1).map(({ step }) => step)).to.deep.equal(run.challengedSteps);
    expect(`0x${run.seed.toString(16).padStart(64, "0")}`).to.equal(audit.seed);
    expect([run.batchRoot, run.traceRoot]).to.deep.equal([audit.batchRoot, audit.traceRoot]);
    connection.provider.destroy();
  });

  it("proves the accuracy of the last checkpoint, which settles the task", async () => {
    const { connection, contracts } = await openChain();
    const task = await readTask(contracts, 1n);
    expect(task.state).to.equal("settled");
    expect(task.leader).to.equal(balance("prover").address);
    expect(task.leaderCorrect).to.equal(record.model.integer.correct);
    expect(task.leaderCorrect).to.be.at.least(task.minCorrect);
    expect(task.trainingAudit).to.equal(record.audit.contract);
    const submission = await readSubmission(contracts, 1n, balance("prover").address);
    expect(String(submission.modelCommitment)).to.equal(record.model.modelCommitment);
    connection.provider.destroy();
  });

  it("leaves the rival's run failed and its stake slashed, half burned and half paid to the buyer", async () => {
    const { connection, contracts } = await openChain();
    const rival = balance("rival").address;
    const run = await readRun(await openAudit(connection, contracts, 1n), rival);
    expect(run.state).to.equal("failed");
    expect(run.pendingSteps).to.deep.equal(run.challengedSteps.slice(1));
    expect((await readSubmission(contracts, 1n, rival)).lockId).to.equal(0n);
    const half = String(STAKE_WEI / 2n);
    expect(record.audit.slashed).to.deep.equal({ burnedWei: half, paidWei: half });
    expect(record.rival.trainedSteps).to.equal(56);
    connection.provider.destroy();
  });

  it("refuses the step that the rival did not take, in the toolkit and in the contract", () => {
    expect(record.attempts.map(({ party, stoppedBy, code }) => [party, stoppedBy, code])).to.deep.equal([
      ["rival", "toolkit", "audit.not-in-trace"],
      ["rival", "contract", "contract.TrainingAuditInvalidProof"],
    ]);
  });

  it("pays the prover, and moves the rival's stake", () => {
    const gained = (party: PartyId): bigint => {
      const { beforeWei, afterWei, feesWei } = balance(party);
      expect(BigInt(feesWei) > 0n, `${party} pays fees`).to.equal(true);
      return BigInt(afterWei) - BigInt(beforeWei) + BigInt(feesWei);
    };
    expect(gained("prover")).to.equal(REWARD_WEI);
    expect(gained("buyer")).to.equal(STAKE_WEI / 2n - REWARD_WEI);
    expect(gained("rival")).to.equal(-STAKE_WEI);
    for (const { stakeWei } of record.balances) expect(stakeWei).to.equal("0");
  });

  it("records every transaction as the chain has it", async () => {
    const { connection } = await openChain();
    for (const { hash, gas, revertedWith } of record.transactions) {
      const receipt = (await connection.provider.getTransactionReceipt(hash))!;
      expect(Number(receipt.gasUsed)).to.equal(gas);
      expect(receipt.status).to.equal(revertedWith === null ? 1 : 0);
    }
    const actions = record.transactions.map(({ action }) => action);
    expect(actions).to.include.members(["deploy TrainingAudit", "slash the rival", "hand in the proof"]);
    connection.provider.destroy();
  });

  it("lets nothing secret out: not into the story, the record, the report, or a file", async () => {
    const secrets = await secretsOfTheProver();
    const found = filesButTestSet(workFolder).map(({ text }) => text);
    expect(found).not.to.have.length(0);
    for (const text of [lines.join("\n"), JSON.stringify(record), renderTrainingReport(record), ...found]) {
      expect(findLeaks(text, secrets)).to.deep.equal([]);
    }
    const { values, sequences } = secrets;
    expect(findLeaks(String(values[0]), secrets)).to.deep.equal([`value ${values[0]}`]);
    for (const [name, sequence] of Object.entries(sequences)) {
      expect(findLeaks(sequence.join(","), secrets), name).to.include(name);
    }
  });

  it("ends before anything is committed when the model misses the threshold", async () => {
    const fresh = await startLocalChain();
    const folder = mkdtempSync(path.join(os.tmpdir(), "zkpot-demo-training-"));
    const told: string[] = [];
    try {
      await expectError(
        () =>
          runTrainingDemo({
            story: new Story({ line: (text) => void told.push(text), progress: () => {}, end: () => {} }),
            scenario: { ...scenario, minCorrectShare: 1 },
            instances,
            seed: SEED,
            chain: fresh,
            buildDirectory: BUILD,
            workFolder: folder,
          }),
        "demo.below-threshold",
        /from the seed of the chain classifies 1\d\d of 114 test samples correctly, the task asks for 114/,
      );
      expect(told.join("\n")).not.to.contain("commits to the model");
    } finally {
      await fresh.stop();
      rmSync(folder, { recursive: true });
    }
  });

  it("knows the data sets it can be played on", async () => {
    for (const { instances: open } of Object.values(TRAINING_SCENARIOS)) {
      const { accuracy, init, step } = await open();
      expect(accuracy.architecture).to.deep.equal(step.rule.architecture);
      expect(init.rule).to.deep.equal(step.rule);
    }
    await expectError(() => findTrainingScenario("iris"), "demo.unknown-dataset", /iris/);
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

  /** Trains the prover's model once more; its commitment shows that it is the same. */
  async function secretsOfTheProver(): Promise<Secrets> {
    const keys = await loadKeySet(instances.accuracy, path.join(BUILD, "keys", instances.accuracy.id));
    const data = await prepareData(scenario, instances.accuracy, keys, SEED, workFolder);
    const { inputQuantization } = data.files;
    const { samples: train } = quantizeInputs(data.split.train, inputQuantization);
    const { rule } = instances.step;
    const { model } = await trainVerifiably({ rule, seed: BigInt(record.audit.seed), train });
    const salt = derivedSalt(runKeys[0]!, "checkpoint", record.audit.stepCount);
    expect(String(modelCommitment(model, salt))).to.equal(record.model.modelCommitment);
    return {
      values: [salt, BigInt(`0x${Buffer.from(runKeys[0]!).toString("hex")}`)],
      sequences: {
        ...Object.fromEntries(model.layers.map(({ weights }, layer) => [`weights ${layer}`, [...weights]])),
        predictions: [...runReference(model, data.test.integer).predictions],
        "training samples": [...train.features],
        "training labels": [...train.labels],
        "training rows": [...data.split.trainRows],
      },
    };
  }
});
