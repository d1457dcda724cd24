import { shardScores } from "../../../prover/src/task/scores.ts";
import type { CommitmentOpening } from "../../../prover/src/task/commitment-opening.ts";
import { openShards } from "../../../prover/src/task/task-files.ts";
import { readTask } from "../../../prover/src/chain/tasks.ts";
import type { ProofBundle } from "../../../prover/src/proof/bundle.ts";
import { proveCount } from "../provers.ts";
import type { Setting, SealedOffer } from "./offers.ts";
import type { TrainedModel } from "./models.ts";
import type { DemoShardProof } from "./record.ts";

/** Proofs about all shards of a test set. */
export interface ProvenSet {
  readonly bundles: readonly ProofBundle[];
  readonly proofs: readonly DemoShardProof[];
}

/** Proves of each shard of a revealed test set what the model has there. */
export async function proveShards(
  { stage }: Setting,
  offer: SealedOffer,
  model: TrainedModel,
  opening: CommitmentOpening,
  isAccepted: boolean,
): Promise<ProvenSet> {
  const shards = openShards(offer.data.files);
  const { dataPoints } = await readTask(stage.contracts, offer.taskId);
  const bundles: ProofBundle[] = [];
  const proofs: DemoShardProof[] = [];
  for (const [shard, correct] of shardScores(model.file.quantized.model, shards).entries()) {
    const claim = { shard, correct, dataPoint: dataPoints[shard]! };
    const { bundle, seconds } = await proveCount(stage, model.party, offer, claim, opening, model);
    bundles.push(bundle);
    const { sampleCount } = shards[shard]!.testSet.samples;
    proofs.push({
      ...{ party: model.party, taskId: String(offer.taskId), shard, sampleCount, correct, seconds },
      isAccepted,
    });
  }
  return { bundles, proofs };
}
