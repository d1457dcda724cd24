import { mkdir, rm } from "node:fs/promises";
import path from "node:path";

import { accuracyLayout } from "../../circuits/accuracy.ts";
import type { CompiledCircuit } from "../../circuits/build.ts";
import { FIELD_ORDER, invertField } from "../../field.ts";
import { randomFieldElement } from "../../random-field.ts";
import { readG2 } from "../points.ts";
import { uint32, writeBinaryFile } from "./binary-file.ts";
import { icRanges, splitIc, writeCommitmentKey } from "./commitment-key.ts";
import { FixedBaseMultiplier } from "./fixed-base.ts";
import { KEY_FILES, type KeySet, loadKeySet, readManifest, sealKeySet } from "./key-set.ts";
import { domainPower, evaluateQap } from "./qap.ts";
import { readR1cs } from "./r1cs.ts";
import { zkeyCoefficientSection, zkeyHeaderSection, ZKEY_SECTION } from "./zkey-file.ts";

/** Fills the circuit hash of a development zkey, so that the file itself says what it is. */
const MARK = "zkpot development key: INSECURE, its secrets were drawn locally".padEnd(64, ".");

/**
 * Makes a Groth16 proving key and the commitment key of a circuit directly from secrets drawn here and
 * forgotten, in seconds instead of a ceremony's hours; keeps intact keys that belong to the same circuit.
 *
 * Insecure by construction, and marked so (contributions 0): deployments refuse it outside local chains.
 */
export async function makeDevelopmentKeys(
  circuit: CompiledCircuit,
  directory: string,
  onProgress: (message: string) => void = () => {},
): Promise<KeySet> {
  const present = await readManifest(directory).catch(() => undefined);
  if (present?.r1csSha256 === circuit.r1csSha256) {
    const keys = await loadKeySet(circuit.instance, directory).catch(() => undefined);
    if (keys !== undefined) return keys;
  }
  await mkdir(directory, { recursive: true });
  await rm(path.join(directory, KEY_FILES.manifest), { force: true });

  onProgress(`${circuit.instance.id}: reading constraints`);
  const r1cs = await readR1cs(circuit.r1csFile);
  const [tau, alpha, beta, delta, sigma] = Array.from({ length: 5 }, nonZero) as [
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
  ];
  const qap = evaluateQap(r1cs, tau);
  const inverseDelta = invertField(delta);
  const isPublic = (wire: number) => wire <= r1cs.publicCount;
  const combined = qap.a.map((a, wire) => (beta * a + alpha * qap.b[wire]! + qap.c[wire]!) % FIELD_ORDER);
  const ic = combined.filter((_, wire) => isPublic(wire));
  const c = combined
    .filter((_, wire) => !isPublic(wire))
    .map((value) => (value * inverseDelta) % FIELD_ORDER);
  const h = qap.h.map((value) => (value * inverseDelta) % FIELD_ORDER);
  const layout = accuracyLayout(circuit.instance);
  const [committedStart, committedEnd] = icRanges(layout).committed.map((offset) => offset / 64) as [
    number,
    number,
  ];
  const knowledge = ic.slice(committedStart, committedEnd).map((value) => (value * sigma) % FIELD_ORDER);

  const multiplier = await FixedBaseMultiplier.start(4 * r1cs.wireCount);
  try {
    onProgress(
      `${circuit.instance.id}: computing ${2 * qap.a.length + ic.length + c.length + h.length} key points`,
    );
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
    onProgress(`${circuit.instance.id}: writing keys`);
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
    await writeBinaryFile(path.join(directory, KEY_FILES.proving), "zkey", 1, [
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
    await writeCommitmentKey(path.join(directory, KEY_FILES.commitment), {
      ...splitIc(icBytes, layout),
      knowledgeBases,
      sigma2: readG2(g2, 256),
    });
  } finally {
    await multiplier.close();
  }
  return sealKeySet(circuit, directory, 0);
}

function nonZero(): bigint {
  for (;;) {
    const value = randomFieldElement();
    if (value > 1n) return value;
  }
}
