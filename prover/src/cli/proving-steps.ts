import type { ProvingStep } from "../proof/prove.ts";

/** What a proof is doing, in the lines about its progress. */
export const STEP_NAMES: Readonly<Record<ProvingStep, string>> = {
  commit: "committing to the private values",
  witness: "solving the circuit",
  prove: "proving",
  verify: "verifying the proof",
};
