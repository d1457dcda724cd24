/** A market with training audits on an anvil of its own, and provers that train the tiny network. */
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { Wallet, ZeroAddress } from "ethers";

import type { ChallengeInput, TrainingProvers } from "../../prover/src/audit/answer-challenge.ts";
import { AnswerStore } from "../../prover/src/audit/answer-store.ts";
import type { AuditPlace } from "../../prover/src/audit/stages.ts";
import {
  commitBatches,
  finishRun,
  type RunBatches,
  type TrainedRun,
} from "../../prover/src/audit/trained-run.ts";
import {
  type Audit,
  commitTrace,
  drawChallenge,
  drawSeed,
  openAudit,
  readRun,
  registerBatches,
} from "../../prover/src/chain/audits.ts";
import { type Connection, connect } from "../../prover/src/chain/connect.ts";
import { type Contracts, deploymentFolder, openContracts } from "../../prover/src/chain/contracts.ts";
import { deployContracts } from "../../prover/src/chain/deploy.ts";
import { TransactionJournal } from "../../prover/src/chain/journal.ts";
import { registerKey } from "../../prover/src/chain/registry.ts";
import type { Sender } from "../../prover/src/chain/send.ts";
import { depositStake } from "../../prover/src/chain/stake.ts";
import { postTask } from "../../prover/src/chain/tasks.ts";
import { type AccuracyInstance, accuracyLayout } from "../../prover/src/circuits/accuracy.ts";
import { buildCircuit, type CompiledCircuit } from "../../prover/src/circuits/build.ts";
import type { CircuitInstance } from "../../prover/src/circuits/instance.ts";
import { loadCircuitInstance } from "../../prover/src/circuits/instances.ts";
import { SeededRandom } from "../../prover/src/data/random.ts";
import type { IntegerSamples } from "../../prover/src/data/samples.ts";
import { architectureId } from "../../prover/src/model/architecture.ts";
import type { IntegerModel } from "../../prover/src/model/integer-model.ts";
import { makeDevelopmentKeys } from "../../prover/src/proof/keys/development.ts";
import type { KeySet } from "../../prover/src/proof/keys/key-set.ts";
import { datasetPoint } from "../../prover/src/proof/prove.ts";
import { commitCheckpoints } from "../../prover/src/verifiable/commit-trace.ts";
import { newRunKey } from "../../prover/src/verifiable/salts.ts";
import { trainVerifiably } from "../../prover/src/verifiable/train.ts";
import { type TrainingRule, trainingRuleDigest } from "../../prover/src/verifiable/training-rule.ts";
import { accuracyDatasetBlock } from "../../prover/src/witness/accuracy-witness.ts";
import { ANVIL_KEYS, type Anvil, startAnvil } from "../support/anvil.ts";

const BUILD = path.join(import.meta.dirname, "..", "..", "build");
const DRAW_DELAY_BLOCKS = 8;
export const STAKE_WEI = 10n ** 17n;
export const REWARD_WEI = 10n ** 18n;
export const TEST_COUNT = 10;
const DRAWN_STEPS = 2;

/** Samples of three classes on the tiny grid: the label's feature is bright. */
export function tinySamples(name: string, sampleCount: number): IntegerSamples {
  const random = new SeededRandom("1", name);
  const labels = Int32Array.from({ length: sampleCount }, (_, sample) => sample % 3);
  const features = Int32Array.from({ length: 4 * sampleCount }, (_, index) =>
    index % 4 === labels[Math.floor(index / 4)] ? 12 + random.nextInteger(4) : random.nextInteger(6),
  );
  return { sampleCount, featureCount: 4, classCount: 3, features, labels };
}

/** A run with all its models: what a prover, honest or not, works from. */
export interface OpenRun extends TrainedRun {
  readonly models: readonly IntegerModel[];
}

/** Circuits, keys, contracts and accounts. */
export class TrainingMarket {
  readonly anvil: Anvil;
  readonly folder: string;
  readonly connection: Connection;
  readonly contracts: Contracts;
  readonly auditAddress: string;
  readonly provers: TrainingProvers;
  readonly accuracy: { readonly circuit: CompiledCircuit<AccuracyInstance>; readonly keys: KeySet };
  readonly rule: TrainingRule;
  readonly testSamples = tinySamples("test", TEST_COUNT);

