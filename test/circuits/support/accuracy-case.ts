import { type AccuracyShape, accuracyLayout, accuracyMain } from "../../../prover/src/circuits/accuracy.ts";
import {
  blockSize,
  flattenBlock,
  publicSignalCount,
  type SignalValues,
} from "../../../prover/src/circuits/layout.ts";
import type { SeededRandom } from "../../../prover/src/data/random.ts";
import type { IntegerSamples } from "../../../prover/src/data/samples.ts";
import { FIELD_ORDER } from "../../../prover/src/field.ts";
import type { Architecture } from "../../../prover/src/model/architecture.ts";
import { modelCommitment } from "../../../prover/src/model/commitment.ts";
import type { IntegerModel } from "../../../prover/src/model/integer-model.ts";
import {
  accuracyCommittedBlock,
  accuracyDatasetBlock,
} from "../../../prover/src/witness/accuracy-witness.ts";
import { compileSource, type TestCircuit } from "./compile.ts";

/** A compiled instance of accuracy.circom. */
export interface AccuracyCircuit extends TestCircuit {
  readonly instance: AccuracyShape;
  /** Wires of all inputs, in both forms of the circuit. */
  readonly inputWires: readonly number[];
}

/** Compiles an instance for tests. */
export async function compileInstance(instance: AccuracyShape): Promise<AccuracyCircuit> {
  const layout = accuracyLayout(instance);
  const inputCount = publicSignalCount(layout) + blockSize(layout.private);
  return {
    ...(await compileSource(accuracyMain(instance))),
    instance,
    inputWires: Array.from({ length: inputCount }, (_, index) => index + 1),
  };
}

/** A uniform field element that follows from the generator's state. */
export function fieldElement(random: SeededRandom): bigint {
  let value = 0n;
  for (let word = 0; word < 10; word++) value = (value << 32n) + BigInt(random.nextUint32());
  return value % FIELD_ORDER;
}

/** All inputs of an honest proof, with challenges as random as the verifier's. */
export function honestInputs(
  instance: AccuracyShape,
  model: IntegerModel,
  samples: IntegerSamples,
  random: SeededRandom,
  claim?: number,
): SignalValues {
  const block = accuracyCommittedBlock(instance, model, samples, claim);
  const salt = fieldElement(random);
  return {
    context: [fieldElement(random)],
    modelCommitment: [modelCommitment(model, salt)],
    correct: [BigInt(block.claimed)],
    alpha: [fieldElement(random)],
    rho: [fieldElement(random)],
    ...accuracyDatasetBlock(instance, samples),
    ...block.committed,
    blockMask: [fieldElement(random)],
    salt: [salt],
  };
}

/** Inputs in the order of the circuit's wires, which start with wire 1. */
export function inputVector(instance: AccuracyShape, inputs: SignalValues): bigint[] {
  const layout = accuracyLayout(instance);
  const blocks = [layout.statement, layout.challenges, layout.dataset, layout.committed, layout.private];
  return blocks.flatMap((block) => flattenBlock(block, inputs));
}

/** What follows from possibly forged inputs. */
export interface Evaluation {
  /** Wires of the circuit without simplification. */
  readonly sourceWitness: bigint[];
  /** Wires of the circuit as proved. */
  readonly witness: bigint[];
  /** Rows of the circuit as proved that the witness violates; empty when it can be proved. */
  readonly violated: number[];
}

/** Computes all wires from inputs, constraint by constraint, and tells which rows fail. */
export function evaluateInputs(circuit: AccuracyCircuit, inputs: SignalValues): Evaluation {
  const values = inputVector(circuit.instance, inputs);
  const known = circuit.inputWires.map((wire, index): [number, bigint] => [wire, values[index]!]);
  const sourceWitness = circuit.source.complete(new Map(known));
  const witness = circuit.simplified(sourceWitness);
  return { sourceWitness, witness, violated: circuit.system.violated(witness) };
}

/** A model with weights and biases drawn uniformly from the whole range, or from the range's ends only. */
export function randomModel(
  architecture: Architecture,
  random: SeededRandom,
  style: "uniform" | "extreme" | "largest" | "smallest" | "zero" = "uniform",
): IntegerModel {
  const draw = (bits: number): number => {
    const [min, max] = [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
    if (style === "largest") return max;
    if (style === "smallest") return min;
    if (style === "zero") return 0;
    if (style === "extreme") return random.nextInteger(2) === 0 ? min : max;
    return min + random.nextInteger(2 ** bits);
  };
  const { layerSizes, weightBits, biasBits } = architecture;
  return {
    architecture,
    layers: layerSizes.slice(1).map((outputs, layer) => ({
      weights: Int32Array.from({ length: layerSizes[layer]! * outputs }, () => draw(weightBits)),
      biases: Int32Array.from({ length: outputs }, () => draw(biasBits)),
    })),
  };
}

/** `count` samples with features from the whole grid, corners often, and labels that fit the instance's groups. */
export function randomSamples(
  { architecture, groups, slots }: AccuracyShape,
  random: SeededRandom,
  count = groups * slots,
): IntegerSamples {
  const [featureCount, classCount] = [architecture.layerSizes[0]!, architecture.layerSizes.at(-1)!];
  const limit = 2 ** architecture.inputBits;
  const labelOfGroup = Array.from({ length: groups }, () => random.nextInteger(classCount));
  return {
    sampleCount: count,
    featureCount,
    classCount,
    features: Int32Array.from({ length: count * featureCount }, () => {
      const corner = random.nextInteger(4);
      return corner === 0 ? 0 : corner === 1 ? limit - 1 : random.nextInteger(limit);
    }),
    labels: Int32Array.from({ length: count }, (_, sample) => labelOfGroup[Math.floor(sample / slots)]!),
  };
}

/** Correct predictions counted on bigints, straight from the definition in prover/src/model/architecture.ts. */
export function countCorrect(model: IntegerModel, samples: IntegerSamples): number {
  const { layerSizes, shiftBits } = model.architecture;
  let correct = 0;
  for (let sample = 0; sample < samples.sampleCount; sample++) {
    let values = Array.from(
      samples.features.subarray(sample * samples.featureCount, (sample + 1) * samples.featureCount),
      BigInt,
    );
    model.layers.forEach(({ weights, biases }, layer) => {
      const outputs = layerSizes[layer + 1]!;
      const sums = Array.from(biases, (bias, output) =>
        values.reduce(
          (sum, value, input) => sum + value * BigInt(weights[input * outputs + output]!),
          BigInt(bias),
        ),
      );
      const shift = shiftBits[layer];
      // A right shift of a bigint rounds down.
      values = shift === undefined ? sums : sums.map((sum) => (sum < 0n ? 0n : sum >> BigInt(shift)));
    });
    const label = samples.labels[sample]!;
    const wins = values.every((value, index) =>
      index < label ? value < values[label]! : value <= values[label]!,
    );
    if (wins) correct++;
  }
  return correct;
}
