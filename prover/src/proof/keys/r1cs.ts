import { FIELD_ORDER } from "../../field.ts";
import { ProofError } from "../proof-error.ts";
import { readBinaryFile } from "./binary-file.ts";
import { readScalar } from "./scalars.ts";

/** A rank-1 constraint system A·w ∘ B·w = C·w as circom writes it. */
export interface R1cs {
  readonly wireCount: number;
  /** Public signals, the constant one (wire 0) not included. */
  readonly publicCount: number;
  readonly constraintCount: number;
  /** Calls back for every non-zero coefficient, constraint by constraint: A's terms, then B's, then C's. */
  forEachTerm(
    visit: (matrix: 0 | 1 | 2, constraint: number, wire: number, coefficient: bigint) => void,
  ): void;
}

/**
 * Reads a circom r1cs file.
 *
 * Throws ProofError `keys.format` for another format or another field than BN254's.
 */
export async function readR1cs(file: string): Promise<R1cs> {
  const { sections } = await readBinaryFile(file, "r1cs");
  const header = sections.get(1);
  const constraints = sections.get(2);
  if (header?.length !== 64 || constraints === undefined || readScalar(header, 4) !== FIELD_ORDER) {
    throw new ProofError(
      "keys.format",
      `${file} is no r1cs over the BN254 field`,
      "Compile the circuit again.",
      {
        file,
      },
    );
  }
  const constraintCount = header.readUInt32LE(60);
  return {
    wireCount: header.readUInt32LE(36),
    publicCount: header.readUInt32LE(40) + header.readUInt32LE(44),
    constraintCount,
    forEachTerm(visit) {
      let position = 0;
      for (let constraint = 0; constraint < constraintCount; constraint++) {
        for (const matrix of [0, 1, 2] as const) {
          const terms = constraints.readUInt32LE(position);
          position += 4;
          for (let term = 0; term < terms; term++, position += 36) {
            visit(
              matrix,
              constraint,
              constraints.readUInt32LE(position),
              readScalar(constraints, position + 4),
            );
          }
        }
      }
    },
  };
}
