import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import path from "node:path";

import type { AccuracyInstance } from "../../prover/src/circuits/accuracy.ts";
import { sharedCurve } from "../../prover/src/proof/multi-exponentiation.ts";

const build = path.join(import.meta.dirname, "..", "..", "build");

/** What ceremonies of tests end with. */
export const BEACON = { beaconHash: "0123456789abcdef".repeat(4), iterationsExponent: 10 };

/** A linear model of 698 rows: the smallest domain, so that phase 1 is quick. */
export const MINI: AccuracyInstance = {
  id: "mini-2-2x4",
  template: "accuracy",
  architecture: {
    layerSizes: [2, 2],
    inputBits: 2,
    weightBits: 4,
    biasBits: 6,
    quotientBits: 4,
    marginBits: 8,
    shiftBits: [],
  },
  tableBits: 4,
  groups: 2,
  slots: 2,
  slotBits: 14,
};

/**
 * A real phase 1 of 2^10, made by snarkjs unless it was made before. The test runner makes it before any suite
 * starts; several processes that make it at once do not meet in any file.
 */
export async function powersOfTauFile(): Promise<string> {
  const file = path.join(build, "test-powers-of-tau", "10.ptau");
  if (existsSync(file)) return file;
  const { powersOfTau } = await import("snarkjs");
  mkdirSync(path.dirname(file), { recursive: true });
  const parts = mkdtempSync(path.join(path.dirname(file), "part-"));
  try {
    const part = (name: string): string => path.join(parts, name);
    await powersOfTau.newAccumulator(await sharedCurve(), 10, part("start"));
    await powersOfTau.contribute(part("start"), part("contributed"), "test", "entropy for a test");
    await powersOfTau.beacon(
      part("contributed"),
      part("beacon"),
      "test",
      BEACON.beaconHash,
      BEACON.iterationsExponent,
    );
    await powersOfTau.preparePhase2(part("beacon"), part("prepared"));
    renameSync(part("prepared"), file);
  } finally {
    rmSync(parts, { recursive: true });
  }
  return file;
}
