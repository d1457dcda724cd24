import { ProverError } from "../errors.ts";
import { proveShard, type ShardProvingInput } from "./prove-shard.ts";
import { peakMemoryBytes } from "../peak-memory.ts";
import type { ShardAnswer } from "./shard-prover.ts";

// The program of a proving process: one proof for every message. The private model comes over the channel to the
// process that started this one, and is never written anywhere.

const answer = (message: ShardAnswer): void => {
  // The channel is gone once that process has ended; then nobody wants the proof.
  process.send?.(message, undefined, undefined, (error) => {
    if (error !== null) process.exit(1);
  });
};

process.on("message", (input: ShardProvingInput) => {
  proveShard(input, (step) => {
    answer({ kind: "step", step });
  }).then(
    (bundle) => {
      answer({ kind: "proof", bundle, peakMemoryBytes: peakMemoryBytes() });
    },
    (error: unknown) => {
      if (error instanceof ProverError) {
        const { code, message, nextStep, details } = error;
        answer({ kind: "refusal", error: { code, message, nextStep, details } });
      } else {
        const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
        answer({ kind: "defect", text });
      }
    },
  );
});

// Ending by process.exit, unlike dying of a signal, stops a prover program and removes its witness.
process.on("disconnect", () => process.exit(1));
process.on("SIGINT", () => process.exit(130));
process.on("SIGTERM", () => process.exit(143));
