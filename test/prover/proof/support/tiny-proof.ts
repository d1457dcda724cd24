import path from "node:path";

import { accuracyLayout, type AccuracyInstance } from "../../../../prover/src/circuits/accuracy.ts";
import { buildCircuit, type CompiledCircuit } from "../../../../prover/src/circuits/build.ts";
import { loadInstance } from "../../../../prover/src/circuits/instances.ts";
import type { IntegerSamples } from "../../../../prover/src/data/samples.ts";
import { modelCommitment } from "../../../../prover/src/model/commitment.ts";
import type { IntegerModel } from "../../../../prover/src/model/integer-model.ts";
import { makeDevelopmentKeys } from "../../../../prover/src/proof/keys/development.ts";
import type { KeySet } from "../../../../prover/src/proof/keys/key-set.ts";
import { datasetPoint, type ProvingInput } from "../../../../prover/src/proof/prove.ts";
import { SeededRandom } from "../../../../prover/src/data/random.ts";
import {
  accuracyCommittedBlock,
  accuracyDatasetBlock,
} from "../../../../prover/src/witness/accuracy-witness.ts";

const build = path.join(import.meta.dirname, "..", "..", "..", "..", "build");

/** The tiny circuit with development keys, as set-up leaves them in build/. */
export async function tinyCircuit(): Promise<{ circuit: CompiledCircuit<AccuracyInstance>; keys: KeySet }> {
  const instance = await loadInstance("tiny-4-3-3x10");
  const circuit = await buildCircuit(instance, path.join(build, "circuits"));
  return { circuit, keys: await makeDevelopmentKeys(circuit, path.join(build, "keys", instance.id)) };
}

/** Ten samples of three classes on the grid of an instance. */
export function randomSamples(instance: AccuracyInstance, seed: string, sampleCount: number): IntegerSamples {
  const random = new SeededRandom(seed, "test");
  const { layerSizes, inputBits } = instance.architecture;
  const [featureCount, classCount] = [layerSizes[0]!, layerSizes.at(-1)!];
  return {
    sampleCount,
    featureCount,
    classCount,
    features: Int32Array.from({ length: sampleCount * featureCount }, () =>
      random.nextInteger(2 ** inputBits),
    ),
    labels: Int32Array.from({ length: sampleCount }, (_, sample) => sample % classCount),
  };
}

/** A model with weights so small that no value leaves its range. */
export function smallModel(instance: AccuracyInstance, seed: string): IntegerModel {
  const random = new SeededRandom(seed, "test");
  const { architecture } = instance;
  const small = (length: number) => Int32Array.from({ length }, () => random.nextInteger(7) - 3);
  return {
    architecture,
    layers: architecture.layerSizes.slice(1).map((outputs, layer) => ({
      weights: small(outputs * architecture.layerSizes[layer]!),
      biases: small(outputs),
    })),
  };
}

/** A whole input for proveCircuit, for everything the model achieves. */
export async function provingInput(
  circuit: CompiledCircuit<AccuracyInstance>,
  keys: KeySet,
  options: { readonly seed?: string; readonly sampleCount?: number } = {},
): Promise<
  ProvingInput & { readonly model: IntegerModel; readonly samples: IntegerSamples; readonly claimed: number }
> {
  const { seed = "proof", sampleCount = 10 } = options;
  const [salt, context] = [123_456_789n, 77n];
  const { instance } = circuit;
  const layout = accuracyLayout(instance);
  const [model, samples] = [smallModel(instance, seed), randomSamples(instance, seed, sampleCount)];
  const dataset = accuracyDatasetBlock(instance, samples);
  const { committed, claimed } = accuracyCommittedBlock(instance, model, samples);
  return {
    circuit,
    layout,
    keys,
    statement: {
      context: [context],
      modelCommitment: [modelCommitment(model, salt)],
      correct: [BigInt(claimed)],
    },
    dataset,
    committed,
    private: { salt: [salt] },
    dataPoint: await datasetPoint(layout, keys, dataset),
    model,
    samples,
    claimed,
  };
}

/** The statement of an input as words. */
export function statementWords(input: ProvingInput): bigint[] {
  return ["context", "modelCommitment", "correct"].map((name) => input.statement[name]![0]!);
}
