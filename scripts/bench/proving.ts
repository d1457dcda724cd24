import { execFile } from "node:child_process";
import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";

import type { AccuracyInstance, RoundAccuracyInstance } from "../../prover/src/circuits/accuracy.ts";
import { buildCircuit, compileCircom } from "../../prover/src/circuits/build.ts";
import { accuracyCost } from "../../prover/src/circuits/cost.ts";
import { loadCircuitInstance } from "../../prover/src/circuits/instances.ts";
import { planAccuracyInstance } from "../../prover/src/circuits/plan-accuracy.ts";
import type { Dataset } from "../../prover/src/data/dataset.ts";
import { saveDocument } from "../../prover/src/data/document.ts";
import { fitInputQuantization, scaleInputs } from "../../prover/src/data/input-quantization.ts";
import { loadPackagedDataset } from "../../prover/src/data/packaged-datasets.ts";
import { stratifiedSplit } from "../../prover/src/data/split.ts";
import { createTestSet, TEST_SET } from "../../prover/src/data/test-set.ts";
import { makeDevelopmentKeys } from "../../prover/src/proof/keys/development.ts";
import { writeDevelopmentZkey } from "../../prover/src/proof/keys/development-zkey.ts";
import { readR1cs } from "../../prover/src/proof/keys/r1cs.ts";
import { domainPower } from "../../prover/src/proof/keys/qap.ts";
import { INTEGER_MODEL } from "../../prover/src/quantization/integer-model-document.ts";
import { openBackend } from "../../prover/src/training/backend.ts";
import { prepareModel } from "../demo/models.ts";
import type { ProofMeasurement } from "./measure-process.ts";
import { generateImages } from "./mnist-shaped.ts";
import { timed } from "./timed.ts";

/** One circuit, measured. */
export interface ProvingResult {
  readonly name: string;
  readonly rows: number;
  readonly domainPower: number;
  /** Samples one proof covers; absent for circuits without samples. */
  readonly samples?: number;
  readonly compileSeconds: number;
  readonly keySeconds: number;
  readonly zkeyBytes: number;
  /** Medians over the runs. */
  readonly proof: ProofMeasurement;
  readonly runs: readonly ProofMeasurement[];
  readonly accuracy?: { readonly float: number; readonly integer: number };
}

/** A circuit that is ready to be proved again and again. */
export interface Candidate {
  readonly result: Omit<ProvingResult, "proof" | "runs">;
  readonly parameters: readonly string[];
}

const BENCH_SEED = "1";
const IMAGE_INPUT_BITS = 6;
/** 1,008 samples: multiples of ten, the samples of a packed word, but for one word. */
const IMAGE_CLASS_COUNTS = [108, ...new Array<number>(9).fill(100)];
const IMAGE_TRAIN_COUNT = 200;
const IMAGE_EPOCHS = 12;

/** Samples to train with and to prove on. */
interface BenchData {
  readonly title: string;
  readonly train: Dataset;
  readonly test: Dataset;
  /** The default number where it is left out. */
  readonly epochs?: number;
}

/** A shipped accuracy circuit, of a task or of a round, on the test part of a packaged data set. */
export async function preparePackaged(
  template: "accuracy" | "round-accuracy",
  instanceId: string,
  dataset: string,
  folder: string,
): Promise<Candidate> {
  const { train, test } = stratifiedSplit(await loadPackagedDataset(dataset), { seed: BENCH_SEED });
  const instance = await loadCircuitInstance(template, instanceId);
  return await prepareAccuracy(instance, { title: dataset, train, test }, folder);
}

/** A planned circuit on generated images of MNIST's shape, in one proof that nearly fills a domain of 2^19. */
export async function prepareImages(folder: string): Promise<Candidate> {
  const instance = planAccuracyInstance({
    id: "mnist-shaped-784-32-10x1008",
    layerSizes: [784, 32, 10],
    inputBits: IMAGE_INPUT_BITS,
    samples: IMAGE_CLASS_COUNTS,
  });
  const train = generateImages(new Array<number>(10).fill(IMAGE_TRAIN_COUNT), BENCH_SEED, "train");
  const test = generateImages(IMAGE_CLASS_COUNTS, BENCH_SEED, "test");
  return await prepareAccuracy(instance, { title: instance.id, train, test, epochs: IMAGE_EPOCHS }, folder);
}

