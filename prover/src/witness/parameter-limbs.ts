import { offsetForm } from "../model/commitment.ts";
import type { IntegerModel } from "../model/integer-model.ts";
import type { LookupTable } from "./lookup-table.ts";

/** The limbs of a model's weights and biases in offset form, layer by layer, with their lookups counted in `table`. */
export function parameterLimbs(
  model: IntegerModel,
  table: LookupTable,
): Record<"weightLimbs" | "biasLimbs", bigint[]> {
  const { weightBits, biasBits } = model.architecture;
  return {
    weightLimbs: model.layers
      .flatMap((layer) => offsetForm(layer.weights, weightBits))
      .flatMap((value) => table.limbs(value, weightBits)),
    biasLimbs: model.layers
      .flatMap((layer) => offsetForm(layer.biases, biasBits))
      .flatMap((value) => table.limbs(value, biasBits)),
  };
}
