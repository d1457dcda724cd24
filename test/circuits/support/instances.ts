import type { AccuracyInstance } from "../../../prover/src/circuits/accuracy.ts";
import { slotBitsNeeded } from "../../../prover/src/circuits/plan-accuracy.ts";
import type { Architecture } from "../../../prover/src/model/architecture.ts";

function instance(
  id: string,
  architecture: Architecture,
  tableBits: number,
  groups: number,
  slots: number,
): AccuracyInstance {
  return {
    id,
    template: "accuracy",
    architecture,
    tableBits,
    groups,
    slots,
    slotBits: slotBitsNeeded(architecture),
  };
}

/** Small instances whose ranges hold every model on every sample: no draw has to be thrown away. */
export const ROOMY = {
  /** Shift below the table's bits, so remainders are looked up twice; margins of three limbs, the last partial. */
  hidden: instance(
    "test-hidden",
    {
      layerSizes: [3, 2, 3],
      inputBits: 3,
      weightBits: 4,
      biasBits: 6,
      quotientBits: 6,
      marginBits: 12,
      shiftBits: [3],
    },
    5,
    4,
    3,
  ),
  /** Shift equal to the table's bits; weights fill the table exactly; one slot per word. */
  exact: instance(
    "test-exact",
    {
      layerSizes: [2, 2, 2],
      inputBits: 3,
      weightBits: 4,
      biasBits: 8,
      quotientBits: 5,
      marginBits: 12,
      shiftBits: [4],
    },
    4,
    3,
    1,
  ),
  /** No hidden layer: arrays of no elements. */
  linear: instance(
    "test-linear",
    {
      layerSizes: [3, 2],
      inputBits: 3,
      weightBits: 4,
      biasBits: 7,
      quotientBits: 2,
      marginBits: 10,
      shiftBits: [],
    },
    4,
    3,
    2,
  ),
  /** Two hidden layers, the first without a shift, the second with one beyond the table (two limbs). */
  deep: instance(
    "test-deep",
    {
      layerSizes: [2, 2, 3, 2],
      inputBits: 2,
      weightBits: 3,
      biasBits: 3,
      quotientBits: 6,
      marginBits: 14,
      shiftBits: [0, 6],
    },
    5,
    3,
    2,
  ),
  /** One group: no power of rho is needed. */
  oneGroup: instance(
    "test-one-group",
    {
      layerSizes: [2, 2, 2],
      inputBits: 3,
      weightBits: 4,
      biasBits: 6,
      quotientBits: 6,
      marginBits: 12,
      shiftBits: [3],
    },
    5,
    1,
    4,
  ),
} as const;
