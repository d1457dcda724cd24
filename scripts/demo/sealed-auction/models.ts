import type { Dataset } from "../../../prover/src/data/dataset.ts";
import type { TrainingBackend } from "../../../prover/src/training/backend.ts";
import { joinSamples } from "../../../prover/src/data/test-set.ts";
import { runReference } from "../../../prover/src/model/reference.ts";
import type { TaskShard } from "../../../prover/src/task/task-files.ts";
import { prepareModel, type PreparedModel } from "../models.ts";
import type { AccountParty } from "../stage.ts";
import type { Setting } from "./offers.ts";
import type { ModelScores } from "./record.ts";

/** A model with what its owner measured of it, and how long training took. */
export interface TrainedModel extends PreparedModel {
  readonly party: AccountParty;
  readonly samples: Dataset;
  readonly seconds: number;
}

/** A party trains and measures its model on the public sample: it has no other test set. */
export async function train(
  { stage, data, material }: Setting,
  party: AccountParty,
  plan: { readonly samples: Dataset; readonly what: string; readonly seed: string; readonly epochs?: number },
  backend: TrainingBackend,
): Promise<TrainedModel> {
  const { samples, what, seed, epochs } = plan;
  const { inputQuantization } = data.sample.testSet;
  const { architecture } = material.circuit.instance;
  const { result, seconds } = await stage.story.act(
    party,
    `training on ${what}`,
    (progress) =>
      prepareModel(
        { samples, architecture, inputQuantization, seed, ...(epochs === undefined ? {} : { epochs }) },
        data.sample.test,
        backend,
        ({ epoch, accuracy }, total) =>
          progress(`training, epoch ${epoch}/${total}: accuracy ${(100 * accuracy).toFixed(1)} %`),
      ),
    ({ options, comparison: { integer } }) => ({
      text: `trains ${options.epochs} epochs on ${what}: ${integer.correctCount} of the ${integer.sampleCount} public samples correct`,
    }),
  );
  return { ...result, party, samples, seconds };
}

/** How a model does on the public sample and on test sets that were sealed. */
export function scoreModel(model: TrainedModel, revealed: readonly (readonly TaskShard[])[]): ModelScores {
  const { party, samples, seconds, options, comparison, file } = model;
  return {
    party,
    trainSamples: samples.sampleCount,
    epochs: options.epochs,
    seconds,
    publicCorrect: comparison.integer.correctCount,
    sealedCorrect: revealed.map((shards) => countCorrect({ file }, shards)),
  };
}

/** Samples of a test set that a model classifies correctly. */
export function countCorrect({ file }: Pick<PreparedModel, "file">, shards: readonly TaskShard[]): number {
  const samples = joinSamples(shards.map(({ testSet }) => testSet.samples));
  return runReference(file.quantized.model, samples).correctCount;
}
