import {
  blockSize,
  flattenBlock,
  publicSignalCount,
  type SignalValues,
} from "../../../prover/src/circuits/layout.ts";
import { type CircuitInstance, circuitLayout, circuitMain } from "../../../prover/src/circuits/instance.ts";
import type { TrainStepInstance } from "../../../prover/src/circuits/train-step.ts";
import type { SeededRandom } from "../../../prover/src/data/random.ts";
import type { IntegerSamples } from "../../../prover/src/data/samples.ts";
import { modelCommitment, packWords, poseidonChain } from "../../../prover/src/model/commitment.ts";
import type { IntegerModel } from "../../../prover/src/model/integer-model.ts";
import { sgdStep } from "../../../prover/src/verifiable/sgd-step.ts";
import type { TrainingRule } from "../../../prover/src/verifiable/training-rule.ts";
import { trainStepCommittedBlock } from "../../../prover/src/witness/train-step-witness.ts";
import { fieldElement } from "./accuracy-case.ts";
import { compileSource, type TestCircuit } from "./compile.ts";

/** Training rules small enough to look at every wire. */
export const RULES = {
  /** One hidden layer; the widths of the digits' rule. */
  hidden: {
    id: "integer-sgd.v1",
    architecture: {
      layerSizes: [4, 3, 3],
      inputBits: 4,
      weightBits: 16,
      biasBits: 24,
      quotientBits: 13,
      marginBits: 24,
      shiftBits: [8],
    },
    batchSize: 4,
    epochs: 2,
    initialRateBits: 2,
    halvingSteps: 5,
    weightShiftBits: [10, 12],
    biasFactorBits: [3, 4],
    initialRangeBits: [11, 11],
    magnitudeBits: 11,
    excessBits: 12,
  },
  /** No hidden layer, features of two limbs. */
  linear: {
    id: "integer-sgd.v1",
    architecture: {
      layerSizes: [5, 2],
      inputBits: 8,
      weightBits: 16,
      biasBits: 24,
      quotientBits: 13,
      marginBits: 24,
      shiftBits: [],
    },
    batchSize: 4,
    epochs: 2,
    initialRateBits: 2,
    halvingSteps: 5,
    weightShiftBits: [10],
    biasFactorBits: [3],
    initialRangeBits: [11],
    magnitudeBits: 11,
    excessBits: 12,
  },
  /** Narrow ranges and small tables: few wires. */
  narrow: {
    id: "integer-sgd.v1",
    architecture: {
      layerSizes: [2, 2, 2],
      inputBits: 4,
      weightBits: 8,
      biasBits: 12,
      quotientBits: 7,
      marginBits: 12,
      shiftBits: [6],
    },
    batchSize: 2,
    epochs: 2,
    initialRateBits: 1,
    halvingSteps: 5,
    weightShiftBits: [6, 6],
    biasFactorBits: [0, 0],
    initialRangeBits: [6, 6],
    magnitudeBits: 5,
    excessBits: 6,
  },
} as const satisfies Record<string, TrainingRule>;

/** A `train-step` instance for a rule, with the table that its widths need. */
export function stepInstance(rule: TrainingRule): TrainStepInstance {
  const tableBits = rule.architecture.quotientBits - 1;
  return { id: "train-step-test", template: "train-step", rule, tableBits, fineTableBits: 4 };
}

/** A compiled circuit with its instance. */
export interface TrainingCircuit extends TestCircuit {
  readonly instance: CircuitInstance;
}

/** Compiles a training instance for tests. */
export async function compileTraining(instance: CircuitInstance): Promise<TrainingCircuit> {
  return { ...(await compileSource(circuitMain(instance))), instance };
}

/** A batch of random samples for a rule. */
export function randomBatch(rule: TrainingRule, random: SeededRandom): IntegerSamples {
  const { layerSizes, inputBits } = rule.architecture;
  const [featureCount, classCount] = [layerSizes[0]!, layerSizes.at(-1)!];
  const sampleCount = rule.batchSize;
  return {
    sampleCount,
    featureCount,
    classCount,
    features: Int32Array.from({ length: sampleCount * featureCount }, () =>
      random.nextInteger(2 ** inputBits),
    ),
    labels: Int32Array.from({ length: sampleCount }, () => random.nextInteger(classCount)),
  };
}

/** A model with weights and biases in ±2^(bits−1) of their layers. */
export function randomCheckpoint(
  rule: TrainingRule,
  random: SeededRandom,
  weightBits: number,
  biasBits: number,
): IntegerModel {
  const { architecture } = rule;
  const within = (length: number, bits: number) =>
    Int32Array.from({ length }, () => random.nextInteger(2 ** bits) - 2 ** (bits - 1));
  return {
    architecture,
    layers: architecture.layerSizes.slice(1).map((outputs, layer) => ({
      weights: within(outputs * architecture.layerSizes[layer]!, weightBits),
      biases: within(outputs, biasBits),
    })),
  };
}

/** The commitment to a batch as the circuit opens it. */
export function batchCommitmentOf(rule: TrainingRule, batch: IntegerSamples, salt: bigint): bigint {
  const labels = Array.from({ length: batch.sampleCount * batch.classCount }, (_, index) =>
    batch.labels[Math.floor(index / batch.classCount)] === index % batch.classCount ? 1 : 0,
  );
  return poseidonChain([
    ...packWords(Array.from(batch.features), rule.architecture.inputBits),
    ...packWords(labels, 1),
    salt,
  ]);
}

/** All inputs of an honest proof of one step, with challenges as random as the verifier's. */
export function honestStep(
  instance: TrainStepInstance,
  before: IntegerModel,
  batch: IntegerSamples,
  factor: number,
  random: SeededRandom,
): SignalValues & Record<"saltBefore" | "saltAfter" | "batchSalt", readonly [bigint]> {
  const step = sgdStep(instance.rule, before, batch, factor, 0);
  const [saltBefore, saltAfter, batchSalt] = [
    fieldElement(random),
    fieldElement(random),
    fieldElement(random),
  ];
  return {
    context: [fieldElement(random)],
    checkpointBefore: [modelCommitment(before, saltBefore)],
    checkpointAfter: [modelCommitment(step.model, saltAfter)],
    batchCommitment: [batchCommitmentOf(instance.rule, batch, batchSalt)],
    learningRateFactor: [BigInt(factor)],
    alpha: [fieldElement(random)],
    rho: [fieldElement(random)],
    ...trainStepCommittedBlock(instance, { before, batch, step }),
    blockMask: [fieldElement(random)],
    saltBefore: [saltBefore],
    saltAfter: [saltAfter],
    batchSalt: [batchSalt],
  };
}

/** Rows violated by the inputs' only witness, and that witness within the simplified circuit. */
export function evaluateTraining(
  circuit: TrainingCircuit,
  inputs: SignalValues,
): { witness: bigint[]; violated: number[] } {
  const layout = circuitLayout(circuit.instance);
  const blocks = [layout.statement, layout.challenges, layout.dataset, layout.committed, layout.private];
  const values = blocks.flatMap((block) => flattenBlock(block, inputs));
  const inputWires = Array.from(
    { length: publicSignalCount(layout) + blockSize(layout.private) },
    (_, index) => index + 1,
  );
  const known = new Map(inputWires.map((wire, index) => [wire, values[index]!]));
  const sourceWitness = circuit.source.complete(known);
  const witness = circuit.simplified(sourceWitness);
  return { witness, violated: circuit.system.violated(witness) };
}
