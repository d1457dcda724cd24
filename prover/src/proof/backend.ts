import { execFile } from "node:child_process";
import { rmSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";

import { z } from "zod";

import type { Groth16Proof } from "./challenge.ts";
import { ProofError } from "./proof-error.ts";

/** Makes the Groth16 part of a proof from a zkey file and a witness (wtns format). */
export interface ProverBackend {
  readonly name: string;
  prove(provingKeyFile: string, witness: Uint8Array): Promise<Pick<Groth16Proof, "a" | "b" | "c">>;
}

/** snarkjs in this process: the witness stays in memory. */
export const SNARKJS_BACKEND: ProverBackend = {
  name: "snarkjs",
  async prove(provingKeyFile, witness) {
    const { groth16 } = await import("snarkjs");
    // The public signals that snarkjs returns hold the committed block, the private model: dropped here.
    const { proof } = await groth16.prove(provingKeyFile, { type: "mem", data: witness });
    return parseSnarkProof(proof);
  },
};

/**
 * A program called as `command… zkey wtns proof.json public.json`, as rapidsnark's `prover` is.
 *
 * The witness, which holds the private model, is handed over as a file in a new directory that only this
 * user can enter; it is removed as soon as the program or this process ends.
 *
 * Throws ProofError `proof.backend` with the program's message when it fails.
 */
export function commandBackend(command: readonly string[]): ProverBackend {
  const [program, ...leading] = command;
  if (program === undefined) {
    throw new ProofError(
      "proof.backend",
      "the prover command is empty",
      "Name a program, e.g. rapidsnark's prover.",
    );
  }
  return {
    name: path.basename(program),
    async prove(provingKeyFile, witness) {
      const directory = await mkdtemp(path.join(os.tmpdir(), "zkpot-witness-"));
      const [witnessFile, proofFile, publicFile] = ["witness.wtns", "proof.json", "public.json"].map((name) =>
        path.join(directory, name),
      ) as [string, string, string];
      // An interrupt ends this process without unwinding: the program must stop, the witness must go.
      let stopProgram = (): void => {};
      const cleanUp = (): void => {
        stopProgram();
        rmSync(directory, { recursive: true, force: true });
      };
      process.once("exit", cleanUp);
      try {
        await writeFile(witnessFile, witness, { mode: 0o600 });
        const run = promisify(execFile)(program, [
          ...leading,
          provingKeyFile,
          witnessFile,
          proofFile,
          publicFile,
        ]);
        stopProgram = () => void run.child.kill();
        await run;
        return parseSnarkProof(JSON.parse(await readFile(proofFile, "utf8")));
      } catch (cause) {
        if (cause instanceof ProofError) throw cause;
        throw new ProofError(
          "proof.backend",
          `the prover command ${command.join(" ")} failed: ${(cause as Error).message.split("\n")[0]}`,
          "Run it by hand with zkey wtns proof.json public.json, or leave the option out to use snarkjs.",
          { command: command.join(" ") },
          { cause },
        );
      } finally {
        process.off("exit", cleanUp);
        await rm(directory, { recursive: true, force: true });
      }
    },
  };
}

/** Coordinates as snarkjs writes them: decimal, projective with a trailing one. */
const COORDINATE = z.string().regex(/^\d{1,77}$/);
const SNARK_PROOF_SCHEMA = z.object({
  pi_a: z.tuple([COORDINATE, COORDINATE]).rest(COORDINATE),
  pi_b: z
    .tuple([z.tuple([COORDINATE, COORDINATE]), z.tuple([COORDINATE, COORDINATE])])
    .rest(z.array(COORDINATE)),
  pi_c: z.tuple([COORDINATE, COORDINATE]).rest(COORDINATE),
});

function parseSnarkProof(value: unknown): Pick<Groth16Proof, "a" | "b" | "c"> {
  const parsed = SNARK_PROOF_SCHEMA.safeParse(value);
  if (!parsed.success) {
    throw new ProofError(
      "proof.backend",
      `the prover wrote no proof in snarkjs's format: ${parsed.error.issues[0]?.path.join(".") ?? ""} is wrong`,
      "Use a prover that writes pi_a, pi_b and pi_c as snarkjs does.",
    );
  }
  const { pi_a: a, pi_b: b, pi_c: c } = parsed.data;
  const pair = ([real, imaginary]: readonly [string, string]): [bigint, bigint] => [
    BigInt(real),
    BigInt(imaginary),
  ];
  return {
    a: { x: BigInt(a[0]), y: BigInt(a[1]) },
    b: { x: pair(b[0]), y: pair(b[1]) },
    c: { x: BigInt(c[0]), y: BigInt(c[1]) },
  };
}
