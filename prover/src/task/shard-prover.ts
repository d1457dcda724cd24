import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";

import type { ProverError } from "../errors.ts";
import type { ProofBundle } from "../proof/bundle.ts";
import { ProofError } from "../proof/proof-error.ts";
import type { ProvingStep } from "../proof/prove.ts";
import type { ShardProvingInput } from "./prove-shard.ts";

/** What a proving process says. */
export type ShardAnswer =
  | { readonly kind: "step"; readonly step: ProvingStep }
  | { readonly kind: "proof"; readonly bundle: ProofBundle; readonly peakMemoryBytes: number }
  | {
      readonly kind: "refusal";
      readonly error: Pick<ProverError, "code" | "message" | "nextStep" | "details">;
    }
  | { readonly kind: "defect"; readonly text: string };

/** A finished proof, and the most memory its process has used so far. */
export interface ProvenShard {
  readonly bundle: ProofBundle;
  readonly peakMemoryBytes: number;
}

/** A process of its own that proves one shard after another; it ends when this process does, however that ends. */
export class ShardProver {
  readonly #child: ChildProcess;
  readonly #gone: Promise<string>;

  constructor() {
    // Inputs hold the private model: they go over this channel, never into arguments, environment or files.
    this.#child = fork(fileURLToPath(new URL("shard-process.ts", import.meta.url)), [], {
      serialization: "advanced",
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    this.#gone = new Promise((resolve) => {
      this.#child.once("error", (error) => {
        resolve(error.message);
      });
      this.#child.once("exit", (code, signal) => {
        resolve(signal ?? `code ${code}`);
      });
    });
  }

  /** Proves a shard as proveShard does; throws ProofError `proof.process` when the process ends before it has. */
  async prove(input: ShardProvingInput, onStep: (step: ProvingStep) => void): Promise<ProvenShard> {
    const child = this.#child;
    let listener: ((answer: ShardAnswer) => void) | undefined;
    const answered = new Promise<ProvenShard>((resolve, reject) => {
      listener = (answer) => {
        if (answer.kind === "step") onStep(answer.step);
        else if (answer.kind === "proof") resolve(answer);
        else if (answer.kind === "defect") reject(new Error(answer.text));
        else {
          const { code, message, nextStep, details } = answer.error;
          reject(new ProofError(code, message, nextStep, details));
        }
      };
      child.on("message", listener);
    });
    const ended = this.#gone.then((reason): never => {
      throw new ProofError(
        "proof.process",
        `the process that proved shard ${input.shard} ended with ${reason}`,
        "Run the command again: finished shards are not proved again. If memory was short, add --jobs 1.",
        { shard: input.shard, reason },
      );
    });
    try {
      // A channel that breaks while sending shows as the end of the process.
      child.send(input, () => undefined);
      return await Promise.race([answered, ended]);
    } finally {
      child.off("message", listener!);
    }
  }

  /** Ends the process, whatever it is doing. */
  stop(): void {
    this.#child.kill();
  }
}
