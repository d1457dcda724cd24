/**
 * `npm run bench`: measures circuits, keys, proofs and gas on this machine, beside the yardsticks in the same
 * run, prints tables and writes build/bench.json.
 */
import { cpus, totalmem } from "node:os";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";

import { loadInstance } from "../prover/src/circuits/instances.ts";
import { table } from "../prover/src/cli/text.ts";
import { writeFileAtomically } from "../prover/src/files.ts";
import {
  cleanUp,
  measureInTurns,
  prepareImages,
  preparePackaged,
  preparePlain,
  type ProvingResult,
} from "./bench/proving.ts";
import { type AuditOverhead, auditOverheads, measureAudit } from "./bench/audit.ts";
import { memberCircuits, prepareMembers } from "./bench/federation.ts";
import type { AuditMeasurement } from "./bench/measure-audit.ts";
import {
  type AggregationComparison,
  aggregationTable,
  compareAggregations,
} from "./bench/secure-aggregation.ts";
import { countBitDecomposition, countCircomlibMl, type RowCount } from "./bench/row-counts.ts";
import { setUp } from "./setup.ts";

const HELP = `usage: npm run bench [-- options]

Compiles the shipped circuits and makes their keys afresh, proves with each and with a plain Groth16 circuit of
the same domain in turns, and counts the rows of the same statement written in other ways. Writes build/bench.json.

  --runs <count>  proofs per circuit, medians are reported (default: 3)
  --json          print the JSON instead of tables
  --help          print this
`;

const root = path.join(import.meta.dirname, "..");
const DIGITS = "digits-64-16-10x360";
const MASKED = "masked-64-16-10x8";
const ROUND = "round-64-16-10x360";
const PLAIN_ROWS = 65_000;
const AUDITED_RANDOM_STEPS = 6;

/** Everything one run measured. */
interface BenchReport {
  readonly machine: {
    readonly processor: string;
    readonly cores: number;
    readonly memoryBytes: number;
    readonly node: string;
  };
  readonly proving: readonly ProvingResult[];
  /** Proving time of the digits circuit over the plain circuit of the same domain, medians. */
  readonly digitsOverPlain: number;
  /** Proving time of the circuit of MNIST's shape over that of the digits, medians. */
  readonly imagesOverDigits: number;
  readonly rows: {
    readonly digitsRowsPerSample: number;
    readonly others: readonly (RowCount & { readonly rowsPerSampleAt360: number; readonly ratio: number })[];
  };
  /** A 40-epoch run on the digits and its audit: initialisation, first, last and six random steps. */
  readonly audit: AuditMeasurement;
  /** Proving time per row of the training step over that of the digits' accuracy circuit, medians. */
  readonly stepOverAccuracyPerRow: number;
  readonly auditOverheads: readonly AuditOverhead[];
  /** Averages of 8 models of the digits' shape, without proofs. */
  readonly aggregation: AggregationComparison;
  /** Exact, from the snapshot that the contract tests check. */
  readonly gas: Readonly<Record<string, number>>;
}

async function bench(runs: number): Promise<BenchReport> {
  await setUp();
  const folder = path.join(root, "build", "bench");
  await cleanUp(folder);
  try {
    const candidates = [
      await preparePackaged("accuracy", DIGITS, "digits", path.join(folder, "digits")),
      await preparePlain(PLAIN_ROWS, path.join(folder, "plain")),
      await preparePackaged(
        "accuracy",
        "breast-cancer-30-2x114",
        "breast-cancer",
        path.join(folder, "breast-cancer"),
      ),
      await prepareImages(path.join(folder, "images")),
      await preparePackaged("round-accuracy", ROUND, "digits", path.join(folder, "round")),
    ];
    for (const instance of await memberCircuits()) {
      candidates.push(await prepareMembers(instance, path.join(folder, instance.id)));
    }
    const proving = await measureInTurns(candidates, runs);
    const [digits, plain, , images] = proving as [ProvingResult, ProvingResult, ProvingResult, ProvingResult];
    const instance = await loadInstance(DIGITS);
    const samples = digits.samples!;
    const digitsRowsPerSample = digits.rows / samples;
    const counts = [await countBitDecomposition(instance, folder), await countCircomlibMl(instance, folder)];
    const audit = await measureAudit("digits", AUDITED_RANDOM_STEPS);
    const perRow = (seconds: number, rows: number) => seconds / rows;
    const [processor] = cpus();
    return {
      machine: {
        processor: processor?.model ?? "unknown",
        cores: cpus().length,
        memoryBytes: totalmem(),
        node: process.version,
      },
      proving,
      digitsOverPlain: digits.proof.provingSeconds / plain.proof.provingSeconds,
      imagesOverDigits: images.proof.provingSeconds / digits.proof.provingSeconds,
      rows: {
        digitsRowsPerSample,
        others: counts.map((row) => {
          const rowsPerSampleAt360 = row.rowsPerSample + row.fixedRows / samples;
          return { ...row, rowsPerSampleAt360, ratio: rowsPerSampleAt360 / digitsRowsPerSample };
        }),
      },
      audit,
      stepOverAccuracyPerRow:
        perRow(audit.step.provingSeconds, audit.step.rows) / perRow(digits.proof.provingSeconds, digits.rows),
      auditOverheads: auditOverheads(audit.batches),
      aggregation: await compareAggregations(MASKED, runs),
      gas: { ...(await readGas("gas-snapshot.json")), ...(await readGas("rounds-gas-snapshot.json")) },
    };
  } finally {
    await cleanUp(folder);
  }
}

