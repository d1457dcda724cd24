import type { TrainingProvers } from "../../../prover/src/audit/answer-challenge.ts";
import { openAudit } from "../../../prover/src/chain/audits.ts";
import { registerKey } from "../../../prover/src/chain/registry.ts";
import { readTask, submitProofs } from "../../../prover/src/chain/tasks.ts";
import { quantizeInputs } from "../../../prover/src/data/input-quantization.ts";
import { ProverError } from "../../../prover/src/errors.ts";
import type { IntegerModel } from "../../../prover/src/model/integer-model.ts";
import { analyseBounds } from "../../../prover/src/quantization/bounds.ts";
import type { IntegerModelFile } from "../../../prover/src/quantization/integer-model-document.ts";
import { modelDigest } from "../../../prover/src/task/commitment-opening.ts";
import { derivedSalt, newRunKey } from "../../../prover/src/verifiable/salts.ts";
import {
  inputFractionBits,
  type TrainingRule,
  trainingRuleDigest,
  WEIGHT_FRACTION_BITS,
} from "../../../prover/src/verifiable/training-rule.ts";
import { shardProof } from "../attacks.ts";
import type { DemoRun } from "../flow.ts";
import { checkOffer, type OpenTask, proveCount, wholeTestSet } from "../provers.ts";
import { prepareMaterial } from "../public-material.ts";
import { ruleAddress, setStage } from "../stage.ts";
import {
  type DemoData,
  type DemoTrainingTerms,
  ether,
  postDemoTask,
  prepareData,
  REWARD_WEI,
} from "../task.ts";
import { answerEverything } from "./answers.ts";
import { describeTrainingRun } from "./describe-run.ts";
import type { TrainingDemoRecord } from "./record.ts";
import { cutShort, playCutRun } from "./rival.ts";
import { challenge, commitRun, type OpenAudit, passDrawDelay, seedFor, trainFrom } from "./runs.ts";
import type { TrainingInstances, TrainingScenario } from "./scenarios.ts";
import { settleAudited } from "./settle.ts";

/** One run of the demo with training proof. */
export interface TrainingDemoRun extends Omit<DemoRun, "scenario" | "instance" | "drawSalt"> {
  readonly scenario: TrainingScenario;
  readonly instances: TrainingInstances;
  /** Keys of the runs, from which their salts follow; 32 random bytes unless given. */
  readonly drawRunKey?: () => Uint8Array;
}

