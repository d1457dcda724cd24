import { expect } from "chai";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { JsonRpcProvider } from "ethers";

import { parseArtifactUri } from "../../prover/src/artifacts/artifact-uri.ts";
import { getDocument } from "../../prover/src/artifacts/documents.ts";
import { ArtifactStore } from "../../prover/src/artifacts/store.ts";
import { WORKSPACE } from "../../prover/src/chain/abis.ts";
import { openContracts } from "../../prover/src/chain/contracts.ts";
import { readFederation } from "../../prover/src/chain/federations.ts";
import { GLOBAL_MODEL } from "../../prover/src/federation/global-model.ts";
import { trainLocal } from "../../prover/src/federation/local-training.ts";
import { localTrainingSeed } from "../../prover/src/federation/member-key.ts";
import { defaultWeightScales } from "../../prover/src/federation/start-model.ts";
import { releaseCurve } from "../../prover/src/proof/multi-exponentiation.ts";
import { openBackend } from "../../prover/src/training/backend.ts";
import {
  type FederationInstances,
  loadFederationInstances,
  runFederationDemo,
} from "../../scripts/demo/federation/flow.ts";
import { prepareFederationData } from "../../scripts/demo/federation/partition.ts";
import type { DemoRound, FederationDemoRecord } from "../../scripts/demo/federation/record.ts";
import { findFederationScenario, type FederationScenario } from "../../scripts/demo/federation/scenarios.ts";
import { demoTrainingKey } from "../../scripts/demo/federation/trainers.ts";
import { type LocalChain, startLocalChain } from "../../scripts/demo/local-chain.ts";
import { GAS_LIMITS, roundGas } from "../../scripts/demo/report/federation-gas.ts";
import { renderFederationReport } from "../../scripts/demo/report/federation-report.ts";
import { Story } from "../../scripts/demo/story.ts";
import { expectError } from "../prover/support/expect-error.ts";
import { TINY_CLUSTERS } from "../support/tiny-task.ts";
import { filesButTestSet, findLeaks, type Secrets } from "./demo-leaks.ts";
import { tinyFederationScenario } from "./tiny-federation-scenario.ts";

const SEED = "1";

