/**
 * Plays games of cheating and of honesty over the real contracts, prints who earns what, and fails if a strategy earns more
 * than honesty although the documentation does not say so:
 *
 *   npm run simulate -- [--games PER_STRATEGY] [--seed TEXT] [--out FILE]
 *
 * The result is kept in build/simulation.json, or FILE. With `--study federation` it is another simulation: see
 * federation-study.ts.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";

import { releaseCurve } from "../prover/src/proof/multi-exponentiation.ts";
import { studyFederation } from "./federation-study.ts";
import { simulate, tableOf } from "./simulation/run.ts";
import { surprises } from "./simulation/statistics.ts";

const DEFAULT_FILE = path.join(import.meta.dirname, "..", "build", "simulation.json");
const USAGE = `usage: npm run simulate -- [--games PER_STRATEGY] [--seed TEXT] [--out FILE]
       npm run simulate -- --study federation [--help]`;

function options(): { games: number; seed: string; file: string } {
  const { values } = parseArgs({
    options: {
      games: { type: "string", default: "180" },
      seed: { type: "string", default: "zkpot" },
      out: { type: "string", default: DEFAULT_FILE },
    },
  });
  const games = Number(values.games);
  if (!Number.isInteger(games) || games < 2 || games > 10_000) {
    throw new Error(`--games must be a whole number from 2 to 10,000, not ${values.games}`);
  }
  return { games, seed: values.seed, file: values.out };
}

async function main(): Promise<number> {
  const args = process.argv.slice(2);
  if (args.some((argument) => /^--study(=|$)/.test(argument))) return studyFederation(args);
  let chosen;
  try {
    chosen = options();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}\n`);
    return 2;
  }
  const simulation = await simulate(chosen);
  mkdirSync(path.dirname(chosen.file), { recursive: true });
  writeFileSync(chosen.file, `${JSON.stringify(simulation, undefined, 2)}\n`);
  process.stdout.write(`${tableOf(simulation.rows)}\n\n`);
  process.stderr.write(`${simulation.games} games, seed ${simulation.seed}, kept in ${chosen.file}\n`);
  const unexpected = surprises(simulation.rows);
  for (const row of unexpected) {
    const verdict = row.isKnownToPay ? "does not pay, though the documentation says so" : "beats honesty";
    process.stderr.write(`${row.situation}: "${row.strategy}" ${verdict}\n`);
  }
  return unexpected.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} finally {
  await releaseCurve();
}
