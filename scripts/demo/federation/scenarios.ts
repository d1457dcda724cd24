import type { Dataset } from "../../../prover/src/data/dataset.ts";
import { findPackagedDataset, loadPackagedDataset } from "../../../prover/src/data/packaged-datasets.ts";
import type { FloatTrainingAdvice } from "../../../prover/src/federation/federation-document.ts";
import { scenarioOf } from "../scenarios.ts";

/** What the poisoner does in a round: first it earns trust, then it tries one way of poisoning after the other. */
export type PoisonerPlan =
  | "honest"
  /** Trains on wrong labels. */
  | "labels"
  /** Turns the signs of the last layer. */
  | "signs"
  /** Blows its change up. */
  | "scaled"
  /** Proves one model and masks another. */
  | "swap"
  /** Masks its model, and publishes something else: nobody finds its vector, and the round is given up. */
  | "garbage"
  /** Sits out, since the others missed its vector. */
  | "away";

/** What the demo of a federation plays on one data set. */
export interface FederationScenario {
  readonly dataset: string;
  readonly title: string;
  readonly licence: string;
  readonly load: () => Promise<Dataset>;
  /** Circuit instances in circuits/circuits.json. */
  readonly instances: { readonly score: string; readonly mask: string; readonly aggregate: string };
  /** Share of the samples that is the public test set, in 0..1. */
  readonly testFraction: number;
  /** Relative sizes of the members' parts, those of the honest members first, then the poisoner's and the rider's. */
  readonly shares: readonly number[];
  /** Of the members' mixtures of classes; see PartitionOptions. */
  readonly concentration: number;
  readonly training: FloatTrainingAdvice;
  readonly samplesPerFactor: number;
  /** By how many samples a model may fall short of the last global one. */
  readonly toleranceCount: number;
  readonly bandCount: number;
  /** One entry for each round. */
  readonly poisoner: readonly PoisonerPlan[];
  /** Round in which the free rider tries the same weights from a second account. */
  readonly copyRound: number;
  /** Round from which on the first honest leader vanishes after it took the lead. */
  readonly vanishRound: number;
  /** Share of the test set that the last global model must have correct. */
  readonly minFinalShare: number;
}

/** Scenarios by the name of their data set. */
export const FEDERATION_SCENARIOS: Readonly<Record<string, FederationScenario>> = {
  digits: {
    dataset: "digits",
    title: findPackagedDataset("digits")!.title,
    licence: "CC-BY-4.0",
    load: () => loadPackagedDataset("digits"),
    instances: {
      score: "round-64-16-10x360",
      mask: "masked-64-16-10x8",
      aggregate: "aggregate-64-16-10x8",
    },
    testFraction: 0.2,
    shares: [1.5, 1.2, 1, 0.8, 0.6, 0.2, 0.4],
    concentration: 30,
    training: {
      kind: "float",
      epochs: 20,
      batchSize: 8,
      learningRate: 0.02,
      weightDecay: 0.001,
      inputNoise: 0.1,
    },
    samplesPerFactor: 2,
    toleranceCount: 18,
    bandCount: 1,
    poisoner: ["honest", "labels", "signs", "scaled", "swap", "garbage", "away"],
    copyRound: 2,
    vanishRound: 3,
    minFinalShare: 0.95,
  },
};

/** The scenario of a data set; throws ProverError `demo.unknown-dataset` listing those there are. */
export function findFederationScenario(dataset: string): FederationScenario {
  return scenarioOf(FEDERATION_SCENARIOS, dataset);
}
