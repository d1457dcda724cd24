import { architectureId } from "../model/architecture.ts";
import { SIGMOID_TABLE } from "../verifiable/sigmoid-table.ts";
import { sigmoidShiftBits, type TrainingRule, WEIGHT_FRACTION_BITS } from "../verifiable/training-rule.ts";
import { limbCount } from "./accuracy.ts";
import { type CircuitLayout, publicNames, scalar } from "./layout.ts";

/** Parameters of one compiled `train-step.circom`: a training rule with at most one hidden layer, and its tables. */
export interface TrainStepInstance {
  readonly id: string;
  readonly template: "train-step";
  readonly rule: TrainingRule;
  /** Range checks look up in 0..2^tableBits−1. */
  readonly tableBits: number;
  /** Features are looked up in 0..2^fineTableBits−1. */
  readonly fineTableBits: number;
}

/** Counts that follow from an instance. */
export interface TrainStepDimensions {
  readonly features: number;
  /** 0 for a linear model. */
  readonly hidden: number;
  readonly classes: number;
  readonly batch: number;
  readonly weights: number;
  readonly biases: number;
  /** hidden × batch. */
  readonly units: number;
  /** classes × batch. */
  readonly logits: number;
  /** Shift of the hidden layer; 0 for a linear model. */
  readonly shift: number;
  /** Signed bits of a back-propagated value. */
  readonly backBits: number;
}

/** The counts of an instance. */
export function trainStepDimensions({ rule }: TrainStepInstance): TrainStepDimensions {
  const { layerSizes, shiftBits } = rule.architecture;
  const hidden = layerSizes.length > 2 ? layerSizes[1]! : 0;
  const classes = layerSizes.at(-1)!;
  return {
    features: layerSizes[0]!,
    hidden,
    classes,
    batch: rule.batchSize,
    weights: layerSizes.slice(1).reduce((sum, size, layer) => sum + size * layerSizes[layer]!, 0),
    biases: layerSizes.slice(1).reduce((sum, size) => sum + size, 0),
    units: hidden * rule.batchSize,
    logits: classes * rule.batchSize,
    shift: shiftBits[0] ?? 0,
    backBits: rule.magnitudeBits + 1,
  };
}

/** The signals of `train-step.circom`, in its order of declaration. */
export function trainStepLayout(instance: TrainStepInstance): CircuitLayout {
  const { rule, tableBits, fineTableBits } = instance;
  const { layerSizes, inputBits, weightBits, biasBits } = rule.architecture;
  const size = trainStepDimensions(instance);
  const limbs = (bits: number) => limbCount(bits, tableBits);
  const updateLimbs = rule.weightShiftBits.reduce(
    (sum, shift, layer) => sum + (layerSizes[layer]! + 1) * layerSizes[layer + 1]! * limbs(shift),
    0,
  );
  const perUnit = (name: string) => ({ name, dimensions: [size.units] });
  const perLogit = (name: string) => ({ name, dimensions: [size.logits] });
  return {
    statement: [
      "context",
      "checkpointBefore",
      "checkpointAfter",
      "batchCommitment",
      "learningRateFactor",
    ].map(scalar),
    challenges: [scalar("alpha"), scalar("rho")],
    dataset: [],
    committed: [
      {
        name: "featureLimbs",
        dimensions: [size.features * size.batch, limbCount(inputBits, fineTableBits)],
      },
      { name: "labels", dimensions: [size.classes, size.batch] },
      { name: "weightLimbsBefore", dimensions: [size.weights, limbs(weightBits)] },
      { name: "biasLimbsBefore", dimensions: [size.biases, limbs(biasBits)] },
      { name: "weightLimbsAfter", dimensions: [size.weights, limbs(weightBits)] },
      { name: "biasLimbsAfter", dimensions: [size.biases, limbs(biasBits)] },
      { name: "updateRemainderLimbs", dimensions: [updateLimbs] },
      perUnit("excesses"),
      perUnit("isActive"),
      perUnit("deficits"),
      { name: "activationRemainderLimbs", dimensions: [size.units, limbs(size.shift)] },
      perLogit("indices"),
      perLogit("above"),
      perLogit("below"),
      { name: "logitRemainderLimbs", dimensions: [size.logits, limbs(sigmoidShiftBits(rule))] },
      perLogit("probabilities"),
      perUnit("backQuotients"),
      { name: "backRemainderLimbs", dimensions: [size.units, limbs(WEIGHT_FRACTION_BITS)] },
      { name: "multiplicities", dimensions: [2 ** tableBits] },
      { name: "fineMultiplicities", dimensions: [2 ** fineTableBits] },
      { name: "sigmoidMultiplicities", dimensions: [SIGMOID_TABLE.length] },
      scalar("blockMask"),
    ],
    private: [scalar("saltBefore"), scalar("saltAfter"), scalar("batchSalt")],
  };
}

/** The circom file that instantiates `train-step.circom` with an instance's parameters. */
export function trainStepMain(instance: TrainStepInstance): string {
  const { rule, tableBits, fineTableBits } = instance;
  const { architecture, weightShiftBits, biasFactorBits } = rule;
  const { layerSizes, inputBits, weightBits, biasBits, quotientBits } = architecture;
  const { shift, backBits, batch } = trainStepDimensions(instance);
  return [
    "pragma circom 2.2.0;",
    "",
    'include "train-step.circom";',
    "",
    `component main {public [${publicNames(trainStepLayout(instance))}]} = TrainStep(`,
    `    ${architectureId(architecture)},`,
    `    ${layerSizes.length - 1}, [${layerSizes.join(", ")}],`,
    `    ${inputBits}, ${weightBits}, ${biasBits}, ${quotientBits}, ${shift},`,
    `    ${sigmoidShiftBits(rule)}, ${WEIGHT_FRACTION_BITS}, ${backBits},`,
    `    [${weightShiftBits.join(", ")}], [${biasFactorBits.join(", ")}],`,
    `    [${SIGMOID_TABLE.join(", ")}],`,
    `    ${batch}, ${tableBits}, ${fineTableBits}`,
    ");",
    "",
  ].join("\n");
}
