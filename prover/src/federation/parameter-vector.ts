import { FIELD_ORDER, toField } from "../field.ts";
import type { Architecture } from "../model/architecture.ts";
import { offsetForm, packWords, poseidonChain } from "../model/commitment.ts";
import { type IntegerModel, validateIntegerModel } from "../model/integer-model.ts";
import { FederationError } from "./federation-error.ts";

const WORD_BITS = 252;

/** How the parameters of a model lie in the words of a vector that can be summed with factors. */
export interface VectorShape {
  readonly weights: number;
  readonly biases: number;
  /** Bits per weight in a word. */
  readonly weightSlotBits: number;
  /** Bits per bias in a word. */
  readonly biasSlotBits: number;
  /** Words of the weights; those of the biases follow. */
  readonly weightWords: number;
  /** Words of the vector. */
  readonly words: number;
}

/**
 * The layout of a model's parameter vector, equal to `ParameterVector` in circuits/lib: a slot holds twice the
 * weighted sum of a parameter in offset form, for factors that sum to at most `maxFactorSum`.
 */
export function vectorShape(architecture: Architecture, maxFactorSum: number): VectorShape {
  const { layerSizes, weightBits, biasBits } = architecture;
  const weights = layerSizes.slice(1).reduce((sum, size, layer) => sum + size * layerSizes[layer]!, 0);
  const biases = layerSizes.slice(1).reduce((sum, size) => sum + size, 0);
  const room = Math.ceil(Math.log2(maxFactorSum)) + 1;
  const [weightSlotBits, biasSlotBits] = [weightBits + room, biasBits + room];
  const weightWords = wordCount(weights, weightSlotBits);
  const words = weightWords + wordCount(biases, biasSlotBits);
  return { weights, biases, weightSlotBits, biasSlotBits, weightWords, words };
}

/** Sums of all parameters of models in offset form, each model times its factor, in the order of the model's layers. */
export interface ParameterSums {
  readonly weights: readonly bigint[];
  readonly biases: readonly bigint[];
}

/** The parameters of a model, in offset form and times `factor`, as the words of a vector without masks. */
export function parameterVector(model: IntegerModel, factor: number, maxFactorSum: number): bigint[] {
  validateIntegerModel(model);
  checkFactor(factor, maxFactorSum);
  const { weightBits, biasBits } = model.architecture;
  const shape = vectorShape(model.architecture, maxFactorSum);
  const words = [
    ...packWords(
      model.layers.flatMap((layer) => offsetForm(layer.weights, weightBits)),
      shape.weightSlotBits,
    ),
    ...packWords(
      model.layers.flatMap((layer) => offsetForm(layer.biases, biasBits)),
      shape.biasSlotBits,
    ),
  ];
  return words.map((word) => toField(word * BigInt(factor)));
}

/** The sum of vectors, word by word in the field. Throws FederationError `federation.vector` unless all have the same length. */
export function sumVectors(vectors: readonly (readonly bigint[])[]): bigint[] {
  const [first] = vectors;
  const odd = vectors.find((vector) => vector.length !== first?.length);
  if (first === undefined || odd !== undefined) {
    throw vectorError(
      first === undefined
        ? "no vector to sum"
        : `a vector has ${odd!.length} words, the first ${first.length}`,
    );
  }
  return first.map((_, word) => toField(vectors.reduce((sum, vector) => sum + vector[word]!, 0n)));
}

/** The digest by which statements name a vector: Poseidon over its words. */
export function vectorDigest(vector: readonly bigint[]): bigint {
  const outside = vector.findIndex((word) => word < 0n || word >= FIELD_ORDER);
  if (outside >= 0) throw vectorError(`word ${outside + 1} is outside the field`);
  return poseidonChain(vector);
}

/**
 * The sums of all parameters from the words of a vector without masks, weights first.
 *
 * Throws FederationError `federation.masked` when a slot holds more than models with factors that sum to `factorSum`
 * can put there: some mask has not cancelled.
 */
export function unpackSums(
  vector: readonly bigint[],
  architecture: Architecture,
  factorSum: number,
  maxFactorSum: number,
): ParameterSums {
  checkFactor(factorSum, maxFactorSum);
  const shape = vectorShape(architecture, maxFactorSum);
  if (vector.length !== shape.words) {
    throw vectorError(`a vector has ${vector.length} words, this architecture's ${shape.words}`);
  }
  const unpack = (words: readonly bigint[], count: number, slotBits: number, bits: number): bigint[] => {
    const perWord = Math.floor(WORD_BITS / slotBits);
    const limit = BigInt(factorSum) * (2n ** BigInt(bits) - 1n);
    const rests = [...words];
    const values = Array.from({ length: count }, (_, index) => {
      const word = Math.floor(index / perWord);
      const value = BigInt.asUintN(slotBits, rests[word]!);
      rests[word] = rests[word]! >> BigInt(slotBits);
      return value;
    });
    if (rests.some((rest) => rest !== 0n) || values.some((value) => value > limit)) {
      throw new FederationError(
        "federation.masked",
        `the sum of the vectors is not one of models with factors up to ${factorSum}: masks have not cancelled`,
        "Sum the vectors of all members that masked towards each other, or have the others mask again without the missing ones.",
        { factorSum },
      );
    }
    return values;
  };
  return {
    weights: unpack(
      vector.slice(0, shape.weightWords),
      shape.weights,
      shape.weightSlotBits,
      architecture.weightBits,
    ),
    biases: unpack(vector.slice(shape.weightWords), shape.biases, shape.biasSlotBits, architecture.biasBits),
  };
}

function wordCount(count: number, slotBits: number): number {
  return Math.ceil(count / Math.floor(WORD_BITS / slotBits));
}

/** Throws FederationError `federation.factor` unless a factor, or a sum of factors, is in 1..maxFactorSum. */
export function checkFactor(factor: number, maxFactorSum: number): void {
  if (Number.isSafeInteger(factor) && factor >= 1 && factor <= maxFactorSum) return;
  throw new FederationError(
    "federation.factor",
    `a factor is ${factor}: it must be a whole number from 1 to ${maxFactorSum}`,
    "Use the factors that the round records.",
    { factor, limit: maxFactorSum },
  );
}

function vectorError(problem: string): FederationError {
  return new FederationError(
    "federation.vector",
    problem,
    "Fetch the vector again and compare its digest with the round's.",
  );
}
