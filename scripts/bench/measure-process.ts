/**
 * Measures one proof in a process of its own, so that its peak memory is its own:
 *
 *   node scripts/bench/measure-process.ts accuracy FOLDER  (instance, circuit, keys, test set and model in FOLDER)
 *   node scripts/bench/measure-process.ts members FOLDER   (instance, circuit and keys in FOLDER; random models)
 *   node scripts/bench/measure-process.ts plain FOLDER     (main.wasm, plain.zkey and input.json in FOLDER)
 *
 * Prints a ProofMeasurement as JSON.
 */
import { readFile } from "node:fs/promises";
import path from "node:path";

import {
  type AccuracyInstance,
  accuracyLayout,
  type RoundAccuracyInstance,
} from "../../prover/src/circuits/accuracy.ts";
import { loadCircuit } from "../../prover/src/circuits/build.ts";
import { circuitLayout } from "../../prover/src/circuits/instance.ts";
import { loadDocument } from "../../prover/src/data/document.ts";
import { TEST_SET } from "../../prover/src/data/test-set.ts";
import { modelCommitment, roundNullifier } from "../../prover/src/model/commitment.ts";
import { peakMemoryBytes } from "../../prover/src/peak-memory.ts";
import { loadKeySet } from "../../prover/src/proof/keys/key-set.ts";
import { releaseCurve } from "../../prover/src/proof/multi-exponentiation.ts";
import { datasetPoint, proveCircuit, type ProvingStep } from "../../prover/src/proof/prove.ts";
import { INTEGER_MODEL } from "../../prover/src/quantization/integer-model-document.ts";
import { randomFieldElement } from "../../prover/src/random-field.ts";
import { accuracyCommittedBlock, accuracyDatasetBlock } from "../../prover/src/witness/accuracy-witness.ts";
import type { MembersInstance } from "./federation.ts";
import { membersWitness } from "./federation-witness.ts";

/** Seconds of each step of a proof, and the peak memory of its process. */
export interface ProofMeasurement {
  readonly commitSeconds: number;
  readonly witnessSeconds: number;
  readonly groth16Seconds: number;
  readonly verifySeconds: number;
  /** Commitment, witness and Groth16: what a prover waits for. */
  readonly provingSeconds: number;
  readonly peakMemoryBytes: number;
}

function summarise(marks: ReadonlyMap<ProvingStep | "end", number>): ProofMeasurement {
  const at = (step: ProvingStep | "end") => marks.get(step)!;
  return {
    commitSeconds: at("witness") - at("commit"),
    witnessSeconds: at("prove") - at("witness"),
    groth16Seconds: at("verify") - at("prove"),
    verifySeconds: at("end") - at("verify"),
    provingSeconds: at("verify") - at("commit"),
    peakMemoryBytes: peakMemoryBytes(),
  };
}

const marks = new Map<ProvingStep | "end", number>();
const mark = (step: ProvingStep | "end") => marks.set(step, performance.now() / 1000);

async function proveAccuracy(folder: string): Promise<void> {
  const instance = await readInstance<AccuracyInstance | RoundAccuracyInstance>(folder);
  const circuit = await loadCircuit(instance, path.join(folder, "circuits"));
  const keys = await loadKeySet(instance, path.join(folder, "keys"));
  const { samples } = await loadDocument(path.join(folder, "test-set.json"), TEST_SET);
  const { quantized } = await loadDocument(path.join(folder, "model.json"), INTEGER_MODEL);
  const layout = accuracyLayout(instance);
  const dataset = accuracyDatasetBlock(instance, samples);
  const dataPoint = await datasetPoint(layout, keys, dataset);
  const salt = randomFieldElement();
  const { committed, claimed } = accuracyCommittedBlock(instance, quantized.model, samples);
  await proveCircuit(
    {
      circuit,
      layout,
      keys,
      statement: {
        context: [1n],
        modelCommitment: [modelCommitment(quantized.model, salt)],
        correct: [BigInt(claimed)],
        ...(instance.template === "round-accuracy" && {
          roundStatement: [1n, 1n, roundNullifier(1n, 1n, quantized.model)],
        }),
      },
      dataset,
      committed,
      private: { salt: [salt] },
      dataPoint,
    },
    { onStep: mark },
  );
  mark("end");
}

async function proveMembers(folder: string): Promise<void> {
  const instance = await readInstance<MembersInstance>(folder);
  const circuit = await loadCircuit(instance, path.join(folder, "circuits"));
  const keys = await loadKeySet(instance, path.join(folder, "keys"));
  const { statement, committed, private: secret } = membersWitness(instance);
  await proveCircuit(
    {
      circuit,
      layout: circuitLayout(instance),
      keys,
      statement,
      dataset: {},
      committed,
      private: secret,
      dataPoint: { x: 0n, y: 0n },
    },
    { onStep: mark },
  );
  mark("end");
}

async function readInstance<Instance>(folder: string): Promise<Instance> {
  return JSON.parse(await readFile(path.join(folder, "instance.json"), "utf8")) as Instance;
}

/** What snarkjs needs for a circuit without committed block: witness and Groth16. */
async function provePlain(folder: string): Promise<void> {
  const { groth16, wtns, zKey } = await import("snarkjs");
  const inputs = JSON.parse(await readFile(path.join(folder, "input.json"), "utf8")) as Record<
    string,
    unknown
  >;
  const witness: { type: "mem"; data?: Uint8Array } = { type: "mem" };
  const zkey = path.join(folder, "plain.zkey");
  mark("commit");
  mark("witness");
  await wtns.calculate(inputs, path.join(folder, "main.wasm"), witness);
  mark("prove");
  const { proof, publicSignals } = await groth16.prove(zkey, { type: "mem", data: witness.data! });
  mark("verify");
  const isValid = await groth16.verify(await zKey.exportVerificationKey(zkey), publicSignals, proof);
  if (!isValid) throw new Error("the plain proof does not verify");
  mark("end");
}

const provers = { accuracy: proveAccuracy, members: proveMembers, plain: provePlain };
const [kind, folder] = process.argv.slice(2) as [keyof typeof provers, string];
await provers[kind](folder);
await releaseCurve();
process.stdout.write(JSON.stringify(summarise(marks)));
