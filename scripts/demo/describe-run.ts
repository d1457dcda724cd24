import { ZeroAddress } from "ethers";

import { readStake } from "../../prover/src/chain/stake.ts";
import type { TaskRecord } from "../../prover/src/chain/tasks.ts";
import { encodeDocument } from "../../prover/src/data/document.ts";
import { PROOF_BUNDLE } from "../../prover/src/proof/bundle.ts";
import type { BoundReport } from "../../prover/src/quantization/bounds.ts";
import { proveCall } from "./attacks.ts";
import { describeEnvironment } from "./environment.ts";
import type { DemoRun } from "./flow.ts";
import type { PreparedModel } from "./models.ts";
import type { OpenTask, TimedProof } from "./provers.ts";
import { describeCircuit, describeKeys } from "./public-material.ts";
import type { DemoAttempt, DemoBalance, DemoLayer, DemoRecord } from "./record.ts";
import type { Scenario } from "./scenarios.ts";
import { type AccountParty, type Stage, START_WEI } from "./stage.ts";

/** Words of a proof on chain: A, B, C, D and sigma·D. */
const PROOF_BYTES = 12 * 32;
const PAID_PARTIES: readonly AccountParty[] = ["buyer", "prover", "rival", "copier"];

/** What every story ends with. */
export interface ToldStory {
  readonly scenario: Pick<Scenario, "dataset">;
  readonly seed: string;
  readonly stage: Stage;
  readonly open: OpenTask;
  readonly proof: TimedProof;
  readonly attempts: readonly DemoAttempt[];
  readonly task: TaskRecord;
}

/** Everything a finished run left behind. */
export interface FinishedRun extends Omit<ToldStory, "scenario" | "seed"> {
  readonly run: DemoRun;
  readonly model: PreparedModel;
  readonly trainingSeconds: number;
  readonly backend: string;
  readonly rival: DemoRecord["rival"];
}

/** The record of a finished run: only what is listed here leaves it. */
export async function describeRun(finished: FinishedRun): Promise<DemoRecord> {
  const { run, model, proof } = finished;
  return {
    format: "zkpot.demo-record",
    ...(await describeStory({ ...finished, scenario: run.scenario, seed: run.seed }, PAID_PARTIES)),
    training: {
      backend: finished.backend,
      epochs: model.options.epochs,
      batchSize: model.options.batchSize,
      learningRate: model.options.learningRate,
      seconds: finished.trainingSeconds,
      history: model.history,
    },
    model: describeModel(model, proof.bundle.modelCommitment),
    rival: finished.rival,
  };
}

/** What every story leaves behind, whatever its task asked for. */
export async function describeStory(
  { scenario, seed, stage, open, proof, attempts, task }: ToldStory,
  parties: readonly AccountParty[],
): Promise<Omit<DemoRecord, "format" | "training" | "model" | "rival">> {
  const { data, material } = open;
  const { document, documentHash, classNames } = data.files;
  const { addresses } = stage.contracts;
  const balances = await Promise.all(parties.map((party) => describeBalance(stage, party)));
  return {
    version: 1,
    startedAt: stage.story.startedAt.toISOString(),
    totalSeconds: stage.story.seconds(),
    seed,
    environment: describeEnvironment(),
    dataset: {
      name: scenario.dataset,
      title: data.title,
      licence: document.licence,
      featureCount: data.dataset.featureCount,
      classNames,
      trainSamples: data.split.train.sampleCount,
      testSamples: document.sampleCount,
      clampedValues: data.clampedValues,
    },
    task: {
      taskId: String(task.taskId),
      rewardWei: String(task.rewardWei),
      stakeWei: String(task.stakeWei),
      minCorrect: task.minCorrect,
      documentHash,
      testSetHash: data.testSetHash,
      dataPoint: [String(task.dataPoints[0]!.x), String(task.dataPoints[0]!.y)],
      state: task.state,
      winner: task.leader,
      provenCorrect: task.leaderCorrect,
    },
    circuit: await describeCircuit(material),
    keys: await describeKeys(material),
    proof: {
      seconds: proof.seconds,
      steps: proof.steps,
      proofBytes: PROOF_BYTES,
      calldataBytes: (String(proveCall(stage, open.taskId, proof.bundle).data).length - 2) / 2,
      bundleBytes: Buffer.byteLength(encodeDocument(PROOF_BUNDLE, proof.bundle)),
      blockCommitment: [
        String(proof.bundle.proof.blockCommitment.x),
        String(proof.bundle.proof.blockCommitment.y),
      ],
      context: String(proof.bundle.context),
    },
    chain: { chainId: String(stage.connection.chainId), ...addresses },
    events: stage.story.events,
    transactions: stage.transactions,
    attempts,
    balances,
  };
}

function describeModel({ file, comparison }: PreparedModel, modelCommitment: bigint): DemoRecord["model"] {
  const { model, bounds } = file.quantized;
  return {
    layerSizes: model.architecture.layerSizes,
    parameters: model.layers.reduce((sum, layer) => sum + layer.weights.length + layer.biases.length, 0),
    modelCommitment: String(modelCommitment),
    float: { correct: comparison.float.correctCount, confusion: comparison.float.confusion },
    integer: { correct: comparison.integer.correctCount, confusion: comparison.integer.confusion },
    disagreements: comparison.disagreements.length,
    layers: describeLayers(bounds),
  };
}

/** The ranges of a model's layers. */
export function describeLayers({ layers }: BoundReport): readonly DemoLayer[] {
  return layers.map((layer) => ({
    name: `${layer.layer} (${layer.kind})`,
    fanIn: layer.fanIn,
    width: layer.width,
    weightBits: layer.weightBits,
    accumulatorBits: layer.accumulatorBits,
    boundedBits: layer.boundedBitsLimit,
    headroomBits: layer.headroomBits,
  }));
}

/** A party's money before and after. */
export async function describeBalance(stage: Stage, party: AccountParty): Promise<DemoBalance> {
  const address = stage.address(party);
  const stake = await readStake(stage.contracts, address, ZeroAddress);
  return {
    party,
    address,
    beforeWei: String(START_WEI),
    afterWei: String(await stage.connection.provider.getBalance(address)),
    feesWei: String(stage.feesWei(party)),
    stakeWei: String(stake.freeWei + stake.lockedWei + stake.unbondingWei),
  };
}
