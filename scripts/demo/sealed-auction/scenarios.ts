import { type Scenario, scenarioOf } from "../scenarios.ts";

/** What the demo of sealed test sets plays on one data set. */
export interface SealedAuctionScenario extends Pick<
  Scenario,
  "dataset" | "licence" | "instanceId" | "minCorrectShare"
> {
  /** Samples that everybody may see, and that the rival learns by heart. */
  readonly publicSamples: number;
  readonly rivalEpochs: number;
  /**
   * Samples of the sealed test sets, one for each auction: what was revealed is sealed no more. The second has two shards,
   * so that proofs of several are handed in at once.
   */
  readonly sealedSamples: readonly [first: number, second: number, third: number];
}

/** Scenarios by the name of their data set; what is left of it is the prover's to train on. */
export const SEALED_AUCTION_SCENARIOS: Readonly<Record<string, SealedAuctionScenario>> = {
  digits: {
    dataset: "digits",
    licence: "CC-BY-4.0",
    instanceId: "digits-64-16-10x360",
    minCorrectShare: 0.94,
    publicSamples: 50,
    rivalEpochs: 200,
    sealedSamples: [240, 480, 60],
  },
  "breast-cancer": {
    dataset: "breast-cancer",
    licence: "CC-BY-4.0",
    instanceId: "breast-cancer-30-2x114",
    minCorrectShare: 0.925,
    publicSamples: 4,
    rivalEpochs: 200,
    sealedSamples: [80, 160, 30],
  },
};

/** The scenario of a data set; throws ProverError `demo.unknown-dataset` listing those there are. */
export function findSealedAuctionScenario(dataset: string): SealedAuctionScenario {
  return scenarioOf(SEALED_AUCTION_SCENARIOS, dataset);
}
