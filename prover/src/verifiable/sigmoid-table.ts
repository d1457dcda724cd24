/** Fraction bits of the table's index: one entry covers 1/64 of a logit. */
export const SIGMOID_INDEX_FRACTION_BITS = 6;

/** Indices run from −512 to 511: logits of −8 to 8, where the sigmoid is 0 or 256 up to rounding. */
export const SIGMOID_HALF_SIZE = 512;

/** Fraction bits of a probability, and of the loss gradient made from it. */
export const PROBABILITY_FRACTION_BITS = 8;

/**
 * round(256·sigmoid((t + 1/2)/64)) for t = −512..511, at position t + 512: probabilities 0..256 with 8 fraction bits.
 *
 * No value lies close enough to a half for the rounding to depend on the machine's exponential.
 */
export const SIGMOID_TABLE: Uint16Array = Uint16Array.from(
  { length: 2 * SIGMOID_HALF_SIZE },
  (_, position) => {
    const logit = (position - SIGMOID_HALF_SIZE + 0.5) / 2 ** SIGMOID_INDEX_FRACTION_BITS;
    return Math.round(2 ** PROBABILITY_FRACTION_BITS / (1 + Math.exp(-logit)));
  },
);
