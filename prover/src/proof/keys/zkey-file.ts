import { FIELD_ORDER } from "../../field.ts";
import {
  BASE_FIELD_ORDER,
  G1_BYTES,
  G2_BYTES,
  type G1Point,
  type G2Point,
  readG1,
  readG2,
} from "../points.ts";
import { ProofError } from "../proof-error.ts";
import { readBinaryFile, uint32 } from "./binary-file.ts";
import { SCALAR_BYTES, scalarBytes, writeScalar } from "./scalars.ts";
import type { R1cs } from "./r1cs.ts";

/** Sections of a snarkjs Groth16 zkey. */
export const ZKEY_SECTION = {
  protocol: 1,
  header: 2,
  ic: 3,
  coefficients: 4,
  a: 5,
  b1: 6,
  b2: 7,
  c: 8,
  h: 9,
  contributions: 10,
} as const;

/** What verification needs of a zkey. */
export interface ZkeyHeader {
  readonly wireCount: number;
  readonly publicCount: number;
  readonly domainSize: number;
  readonly alpha1: G1Point;
  readonly beta2: G2Point;
  readonly gamma2: G2Point;
  readonly delta2: G2Point;
  /** IC_0 … IC_publicCount in ffjavascript's Montgomery form. */
  readonly icBytes: Buffer;
  /** Number of phase 2 contributions the file records, beacon included. */
  readonly contributionCount: number;
  /** True when the last contribution is a public beacon. */
  readonly endsWithBeacon: boolean;
}

const HEADER_FIXED = 4 + SCALAR_BYTES + 4 + SCALAR_BYTES + 12;
const MONTGOMERY_SQUARED = ((1n << 256n) * (1n << 256n)) % FIELD_ORDER;
const CIRCUIT_HASH_BYTES = 64;
const BEACON_CONTRIBUTION = 1;

/**
 * Reads the header, IC points and contribution record of a zkey.
 *
 * Throws ProofError `keys.format` when the file is no Groth16 zkey over BN254.
 */
export async function readZkeyHeader(file: string): Promise<ZkeyHeader> {
  const { sections } = await readBinaryFile(file, "zkey");
  const protocol = sections.get(ZKEY_SECTION.protocol);
  const header = sections.get(ZKEY_SECTION.header);
  const icBytes = sections.get(ZKEY_SECTION.ic);
  const contributions = sections.get(ZKEY_SECTION.contributions);
  const wrong = (problem: string) =>
    new ProofError(
      "keys.format",
      `${file} is no Groth16 proving key: ${problem}`,
      "Make or fetch the key again.",
      {
        file,
      },
    );
  if (protocol?.length !== 4 || protocol.readUInt32LE(0) !== 1) throw wrong("another protocol");
  const points = HEADER_FIXED + 3 * G1_BYTES + 3 * G2_BYTES;
  if (header?.length !== points || icBytes === undefined || contributions === undefined) {
    throw wrong("a section is missing");
  }
  const counts = HEADER_FIXED - 12;
  const publicCount = header.readUInt32LE(counts + 4);
  if (icBytes.length !== (publicCount + 1) * G1_BYTES) throw wrong("the number of IC points is off");
  const [alpha1, beta1] = [HEADER_FIXED, HEADER_FIXED + G1_BYTES];
  const beta2 = beta1 + G1_BYTES;
  const gamma2 = beta2 + G2_BYTES;
  const delta2 = gamma2 + G2_BYTES + G1_BYTES;
  return {
    wireCount: header.readUInt32LE(counts),
    publicCount,
    domainSize: header.readUInt32LE(counts + 8),
    alpha1: readG1(header, alpha1),
    beta2: readG2(header, beta2),
    gamma2: readG2(header, gamma2),
    delta2: readG2(header, delta2),
    icBytes,
    ...readContributions(contributions),
  };
}

function readContributions(section: Buffer): Pick<ZkeyHeader, "contributionCount" | "endsWithBeacon"> {
  const contributionCount = section.readUInt32LE(CIRCUIT_HASH_BYTES);
  // delta1, proof of knowledge (two points of G1, one of G2), transcript hash; then type and parameters
  const fixed = 3 * G1_BYTES + G2_BYTES + 64;
  let position = CIRCUIT_HASH_BYTES + 4;
  let endsWithBeacon = false;
  for (let index = 0; index < contributionCount; index++) {
    endsWithBeacon = section.readUInt32LE(position + fixed) === BEACON_CONTRIBUTION;
    position += fixed + 8 + section.readUInt32LE(position + fixed + 4);
  }
  return { contributionCount, endsWithBeacon };
}

/** The header section of a zkey; points in Montgomery form, gamma being the generator as snarkjs has it. */
export function zkeyHeaderSection(
  counts: { readonly wireCount: number; readonly publicCount: number; readonly domainSize: number },
  points: Record<"alpha1" | "beta1" | "beta2" | "gamma2" | "delta1" | "delta2", Uint8Array>,
): Buffer {
  return Buffer.concat([
    uint32(SCALAR_BYTES),
    scalarBytes([BASE_FIELD_ORDER]),
    uint32(SCALAR_BYTES),
    scalarBytes([FIELD_ORDER]),
    uint32(counts.wireCount),
    uint32(counts.publicCount),
    uint32(counts.domainSize),
    points.alpha1,
    points.beta1,
    points.beta2,
    points.gamma2,
    points.delta1,
    points.delta2,
  ]);
}

/** The A and B coefficients of a constraint system as a zkey holds them: times R², for Montgomery multiplication. */
export function zkeyCoefficientSection(r1cs: R1cs): Buffer {
  const entryBytes = 12 + SCALAR_BYTES;
  let count = r1cs.publicCount + 1;
  r1cs.forEachTerm((matrix) => {
    if (matrix < 2) count++;
  });
  const section = Buffer.alloc(4 + count * entryBytes);
  section.writeUInt32LE(count);
  let position = 4;
  const write = (matrix: number, constraint: number, wire: number, coefficient: bigint) => {
    section.writeUInt32LE(matrix, position);
    section.writeUInt32LE(constraint, position + 4);
    section.writeUInt32LE(wire, position + 8);
    writeScalar(section, position + 12, (coefficient * MONTGOMERY_SQUARED) % FIELD_ORDER);
    position += entryBytes;
  };
  r1cs.forEachTerm((matrix, constraint, wire, coefficient) => {
    if (matrix < 2) write(matrix, constraint, wire, coefficient);
  });
  for (let signal = 0; signal <= r1cs.publicCount; signal++) {
    write(0, r1cs.constraintCount + signal, signal, 1n);
  }
  return section;
}
