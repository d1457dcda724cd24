import path from "node:path";
import { parseArgs } from "node:util";

import { WORKSPACE } from "../../prover/src/chain/abis.ts";
import { UsageError } from "../../prover/src/cli/usage-error.ts";

/** The stories that the demo can play. */
export const SCENARIO_NAMES = ["accuracy", "training-proof", "sealed-auction", "federation"] as const;
export type ScenarioName = (typeof SCENARIO_NAMES)[number];

/** What the demo was asked for. */
export interface DemoOptions {
  readonly scenario: ScenarioName;
  readonly dataset: string;
  readonly seed: string;
  /** Folder for the report, as a page and as JSON. */
  readonly out: string;
  readonly json: boolean;
  readonly keep: boolean;
  readonly help: boolean;
}

export const HELP = `usage: npm run demo [-- options]

Plays a scenario on a local chain and leaves a report.

accuracy        A buyer posts a task, a prover trains a private model, proves its accuracy over the whole test set
                with one proof and is paid; a rival that claims too much and a copied proof fail. Leaves
                demo/report.html and demo/report.json.
training-proof  The prover also proves how it trained: from a seed and on batches that the chain fixed, at steps
                that the chain asks for; a rival that stopped early and invented the rest of its trace is slashed.
sealed-auction  Tasks on sealed test sets are auctioned. A rival that knows the public sample by heart fails on the
                sealed one and loses its collateral, an honest prover is paid, and a buyer that reveals something
                else is refuted by one step. Leaves demo/sealed-auction-report.html and .json.
federation      Members train a common model over six rounds on data that they keep to themselves: each proves how good
                its model is, the best leads, and masked models are averaged with proof. A poisoner and a free rider
                are refused. On digits only; leaves demo/federation-report.html and .json.

  --scenario <name> ${SCENARIO_NAMES.join(", ")} (default: accuracy)
  --training-proof  the same as --scenario training-proof
  --dataset <name>  digits or breast-cancer (default: digits)
  --seed <text>     determines split, initial weights and batches (default: 1); with training-proof only the
                    split, since the chain draws the seed of the training
  --out <folder>    where the report goes (default: demo)
  --json            print the record of the run on stdout, the story on stderr
  --keep            leave the local chain running until Ctrl-C
  --help            print this
`;

/** Reads the command line; throws UsageError `cli.usage`. */
export function readOptions(parameters: readonly string[]): DemoOptions {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...parameters],
      options: {
        scenario: { type: "string" },
        dataset: { type: "string", default: "digits" },
        seed: { type: "string", default: "1" },
        "training-proof": { type: "boolean", default: false },
        out: { type: "string", default: path.join(WORKSPACE, "demo") },
        json: { type: "boolean", default: false },
        keep: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    }));
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError("cli.usage", message, "See `npm run demo -- --help`.", {}, { cause });
  }
  const { "training-proof": trainingProof, scenario, ...rest } = values;
  return { ...rest, scenario: scenarioName(scenario, trainingProof), out: path.resolve(rest.out) };
}

function scenarioName(named: string | undefined, trainingProof: boolean): ScenarioName {
  const name = named ?? (trainingProof ? "training-proof" : "accuracy");
  const known = SCENARIO_NAMES.find((scenario) => scenario === name);
  if (known === undefined) {
    throw new UsageError(
      "cli.usage",
      `there is no scenario ${name}`,
      `Use --scenario ${SCENARIO_NAMES.join(" or --scenario ")}.`,
      { scenario: name, known: SCENARIO_NAMES },
    );
  }
  if (trainingProof && known !== "training-proof") {
    throw new UsageError(
      "cli.usage",
      `--training-proof is the scenario training-proof, --scenario names ${known}`,
      "Leave one of the two out.",
    );
  }
  return known;
}
