/** Order r of the BN254 (alt_bn128) scalar field. */
export const FIELD_ORDER = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;

/** Representative of `value` in 0..r−1; negative integers wrap as the circuits expect. */
export function toField(value: bigint): bigint {
  const remainder = value % FIELD_ORDER;
  return remainder < 0n ? remainder + FIELD_ORDER : remainder;
}

/** `base^exponent` mod r for a non-negative exponent. */
export function powField(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = toField(base);
  for (let bits = exponent; bits > 0n; bits >>= 1n) {
    if (bits & 1n) result = (result * square) % FIELD_ORDER;
    square = (square * square) % FIELD_ORDER;
  }
  return result;
}

/** Multiplicative inverse mod r; throws RangeError for zero, which has none. */
export function invertField(value: bigint): bigint {
  const element = toField(value);
  if (element === 0n) throw new RangeError("zero has no inverse in the field");
  return powField(element, FIELD_ORDER - 2n);
}
