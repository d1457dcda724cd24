import { formatEther, ZeroAddress } from "ethers";

import { readStake, unbondStake, withdrawStake } from "../../prover/src/chain/stake.ts";
import { commitModel, readTask, releaseStake, withdrawReward } from "../../prover/src/chain/tasks.ts";
import type { AccuracyInstance } from "../../prover/src/circuits/accuracy.ts";
import { ProverError } from "../../prover/src/errors.ts";
import { randomFieldElement } from "../../prover/src/random-field.ts";
import { openBackend, type TrainingBackend } from "../../prover/src/training/backend.ts";
import { passSeconds } from "./clock.ts";
import { playCopier } from "./copier.ts";
import { describeRun } from "./describe-run.ts";
import type { LocalChain } from "./local-chain.ts";
import { prepareModel, type PreparedModel } from "./models.ts";
import { checkOffer, commitTo, type OpenTask, proveCount, stakeFor, wholeTestSet } from "./provers.ts";
import { prepareMaterial } from "./public-material.ts";
import type { DemoRecord } from "./record.ts";
import { playRival } from "./rival.ts";
import type { Scenario } from "./scenarios.ts";
import { setStage, type Stage, START_WEI, UNBONDING_SECONDS } from "./stage.ts";
import type { Story } from "./story.ts";
import { type DemoData, ether, postDemoTask, prepareData, REWARD_WEI, short, STAKE_WEI } from "./task.ts";

/** One run of the demo. */
export interface DemoRun {
  readonly story: Story;
  readonly scenario: Scenario;
  readonly instance: AccuracyInstance;
  readonly seed: string;
  readonly chain: LocalChain;
  /** Circuits and keys are cached below it. */
  readonly buildDirectory: string;
  /** For the deployment's record and the journals of sent transactions. */
  readonly workFolder: string;
  /** Salts of the commitments; uniform field elements unless given. */
  readonly drawSalt?: () => bigint;
}

/** Plays the whole story on a local chain and returns what happened. */
export async function runDemo(run: DemoRun): Promise<DemoRecord> {
  const { story, scenario, instance, seed } = run;
  const drawSalt = run.drawSalt ?? randomFieldElement;

  story.heading("The market opens");
  const material = await prepareMaterial(story, instance, run.buildDirectory);
  const stage = await setStage(story, run.chain, run.workFolder, material.keys.manifest);
  const data = await prepareData(scenario, instance, material.keys, seed, run.workFolder);
  const taskId = await postDemoTask(stage, data, material.keys);
  const open: OpenTask = { taskId, data, material };

  story.heading("A prover takes the task");
  const { dataPoints } = await checkOffer(stage, "prover", open);
  const backend = await openBackend();
  const trained = await trainOnPrivateData(stage, data, backend, seed);
  const { result: model } = trained;
  const { correctCount } = model.comparison.integer;
  requireThreshold(correctCount, data, seed);
  await stakeFor(stage, "prover");
  const opening = await commitTo(stage, "prover", open, model, drawSalt());
  await stakeFor(stage, "copier");
  await stage.transact(
    "copier",
    "commit to a copied commitment",
    (sender) => commitModel(sender, stage.contracts, taskId, opening.modelCommitment),
    `knows no model; copies the commitment ${short(opening.modelCommitment)} from the chain`,
  );
  const proof = await proveCount(
    stage,
    "prover",
    open,
    wholeTestSet(dataPoints, correctCount),
    opening,
    model,
  );

  story.heading("A rival claims more than it has");
  const rival = await playRival(stage, open, scenario, backend, seed, drawSalt());

  story.heading("The proof is handed in, and copied");
  const race = await playCopier(stage, taskId, proof.bundle);

  story.heading("Everybody gets what is theirs");
  await settle(stage, taskId);
  const task = await readTask(stage.contracts, taskId);

  return await describeRun({
    run,
    stage,
    open,
    model,
    trainingSeconds: trained.seconds,
    backend: backend.description,
    proof,
    rival: rival.summary,
    attempts: [...rival.attempts, ...race.attempts],
    task,
  });
}

async function trainOnPrivateData(
  { story }: Stage,
  { split, files, test }: DemoData,
  backend: TrainingBackend,
  seed: string,
): Promise<{ readonly result: PreparedModel; readonly seconds: number }> {
  const { layerSizes } = files.document.instance.architecture;
  const sampleCount = split.train.sampleCount.toLocaleString("en");
  return await story.act(
    "prover",
    `training on ${sampleCount} private samples`,
    (progress) =>
      prepareModel(
        {
          samples: split.train,
          architecture: files.document.instance.architecture,
          inputQuantization: files.inputQuantization,
          seed,
        },
        test,
        backend,
        ({ epoch, accuracy }, epochs) =>
          progress(`training, epoch ${epoch}/${epochs}: accuracy ${(100 * accuracy).toFixed(1)} %`),
      ),
    ({ comparison: { float, integer } }) => ({
      text: `trains ${layerSizes.join("-")} on ${sampleCount} private samples: ${float.correctCount} of ${float.sampleCount} test samples correct in floats, ${integer.correctCount} in integers`,
    }),
  );
}

/** The prover is paid, and all stake comes free; the clock of the local chain is moved past the unbonding delay. */
async function settle(stage: Stage, taskId: bigint): Promise<void> {
  const { contracts, connection, story } = stage;
  await stage.transact(
    "prover",
    "withdraw the reward",
    (sender) => withdrawReward(sender, contracts, ZeroAddress),
    `withdraws the reward of ${ether(REWARD_WEI)}`,
  );
  for (const party of ["prover", "rival", "copier"] as const) {
    await stage.transact(
      party,
      "release the stake",
      (sender) => releaseStake(sender, contracts, taskId, stage.address(party)),
      party === "prover"
        ? "has its stake released"
        : "has its stake released too: a failed proof costs gas, not stake",
    );
  }
  await stage.transact(
    "prover",
    "unbond the stake",
    (sender) => unbondStake(sender, contracts, ZeroAddress, STAKE_WEI),
    "asks for its stake back",
  );
  await passSeconds(connection, UNBONDING_SECONDS);
  await stage.transact(
    "prover",
    "withdraw the stake",
    (sender) => withdrawStake(sender, contracts, ZeroAddress),
    `withdraws ${ether(STAKE_WEI)} of stake seven days later (the local chain's clock was moved)`,
  );
  const left = await readStake(contracts, stage.address("prover"), ZeroAddress);
  if (left.freeWei + left.lockedWei + left.unbondingWei !== 0n) {
    throw new Error("some of the prover's stake is still in the vault");
  }
  await story.act(
    "prover",
    "counting its money",
    () => connection.provider.getBalance(stage.address("prover")),
    (balanceWei) => ({
      text: `has ${Number(formatEther(balanceWei)).toFixed(4)} ETH; it began with ${ether(START_WEI)}`,
    }),
  );
}

function requireThreshold(correct: number, { files }: DemoData, seed: string): void {
  const { minCorrect, sampleCount } = files.document;
  if (correct >= minCorrect) return;
  throw new ProverError(
    "demo.below-threshold",
    `the model trained with seed ${seed} classifies ${correct} of ${sampleCount} test samples correctly, the task asks for ${minCorrect}`,
    "Choose another seed, e.g. --seed 1.",
    { correct, minCorrect, sampleCount, seed },
  );
}
