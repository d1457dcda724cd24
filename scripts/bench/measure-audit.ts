/**
 * Measures a whole training run with its audit, in a process of its own:
 *
 *   node scripts/bench/measure-audit.ts DATASET TEST_SPLIT_SEED RANDOM_STEPS
 *
 * Trains by the packaged rule, commits to every checkpoint, and proves initialisation, first, last and random steps.
 * Prints an AuditMeasurement as JSON.
 */
import path from "node:path";

import { initStage } from "../../prover/src/audit/stages.ts";
import { proveInit, proveStep } from "../../prover/src/audit/prove-stage.ts";
import { commitBatches, finishRun, runStepCount } from "../../prover/src/audit/trained-run.ts";
import { loadCircuit } from "../../prover/src/circuits/build.ts";
import { loadCircuitInstances } from "../../prover/src/circuits/instances.ts";
import type { TrainInitInstance } from "../../prover/src/circuits/train-init.ts";
import type { TrainStepInstance } from "../../prover/src/circuits/train-step.ts";
import { fitInputQuantization, quantizeInputs } from "../../prover/src/data/input-quantization.ts";
import { loadPackagedDataset } from "../../prover/src/data/packaged-datasets.ts";
import { SeededRandom } from "../../prover/src/data/random.ts";
import { stratifiedSplit } from "../../prover/src/data/split.ts";
import { sha256 } from "../../prover/src/files.ts";
import type { IntegerModel } from "../../prover/src/model/integer-model.ts";
import { peakMemoryBytes } from "../../prover/src/peak-memory.ts";
import { loadKeySet } from "../../prover/src/proof/keys/key-set.ts";
import { domainPower } from "../../prover/src/proof/keys/qap.ts";
import { readR1cs } from "../../prover/src/proof/keys/r1cs.ts";
import { releaseCurve } from "../../prover/src/proof/multi-exponentiation.ts";
import { commitCheckpoints } from "../../prover/src/verifiable/commit-trace.ts";
import { DEFAULT_TRAINING_RULES } from "../../prover/src/verifiable/default-rules.ts";
import { measure } from "../../prover/src/verifiable/measure.ts";
import { newRunKey } from "../../prover/src/verifiable/salts.ts";
import { trainVerifiably } from "../../prover/src/verifiable/train.ts";

/** A circuit and its median proving time. */
export interface StageMeasurement {
  readonly instanceId: string;
  readonly rows: number;
  readonly domainPower: number;
  readonly provingSeconds: number;
}

/** Seconds and sizes of one run and its audit. */
export interface AuditMeasurement {
  readonly steps: number;
  readonly batches: number;
  readonly trainingSeconds: number;
  readonly commitSeconds: number;
  /** Stages proved: initialisation, first, last, random. */
  readonly stages: number;
  /** All their proofs, one after the other. */
  readonly auditSeconds: number;
  readonly init: StageMeasurement;
  readonly step: StageMeasurement;
  readonly testAccuracy: number;
  readonly peakMemoryBytes: number;
}

const build = path.join(import.meta.dirname, "..", "..", "build");
const PLACE = {
  chainId: 31337n,
  market: `0x${"11".repeat(20)}`,
  taskId: 1n,
  prover: `0x${"22".repeat(20)}`,
};

async function openStage<Template extends "train-init" | "train-step">(template: Template, ruleText: string) {
  type Instance = Template extends "train-init" ? TrainInitInstance : TrainStepInstance;
  const instance = (await loadCircuitInstances()).find(
    (candidate) => candidate.template === template && JSON.stringify(candidate.rule) === ruleText,
  ) as Instance | undefined;
  if (instance === undefined) throw new RangeError(`circuits.json has no ${template} for the packaged rule`);
  const circuit = await loadCircuit(instance, path.join(build, "circuits"));
  return { circuit, keys: await loadKeySet(instance, path.join(build, "keys", instance.id)) };
}

async function measureStage(
  instanceId: string,
  r1csFile: string,
  seconds: readonly number[],
): Promise<StageMeasurement> {
  const r1cs = await readR1cs(r1csFile);
  return {
    instanceId,
    rows: r1cs.constraintCount + r1cs.publicCount + 1,
    domainPower: domainPower(r1cs),
    provingSeconds: seconds.toSorted((a, b) => a - b)[Math.floor(seconds.length / 2)]!,
  };
}

async function timed<T>(action: () => Promise<T>): Promise<[number, T]> {
  const started = performance.now();
  const result = await action();
  return [(performance.now() - started) / 1000, result];
}

const [dataset, splitSeed, randomSteps] = process.argv.slice(2) as [string, string, string];
const rule = DEFAULT_TRAINING_RULES[dataset]!;
const split = stratifiedSplit(await loadPackagedDataset(dataset), { seed: splitSeed });
const mapping = fitInputQuantization(split.train, rule.architecture.inputBits);
const train = quantizeInputs(split.train, mapping).samples;
const test = quantizeInputs(split.test, mapping).samples;
// A seed of the chain's kind: 32 bytes nobody chose.
const seed = BigInt(`0x${sha256(`bench seed of ${dataset}, split ${splitSeed}`)}`);
const models: IntegerModel[] = [];
const [trainingSeconds, { model }] = await timed(() =>
  trainVerifiably({ rule, seed, train, onCheckpoint: (_step, checkpoint) => void models.push(checkpoint) }),
);
const runKey = newRunKey();
const batches = commitBatches(rule, train, runKey);
const checkpoint = (step: number) => models[step]!;
const [commitSeconds, checkpoints] = await timed(() => commitCheckpoints(models.length, checkpoint, runKey));
const run = finishRun(batches, { seed, checkpoints, checkpoint });
if (initStage(run).checkpoint !== checkpoints[0]) throw new Error("the trace does not start at checkpoint 0");

const initProver = await openStage("train-init", JSON.stringify(rule));
const stepProver = await openStage("train-step", JSON.stringify(rule));
const steps = runStepCount(run);
const random = new SeededRandom("audited steps", "bench");
const asked = new Set([0, steps - 1]);
while (asked.size < 2 + Number(randomSteps)) asked.add(random.nextInteger(steps));
const [initSeconds] = await timed(() => proveInit(initProver, run, PLACE));
const stepSeconds: number[] = [];
for (const step of asked) stepSeconds.push((await timed(() => proveStep(stepProver, run, PLACE, step)))[0]);
await releaseCurve();

const measurement: AuditMeasurement = {
  steps,
  batches: batches.batches.length,
  trainingSeconds,
  commitSeconds,
  stages: 1 + asked.size,
  auditSeconds: stepSeconds.reduce((sum, seconds) => sum + seconds, initSeconds),
  init: await measureStage(initProver.circuit.instance.id, initProver.circuit.r1csFile, [initSeconds]),
  step: await measureStage(stepProver.circuit.instance.id, stepProver.circuit.r1csFile, stepSeconds),
  testAccuracy: measure(rule, model, test).accuracy,
  peakMemoryBytes: peakMemoryBytes(),
};
process.stdout.write(JSON.stringify(measurement));
