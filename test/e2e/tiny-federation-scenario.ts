import { readCsv } from "../../prover/src/data/csv.ts";
import type { FederationScenario } from "../../scripts/demo/federation/scenarios.ts";

/** The demo's federation on three clusters in four dimensions, with circuits of four places and fewer rounds. */
export function tinyFederationScenario(csvFile: string): FederationScenario {
  return {
    dataset: "clusters",
    title: "Three clusters",
    licence: "CC0-1.0",
    load: () => readCsv(csvFile, { header: true, label: "kind" }),
    instances: { score: "round-4-3-3x10", mask: "masked-4-3-3x4", aggregate: "aggregate-4-3-3x4" },
    testFraction: 0.2,
    shares: [8, 7, 6, 5, 5, 4, 5],
    concentration: 20,
    training: {
      kind: "float",
      epochs: 30,
      batchSize: 4,
      learningRate: 0.05,
      weightDecay: 0.001,
      inputNoise: 0,
    },
    samplesPerFactor: 2,
    toleranceCount: 2,
    bandCount: 0,
    poisoner: ["honest", "labels", "swap", "garbage", "away"],
    copyRound: 2,
    // Later the free rider's model may be as good as any, so that it leads.
    vanishRound: 1,
    minFinalShare: 0.8,
  };
}
