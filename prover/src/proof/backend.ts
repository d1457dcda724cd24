import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";

import type { SnarkProof } from "snarkjs";

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
 * user can enter; it is removed as soon as the program ends.
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
      const directory = await mkdtemp(path.join(os.tmpdir(), "zkpot-"));
      const [witnessFile, proofFile, publicFile] = ["witness.wtns", "proof.json", "public.json"].map((name) =>
        path.join(directory, name),
      ) as [string, string, string];
      try {
        await writeFile(witnessFile, witness, { mode: 0o600 });
        await promisify(execFile)(program, [...leading, provingKeyFile, witnessFile, proofFile, publicFile]);
        return parseSnarkProof(JSON.parse(await readFile(proofFile, "utf8")) as SnarkProof);
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
        await rm(directory, { recursive: true, force: true });
      }
    },
  };
}

function parseSnarkProof(proof: SnarkProof): Pick<Groth16Proof, "a" | "b" | "c"> {
  const point = (coordinates: readonly string[] | undefined) => {
    if (!coordinates || coordinates.length < 2) throw incomplete();
    return { x: BigInt(coordinates[0]!), y: BigInt(coordinates[1]!) };
  };
  const pair = (coordinates: readonly string[] | undefined): [bigint, bigint] => {
    if (!coordinates || coordinates.length < 2) throw incomplete();
    return [BigInt(coordinates[0]!), BigInt(coordinates[1]!)];
  };
  return {
    a: point(proof.pi_a),
    b: { x: pair(proof.pi_b?.[0]), y: pair(proof.pi_b?.[1]) },
    c: point(proof.pi_c),
  };
}

function incomplete(): ProofError {
  return new ProofError(
    "proof.backend",
    "the prover wrote no proof in snarkjs's format",
    "Use a prover that writes pi_a, pi_b and pi_c as snarkjs does.",
  );
}