async function readGas(snapshot: string): Promise<BenchReport["gas"]> {
  return JSON.parse(
    await readFile(path.join(root, "test", "contracts", snapshot), "utf8"),
  ) as BenchReport["gas"];
}

function print(report: BenchReport): void {
  const { machine, proving, rows, gas } = report;
  const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
  const seconds = (value: number) => `${value.toFixed(2)} s`;
  const out = (text: string) => process.stdout.write(`${text}\n`);
  out(
    `${machine.processor}, ${machine.cores} cores, ${megabytes(machine.memoryBytes)}, Node ${machine.node}\n`,
  );

  const head = [
    "circuit",
    "rows",
    "domain",
    "samples",
    "compile",
    "keys",
    "zkey",
    "commit",
    "witness",
    "Groth16",
  ];
  const measured = proving.map((result) => [
    result.name,
    String(result.rows),
    `2^${result.domainPower}`,
    String(result.samples ?? "–"),
    seconds(result.compileSeconds),
    seconds(result.keySeconds),
    megabytes(result.zkeyBytes),
    seconds(result.proof.commitSeconds),
    seconds(result.proof.witnessSeconds),
    seconds(result.proof.groth16Seconds),
    seconds(result.proof.provingSeconds),
    seconds(result.proof.verifySeconds),
    megabytes(result.proof.peakMemoryBytes),
  ]);
  out(table([...head, "proving", "verify", "peak memory"], measured));
  out(`proving ${DIGITS} takes ${report.digitsOverPlain.toFixed(2)} × the plain circuit's time`);
  out(`the circuit of MNIST's shape takes ${report.imagesOverDigits.toFixed(2)} × the time of ${DIGITS}\n`);

  const others = rows.others.map((row) => [
    row.name,
    row.rowsPerSample.toFixed(0),
    row.fixedRows.toFixed(0),
    row.rowsPerSampleAt360.toFixed(0),
    row.ratio.toFixed(1),
  ]);
  const own = [`${DIGITS} (this project)`, "–", "–", rows.digitsRowsPerSample.toFixed(1), "1"];
  out(
    table(
      ["the same statement", "rows a sample", "fixed rows", "rows a sample at 360", "ratio"],
      [own, ...others],
    ),
  );
  out("");

  for (const { name, accuracy } of proving) {
    if (accuracy)
      out(`${name}: accuracy ${percent(accuracy.float)} float, ${percent(accuracy.integer)} integer`);
  }
  printAudit(report, seconds, megabytes);
  out(`\n${aggregationTable(report.aggregation)}`);
  const fees = Object.entries(gas).map(([name, value]) => [name, String(value)]);
  out(`\n${table(["transaction or call", "gas"], fees)}`);
}

function printAudit(
  { audit, stepOverAccuracyPerRow, auditOverheads }: BenchReport,
  seconds: (value: number) => string,
  megabytes: (bytes: number) => string,
): void {
  const stages = [audit.init, audit.step].map(({ instanceId, rows, domainPower, provingSeconds }) => [
    instanceId,
    String(rows),
    `2^${domainPower}`,
    seconds(provingSeconds),
  ]);
  const lines = [
    "",
    table(["training circuit", "rows", "domain", "proving"], stages),
    `a run of ${audit.steps} steps: trained in ${seconds(audit.trainingSeconds)}, committed in ${seconds(audit.commitSeconds)}, ` +
      `audit of ${audit.stages} stages proved in ${seconds(audit.auditSeconds)}, ${megabytes(audit.peakMemoryBytes)} at most`,
    `its test accuracy is ${percent(audit.testAccuracy)}; a row of the step takes ${stepOverAccuracyPerRow.toFixed(2)} × the accuracy circuit's time`,
    "",
    table(
      ["epochs", "random steps", "audited share of all steps", "log2(epochs)/epochs"],
      auditOverheads.map(({ epochs, randomSteps, auditedShare, logarithmicShare }) => [
        String(epochs),
        String(randomSteps),
        percent(auditedShare),
        percent(logarithmicShare),
      ]),
    ),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

let values;
try {
  ({ values } = parseArgs({
    options: {
      runs: { type: "string", default: "3" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  }));
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n\n${HELP}`);
  process.exit(2);
}
const runs = Number(values.runs);
if (values.help) {
  process.stdout.write(HELP);
} else if (!Number.isInteger(runs) || runs < 1 || runs > 100) {
  process.stderr.write(`--runs ${values.runs}: it takes a whole number from 1 to 100\n`);
  process.exitCode = 2;
} else {
  const report = await bench(runs);
  const file = path.join(root, "build", "bench.json");
  await writeFileAtomically(file, `${JSON.stringify(report, null, 2)}\n`);
  if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`);
  else print(report);
  process.stderr.write(`[bench] written to ${path.relative(process.cwd(), file)}\n`);
}
