import { type AuditPlace } from "../../../prover/src/audit/stages.ts";
import {
  commitBatches,
  finishRun,
  type RunBatches,
  runStepCount,
  type TrainedRun,
} from "../../../prover/src/audit/trained-run.ts";
import {
  type Audit,
  commitTrace,
  drawChallenge,
  drawSeed,
  readRun,
  registerBatches,
} from "../../../prover/src/chain/audits.ts";
import type { IntegerSamples } from "../../../prover/src/data/samples.ts";
import { scorePredictions, type Score } from "../../../prover/src/model/evaluation.ts";
import type { IntegerModel } from "../../../prover/src/model/integer-model.ts";
import { runReference } from "../../../prover/src/model/reference.ts";
import type { EpochRecord } from "../../../prover/src/training/checkpoint.ts";
import { commitCheckpoints } from "../../../prover/src/verifiable/commit-trace.ts";
import { trainVerifiably } from "../../../prover/src/verifiable/train.ts";
import type { TrainingRule } from "../../../prover/src/verifiable/training-rule.ts";
import { stakeFor } from "../provers.ts";
import type { AccountParty, Stage } from "../stage.ts";
import { short } from "../task.ts";

/** What stands before every run: the task's audit, its rule, and the samples. */
export interface OpenAudit {
  readonly audit: Audit;
  readonly rule: TrainingRule;
  /** Private training samples. */
  readonly train: IntegerSamples;
  readonly test: IntegerSamples;
  readonly classNames: readonly string[];
}

/** A party's finished run with its measurements. */
export interface DemoTraining {
  /** Secret. */
  readonly run: TrainedRun;
  /** The last checkpoint: the model that is committed to. */
  readonly model: IntegerModel;
  readonly score: Score;
  readonly history: readonly EpochRecord[];
  readonly seconds: number;
  readonly commitSeconds: number;
}

/** Registers a party's batches, waits until their block is past, and draws the seed. */
export async function seedFor(
  stage: Stage,
  party: AccountParty,
  { audit, rule, train }: OpenAudit,
  runKey: Uint8Array,
): Promise<{ readonly batches: RunBatches; readonly seed: bigint }> {
  const { result: batches } = await stage.story.act(
    party,
    "committing to its batches",
    () => Promise.resolve(commitBatches(rule, train, runKey)),
    (made) => ({
      text: `cuts its samples into ${made.batches.length} batches of ${rule.batchSize} and commits to each`,
    }),
  );
  await stage.transact(
    party,
    "register the batches",
    (sender) => registerBatches(sender, audit, batches.root, batches.batches.length),
    `registers the root of its batches, ${batches.root.slice(0, 12)}…`,
  );
  await passDrawDelay(stage, audit);
  await stage.transact(
    party,
    "draw the seed",
    (sender) => drawSeed(sender, audit, stage.address(party)),
    "has its seed drawn from the hash of a block that was not known when it registered",
  );
  const { seed } = await readRun(audit, stage.address(party));
  return { batches, seed };
}

/** Trains by the rule from the drawn seed, then commits to every checkpoint. */
export async function trainFrom(
  { story }: Stage,
  party: AccountParty,
  { rule, train, test, classNames }: OpenAudit,
  batches: RunBatches,
  seed: bigint,
): Promise<DemoTraining> {
  const models: IntegerModel[] = [];
  const scoreOf = (model: IntegerModel): Score =>
    scorePredictions(runReference(model, test).predictions, test.labels, classNames);
  const trained = await story.act(
    party,
    "training from the seed",
    (progress) =>
      trainVerifiably({
        rule,
        seed,
        train,
        onCheckpoint: (_step, model) => void models.push(model),
        onEpoch: ({ epoch, accuracy }) =>
          progress(`training, epoch ${epoch}/${rule.epochs}: accuracy ${(100 * accuracy).toFixed(1)} %`),
      }),
    ({ model, stepCount }) => {
      const { correctCount, sampleCount } = scoreOf(model);
      return {
        text: `trains ${rule.architecture.layerSizes.join("-")} in ${stepCount.toLocaleString("en")} integer steps from the seed: ${correctCount} of ${sampleCount} test samples correct`,
      };
    },
  );
  const { model, history } = trained.result;
  const checkpoint = (step: number): IntegerModel => models[step]!;
  const committed = await story.act(
    party,
    "committing to every checkpoint",
    (progress) =>
      commitCheckpoints(models.length, checkpoint, batches.runKey, {
        onProgress: (done, total) => {
          if (done % 100 === 0) progress(`committing to the checkpoints: ${done} of ${total}`);
        },
      }),
    (commitments) => ({ text: `commits to all ${commitments.length.toLocaleString("en")} checkpoints` }),
  );
  return {
    run: finishRun(batches, { seed, checkpoints: committed.result, checkpoint }),
    model,
    score: scoreOf(model),
    history,
    seconds: trained.seconds,
    commitSeconds: committed.seconds,
  };
}

/** Locks the stake and fixes model and trace. */
export async function commitRun(
  stage: Stage,
  party: AccountParty,
  audit: Audit,
  run: TrainedRun,
): Promise<void> {
  await stakeFor(stage, party);
  const modelCommitment = run.checkpoints.at(-1)!;
  await stage.transact(
    party,
    "commit to model and trace",
    (sender) => commitTrace(sender, stage.contracts, audit.taskId, modelCommitment, run.traceRoot),
    `commits to the model, ${short(modelCommitment)}, and to the trace of ${runStepCount(run).toLocaleString("en")} steps that led to it; the stake is locked`,
  );
}

/** Draws what a party must answer for; returns the steps asked for. */
export async function challenge(
  stage: Stage,
  caller: AccountParty,
  party: AccountParty,
  audit: Audit,
): Promise<readonly number[]> {
  await stage.transact(
    caller,
    caller === party ? "draw the challenge" : `draw the challenge of the ${party}`,
    (sender) => drawChallenge(sender, audit, stage.address(party)),
    `has the ${caller === party ? "challenge" : `challenge of the ${party}`} drawn from the hash of a later block`,
  );
  const { challengedSteps } = await readRun(audit, stage.address(party));
  await stage.story.act(
    party,
    "reading the challenge",
    () => Promise.resolve(),
    () => ({
      text: `is asked for the initialisation and steps ${challengedSteps.join(", ")}`,
    }),
  );
  return challengedSteps;
}

/** Makes empty blocks until what was fixed can be drawn for; on a public chain time does that. */
export async function passDrawDelay({ connection }: Stage, { contract }: Audit): Promise<void> {
  const blocks = await contract.DRAW_DELAY_BLOCKS();
  await connection.provider.send("anvil_mine", [`0x${blocks.toString(16)}`]);
}

/** Where a party's answers count. */
export function auditPlace(stage: Stage, party: AccountParty, { taskId }: Audit): AuditPlace {
  return {
    chainId: stage.connection.chainId,
    market: stage.contracts.addresses.taskMarket,
    taskId,
    prover: stage.address(party),
  };
}
