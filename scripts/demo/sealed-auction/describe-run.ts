import { openingRoot } from "../../../prover/src/seal/opening.ts";
import { readTask } from "../../../prover/src/chain/tasks.ts";
import { describeBalance } from "../describe-run.ts";
import { describeEnvironment } from "../environment.ts";
import { describeCircuit, describeKeys } from "../public-material.ts";
import type { DemoAttempt } from "../record.ts";
import { ruleAddress, type Stage } from "../stage.ts";
import type { SealedAuctionRun } from "./flow.ts";
import type { PlayedAct } from "./memoriser.ts";
import { scoreModel, type TrainedModel } from "./models.ts";
import { PAID_PARTIES } from "./money.ts";
import { BOND_WEI, type Setting } from "./offers.ts";
import type { ActMoney, DemoAuction, DemoDispute, SealedAuctionRecord, SealedTaskRecord } from "./record.ts";

/** An act with its auction. */
type AuctionedAct = PlayedAct & { readonly auction: DemoAuction };

/** Everything a finished run left behind. */
export interface FinishedAuctions {
  readonly run: SealedAuctionRun;
  readonly stage: Stage;
  readonly setting: Setting;
  readonly acts: readonly [AuctionedAct, AuctionedAct, AuctionedAct];
  readonly models: readonly TrainedModel[];
  readonly dispute: DemoDispute;
  readonly attempts: readonly DemoAttempt[];
  readonly money: readonly ActMoney[];
}

/** The record of a finished run: only what is listed here leaves it. */
export async function describeSealedAuction(finished: FinishedAuctions): Promise<SealedAuctionRecord> {
  const { run, stage, setting, acts, models, dispute, attempts, money } = finished;
  const { data, material, scenario } = setting;
  const [first, second, third] = acts;
  const { contracts, connection, story, transactions } = stage;
  return {
    format: "zkpot.sealed-auction-demo-record",
    version: 1,
    startedAt: story.startedAt.toISOString(),
    totalSeconds: story.seconds(),
    seed: run.seed,
    environment: describeEnvironment(),
    dataset: {
      name: scenario.dataset,
      title: data.title,
      licence: scenario.licence,
      featureCount: data.dataset.featureCount,
      classNames: data.dataset.classNames,
      trainSamples: data.train.sampleCount,
      publicSamples: data.sample.rows.sampleCount,
    },
    layerSizes: material.circuit.instance.architecture.layerSizes,
    tasks: [
      await describeTask(stage, first),
      await describeTask(stage, second),
      await describeTask(stage, third),
    ],
    models: models.map((model) => scoreModel(model, [first.offer.shards, second.offer.shards])),
    proofs: acts.flatMap(({ proofs }) => proofs),
    dispute,
    money,
    circuit: await describeCircuit(material),
    keys: await describeKeys(material),
    chain: {
      chainId: String(connection.chainId),
      circuitRegistry: contracts.addresses.circuitRegistry,
      stakeVault: contracts.addresses.stakeVault,
      taskMarket: contracts.addresses.taskMarket,
      taskAuction: ruleAddress(contracts, "taskAuction"),
      testSetSeal: ruleAddress(contracts, "testSetSeal"),
    },
    events: story.events,
    transactions,
    attempts,
    balances: await Promise.all(PAID_PARTIES.map((party) => describeBalance(stage, party))),
  };
}

async function describeTask(stage: Stage, act: AuctionedAct): Promise<SealedTaskRecord> {
  const { offer, auction, opening, seconds, modelCommitment } = act;
  const task = await readTask(stage.contracts, offer.taskId);
  return {
    taskId: String(task.taskId),
    poster: offer.poster,
    auction,
    sampleCount: task.sampleCount,
    minCorrect: task.minCorrect,
    documentHash: task.documentHash,
    dataPoints: task.dataPoints.map(({ x, y }) => [String(x), String(y)]),
    bondWei: String(BOND_WEI),
    openingRoot: openingRoot(opening),
    openingSeconds: seconds,
    modelCommitment: String(modelCommitment),
    state: task.state,
    provenCorrect: task.leaderCorrect,
  };
}