/** Plays the story of a task that asks for training proof, and returns what happened. */
export async function runTrainingDemo(run: TrainingDemoRun): Promise<TrainingDemoRecord> {
  const { story, scenario, instances, seed } = run;
  const { rule } = instances.step;
  const drawRunKey = run.drawRunKey ?? newRunKey;

  story.heading("The market opens");
  const material = await prepareMaterial(story, instances.accuracy, run.buildDirectory);
  const initMaterial = await prepareMaterial(story, instances.init, run.buildDirectory);
  const stepMaterial = await prepareMaterial(story, instances.step, run.buildDirectory);
  const provers: TrainingProvers = { init: initMaterial, step: stepMaterial };
  const stage = await setStage(story, run.chain, run.workFolder, material.keys.manifest, ["trainingAudit"]);
  for (const [name, { keys }] of [
    ["initialisation", initMaterial],
    ["step", stepMaterial],
  ] as const) {
    await stage.transact(
      "operator",
      `register the verifying key of the ${name} circuit`,
      async (sender) => (await registerKey(sender, stage.contracts, keys.manifest))!,
      `registers the verifying key of the ${name} circuit`,
    );
  }
  const data = await prepareData(scenario, instances.accuracy, material.keys, seed, run.workFolder);
  const { inputQuantization, classNames } = data.files;
  const { samples: train } = quantizeInputs(data.split.train, inputQuantization);
  const asked = trainingTerms(
    ruleAddress(stage.contracts, "trainingAudit"),
    rule,
    provers,
    train.sampleCount,
    scenario.drawnSteps,
  );
  const taskId = await postDemoTask(stage, data, material.keys, asked);
  const open: OpenTask = { taskId, data, material };
  const audit = await openAudit(stage.connection, stage.contracts, taskId);
  const openRun: OpenAudit = { audit, rule, train, test: data.test.integer, classNames };

  story.heading("Batches first, then the seed");
  const { dataPoints } = await checkOffer(stage, "prover", open);
  const seeded = await seedFor(stage, "prover", openRun, drawRunKey());
  const rivalSeeded = await seedFor(stage, "rival", openRun, drawRunKey());

  story.heading("The prover trains, the rival pretends to");
  const trained = await trainFrom(stage, "prover", openRun, seeded.batches, seeded.seed);
  requireThreshold(trained.score.correctCount, data);
  await commitRun(stage, "prover", audit, trained.run);
  const cut = await cutShort(stage, openRun, rivalSeeded.batches, rivalSeeded.seed, scenario.rivalShare);
  await commitRun(stage, "rival", audit, cut.run);

  story.heading("The chain asks, the prover answers");
  await passDrawDelay(stage, audit);
  const challengedSteps = await challenge(stage, "prover", "prover", audit);
  const stages = await answerEverything(stage, "prover", audit, trained.run, provers, challengedSteps);

  story.heading("The rival is asked, too");
  const rivalSteps = await challenge(stage, "buyer", "rival", audit);
  const attempts = await playCutRun(stage, audit, cut, provers, rivalSteps);

  story.heading("The last checkpoint is the model: its accuracy is proved");
  const file = modelFile(rule, trained.model, data);
  const opening = {
    chainId: stage.connection.chainId,
    market: stage.contracts.addresses.taskMarket,
    taskId,
    prover: stage.address("prover"),
    modelCommitment: trained.run.checkpoints.at(-1)!,
    salt: derivedSalt(trained.run.runKey, "checkpoint", trained.run.checkpoints.length - 1),
    modelDigest: modelDigest(file),
  };
  const proof = await proveCount(
    stage,
    "prover",
    open,
    wholeTestSet(dataPoints, trained.score.correctCount),
    opening,
    { file },
  );
  await stage.transact(
    "prover",
    "hand in the proof",
    (sender) => submitProofs(sender, stage.contracts, taskId, [shardProof(proof.bundle)]),
    `hands in the proof: the contract verifies it and credits the reward of ${ether(REWARD_WEI)}`,
  );

  story.heading("Everybody gets what is theirs");
  const slashed = await settleAudited(stage, audit);
  const task = await readTask(stage.contracts, taskId);

  return await describeTrainingRun({
    run,
    stage,
    open,
    audit,
    materials: [initMaterial, stepMaterial],
    trained,
    file,
    cut,
    stages,
    slashed,
    proof,
    attempts,
    task,
  });
}

/** What the buyer asks of a run: the rule, and as many batches as its own split of the data gives. */
function trainingTerms(
  auditAddress: string,
  rule: TrainingRule,
  { init, step }: TrainingProvers,
  trainSamples: number,
  drawnSteps: number,
): DemoTrainingTerms {
  return {
    auditAddress,
    terms: {
      initKeyId: init.keys.keyId,
      stepKeyId: step.keys.keyId,
      ruleHash: trainingRuleDigest(rule),
      epochs: rule.epochs,
      minBatches: Math.floor(trainSamples / rule.batchSize),
      halvingSteps: rule.halvingSteps,
      learningRateExponent: rule.initialRateBits,
      drawnSteps,
    },
  };
}

/** The trained model as one that was quantised: its scales are those of the rule's fixed-point formats. */
function modelFile(rule: TrainingRule, model: IntegerModel, { files }: DemoData): IntegerModelFile {
  const { classNames, inputQuantization } = files;
  const sumScales = model.layers.map(
    (_, layer) => 2 ** -(inputFractionBits(rule, layer) + WEIGHT_FRACTION_BITS),
  );
  return {
    quantized: {
      model,
      weightScales: model.layers.map(() => 2 ** -WEIGHT_FRACTION_BITS),
      sumScales,
      bounds: analyseBounds(model),
    },
    classNames,
    inputQuantization,
  };
}

function requireThreshold(correct: number, { files }: DemoData): void {
  const { minCorrect, sampleCount } = files.document;
  if (correct >= minCorrect) return;
  throw new ProverError(
    "demo.below-threshold",
    `the model trained from the seed of the chain classifies ${correct} of ${sampleCount} test samples correctly, the task asks for ${minCorrect}`,
    "Run the demo again: the chain draws another seed.",
    { correct, minCorrect, sampleCount },
  );
}
