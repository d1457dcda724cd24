import { vectorShape } from "../federation/parameter-vector.ts";
import type { Architecture } from "../model/architecture.ts";
import { type CircuitLayout, publicNames, scalar } from "./layout.ts";

/** Parameters of one compiled `vector-sum.circom`: the vectors are those of `aggregate.circom`. */
export interface VectorSumInstance {
  readonly id: string;
  readonly template: "vector-sum";
  readonly architecture: Architecture;
  /** What the factors of all vectors of a sum may add up to. */
  readonly maxFactorSum: number;
  /** Vectors of the sum. */
  readonly vectors: number;
}

/** The signals of `vector-sum.circom`, in its order of declaration. */
export function vectorSumLayout(instance: VectorSumInstance): CircuitLayout {
  const { words } = vectorShape(instance.architecture, instance.maxFactorSum);
  return {
    statement: [
      scalar("context"),
      scalar("sumDigest"),
      { name: "vectorDigests", dimensions: [instance.vectors] },
    ],
    challenges: [scalar("alpha"), scalar("rho")],
    dataset: [],
    committed: [scalar("blockMask")],
    private: [{ name: "vectors", dimensions: [instance.vectors, words] }],
  };
}

/** The circom file that instantiates `vector-sum.circom` with an instance's parameters. */
export function vectorSumMain(instance: VectorSumInstance): string {
  const { words } = vectorShape(instance.architecture, instance.maxFactorSum);
  return [
    "pragma circom 2.2.0;",
    "",
    'include "vector-sum.circom";',
    "",
    `component main {public [${publicNames(vectorSumLayout(instance))}]} = VectorSum(${words}, ${instance.vectors});`,
    "",
  ].join("\n");
}