describe("the demo of a federation, on three clusters", function () {
  this.timeout(600_000);

  const workFolder = mkdtempSync(path.join(os.tmpdir(), "zkpot-demo-test-"));
  const lines: string[] = [];
  const salts: bigint[] = [];
  let chain: LocalChain;
  let scenario: FederationScenario;
  let instances: FederationInstances;
  let record: FederationDemoRecord;

  before(async () => {
    const csvFile = path.join(workFolder, "..", `${path.basename(workFolder)}.csv`);
    writeFileSync(csvFile, TINY_CLUSTERS);
    scenario = tinyFederationScenario(csvFile);
    instances = await loadFederationInstances(scenario);
    chain = await startLocalChain();
    record = await runFederationDemo({
      story: new Story({ line: (text) => void lines.push(text), progress: () => {}, end: () => {} }),
      scenario,
      instances,
      seed: SEED,
      chain,
      buildDirectory: path.join(WORKSPACE, "build"),
      workFolder,
      drawSalt: () => {
        salts.push(123_456_789n ** 9n + BigInt(salts.length));
        return salts.at(-1)!;
      },
    });
  });

  after(async () => {
    await chain.stop();
    await releaseCurve();
    rmSync(workFolder, { recursive: true });
    rmSync(`${workFolder}.csv`);
  });

  it("comes to a global model that is good enough, round by round", () => {
    expect(record.rounds.map(({ round }) => round)).to.deep.equal([1, 2, 3, 4, 5]);
    expect(record.records.at(-1)!.globalCorrect).to.be.at.least(8);
    expect(record.records.map(({ round }) => round)).to.deep.equal([0, 1, 2, 3, 5]);
    for (const { round, baseCorrect } of record.rounds) {
      const before = record.records.findLast((known) => known.round < round)!;
      expect(baseCorrect).to.equal(before.globalCorrect);
    }
  });

  it("refuses the poisoner, whichever way it tries, and the free rider's second account", () => {
    const tried = record.attempts.map(({ party, stoppedBy, code }) => [party, stoppedBy, code].join(" "));
    expect(tried).to.deep.equal([
      "poisoner contract contract.RoundBelowFloor",
      "poisoner contract contract.RoundInvalidProof",
      "rider-2 contract contract.RoundNullifierUsed",
      "poisoner toolkit proof.unsatisfied",
      "poisoner contract contract.RoundInvalidProof",
      "rider contract contract.RoundNothingToClaim",
    ]);
    for (const { stoppedBy, gas } of record.attempts) expect(gas === null).to.equal(stoppedBy === "toolkit");
    expect(round(2).scores.map(({ party }) => party)).not.to.include.members(["poisoner", "rider-2"]);
  });

  it("masks again without the poisoner when it masks another model", () => {
    expect(round(3).maskings.map(({ dropped }) => dropped)).to.deep.equal([["poisoner"], []]);
    expect(round(3).maskings.at(-1)!.peers).not.to.include("poisoner");
  });

  it("gives up the round in which the poisoner publishes noise, pays nobody, and has it sit out the next", () => {
    expect(round(4)).to.deep.include({ globalCorrect: null, missed: ["poisoner"], rewardWei: "0" });
    expect(round(4).scores.every(({ isAveraged }) => !isAveraged)).to.equal(true);
    expect(record.gas.filter(({ method }) => method === "reportMissing")).not.to.be.empty;
    expect(round(5).scores.map(({ party }) => party)).not.to.include("poisoner");
    expect(round(5).globalCorrect).to.be.a("number");
  });

  it("takes the bond of the leader that vanishes, and has the next one deliver", () => {
    const { leaders, globalCorrect } = round(1);
    expect(leaders[0]).to.include({ outcome: "slashed", slashedWei: record.federation.bondWei });
    expect(leaders.at(-1)!.outcome).to.equal("delivered");
    expect(globalCorrect).to.be.a("number");
    const slashed = record.rounds
      .flatMap(({ leaders: all }) => all)
      .filter(({ slashedWei }) => slashedWei !== "0");
    expect(slashed).to.have.length(1);
  });

  it("pays for improvement alone: all that was earned was withdrawn, and nobody's stake is left", () => {
    for (const { party } of record.members) {
      const { beforeWei, afterWei, feesWei, stakeWei } = record.balances.find(
        (entry) => entry.party === party,
      )!;
      const scores = record.rounds.flatMap(({ scores: all }) => all).filter((score) => score.party === party);
      const earnedWei = scores.reduce((sum, { paidWei }) => sum + BigInt(paidWei), 0n);
      const lostWei = record.rounds
        .flatMap(({ leaders }) => leaders)
        .filter((leader) => leader.party === party)
        .reduce((sum, { slashedWei }) => sum + BigInt(slashedWei), 0n);
      expect(BigInt(afterWei) - BigInt(beforeWei) + BigInt(feesWei), party).to.equal(earnedWei - lostWei);
      expect(stakeWei, party).to.equal("0");
      if (party.startsWith("rider")) expect(earnedWei, party).to.equal(0n);
    }
    for (const { rewardWei, scores, baseCorrect } of record.rounds) {
      const paidWei = scores.reduce((sum, score) => sum + BigInt(score.paidWei), 0n);
      expect(paidWei).to.equal(BigInt(rewardWei));
      for (const { correct, paidWei: part } of scores) if (correct <= baseCorrect) expect(part).to.equal("0");
    }
  });

  it("leaves the chain as the record says", async () => {
    const profile = { name: "demo", rpcUrl: chain.rpcUrl, chainId: 31337, isLocal: true, confirmations: 1 };
    const provider = new JsonRpcProvider(chain.rpcUrl, 31337, { staticNetwork: true });
    const contracts = await openContracts({ provider, chainId: 31337n, profile }, workFolder);
    const federation = await readFederation(contracts, 1n);
    expect(federation.recordHash).to.equal(record.records.at(-1)!.recordHash);
    expect(federation.documentHash).to.equal(record.federation.documentHash);
    expect(federation).to.include({ isClosed: true, round: 5n });
    for (const { hash, gas, revertedWith } of record.transactions) {
      const receipt = (await provider.getTransactionReceipt(hash))!;
      expect(Number(receipt.gasUsed)).to.equal(gas);
      expect(receipt.status).to.equal(revertedWith === null ? 1 : 0);
    }
    provider.destroy();
  });

  it("stays within the limits of gas", () => {
    const { member, finalisation } = roundGas(record.gas);
    expect(member).to.be.within(1, GAS_LIMITS.member);
    expect(finalisation).to.be.within(1, GAS_LIMITS.finalisation);
  });

  it("keeps account of every second of a round", () => {
    for (const { seconds, work } of record.rounds) {
      const worked = work.reduce((sum, entry) => sum + entry.seconds, 0);
      expect(worked).to.be.within(0, seconds + 1);
      expect(work.filter(({ isProof }) => isProof).length).to.be.at.least(10);
    }
  });

  it("is the same record after a round trip through JSON, and renders", () => {
    const copy = JSON.parse(JSON.stringify(record)) as FederationDemoRecord;
    expect(copy).to.deep.equal(record);
    expect(renderFederationReport(copy)).to.contain(record.records.at(-1)!.recordHash);
  });

  it("tells nobody models, salts or samples: not in record, report, story, nor in any file", async () => {
    const secrets = await secretsOfTheMembers();
    expect(findLeaks(JSON.stringify(record), secrets), "record").to.deep.equal([]);
    expect(findLeaks(renderFederationReport(record), secrets), "report").to.deep.equal([]);
    expect(findLeaks(lines.join("\n"), secrets), "story").to.deep.equal([]);
    const written = filesButTestSet(workFolder);
    expect(written).not.to.be.empty;
    for (const { file, text } of written) expect(findLeaks(text, secrets), file).to.deep.equal([]);
    const leaky = { ...record, leak: Object.values(secrets.sequences)[0] };
    expect(findLeaks(JSON.stringify(leaky), secrets), "the search finds what is there").not.to.be.empty;
  });

  it("is played on digits only", async () => {
    await expectError(() => findFederationScenario("iris"), "demo.unknown-dataset", /iris/);
    expect(findFederationScenario("digits").poisoner).to.have.length.of.at.least(5);
  });

  function round(number: number): DemoRound {
    return record.rounds[number - 1]!;
  }

  /** Trains the honest members' models of the first round once more; their counts show that they are the same. */
  async function secretsOfTheMembers(): Promise<Secrets> {
    const { architecture } = instances.score;
    const data = await prepareFederationData(scenario, architecture.inputBits, SEED);
    const store = new ArtifactStore(path.join(workFolder, "shared"));
    const start = await getDocument(store, parseArtifactUri(record.records[0]!.globalUri), GLOBAL_MODEL);
    const training = {
      document: { training: scenario.training, weightScales: defaultWeightScales(architecture) },
      openBackend: () => openBackend("wasm"),
    };
    const sequences: Record<string, readonly number[]> = {};
    for (const [index, { party }] of record.members.filter(({ role }) => role === "honest").entries()) {
      const { samples, integer } = data.parts[index]!;
      const { model, correct } = await trainLocal({
        ...training,
        globalModel: start,
        samples: integer,
        testSamples: data.testSet.samples,
        seed: localTrainingSeed(demoTrainingKey(SEED, party), 1n),
      });
      expect(correct).to.equal(round(1).scores.find((score) => score.party === party)!.correct);
      sequences[`first layer of ${party}`] = [...model.layers[0]!.weights];
      sequences[`samples of ${party}`] = [...samples.features];
    }
    return { values: salts, sequences };
  }
});