/** Compiles an instance and makes its keys afresh, trains a model for it, and leaves both for the measurement. */
async function prepareAccuracy(
  instance: AccuracyInstance | RoundAccuracyInstance,
  { title, train, test, epochs }: BenchData,
  folder: string,
): Promise<Candidate> {
  const { architecture } = instance;
  const inputQuantization = fitInputQuantization(train, architecture.inputBits);
  const { testSet } = createTestSet(title, test, inputQuantization);
  const model = await prepareModel(
    {
      samples: train,
      architecture,
      inputQuantization,
      seed: BENCH_SEED,
      ...(epochs === undefined ? {} : { epochs }),
    },
    { scaled: scaleInputs(test, inputQuantization), integer: testSet.samples },
    await openBackend(),
  );
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, "instance.json"), JSON.stringify(instance));
  await saveDocument(path.join(folder, "test-set.json"), TEST_SET, testSet);
  await saveDocument(path.join(folder, "model.json"), INTEGER_MODEL, model.file);

  const [compileSeconds, circuit] = await timed(() => buildCircuit(instance, path.join(folder, "circuits")));
  const [keySeconds, keys] = await timed(() => makeDevelopmentKeys(circuit, path.join(folder, "keys")));
  const cost = accuracyCost(instance);
  return {
    result: {
      name: instance.id,
      rows: cost.rows,
      domainPower: cost.domainPower,
      samples: testSet.samples.sampleCount,
      compileSeconds,
      keySeconds,
      zkeyBytes: (await stat(keys.provingKeyFile)).size,
      accuracy: { float: model.comparison.float.accuracy, integer: model.comparison.integer.accuracy },
    },
    parameters: ["accuracy", folder],
  };
}

/** A multiplication chain that fills a domain as far as `rows`: snarkjs's plain Groth16 for comparison. */
export async function preparePlain(rows: number, folder: string): Promise<Candidate> {
  const length = rows - 3; // one public output, the constant signal, and the linear row of the output
  const template = await readFile(path.join(import.meta.dirname, "circuits", "chain.circom"), "utf8");
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, "input.json"), JSON.stringify({ start: "3" }));
  const source = `${template}\ncomponent main = Chain(${length});\n`;
  const [compileSeconds] = await timed(() => compileCircom("chain", source, folder));
  const zkey = path.join(folder, "plain.zkey");
  const r1csFile = path.join(folder, "main.r1cs");
  const [keySeconds] = await timed(() => writeDevelopmentZkey(r1csFile, zkey, [0, 0], () => {}));
  const r1cs = await readR1cs(r1csFile);
  return {
    result: {
      name: "multiplication chain, plain Groth16",
      rows: r1cs.constraintCount + r1cs.publicCount + 1,
      domainPower: domainPower(r1cs),
      compileSeconds,
      keySeconds,
      zkeyBytes: (await stat(zkey)).size,
    },
    parameters: ["plain", folder],
  };
}

/** Proves with every candidate in turn, `runs` times, so that noise on the machine meets all alike. */
export async function measureInTurns(
  candidates: readonly Candidate[],
  runs: number,
): Promise<ProvingResult[]> {
  const measurements = candidates.map((): ProofMeasurement[] => []);
  for (let run = 0; run < runs; run++) {
    for (const [index, { parameters, result }] of candidates.entries()) {
      process.stderr.write(`[bench] ${result.name}: proof ${run + 1} of ${runs}\n`);
      const script = path.join(import.meta.dirname, "measure-process.ts");
      const { stdout } = await promisify(execFile)(process.execPath, [script, ...parameters]);
      measurements[index]!.push(JSON.parse(stdout) as ProofMeasurement);
    }
  }
  return candidates.map(({ result }, index) => ({
    ...result,
    proof: medians(measurements[index]!),
    runs: measurements[index]!,
  }));
}

/** Removes what the preparation left; it holds a model. */
export async function cleanUp(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}

function medians(runs: readonly ProofMeasurement[]): ProofMeasurement {
  const median = (key: keyof ProofMeasurement) => {
    const sorted = runs.map((run) => run[key]).sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)]!;
  };
  return {
    commitSeconds: median("commitSeconds"),
    witnessSeconds: median("witnessSeconds"),
    groth16Seconds: median("groth16Seconds"),
    verifySeconds: median("verifySeconds"),
    provingSeconds: median("provingSeconds"),
    peakMemoryBytes: median("peakMemoryBytes"),
  };
}
