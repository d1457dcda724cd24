import { ProverError } from "../../prover/src/errors.ts";

/** What the demo plays on one data set. */
export interface Scenario {
  /** A packaged data set. */
  readonly dataset: string;
  readonly licence: string;
  /** Circuit instance in circuits/circuits.json; it fixes the architecture. */
  readonly instanceId: string;
  /** Share of the test samples that must be classified correctly, in 0..1. */
  readonly minCorrectShare: number;
  /** The competing prover has little data and little patience. */
  readonly rival: { readonly samples: number; readonly epochs: number };
}

/** Scenarios by the name of their data set. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  digits: {
    dataset: "digits",
    licence: "CC-BY-4.0",
    instanceId: "digits-64-16-10x360",
    minCorrectShare: 0.95,
    rival: { samples: 40, epochs: 30 },
  },
  "breast-cancer": {
    dataset: "breast-cancer",
    licence: "CC-BY-4.0",
    instanceId: "breast-cancer-30-2x114",
    minCorrectShare: 0.94,
    rival: { samples: 20, epochs: 1 },
  },
};

/** The scenario of a data set; throws ProverError `demo.unknown-dataset` listing those there are. */
export function findScenario(dataset: string): Scenario {
  return scenarioOf(SCENARIOS, dataset);
}

/** One of some scenarios; throws as findScenario. */
export function scenarioOf<Kind>(scenarios: Readonly<Record<string, Kind>>, dataset: string): Kind {
  const scenario = Object.hasOwn(scenarios, dataset) ? scenarios[dataset] : undefined;
  if (scenario !== undefined) return scenario;
  const known = Object.keys(scenarios);
  throw new ProverError(
    "demo.unknown-dataset",
    `there is no demo on the data set ${dataset}`,
    `Use --dataset ${known.join(" or --dataset ")}.`,
    { dataset, known },
  );
}
