/**
 * What poisoned models, backdoors and free riders do to a federation under the protocol's rules and to plain federated averaging,
 * and who can be told to be in whose samples: `npm run simulate -- --study federation`.
 */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";

import { writeFileAtomically } from "../prover/src/files.ts";
import { runStudy } from "./federation-study/study.ts";
import { replaceTables } from "./federation-study/document.ts";
import { tablesOf } from "./federation-study/tables.ts";

const ROOT = path.join(import.meta.dirname, "..");
const DEFAULT_FILE = path.join(ROOT, "build", "federation-study.json");
const DOCUMENT = path.join(ROOT, "docs", "federation-study.md");
const MAX_SEEDS = 100;

const HELP = `usage: npm run simulate -- --study federation [options]

Plays federations of seven members on the digits, once by the protocol's rules and once by plain federated
averaging, with poisoners, backdoors and free riders; then asks of what each lets others see who was in whose
samples. Prints tables.

  --seeds <count>  federations a scenario (default: 5)
  --seed <text>    what data, members and chance follow from (default: zkpot)
  --out <file>     where all figures are kept (default: build/federation-study.json)
  --docs           write the tables into docs/federation-study.md, too
  --json           print the figures instead of tables
  --help           print this
`;

function readOptions(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      study: { type: "string" },
      seeds: { type: "string", default: "5" },
      seed: { type: "string", default: "zkpot" },
      out: { type: "string", default: DEFAULT_FILE },
      docs: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.study !== "federation")
    throw new Error(`there is no study ${values.study}; there is federation`);
  const seeds = Number(values.seeds);
  if (!Number.isInteger(seeds) || seeds < 1 || seeds > MAX_SEEDS) {
    throw new Error(`--seeds must be a whole number from 1 to ${MAX_SEEDS}, not ${values.seeds}`);
  }
  return { ...values, seeds };
}

/** Runs the study as the arguments say, and returns the exit code. */
export async function studyFederation(args: readonly string[]): Promise<number> {
  let options;
  try {
    options = readOptions(args);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    return 2;
  }
  const { seed, seeds, out, docs, json, help } = options;
  if (help) {
    process.stdout.write(HELP);
    return 0;
  }
  const study = await runStudy({ seed, seeds }, (task, done, total) => {
    const part = task.part === "membership" ? task.part : `${task.part.length} scenarios`;
    process.stderr.write(`${done} of ${total}: ${part}, seed ${task.seed}\n`);
  });
  const text = `${JSON.stringify(study, undefined, 2)}\n`;
  await writeFileAtomically(out, text);
  const tables = tablesOf(study);
  if (docs) await writeFileAtomically(DOCUMENT, replaceTables(await readFile(DOCUMENT, "utf8"), tables));
  process.stdout.write(
    json
      ? text
      : `${Object.entries(tables)
          .map(([name, table]) => `${name}\n\n${table}\n`)
          .join("\n")}\n`,
  );
  process.stderr.write(`${seeds} federations a scenario, seed ${seed}, kept in ${out}\n`);
  return 0;
}