  private constructor(
    parts: Pick<
      TrainingMarket,
      "anvil" | "folder" | "connection" | "contracts" | "auditAddress" | "provers" | "accuracy"
    >,
  ) {
    this.anvil = parts.anvil;
    this.folder = parts.folder;
    this.connection = parts.connection;
    this.contracts = parts.contracts;
    this.auditAddress = parts.auditAddress;
    this.provers = parts.provers;
    this.accuracy = parts.accuracy;
    this.rule = parts.provers.step.circuit.instance.rule;
  }

  /** Starts anvil, deploys from account 0 and registers the three keys. */
  static async start(): Promise<TrainingMarket> {
    const provers = {
      init: await openKeys(await loadCircuitInstance("train-init", "train-init-4-3-3")),
      step: await openKeys(await loadCircuitInstance("train-step", "train-step-4-3-3x4")),
    };
    const accuracy = await openKeys(await loadCircuitInstance("accuracy", "trained-4-3-3x10"));
    const anvil = await startAnvil();
    const folder = mkdtempSync(path.join(os.tmpdir(), "zkpot-training-"));
    const profile = {
      name: "localhost",
      rpcUrl: anvil.rpcUrl,
      chainId: 31337,
      isLocal: true,
      confirmations: 1,
    };
    const connection = await connect(profile);
    const wallet = new Wallet(ANVIL_KEYS[0], connection.provider);
    await deployContracts(connection, wallet, folder, {
      allowDevelopmentKeys: true,
      minContributions: 3,
      unbondingSeconds: 3_600,
      timelockSeconds: 60,
      admin: wallet.address,
    });
    const contracts = await openContracts(connection, folder);
    const { default: recorded } = (await import(
      path.join(deploymentFolder(folder, "localhost"), "deployed_addresses.json"),
      { with: { type: "json" } }
    )) as { default: Record<string, string> };
    const auditAddress = recorded["Zkpot#TrainingAudit"]!;
    const market = new TrainingMarket({
      ...{ anvil, folder, connection, contracts, auditAddress, provers, accuracy },
    });
    for (const { keys } of [accuracy, provers.init, provers.step]) {
      const { contributions, verifyingKey } = keys.manifest;
      await registerKey(market.sender(0), contracts, { keyId: keys.keyId, contributions, verifyingKey });
    }
    return market;
  }

  async stop(): Promise<void> {
    this.connection.provider.destroy();
    await this.anvil.stop();
    rmSync(this.folder, { recursive: true });
  }

  /** Anvil's account `index`. */
  sender(index: number): Sender {
    const wallet = new Wallet(ANVIL_KEYS[index]!, this.connection.provider);
    const journal = TransactionJournal.of(this.folder, 31337n, wallet.address);
    return { wallet, connection: this.connection, journal };
  }

  /** Account 0 posts a task that asks for training proof and one correct sample of ten, and opens its audit. */
  async post(): Promise<Audit> {
    const { keys, circuit } = this.accuracy;
    const block = accuracyDatasetBlock(circuit.instance, this.testSamples);
    const now = BigInt((await this.connection.provider.getBlock("latest"))!.timestamp);
    const { rule, provers } = this;
    const { taskId } = await postTask(
      this.sender(0),
      this.contracts,
      {
        rewardToken: ZeroAddress,
        rewardWei: REWARD_WEI,
        keyId: keys.keyId,
        dataPoints: [await datasetPoint(accuracyLayout(circuit.instance), keys, block)],
        sampleCount: TEST_COUNT,
        minCorrect: 1,
        commitDeadline: now + 3_600n,
        proveDeadline: now + 10_800n,
        stakeToken: ZeroAddress,
        stakeWei: STAKE_WEI,
        split: "first-valid",
        winners: 1,
        maxProvers: 4,
        architectureId: architectureId(rule.architecture),
        documentHash: `0x${"d".repeat(64)}`,
        documentUri: "task.json",
      },
      {
        training: {
          auditAddress: this.auditAddress,
          terms: {
            initKeyId: provers.init.keys.keyId,
            stepKeyId: provers.step.keys.keyId,
            ruleHash: trainingRuleDigest(rule),
            epochs: rule.epochs,
            minBatches: 2,
            halvingSteps: rule.halvingSteps,
            learningRateExponent: rule.initialRateBits,
            drawnSteps: DRAWN_STEPS,
            answerDeadline: now + 7_200n,
          },
        },
      },
    );
    return await openAudit(this.connection, this.contracts, taskId);
  }

