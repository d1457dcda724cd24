import { TRAINING_RULE_ID, type TrainingRule } from "./training-rule.ts";

/**
 * Rules for the packaged data sets, by name: 40 epochs in batches of 32, every rescale that is frequent in the circuit
 * 12 bits wide, the size of its range table.
 *
 * The first layer's 12 fraction bits and the features' inputBits make sums of 16 and 17 fraction bits. The gradient of
 * a mean over 32 samples and the shift of 12 bits give a learning rate of 2^−7 for f = 1 in the digits' first layer.
 * A bias counts as a weight whose input is 1, which is what its factor says.
 */
export const DEFAULT_TRAINING_RULES: Readonly<Record<string, TrainingRule>> = {
  digits: {
    id: TRAINING_RULE_ID,
    architecture: {
      layerSizes: [64, 16, 10],
      inputBits: 4,
      weightBits: 16,
      biasBits: 24,
      quotientBits: 13,
      marginBits: 24,
      shiftBits: [12],
    },
    batchSize: 32,
    epochs: 40,
    initialRateBits: 6,
    halvingSteps: 440,
    weightShiftBits: [12, 12],
    biasFactorBits: [8, 8],
    initialRangeBits: [11, 12],
    magnitudeBits: 11,
    excessBits: 12,
  },
  "breast-cancer": {
    id: TRAINING_RULE_ID,
    architecture: {
      layerSizes: [30, 2],
      inputBits: 5,
      weightBits: 16,
      biasBits: 24,
      quotientBits: 13,
      marginBits: 24,
      shiftBits: [],
    },
    batchSize: 32,
    epochs: 40,
    initialRateBits: 7,
    halvingSteps: 140,
    weightShiftBits: [12],
    biasFactorBits: [10],
    initialRangeBits: [11],
    magnitudeBits: 11,
    excessBits: 12,
  },
};
