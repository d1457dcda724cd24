import type { TransactionRequest } from "ethers";

import type { TrainingProvers } from "../../../prover/src/audit/answer-challenge.ts";
import { proveStep } from "../../../prover/src/audit/prove-stage.ts";
import { type StepStage, stepStage } from "../../../prover/src/audit/stages.ts";
import { finishRun, type RunBatches, runStepCount } from "../../../prover/src/audit/trained-run.ts";
import { contractInterface } from "../../../prover/src/chain/abis.ts";
import { type Audit, answerSteps } from "../../../prover/src/chain/audits.ts";
import { toChainProof } from "../../../prover/src/chain/chain-proof.ts";
import type { ChainProof } from "../../../prover/src/chain/tasks.ts";
import { modelCommitment } from "../../../prover/src/model/commitment.ts";
import { scorePredictions, type Score } from "../../../prover/src/model/evaluation.ts";
import type { IntegerModel } from "../../../prover/src/model/integer-model.ts";
import { runReference } from "../../../prover/src/model/reference.ts";
import { randomFieldElement } from "../../../prover/src/random-field.ts";
import { commitCheckpoints } from "../../../prover/src/verifiable/commit-trace.ts";
import { derivedSalt } from "../../../prover/src/verifiable/salts.ts";
import { trainVerifiably } from "../../../prover/src/verifiable/train.ts";
import { attempt, broadcastAnyway, errorName, refusalOf, revertedReceipt } from "../attacks.ts";
import type { DemoAttempt } from "../record.ts";
import type { Stage } from "../stage.ts";
import { proveOneStep } from "./answers.ts";
import { auditPlace, type DemoTraining, type OpenAudit } from "./runs.ts";

const PARTY = "rival";

/** A run that stops after some steps and claims that its model is the outcome of all. */
export interface CutRun extends Pick<DemoTraining, "run" | "score"> {
  /** Steps that were really trained. */
  readonly trainedSteps: number;
}

/** Trains the first steps only and fills the rest of the trace with numbers that commit to nothing. */
export async function cutShort(
  { story }: Stage,
  { rule, train, test, classNames }: OpenAudit,
  batches: RunBatches,
  seed: bigint,
  share: number,
): Promise<CutRun> {
  const stepCount = runStepCount(batches);
  const trainedSteps = Math.round(share * stepCount);
  const models: IntegerModel[] = [];
  const stop = new AbortController();
  const scoreOf = (model: IntegerModel): Score =>
    scorePredictions(runReference(model, test).predictions, test.labels, classNames);
  const { result } = await story.act(
    PARTY,
    "training for a while",
    async () => {
      await trainVerifiably({
        rule,
        seed,
        train,
        signal: stop.signal,
        onCheckpoint: (step, model) => {
          if (step <= trainedSteps) models.push(model);
          if (step === trainedSteps) stop.abort();
        },
      });
      const last = models.at(-1)!;
      const real = await commitCheckpoints(models.length, (step) => models[step]!, batches.runKey);
      const invented = Array.from({ length: stepCount - trainedSteps - 1 }, () => randomFieldElement());
      const model = modelCommitment(last, derivedSalt(batches.runKey, "checkpoint", stepCount));
      const checkpoint = (step: number): IntegerModel => models[Math.min(step, trainedSteps)]!;
      return {
        run: finishRun(batches, { seed, checkpoints: [...real, ...invented, model], checkpoint }),
        score: scoreOf(last),
      };
    },
    ({ score }) => ({
      text: `stops after ${trainedSteps} of ${stepCount.toLocaleString("en")} steps, with ${score.correctCount} of ${score.sampleCount} correct, and invents the rest of the trace`,
    }),
  );
  return { ...result, trainedSteps };
}

/**
 * The rival proves the step it did take, and can prove no other: the toolkit refuses to prove the last step, and the
 * contract its proof of the first step under the number of the last.
 */
export async function playCutRun(
  stage: Stage,
  audit: Audit,
  { run, trainedSteps }: CutRun,
  provers: TrainingProvers,
  challengedSteps: readonly number[],
): Promise<readonly DemoAttempt[]> {
  const { story } = stage;
  const [first, last] = [challengedSteps[0]!, challengedSteps[1]!];
  const proof = toChainProof(
    (await proveOneStep(stage, PARTY, audit, run, provers, first, [1, challengedSteps.length + 1])).result,
  );
  await stage.transact(
    PARTY,
    "answer for the first step",
    (sender) => answerSteps(sender, audit, [stepStage(run, first)], [proof]),
    "answers for the one step it can prove",
  );
  const { result: byToolkit } = await story.act(
    PARTY,
    `trying to prove step ${last}`,
    () => refusalOf(() => proveStep(provers.step, run, auditPlace(stage, PARTY, audit), last)),
    ({ message }) => ({
      text: `asks the toolkit to prove step ${last}: refused, ${message}`,
      isRefused: true,
    }),
  );
  const answer = stepStage(run, last);
  const byContract = await refusalOf(() => answerSteps(stage.sender(PARTY), audit, [answer], [proof]));
  const { result: reverted } = await story.act(
    PARTY,
    "sending another proof for it",
    async () =>
      revertedReceipt(stage, await broadcastAnyway(stage.sender(PARTY), answerCall(audit, answer, proof))),
    ({ gasUsed }) => ({
      text: `sends its proof of step ${first} for step ${last}: reverted with ${errorName(byContract)}`,
      gas: gasUsed,
      isRefused: true,
    }),
  );
  stage.note(PARTY, "answer with another step's proof", reverted, errorName(byContract));
  return [
    attempt(PARTY, `proving step ${last} of a run that stopped after ${trainedSteps}`, "toolkit", byToolkit),
    attempt(
      PARTY,
      `proof of step ${first} as the one of step ${last}`,
      "contract",
      byContract,
      reverted.gasUsed,
    ),
  ];
}

function answerCall(
  { address: to, taskId }: Audit,
  answer: StepStage,
  proof: ChainProof,
): TransactionRequest {
  return {
    to,
    data: contractInterface("ITrainingAudit").encodeFunctionData("answerSteps", [taskId, [answer], [proof]]),
  };
}
