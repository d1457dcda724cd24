/**
 * Everything that is built once before the demo and the tests run; each step keeps a cache of its own and is
 * instant when nothing changed.
 */
import { buildCircuitsAndKeys } from "./setup/circuits.ts";
import { compileContracts } from "./setup/contracts.ts";

interface Step {
  readonly title: string;
  readonly run: () => Promise<void>;
}

/** The set-up, step by step. */
export const STEPS: readonly Step[] = [
  { title: "compiling the contracts", run: compileContracts },
  { title: "building circuits and development keys", run: buildCircuitsAndKeys },
];

/** Runs all steps, saying on stderr what is being done and how long it took. */
export async function setUp(): Promise<void> {
  for (const step of STEPS) {
    process.stderr.write(`[set-up] ${step.title}\n`);
    const started = performance.now();
    await step.run();
    const seconds = (performance.now() - started) / 1000;
    if (seconds >= 1) process.stderr.write(`[set-up] ${step.title}: ${seconds.toFixed(1)} s\n`);
  }
}

if (import.meta.main) {
  try {
    await setUp();
  } catch (error) {
    process.stderr.write(`[set-up] ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
  // Libraries for curve arithmetic keep worker threads alive.
  process.exit();
}
