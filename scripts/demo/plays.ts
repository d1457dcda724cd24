import { loadInstance } from "../../prover/src/circuits/instances.ts";
import { loadFederationInstances, runFederationDemo } from "./federation/flow.ts";
import type { FederationDemoRecord } from "./federation/record.ts";
import { findFederationScenario } from "./federation/scenarios.ts";
import { type DemoRun, runDemo } from "./flow.ts";
import type { DemoOptions, ScenarioName } from "./options.ts";
import type { DemoRecord } from "./record.ts";
import { percent } from "./report/format.ts";
import { renderFederationReport } from "./report/federation-report.ts";
import { renderReport } from "./report/report.ts";
import { renderSealedAuctionReport } from "./report/sealed-auction-report.ts";
import { renderTrainingReport } from "./report/training-report.ts";
import { findScenario } from "./scenarios.ts";
import { runSealedAuctionDemo } from "./sealed-auction/flow.ts";
import type { SealedAuctionRecord } from "./sealed-auction/record.ts";
import { findSealedAuctionScenario } from "./sealed-auction/scenarios.ts";
import { runTrainingDemo } from "./training/flow.ts";
import type { TrainingDemoRecord } from "./training/record.ts";
import { findTrainingScenario } from "./training/scenarios.ts";

/** Where a story is played, and from which seed. */
export type Workplace = Omit<DemoRun, "scenario" | "instance">;

/** What is left of a story. */
export interface Told {
  readonly record: DemoRecord | TrainingDemoRecord | SealedAuctionRecord | FederationDemoRecord;
  readonly report: string;
  /** What it showed, in one sentence. */
  readonly summary: string;
}

/** A scenario on one data set, ready to be played. */
export interface Play {
  /** What is going to be played. */
  readonly title: string;
  /** Name of the report's files, without ending. */
  readonly reportName: string;
  readonly tell: (workplace: Workplace) => Promise<Told>;
}

/** Finds what the options ask for; throws ProverError `demo.unknown-dataset` for data sets that a scenario is not played on. */
export function findPlay({ scenario, dataset, seed }: DemoOptions): Play {
  return PLAYS[scenario](dataset, seed);
}

const PLAYS: Readonly<Record<ScenarioName, (dataset: string, seed: string) => Play>> = {
  accuracy: (dataset, seed) => {
    const scenario = findScenario(dataset);
    return {
      title: `data set ${dataset}, seed ${seed}, circuit ${scenario.instanceId}`,
      reportName: "report",
      tell: async (workplace) => {
        const instance = await loadInstance(scenario.instanceId);
        const record = await runDemo({ ...workplace, scenario, instance });
        const { task, dataset: data, proof } = record;
        return {
          record,
          report: renderReport(record),
          summary: `Proved: at least ${task.provenCorrect} of ${data.testSamples} test samples correct, in one proof made in ${proof.seconds.toFixed(1)} s; paid on chain.`,
        };
      },
    };
  },
  "training-proof": (dataset, seed) => {
    const scenario = findTrainingScenario(dataset);
    return {
      title: `data set ${dataset}, split ${seed}, with training proof`,
      reportName: "report",
      tell: async (workplace) => {
        const instances = await scenario.instances();
        const record = await runTrainingDemo({ ...workplace, scenario, instances });
        const { task, dataset: data, audit } = record;
        return {
          record,
          report: renderTrainingReport(record),
          summary: `Proved: ${audit.stages.length} stages of a training run of ${audit.stepCount} steps, in ${audit.provingSeconds.toFixed(1)} s, and at least ${task.provenCorrect} of ${data.testSamples} test samples correct; paid on chain, the rival slashed.`,
        };
      },
    };
  },
  "sealed-auction": (dataset, seed) => {
    const scenario = findSealedAuctionScenario(dataset);
    return {
      title: `data set ${dataset}, seed ${seed}, auctions on sealed test sets`,
      reportName: "sealed-auction-report",
      tell: async (workplace) => {
        const instance = await loadInstance(scenario.instanceId);
        const record = await runSealedAuctionDemo({ ...workplace, scenario, instance });
        const [first, second] = record.tasks;
        const [rival] = record.models;
        return {
          record,
          report: renderSealedAuctionReport(record),
          summary: `A model that knew all ${record.dataset.publicSamples} public samples by heart had ${rival!.sealedCorrect[0]!} of ${first.sampleCount} sealed ones and lost its collateral; an honest one proved ${second.provenCorrect} of ${second.sampleCount} and was paid; a false reveal cost its buyer the bond.`,
        };
      },
    };
  },
  federation: (dataset, seed) => {
    const scenario = findFederationScenario(dataset);
    return {
      title: `data set ${dataset}, seed ${seed}, federated rounds`,
      reportName: "federation-report",
      tell: async (workplace) => {
        const instances = await loadFederationInstances(scenario);
        const record = await runFederationDemo({ ...workplace, scenario, instances });
        const { correct, share } = lastGlobal(record);
        return {
          record,
          report: renderFederationReport(record),
          summary: `Proved: ${correct} of ${record.dataset.testSamples} test samples (${share}) correct after ${record.rounds.length} rounds, with ${record.attempts.length} attempts to cheat refused; nobody saw anybody's model or data.`,
        };
      },
    };
  },
};

function lastGlobal({ records, dataset }: FederationDemoRecord): { correct: number; share: string } {
  const correct = records.at(-1)!.globalCorrect;
  return { correct, share: percent(correct / dataset.testSamples) };
}
