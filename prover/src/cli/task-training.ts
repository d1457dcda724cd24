import type { TrainingProofTerms } from "../chain/tasks.ts";
import type { TaskTraining } from "../task/task-document.ts";
import { parseAddress } from "./addresses.ts";
import type { SignSession } from "./session.ts";
import { parseDuration, parseInteger } from "./units.ts";
import { UsageError } from "./usage-error.ts";

/** Options of `zkpot task post` that ask for training proof. */
export interface TrainingPostFlags {
  readonly trainInit?: string;
  readonly trainStep?: string;
  readonly trainingAudit?: string;
  readonly auditedSteps?: string;
  readonly minBatches: string;
  readonly answerWithin?: string;
}

/** Times of a task in seconds since 1970. */
export interface PostTimes {
  readonly now: bigint;
  readonly commitDeadline: bigint;
  readonly proveDeadline: bigint;
}

/** The training proof a poster asks for: what its document says, and the terms once the time is known. */
export interface TrainingPart {
  readonly published: TaskTraining;
  readonly terms: (times: PostTimes) => TrainingProofTerms;
}

/** Least number of steps drawn by default. */
const LEAST_AUDITED_STEPS = 3;

/** Opens the training circuits that the options name; undefined when they ask for no training proof. */
export async function openTrainingPart(
  flags: TrainingPostFlags,
  { contracts }: SignSession,
): Promise<TrainingPart | undefined> {
  const { trainStep, trainInit } = flags;
  if (trainStep === undefined && trainInit === undefined) return undefined;
  if (trainStep === undefined || trainInit === undefined) {
    throw new UsageError(
      "cli.training-circuits",
      "training proof needs both --train-step and --train-init",
      "Name both circuits of one rule; see `zkpot circuit list`.",
    );
  }
  const { findInstance, openKeys } = await import("./artifacts.ts");
  const { termsOfRule } = await import("../task/check-training.ts");
  const [step, init] = await Promise.all([findInstance(trainStep), findInstance(trainInit)]);
  if (step.template !== "train-step" || init.template !== "train-init") {
    throw new UsageError(
      "cli.other-template",
      `--train-step names a ${step.template} circuit, --train-init a ${init.template} circuit`,
      "Name both circuits of one rule; see `zkpot circuit list`.",
      { trainStep: step.id, trainInit: init.id },
    );
  }
  const auditAddress =
    flags.trainingAudit === undefined
      ? contracts.addresses.trainingAudit
      : await parseAddress(flags.trainingAudit, "--training-audit");
  if (auditAddress === undefined) {
    throw new UsageError(
      "cli.no-training-audit",
      "no training audit contract is known on this network",
      "Name one with --training-audit, or write trainingAudit into the network's addresses.",
    );
  }
  const { rule } = step;
  const published = {
    init,
    initKeyId: (await openKeys(init, undefined)).keyId,
    step,
    stepKeyId: (await openKeys(step, undefined)).keyId,
  };
  const drawnSteps =
    flags.auditedSteps === undefined
      ? Math.max(LEAST_AUDITED_STEPS, Math.ceil(Math.log2(rule.epochs)))
      : parseInteger(flags.auditedSteps, "--audited-steps", 1, 64);
  const minBatches = parseInteger(flags.minBatches, "--min-batches", 1, 2 ** 32 - 1);
  const answerSeconds =
    flags.answerWithin === undefined ? undefined : parseDuration(flags.answerWithin, "--answer-within");
  return {
    published,
    terms: ({ now, commitDeadline, proveDeadline }) => ({
      auditAddress,
      terms: {
        ...termsOfRule(rule),
        initKeyId: published.initKeyId,
        stepKeyId: published.stepKeyId,
        minBatches,
        drawnSteps,
        // Halfway by default: accuracy can be proved only after the audit has passed.
        answerDeadline:
          answerSeconds === undefined ? (commitDeadline + proveDeadline) / 2n : now + BigInt(answerSeconds),
      },
    }),
  };
}
