import { stat } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

import type { RoundAccuracyInstance } from "../circuits/accuracy.ts";
import type { AggregateInstance } from "../circuits/aggregate.ts";
import type { CircuitCost } from "../circuits/cost.ts";
import type { CircuitInstance } from "../circuits/instance.ts";
import type { MaskedUpdateInstance } from "../circuits/masked-update.ts";
import type { Architecture } from "../model/architecture.ts";
import { type Report, warn } from "./output.ts";
import type { PlanShape } from "./plan-shape.ts";
import { UsageError } from "./usage-error.ts";

/** Options of `zkpot circuit plan` that say what becomes of a plan, and those that the next commands repeat. */
export interface PlanOutputFlags {
  readonly testSet?: string;
  readonly trainStep?: string;
  readonly id?: string;
  readonly out?: string;
}

/** Plans the circuit of a task, writes it where the options say, and describes it. */
export async function reportPlan(shape: PlanShape, flags: PlanOutputFlags): Promise<Report> {
  const { planAccuracyInstance } = await import("../circuits/plan-accuracy.ts");
  const { accuracyCost } = await import("../circuits/cost.ts");
  const { facts, megabytes } = await import("./text.ts");
  const id = instanceId("", flags.id ?? `${shape.modelName}x${shape.sampleCount}`);
  const instance = planAccuracyInstance({ ...shape, id });
  const cost = accuracyCost(instance);
  const fits = await checkMemory("proving", cost, "use fewer samples");
  if (flags.out !== undefined) await writeInstance(flags.out, instance);
  return {
    data: { instance, cost, fits },
    text: facts([
      ["instance", instance.id],
      ["model", `${describeModel(instance.architecture)}, table of ${instance.tableBits}`],
      ["samples", `${shape.sampleCount}, in ${instance.groups} groups of ${instance.slots}`],
      ["rows", `${cost.rows} (domain 2^${cost.domainPower})`],
      ["expected memory", megabytes(cost.memoryBytes)],
      ["expected proving", `${cost.provingSeconds.toFixed(1)} s on two cores`],
      ...(flags.out === undefined ? [] : [["written to", path.resolve(flags.out)] as const]),
    ]),
  };
}

/** As the schemas of instances allow. */
const MAX_ID_LENGTH = 100;
const DEVELOPMENT_ONLY = "  # local chains only; elsewhere keys new, contribute, beacon and verify";

/** A planned circuit of a federation. */
interface PlannedCircuit {
  readonly instance: RoundAccuracyInstance | MaskedUpdateInstance | AggregateInstance;
  readonly cost: CircuitCost;
  readonly fits: boolean;
  /** Where it was written, as far as it was. */
  readonly file?: string;
}

/** Plans the circuits of a federation, writes them into the folder that the options name, and describes them. */
export async function reportFederationPlan(
  shape: PlanShape,
  members: number,
  flags: PlanOutputFlags,
): Promise<Report> {
  const { accuracyCost } = await import("../circuits/cost.ts");
  const { aggregateCost, maskedUpdateCost } = await import("../circuits/federation-cost.ts");
  const { planFederation } = await import("../circuits/plan-federation.ts");
  const { facts, megabytes, table } = await import("./text.ts");
  if (flags.out !== undefined) await requireFolder(flags.out);
  const forMembers = flags.id ?? `${shape.modelName}x${members}`;
  const ids = {
    score: instanceId("round-", flags.id ?? `${shape.modelName}x${shape.sampleCount}`),
    mask: instanceId("masked-", forMembers),
    aggregate: instanceId("aggregate-", forMembers),
  };
  const { score, mask, aggregate } = planFederation({ ...shape, ids, members });
  const smaller = "use fewer members or a smaller model";
  const complete = async (
    instance: PlannedCircuit["instance"],
    cost: CircuitCost,
    advice: string,
  ): Promise<PlannedCircuit> => {
    const fits = await checkMemory(`proving ${instance.id}`, cost, advice);
    if (flags.out === undefined) return { instance, cost, fits };
    const file = path.join(flags.out, `${instance.id}.json`);
    await writeInstance(file, instance);
    return { instance, cost, fits, file };
  };
  const circuits = {
    score: await complete(score, accuracyCost(score), "use fewer samples"),
    mask: await complete(mask, maskedUpdateCost(mask), smaller),
    aggregate: await complete(aggregate, aggregateCost(aggregate), smaller),
  };
  const { maxFactorSum } = mask;
  const maxFactor = Math.floor(maxFactorSum / members);
  const nextSteps = federationSteps(Object.values(circuits), flags);
  return {
    data: { members, maxFactor, maxFactorSum, circuits, nextSteps },
    text: [
      facts([
        ["model", describeModel(score.architecture)],
        ["samples", `${shape.sampleCount}, in ${score.groups} groups of ${score.slots}`],
        ["members", `${members}, factors up to ${maxFactor}, ${maxFactorSum} together`],
        ...(flags.out === undefined ? [] : [["written to", path.resolve(flags.out)] as const]),
      ]),
      table(
        ["instance", "rows", "domain", "expected memory", "expected proving on two cores"],
        Object.values(circuits).map(({ instance, cost }) => [
          instance.id,
          String(cost.rows),
          `2^${cost.domainPower}`,
          megabytes(cost.memoryBytes),
          `${cost.provingSeconds.toFixed(1)} s`,
        ]),
      ),
      ["next", ...nextSteps.map((step) => `  ${step}`)].join("\n"),
    ].join("\n\n"),
  };
}

