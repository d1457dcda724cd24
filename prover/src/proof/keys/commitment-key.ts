import { blockSize, type CircuitLayout } from "../../circuits/layout.ts";
import { G1_BYTES, g1Bytes, type G1Point, g2Bytes, type G2Point, readG1, readG2 } from "../points.ts";
import { ProofError } from "../proof-error.ts";
import { readBinaryFile, writeBinaryFile } from "./binary-file.ts";

/**
 * What the block commitment needs beside the proving key (LegoSNARK's commit-carrying Groth16, Campanelli,
 * Fiore, Querol 2019): the IC points by part of the statement, and sigma times those of the committed block.
 * sigma-multiples exist for committed signals only: with one of another signal a prover could shift its
 * commitment and change the statement.
 */
export interface CommitmentKey {
  /** IC_0, then one per statement signal, then alpha's and rho's. */
  readonly ic: readonly G1Point[];
  /** IC points of the dataset block, Montgomery form. */
  readonly datasetBases: Buffer;
  /** IC points of the committed block, Montgomery form. */
  readonly committedBases: Buffer;
  /** sigma times the committed IC points, Montgomery form. */
  readonly knowledgeBases: Buffer;
  readonly sigma2: G2Point;
}

const FILE_TYPE = "zpck";
const FILE_VERSION = 1;
const SECTION = { ic: 1, dataset: 2, committed: 3, knowledge: 4, sigma: 5 } as const;

/** Where each part of the public signals sits among a zkey's IC points, as byte offsets. */
export function icRanges(
  layout: CircuitLayout,
): Record<"verifier" | "dataset" | "committed", [number, number]> {
  const verifier = (1 + blockSize(layout.statement) + blockSize(layout.challenges)) * G1_BYTES;
  const dataset = verifier + blockSize(layout.dataset) * G1_BYTES;
  const committed = dataset + blockSize(layout.committed) * G1_BYTES;
  return { verifier: [0, verifier], dataset: [verifier, dataset], committed: [dataset, committed] };
}

/**
 * Splits a zkey's IC points.
 *
 * Throws ProofError `keys.dead-signal` when a point is infinity: its signal would be outside the
 * statement, or its committed value free to change after the commitment.
 */
export function splitIc(
  icBytes: Buffer,
  layout: CircuitLayout,
): Pick<CommitmentKey, "ic" | "datasetBases" | "committedBases"> {
  const ranges = icRanges(layout);
  if (icBytes.length !== ranges.committed[1]) {
    throw new ProofError(
      "keys.layout",
      `the key has ${icBytes.length / G1_BYTES} IC points, the circuit's layout ${ranges.committed[1] / G1_BYTES}`,
      "Make the key from the circuit it is used with.",
    );
  }
  for (let offset = 0; offset < icBytes.length; offset += G1_BYTES) {
    if (icBytes.subarray(offset, offset + G1_BYTES).every((byte) => byte === 0)) {
      throw new ProofError(
        "keys.dead-signal",
        `public signal ${offset / G1_BYTES} has no IC point: nothing binds it`,
        "Correct the circuit so that every public signal is constrained.",
        { signal: offset / G1_BYTES },
      );
    }
  }
  const verifier = icBytes.subarray(...ranges.verifier);
  return {
    ic: Array.from({ length: verifier.length / G1_BYTES }, (_, index) => readG1(verifier, index * G1_BYTES)),
    datasetBases: icBytes.subarray(...ranges.dataset),
    committedBases: icBytes.subarray(...ranges.committed),
  };
}

/** Saves a commitment key. */
export async function writeCommitmentKey(file: string, key: CommitmentKey): Promise<void> {
  await writeBinaryFile(file, FILE_TYPE, FILE_VERSION, [
    [SECTION.ic, Buffer.concat(key.ic.map(g1Bytes))],
    [SECTION.dataset, key.datasetBases],
    [SECTION.committed, key.committedBases],
    [SECTION.knowledge, key.knowledgeBases],
    [SECTION.sigma, g2Bytes(key.sigma2)],
  ]);
}

/**
 * Reads a commitment key; its hash is checked by the caller against the key's manifest.
 *
 * Throws ProofError `keys.format` when the file is none.
 */
export async function readCommitmentKey(file: string): Promise<CommitmentKey> {
  const { sections } = await readBinaryFile(file, FILE_TYPE);
  const section = (id: number): Buffer => {
    const content = sections.get(id);
    if (content === undefined || content.length % G1_BYTES !== 0) {
      throw new ProofError("keys.format", `${file} lacks section ${id}`, "Make or fetch the key again.", {
        file,
      });
    }
    return content;
  };
  const ic = section(SECTION.ic);
  return {
    ic: Array.from({ length: ic.length / G1_BYTES }, (_, index) => readG1(ic, index * G1_BYTES)),
    datasetBases: section(SECTION.dataset),
    committedBases: section(SECTION.committed),
    knowledgeBases: section(SECTION.knowledge),
    sigma2: readG2(section(SECTION.sigma)),
  };
}
