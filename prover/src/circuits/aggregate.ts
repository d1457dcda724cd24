import { vectorShape } from "../federation/parameter-vector.ts";
import { type Architecture, architectureId } from "../model/architecture.ts";
import { limbCount } from "./accuracy.ts";
import { type CircuitLayout, publicNames, scalar } from "./layout.ts";

/** Parameters of one compiled `aggregate.circom`. */
export interface AggregateInstance {
  readonly id: string;
  readonly template: "aggregate";
  readonly architecture: Architecture;
  /** What the factors of all vectors of a sum may add up to: at most 2^(tableBits − 1). */
  readonly maxFactorSum: number;
  /** Vectors of the sum. */
  readonly vectors: number;
  /** Range checks look up in 0..2^tableBits−1. */
  readonly tableBits: number;
}

/** The signals of `aggregate.circom`, in its order of declaration. */
export function aggregateLayout(instance: AggregateInstance): CircuitLayout {
  const { architecture, maxFactorSum, vectors, tableBits } = instance;
  const { weights, biases, words } = vectorShape(architecture, maxFactorSum);
  return {
    statement: [
      scalar("context"),
      scalar("factorSum"),
      scalar("globalCommitment"),
      { name: "vectorDigests", dimensions: [vectors] },
    ],
    challenges: [scalar("alpha"), scalar("rho")],
    dataset: [],
    committed: [
      { name: "weightLimbs", dimensions: [weights, limbCount(architecture.weightBits, tableBits)] },
      { name: "biasLimbs", dimensions: [biases, limbCount(architecture.biasBits, tableBits)] },
      { name: "weightRemainders", dimensions: [weights] },
      { name: "biasRemainders", dimensions: [biases] },
      { name: "multiplicities", dimensions: [2 ** tableBits] },
      scalar("blockMask"),
    ],
    private: [{ name: "vectors", dimensions: [vectors, words] }],
  };
}

/** The circom file that instantiates `aggregate.circom` with an instance's parameters. */
export function aggregateMain(instance: AggregateInstance): string {
  const { architecture, maxFactorSum, vectors, tableBits } = instance;
  const { weights, biases } = vectorShape(architecture, maxFactorSum);
  return [
    "pragma circom 2.2.0;",
    "",
    'include "aggregate.circom";',
    "",
    `component main {public [${publicNames(aggregateLayout(instance))}]} = Aggregate(`,
    `    ${architectureId(architecture)},`,
    `    ${weights}, ${architecture.weightBits}, ${biases}, ${architecture.biasBits},`,
    `    ${maxFactorSum}, ${vectors}, ${tableBits}`,
    ");",
    "",
  ].join("\n");
}
