import { stratifiedSplit } from "../../prover/src/data/split.ts";
import { proveShard } from "../../prover/src/task/prove-shard.ts";
import type { TrainingBackend } from "../../prover/src/training/backend.ts";
import {
  attempt,
  broadcastAnyway,
  errorName,
  proveCall,
  refusalByContract,
  refusalByToolkit,
  refusalOf,
  revertedReceipt,
} from "./attacks.ts";
import { prepareModel } from "./models.ts";
import {
  checkOffer,
  commitTo,
  type OpenTask,
  proveCount,
  shardInput,
  stakeFor,
  wholeTestSet,
} from "./provers.ts";
import type { DemoAttempt, DemoRecord } from "./record.ts";
import type { Scenario } from "./scenarios.ts";
import type { Stage } from "./stage.ts";

const PARTY = "rival";

/**
 * A prover with few samples claims more than its model can: the toolkit refuses to prove it, and its honest proof
 * with a higher count is refused by the toolkit and reverted by the contract.
 */
export async function playRival(
  stage: Stage,
  open: OpenTask,
  scenario: Scenario,
  backend: TrainingBackend,
  seed: string,
  salt: bigint,
): Promise<{ readonly attempts: readonly DemoAttempt[]; readonly summary: DemoRecord["rival"] }> {
  const { story } = stage;
  const { data, taskId } = open;
  const { document, inputQuantization } = data.files;
  const { dataPoints } = await checkOffer(stage, PARTY, open);
  const { train } = data.split;
  const few = stratifiedSplit(train, {
    seed: `${seed} rival`,
    testFraction: scenario.rival.samples / train.sampleCount,
  }).test;
  const { result: model } = await story.act(
    PARTY,
    `training on ${few.sampleCount} samples`,
    () =>
      prepareModel(
        {
          samples: few,
          architecture: document.instance.architecture,
          inputQuantization,
          seed: `${seed} rival`,
          epochs: scenario.rival.epochs,
        },
        data.test,
        backend,
      ),
    ({ comparison: { integer } }) => ({
      text: `trains on ${few.sampleCount} samples only: ${integer.correctCount} of ${integer.sampleCount} correct`,
    }),
  );
  await stakeFor(stage, PARTY);
  const opening = await commitTo(stage, PARTY, open, model, salt);
  const has = model.comparison.integer.correctCount;
  const claimed = Math.max(document.minCorrect, has + 1);

  const { result: unprovable } = await story.act(
    PARTY,
    `trying to prove ${claimed}`,
    () =>
      refusalOf(() =>
        proveShard(shardInput(open, wholeTestSet(dataPoints, claimed), opening, model.file.quantized.model)),
      ),
    ({ message }) => ({
      text: `asks the toolkit to prove ${claimed}: refused, ${message}`,
      isRefused: true,
    }),
  );
  const { bundle } = await proveCount(stage, PARTY, open, wholeTestSet(dataPoints, has), opening, model);
  const raised = { ...bundle, correct: claimed };
  const { result: byToolkit } = await story.act(
    PARTY,
    "raising the count of the finished proof",
    () => refusalByToolkit(stage, PARTY, taskId, raised),
    ({ message }) => ({
      text: `writes ${claimed} over the ${has} in its proof; the toolkit sees: ${message}`,
      isRefused: true,
    }),
  );
  const byContract = await refusalByContract(stage, PARTY, taskId, raised);
  const reverted = await story.act(
    PARTY,
    "sending it all the same",
    async () =>
      revertedReceipt(stage, await broadcastAnyway(stage.sender(PARTY), proveCall(stage, taskId, raised))),
    ({ gasUsed }) => ({
      text: `sends it all the same: reverted with ${errorName(byContract)}`,
      gas: gasUsed,
      isRefused: true,
    }),
  );
  stage.note(PARTY, "hand in a raised count", reverted.result, errorName(byContract));
  const title = `proof of ${has} with the count raised to ${claimed}`;
  return {
    attempts: [
      attempt(PARTY, `proving ${claimed} with a model that has ${has}`, "toolkit", unprovable),
      attempt(PARTY, title, "toolkit", byToolkit),
      attempt(PARTY, title, "contract", byContract, reverted.result.gasUsed),
    ],
    summary: {
      trainSamples: few.sampleCount,
      epochs: model.options.epochs,
      correct: has,
      claimed,
    },
  };
}
