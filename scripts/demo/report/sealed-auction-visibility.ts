import type { SealedAuctionRecord } from "../sealed-auction/record.ts";
import { count } from "./format.ts";
import type { Html } from "./html.ts";
import { type Sight, visibilityTable } from "./visibility.ts";

const FROM_POSTING: Sight = ["always", "from posting on", "from posting on"];
const AFTER_REVEAL: Sight = ["always", "after the reveal", "after the reveal"];
const PROVER_ONLY: Sight = ["never", "always", "never"];

/** What each party saw of the second auction, and when: sealed or unsealed. */
export function sealedVisibilitySection({ dataset, tasks, layerSizes, proofs }: SealedAuctionRecord): Html {
  const [, task] = tasks;
  const accepted = proofs.filter(({ isAccepted }) => isAccepted);
  return visibilityTable(
    [
      {
        what: "Public sample: features and labels",
        here: `${dataset.publicSamples} samples of ${dataset.featureCount} features`,
        sight: FROM_POSTING,
      },
      {
        what: "Terms, prices, architecture",
        here: `${layerSizes.join("-")}, at least ${task.minCorrect} of ${task.sampleCount}`,
        sight: FROM_POSTING,
      },
      {
        what: "Blinded data points",
        here: `${task.dataPoints.length}, which tell nothing of the samples`,
        sight: FROM_POSTING,
      },
      {
        what: "Test set: features and labels",
        here: `${task.sampleCount} samples in ${task.dataPoints.length} shards`,
        sight: AFTER_REVEAL,
      },
      {
        what: "Blindings of the shards",
        here: `${task.dataPoints.length} field elements`,
        sight: AFTER_REVEAL,
      },
      {
        what: "Model commitment",
        here: "Poseidon hash with a secret salt",
        sight: ["from the commitment on", "always", "from the commitment on"],
      },
      {
        what: "Proofs, and the count of each shard",
        here: accepted.map(({ correct, sampleCount }) => `${correct} of ${sampleCount}`).join(", "),
        sight: ["when handed in", "always", "when handed in"],
      },
      {
        what: "Training samples",
        here: `${count(dataset.trainSamples)} samples`,
        sight: PROVER_ONLY,
      },
      { what: "Weights, biases, salt", here: "in the prover's memory", sight: PROVER_ONLY },
      {
        what: "Predictions: which samples are right",
        here: `${task.sampleCount} predictions`,
        sight: ["never", "after the reveal", "never"],
      },
    ],
    {
      parties: ["buyer", "prover", "everybody else"],
      intro:
        "The second auction, by time: the test set is sealed from posting until nobody can commit any more, and public from then on, so that anybody can recompute its data points.",
      note: "Nobody can prove that the buyer shows the sealed test set to nobody: whoever it tells can win with it, at the buyer's cost. The mapping of features to integers is fitted on the prover's samples, as in the other scenarios, and published with the task.",
    },
  );
}