/** The commands that lead from planned circuits to a federation. */
function federationSteps(
  circuits: readonly PlannedCircuit[],
  { testSet, trainStep }: PlanOutputFlags,
): string[] {
  const files = circuits.flatMap(({ file }) => (file === undefined ? [] : [file]));
  const [score, mask, aggregate] = files;
  if (score === undefined) return ["zkpot circuit plan … --out <folder>  # writes the three instances"];
  const create = [
    `zkpot round create --test-set ${testSet ?? "<file>"}`,
    `--score-circuit ${score} --mask-circuit ${mask} --aggregate-circuit ${aggregate}`,
    ...(trainStep === undefined ? [] : [`--train-step ${trainStep}`]),
    "…",
  ];
  return [
    ...files.map((file) => `zkpot circuit build ${file}`),
    ...files.map((file, index) => `zkpot keys dev ${file}${index === 0 ? DEVELOPMENT_ONLY : ""}`),
    `zkpot deploy --register ${files.join(",")}  # or keys register of each, where the contracts are`,
    create.join(" "),
  ];
}

/** An instance's id of a kind and a name; throws UsageError `cli.invalid-value` for one that no instance can have. */
function instanceId(kind: string, name: string): string {
  const id = `${kind}${name}`;
  if (new RegExp(`^[a-z0-9][a-z0-9-]{0,${MAX_ID_LENGTH - 1}}$`).test(id)) return id;
  throw new UsageError(
    "cli.invalid-value",
    `--id: "${name}" is not an instance id`,
    `Use a-z, 0-9 and -, at most ${MAX_ID_LENGTH - kind.length} of them.`,
    { id },
  );
}

/** Whether this machine has the memory that proving needs; warns if not. */
async function checkMemory(
  work: string,
  { memoryBytes: neededBytes }: CircuitCost,
  advice: string,
): Promise<boolean> {
  const { megabytes } = await import("./text.ts");
  const memoryBytes = os.totalmem();
  if (neededBytes <= memoryBytes) return true;
  warn(
    `${work} needs about ${megabytes(neededBytes)}, this machine has ${megabytes(memoryBytes)}: ${advice}`,
  );
  return false;
}

/** Throws UsageError `cli.plan-folder` for a path at which there is something else than a folder. */
async function requireFolder(out: string): Promise<void> {
  const found = await stat(out).catch(() => undefined);
  if (found === undefined || found.isDirectory()) return;
  throw new UsageError(
    "cli.plan-folder",
    `--out: ${out} is not a folder; with --members three files are written into one`,
    "Name a folder, which may be a new one.",
    { out },
  );
}

async function writeInstance(file: string, instance: CircuitInstance): Promise<void> {
  const { writeFileAtomically } = await import("../files.ts");
  await writeFileAtomically(path.resolve(file), `${JSON.stringify(instance, null, 2)}\n`);
}

function describeModel({ layerSizes, inputBits, weightBits, shiftBits }: Architecture): string {
  const shifts = shiftBits.length === 0 ? "" : `, shifts ${shiftBits.join(", ")}`;
  return `${layerSizes.join("-")}: inputs of ${inputBits} bits, weights of ${weightBits}${shifts}`;
}
