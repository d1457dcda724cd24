/**
 * What an integer model computes, apart from its weights: layer sizes and the range of every value.
 *
 * For layer l with inputs a (features or activations), weights w and biases b:
 *   z_h = sum_j a_j·w_jh + b_h
 *   hidden layer:  q = floor(z / 2^shiftBits[l]),  a' = max(q, 0)
 *   last layer:    logits z; prediction = first maximum (lowest class index wins ties)
 *
 * Ranges, all enforced by the circuits:
 *   feature      0 ≤ x < 2^inputBits
 *   weight      −2^(weightBits−1) ≤ w < 2^(weightBits−1)
 *   bias        −2^(biasBits−1) ≤ b < 2^(biasBits−1)
 *   quotient    −2^(quotientBits−1) ≤ q < 2^(quotientBits−1)
 *   margin      |z_y − z_c| < 2^(marginBits−1) between the label's logit and any other
 */
export interface Architecture {
  /** Features, hidden widths, classes: at least two entries; [30, 2] is a linear model. */
  readonly layerSizes: readonly number[];
  readonly inputBits: number;
  readonly weightBits: number;
  readonly biasBits: number;
  readonly quotientBits: number;
  readonly marginBits: number;
  /** One right shift per hidden layer: `layerSizes.length − 2` entries. */
  readonly shiftBits: readonly number[];
}
