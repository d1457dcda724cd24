import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";

import type { AuditMeasurement } from "./measure-audit.ts";

/** How the audited share of a run shrinks with its length. */
export interface AuditOverhead {
  readonly epochs: number;
  /** Random steps asked for: max(3, ceil(log2 epochs)). */
  readonly randomSteps: number;
  /** Steps whose work is repeated for a proof, the first and the last included, over all steps. */
  readonly auditedShare: number;
  /** log2(epochs)/epochs, the rate at which it shrinks. */
  readonly logarithmicShare: number;
}

const EPOCHS = [10, 40, 160, 640] as const;
const LEAST_RANDOM_STEPS = 3;

/** Measures one run of the packaged rule and its audit with `randomSteps` random steps. */
export async function measureAudit(dataset: string, randomSteps: number): Promise<AuditMeasurement> {
  process.stderr.write(`[bench] ${dataset}: training, commitments and audit of one run\n`);
  const script = path.join(import.meta.dirname, "measure-audit.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [script, dataset, "1", String(randomSteps)]);
  return JSON.parse(stdout) as AuditMeasurement;
}

/** Audited over training work for runs of growing length with so many batches an epoch. */
export function auditOverheads(batches: number): AuditOverhead[] {
  return EPOCHS.map((epochs) => {
    const randomSteps = Math.max(LEAST_RANDOM_STEPS, Math.ceil(Math.log2(epochs)));
    return {
      epochs,
      randomSteps,
      auditedShare: (randomSteps + 2) / (epochs * batches),
      logarithmicShare: Math.log2(epochs) / epochs,
    };
  });
}
