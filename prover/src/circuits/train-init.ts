import { architectureId } from "../model/architecture.ts";
import type { TrainingRule } from "../verifiable/training-rule.ts";
import { type CircuitLayout, publicNames, scalar } from "./layout.ts";

/** Parameters of one compiled `train-init.circom`. */
export interface TrainInitInstance {
  readonly id: string;
  readonly template: "train-init";
  readonly rule: TrainingRule;
}

/** The signals of `train-init.circom`, in its order of declaration. */
export function trainInitLayout(_instance: TrainInitInstance): CircuitLayout {
  return {
    statement: [scalar("context"), scalar("checkpoint"), scalar("seed")],
    challenges: [scalar("alpha"), scalar("rho")],
    dataset: [],
    committed: [scalar("blockMask")],
    private: [scalar("salt")],
  };
}

/** The circom file that instantiates `train-init.circom` with an instance's parameters. */
export function trainInitMain(instance: TrainInitInstance): string {
  const { architecture, initialRangeBits } = instance.rule;
  const { layerSizes, weightBits, biasBits, shiftBits } = architecture;
  const initialBiases = layerSizes.slice(1).map((_, layer) => {
    const shift = shiftBits[layer] ?? 0;
    return shift === 0 ? 0 : 2 ** (shift - 1);
  });
  return [
    "pragma circom 2.2.0;",
    "",
    'include "train-init.circom";',
    "",
    `component main {public [${publicNames(trainInitLayout(instance))}]} = TrainInit(`,
    `    ${architectureId(architecture)},`,
    `    ${layerSizes.length - 1}, [${layerSizes.join(", ")}], ${weightBits}, ${biasBits},`,
    `    [${initialRangeBits.join(", ")}], [${initialBiases.join(", ")}]`,
    ");",
    "",
  ].join("\n");
}
