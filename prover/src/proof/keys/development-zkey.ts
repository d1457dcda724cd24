import { FIELD_ORDER, invertField } from "../../field.ts";
import { randomFieldElement } from "../../random-field.ts";
import { G1_BYTES, type G2Point, readG2 } from "../points.ts";
import { uint32, writeBinaryFile } from "./binary-file.ts";
import { FixedBaseMultiplier } from "./fixed-base.ts";
import { domainPower, evaluateQap } from "./qap.ts";
import { readR1cs } from "./r1cs.ts";
import { zkeyCoefficientSection, zkeyHeaderSection, ZKEY_SECTION } from "./zkey-file.ts";

/** Fills the circuit hash of a development zkey, so that the file itself says what it is. */
const MARK = "zkpot development key: INSECURE, its secrets were drawn locally".padEnd(64, ".");

/** What a commitment key needs of a proving key whose secrets are gone. */
export interface DevelopmentZkey {
  /** IC_0 … IC_publicCount, Montgomery form. */
  readonly icBytes: Buffer;
  /** sigma times the IC points of `sigmaRange`, Montgomery form. */
  readonly knowledgeBases: Buffer;
  readonly sigma2: G2Point;
}

/**
 * Writes a snarkjs Groth16 zkey of a constraint system from secrets drawn here and forgotten: scalars by
 * Lagrange evaluation, points by fixed-base windows on all cores. `sigmaRange` names the IC points, as byte
 * offsets, that get sigma-multiples.
 */
export async function writeDevelopmentZkey(
  r1csFile: string,
  zkeyFile: string,
  sigmaRange: readonly [start: number, end: number],
  onProgress: (message: string) => void,
): Promise<DevelopmentZkey> {
  onProgress("reading constraints");
  const r1cs = await readR1cs(r1csFile);
  const [tau, alpha, beta, delta, sigma] = [secret(), secret(), secret(), secret(), secret()];
  const qap = evaluateQap(r1cs, tau);
  const inverseDelta = invertField(delta);
  const combined = qap.a.map((a, wire) => (beta * a + alpha * qap.b[wire]! + qap.c[wire]!) % FIELD_ORDER);
  const ic = combined.slice(0, r1cs.publicCount + 1);
  const c = combined.slice(r1cs.publicCount + 1).map((value) => (value * inverseDelta) % FIELD_ORDER);
  const h = qap.h.map((value) => (value * inverseDelta) % FIELD_ORDER);
  const [first, end] = sigmaRange.map((offset) => offset / G1_BYTES) as [number, number];
  const knowledge = ic.slice(first, end).map((value) => (value * sigma) % FIELD_ORDER);

  const pointCount = 3 * qap.a.length + ic.length + c.length + h.length + knowledge.length;
  onProgress(`computing ${pointCount} key points`);
  const multiplier = await FixedBaseMultiplier.start(pointCount);
  try {
    const [g1, g2, icBytes, aBytes, b1Bytes, b2Bytes, cBytes, hBytes, knowledgeBases] = await Promise.all([
      multiplier.multiply("G1", [alpha, beta, delta]),
      multiplier.multiply("G2", [beta, delta, sigma, 1n]),
      multiplier.multiply("G1", ic),
      multiplier.multiply("G1", qap.a),
      multiplier.multiply("G1", qap.b),
      multiplier.multiply("G2", qap.b),
      multiplier.multiply("G1", c),
      multiplier.multiply("G1", h),
      multiplier.multiply("G1", knowledge),
    ]);
    onProgress("writing the proving key");
    const header = zkeyHeaderSection(
      { wireCount: r1cs.wireCount, publicCount: r1cs.publicCount, domainSize: 2 ** domainPower(r1cs) },
      {
        alpha1: g1.subarray(0, 64),
        beta1: g1.subarray(64, 128),
        delta1: g1.subarray(128, 192),
        beta2: g2.subarray(0, 128),
        delta2: g2.subarray(128, 256),
        gamma2: g2.subarray(384, 512),
      },
    );
    await writeBinaryFile(zkeyFile, "zkey", 1, [
      [ZKEY_SECTION.protocol, uint32(1)],
      [ZKEY_SECTION.header, header],
      [ZKEY_SECTION.ic, icBytes],
      [ZKEY_SECTION.coefficients, zkeyCoefficientSection(r1cs)],
      [ZKEY_SECTION.a, aBytes],
      [ZKEY_SECTION.b1, b1Bytes],
      [ZKEY_SECTION.b2, b2Bytes],
      [ZKEY_SECTION.c, cBytes],
      [ZKEY_SECTION.h, hBytes],
      [ZKEY_SECTION.contributions, Buffer.concat([Buffer.from(MARK, "latin1"), uint32(0)])],
    ]);
    return { icBytes, knowledgeBases, sigma2: readG2(g2, 256) };
  } finally {
    await multiplier.close();
  }
}

/** A uniform secret other than 0 and 1. */
function secret(): bigint {
  const value = randomFieldElement();
  return value > 1n ? value : secret();
}
