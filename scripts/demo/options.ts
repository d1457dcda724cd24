import path from "node:path";
import { parseArgs } from "node:util";

import { WORKSPACE } from "../../prover/src/chain/abis.ts";
import { UsageError } from "../../prover/src/cli/usage-error.ts";

/** What the demo was asked for. */
export interface DemoOptions {
  readonly dataset: string;
  readonly seed: string;
  /** Plays the task that asks for training proof, too. */
  readonly trainingProof: boolean;
  /** Folder for report.html and report.json. */
  readonly out: string;
  readonly json: boolean;
  readonly keep: boolean;
  readonly help: boolean;
}

export const HELP = `usage: npm run demo [-- options]

Plays the main job on a local chain: a buyer posts a task, a prover trains a private model, proves its accuracy
over the whole test set with one proof and is paid; a rival that claims too much and a copied proof fail.
With --training-proof the prover also proves how it trained: from a seed and on batches that the chain fixed, at
steps that the chain asks for; a rival that stopped early and invented the rest of its trace is slashed.
Leaves demo/report.html and demo/report.json.

  --dataset <name>  digits or breast-cancer (default: digits)
  --training-proof  ask for proof of training, too
  --seed <text>     determines split, initial weights and batches (default: 1); with --training-proof only the
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
  const { "training-proof": trainingProof, ...rest } = values;
  return { ...rest, trainingProof, out: path.resolve(rest.out) };
}
