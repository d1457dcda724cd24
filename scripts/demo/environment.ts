import { availableParallelism } from "node:os";

import { peakMemoryBytes } from "../../prover/src/peak-memory.ts";
import type { DemoRecord } from "./record.ts";

/** The machine of a run, and the memory that the run has taken so far. */
export function describeEnvironment(): DemoRecord["environment"] {
  return { node: process.version, cores: availableParallelism(), peakMemoryBytes: peakMemoryBytes() };
}
