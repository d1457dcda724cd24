import type { Dataset, FloatSamples } from "../../../prover/src/data/dataset.ts";
import { countPerClass } from "../../../prover/src/data/dataset.ts";
import {
  fitInputQuantization,
  type InputQuantization,
  quantizeInputs,
  scaleInputs,
} from "../../../prover/src/data/input-quantization.ts";
import type { IntegerSamples } from "../../../prover/src/data/samples.ts";
import { partitionDataset } from "../../../prover/src/data/partition.ts";
import { stratifiedSplit } from "../../../prover/src/data/split.ts";
import { createTestSet, type TestSet } from "../../../prover/src/data/test-set.ts";
import type { FederationScenario } from "./scenarios.ts";

/** What one member alone has. */
export interface PrivatePart {
  readonly samples: FloatSamples;
  /** The same as integer models see them. */
  readonly integer: IntegerSamples;
  /** Samples of each class. */
  readonly classCounts: readonly number[];
}

/** The data of a run: a public test set, and one part of the rest for each member that has data. */
export interface FederationData {
  readonly dataset: Dataset;
  readonly testSet: TestSet;
  readonly trainSamples: number;
  /** In the order of the scenario's shares. */
  readonly parts: readonly PrivatePart[];
}

/** Cuts a scenario's data set up; the same seed gives the same parts. */
export async function prepareFederationData(
  scenario: Pick<FederationScenario, "dataset" | "load" | "testFraction" | "shares" | "concentration">,
  inputBits: number,
  seed: string,
): Promise<FederationData> {
  const { shares, concentration, testFraction } = scenario;
  const dataset = await scenario.load();
  const { train, test } = stratifiedSplit(dataset, { seed, testFraction });
  const inputQuantization: InputQuantization = fitInputQuantization(train, inputBits);
  const { testSet } = createTestSet(scenario.dataset, test, inputQuantization);
  const parts = partitionDataset(train, { seed, shares, concentration });
  return {
    dataset,
    testSet,
    trainSamples: train.sampleCount,
    parts: parts.map(({ samples }) => ({
      samples: scaleInputs(samples, inputQuantization),
      integer: quantizeInputs(samples, inputQuantization).samples,
      classCounts: [...countPerClass(samples.labels, samples.classNames.length)],
    })),
  };
}