  /** Registers batches as account `index` and draws the seed. */
  async seed(audit: Audit, index: number, batches: RunBatches): Promise<bigint> {
    const sender = this.sender(index);
    await registerBatches(sender, audit, batches.root, batches.batches.length);
    await this.mine(DRAW_DELAY_BLOCKS);
    await drawSeed(sender, audit, sender.wallet.address);
    return (await readRun(audit, sender.wallet.address)).seed;
  }

  /** Stakes, commits to a run as account `index` and draws the challenge; returns the gas of the commitment. */
  async commit(
    audit: Audit,
    index: number,
    run: TrainedRun,
    model = run.checkpoints.at(-1)!,
  ): Promise<bigint> {
    const sender = this.sender(index);
    await depositStake(sender, this.contracts, ZeroAddress, STAKE_WEI, 10n ** 20n);
    const { gasUsed } = await commitTrace(sender, this.contracts, audit.taskId, model, run.traceRoot);
    await this.mine(DRAW_DELAY_BLOCKS);
    await drawChallenge(sender, audit, sender.wallet.address);
    return gasUsed;
  }

  /** What answerChallenge takes, with a folder of its own for proofs. */
  challenge(audit: Audit, index: number, run: TrainedRun): ChallengeInput {
    const sender = this.sender(index);
    const store = new AnswerStore(path.join(this.folder, "answers", `${audit.taskId}-${index}`));
    return { sender, audit, place: this.place(audit, index), run, provers: this.provers, store };
  }

  place({ taskId }: Audit, index: number): AuditPlace {
    const prover = this.sender(index).wallet.address;
    return { chainId: 31337n, market: this.contracts.addresses.taskMarket, taskId, prover };
  }

  /** Fresh batches of 24 training samples. */
  batches(name = "train"): RunBatches {
    return commitBatches(this.rule, tinySamples(name, 24), newRunKey());
  }

  /** Trains as the rule says. */
  async train(batches: RunBatches, seed: bigint, name = "train"): Promise<OpenRun> {
    const models: IntegerModel[] = [];
    await trainVerifiably({
      rule: this.rule,
      seed,
      train: tinySamples(name, 24),
      onCheckpoint: (_step, model) => {
        models.push(model);
      },
    });
    return await this.runOf(batches, seed, models);
  }

  /** The run that claims these checkpoints, whatever they are. */
  async runOf(batches: RunBatches, seed: bigint, models: readonly IntegerModel[]): Promise<OpenRun> {
    const checkpoint = (step: number): IntegerModel => models[step]!;
    const checkpoints = await commitCheckpoints(models.length, checkpoint, batches.runKey);
    return { ...finishRun(batches, { seed, checkpoints, checkpoint }), models };
  }

  async mine(blocks: number): Promise<void> {
    await this.anvil.request("anvil_mine", [`0x${blocks.toString(16)}`]);
  }

  /** Moves the chain's clock. */
  async pass(seconds: number): Promise<void> {
    await this.anvil.request("evm_increaseTime", [seconds]);
    await this.anvil.request("evm_mine");
  }
}

async function openKeys<Instance extends CircuitInstance>(
  instance: Instance,
): Promise<{ readonly circuit: CompiledCircuit<Instance>; readonly keys: KeySet }> {
  const circuit = await buildCircuit(instance, path.join(BUILD, "circuits"));
  return { circuit, keys: await makeDevelopmentKeys(circuit, path.join(BUILD, "keys", instance.id)) };
}
