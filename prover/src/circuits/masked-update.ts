import { vectorShape } from "../federation/parameter-vector.ts";
import { type Architecture, architectureId } from "../model/architecture.ts";
import { limbCount } from "./accuracy.ts";
import { type CircuitLayout, publicNames, scalar } from "./layout.ts";

/** Parameters of one compiled `masked-update.circom`. */
export interface MaskedUpdateInstance {
  readonly id: string;
  readonly template: "masked-update";
  readonly architecture: Architecture;
  /** What the factors of all vectors of a sum may add up to. */
  readonly maxFactorSum: number;
  /** Places of the roster. */
  readonly members: number;
  /** Range checks look up in 0..2^tableBits−1. */
  readonly tableBits: number;
}

/** The signals of `masked-update.circom`, in its order of declaration. */
export function maskedUpdateLayout(instance: MaskedUpdateInstance): CircuitLayout {
  const { architecture, maxFactorSum, members, tableBits } = instance;
  const { weights, biases } = vectorShape(architecture, maxFactorSum);
  return {
    statement: [
      scalar("context"),
      scalar("modelCommitment"),
      scalar("weightFactor"),
      scalar("maskedDigest"),
      { name: "ownKey", dimensions: [2] },
      scalar("peersDigest"),
      scalar("peerSet"),
      scalar("federation"),
      scalar("round"),
    ],
    challenges: [scalar("alpha"), scalar("rho")],
    dataset: [],
    committed: [
      { name: "weightLimbs", dimensions: [weights, limbCount(architecture.weightBits, tableBits)] },
      { name: "biasLimbs", dimensions: [biases, limbCount(architecture.biasBits, tableBits)] },
      { name: "multiplicities", dimensions: [2 ** tableBits] },
      scalar("blockMask"),
    ],
    private: [
      scalar("salt"),
      scalar("ownScalar"),
      { name: "isOwn", dimensions: [members] },
      { name: "roster", dimensions: [members, 2] },
    ],
  };
}

/** The circom file that instantiates `masked-update.circom` with an instance's parameters. */
export function maskedUpdateMain(instance: MaskedUpdateInstance): string {
  const { architecture, maxFactorSum, members, tableBits } = instance;
  const { weights, biases } = vectorShape(architecture, maxFactorSum);
  return [
    "pragma circom 2.2.0;",
    "",
    'include "masked-update.circom";',
    "",
    `component main {public [${publicNames(maskedUpdateLayout(instance))}]} = MaskedUpdate(`,
    `    ${architectureId(architecture)},`,
    `    ${weights}, ${architecture.weightBits}, ${biases}, ${architecture.biasBits},`,
    `    ${maxFactorSum}, ${members}, ${tableBits}`,
    ");",
    "",
  ].join("\n");
}
