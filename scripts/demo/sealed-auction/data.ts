import { putDocument } from "../../../prover/src/artifacts/documents.ts";
import type { ArtifactStore } from "../../../prover/src/artifacts/store.ts";
import type { AccuracyInstance } from "../../../prover/src/circuits/accuracy.ts";
import type { Dataset } from "../../../prover/src/data/dataset.ts";
import { fitInputQuantization, scaleInputs } from "../../../prover/src/data/input-quantization.ts";
import { findPackagedDataset, loadPackagedDataset } from "../../../prover/src/data/packaged-datasets.ts";
import { stratifiedSplit } from "../../../prover/src/data/split.ts";
import { createTestSet, type TestSet } from "../../../prover/src/data/test-set.ts";
import { blindShards, publishTestSet } from "../../../prover/src/task/publish-task.ts";
import type { TestSetArtifact } from "../../../prover/src/task/task-document.ts";
import type { TaskShard } from "../../../prover/src/task/task-files.ts";
import { shardTestSet } from "../../../prover/src/task/test-set-shards.ts";
import type { TestSamples } from "../models.ts";
import type { SealedAuctionScenario } from "./scenarios.ts";

/** The data of a run: a sample that is public, test sets that are sealed, and what the prover alone has. */
export interface SealedAuctionData {
  readonly title: string;
  readonly dataset: Dataset;
  /** The public sample as published, and as models see it. */
  readonly sample: {
    readonly rows: Dataset;
    readonly testSet: TestSet;
    readonly artifact: TestSetArtifact;
    readonly test: TestSamples;
  };
  /** In the order of the auctions; secret until they are revealed. */
  readonly sealed: readonly (readonly TaskShard[])[];
  /** The prover's own samples. */
  readonly train: Dataset;
}

/** Cuts the data set up, and stores the public sample, and nothing else of it, as an artifact. */
export async function prepareSealedData(
  scenario: SealedAuctionScenario,
  instance: AccuracyInstance,
  seed: string,
  store: ArtifactStore,
  drawBlinding?: () => bigint,
): Promise<SealedAuctionData> {
  const dataset = await loadPackagedDataset(scenario.dataset);
  let rest = dataset;
  const take = (samples: number, what: string): Dataset => {
    const { train, test } = stratifiedSplit(rest, {
      seed: `${seed} ${what}`,
      testFraction: samples / rest.sampleCount,
    });
    rest = train;
    return test;
  };
  const rows = take(scenario.publicSamples, "public");
  const parts = scenario.sealedSamples.map((samples, index) => take(samples, `sealed ${index}`));
  const inputQuantization = fitInputQuantization(rest, instance.architecture.inputBits);
  const toTestSet = (name: string, part: Dataset): TestSet =>
    createTestSet(`${scenario.dataset}, ${name}`, part, inputQuantization).testSet;
  const testSet = toTestSet("public sample", rows);
  const artifact = await publishTestSet((kind, value) => putDocument(store, kind, value), testSet);
  return {
    title: findPackagedDataset(scenario.dataset)!.title,
    dataset,
    sample: {
      rows,
      testSet,
      artifact,
      test: { scaled: scaleInputs(rows, inputQuantization), integer: testSet.samples },
    },
    sealed: parts.map((part, index) =>
      blindShards(shardTestSet(toTestSet(`sealed test set ${index + 1}`, part), instance), drawBlinding),
    ),
    train: rest,
  };
}
