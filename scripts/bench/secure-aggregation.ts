import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";

import { table } from "../../prover/src/cli/text.ts";
import type { AggregationMeasurement } from "./measure-secure-aggregation.ts";

/** Masks and encryption on the same models, medians over the runs. */
export interface AggregationComparison {
  readonly instanceId: string;
  readonly masks: AggregationMeasurement;
  readonly encryption: AggregationMeasurement;
}

/**
 * Averages random models of all members of a masked-update instance under masks and under encryption in turns.
 *
 * Throws RangeError when the two averages differ.
 */
export async function compareAggregations(instanceId: string, runs: number): Promise<AggregationComparison> {
  const masks: AggregationMeasurement[] = [];
  const encryption: AggregationMeasurement[] = [];
  for (let run = 0; run < runs; run++) {
    process.stderr.write(
      `[bench] ${instanceId}: averages under masks and encryption, ${run + 1} of ${runs}\n`,
    );
    masks.push(await measure("masks", instanceId));
    encryption.push(await measure("encryption", instanceId));
  }
  const averages = new Set([...masks, ...encryption].map(({ averageCommitment }) => averageCommitment));
  if (averages.size !== 1) throw new RangeError(`${averages.size} different averages of the same models`);
  return { instanceId, masks: medians(masks), encryption: medians(encryption) };
}

/** The comparison as a table, with what it leaves out. */
export function aggregationTable({ instanceId, masks, encryption }: AggregationComparison): string {
  const milliseconds = (seconds: number) => `${(1000 * seconds).toFixed(1)} ms`;
  const rows = [
    ["masks (default)", masks] as const,
    ["BFV encryption (Microsoft SEAL)", encryption] as const,
  ].map(([name, way]) => [
    name,
    milliseconds(way.setUpSeconds),
    String(way.publicKeyBytes),
    String(way.secretKeyBytes),
    milliseconds(way.protectSeconds),
    String(way.contributionBytes),
    milliseconds(way.combineSeconds),
    String(way.combinedBytes),
    milliseconds(way.openSeconds),
    `${Math.round(way.peakMemoryBytes / 1e6)} MB`,
  ]);
  return [
    table(
      [
        "secure aggregation",
        "set-up",
        "public key, bytes",
        "secret key, bytes",
        "protect",
        "bytes a member",
        "combine",
        "bytes of the sum",
        "open",
        "peak memory",
      ],
      rows,
    ),
    `without proofs: that of a masked model is ${instanceId} above, an encrypted one has none`,
  ].join("\n");
}

async function measure(way: "masks" | "encryption", instanceId: string): Promise<AggregationMeasurement> {
  const script = path.join(import.meta.dirname, "measure-secure-aggregation.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [script, way, instanceId]);
  return JSON.parse(stdout) as AggregationMeasurement;
}

function medians(runs: readonly AggregationMeasurement[]): AggregationMeasurement {
  const median = (key: Exclude<keyof AggregationMeasurement, "averageCommitment">) =>
    runs.map((run) => run[key]).sort((a, b) => a - b)[Math.floor(runs.length / 2)]!;
  return {
    setUpSeconds: median("setUpSeconds"),
    publicKeyBytes: median("publicKeyBytes"),
    secretKeyBytes: median("secretKeyBytes"),
    protectSeconds: median("protectSeconds"),
    contributionBytes: median("contributionBytes"),
    combineSeconds: median("combineSeconds"),
    combinedBytes: median("combinedBytes"),
    openSeconds: median("openSeconds"),
    peakMemoryBytes: median("peakMemoryBytes"),
    averageCommitment: runs[0]!.averageCommitment,
  };
}
