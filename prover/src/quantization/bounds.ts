import type { IntegerModel } from "../model/integer-model.ts";
import { worstCaseSum } from "../model/architecture.ts";

/** Smallest and largest value each unit can take, for any input on the integer grid. */
export interface UnitBounds {
  readonly lower: Float64Array;
  readonly upper: Float64Array;
}

/** What one layer can reach, for any input on the integer grid. */
export interface LayerBounds {
  /** From 1. */
  readonly layer: number;
  readonly kind: "hidden" | "output";
  readonly fanIn: number;
  readonly width: number;
  /** Unsigned bits of the largest input that can occur. */
  readonly inputBits: number;
  /** Signed bits of the largest weight used, and of the range allowed. */
  readonly weightBits: number;
  readonly weightBitsLimit: number;
  readonly biasBits: number;
  readonly biasBitsLimit: number;
  /** Smallest and largest sum z, by interval analysis of these weights. */
  readonly sumLower: number;
  readonly sumUpper: number;
  /** Signed bits of those sums, and of the sums that any weights in range could reach. */
  readonly accumulatorBits: number;
  readonly accumulatorBitsWorstCase: number;
  /** What the circuits bound: the quotients of a hidden layer, the differences of two logits of the last. */
  readonly boundedLower: number;
  readonly boundedUpper: number;
  /** Signed bits allowed for the bounded values. */
  readonly boundedBitsLimit: number;
  /**
   * Unused bits: log2 of the limit over the largest bounded magnitude, rounded down to thousandths; negative when a
   * bound does not hold.
   */
  readonly headroomBits: number;
}

/** The bound report of a model: every entry with headroom ≥ 0 means that no input can leave a range. */
export interface BoundReport {
  readonly layers: readonly LayerBounds[];
}

/**
 * Interval analysis: the smallest and largest value of every neuron over all inputs in range, layer by layer, and
 * of every difference of two logits. Exact for one layer, an over-estimate for several, never an under-estimate.
 */
export function analyseBounds(model: IntegerModel): BoundReport {
  const { layerSizes, inputBits, shiftBits } = model.architecture;
  let inputs = uniformBounds(layerSizes[0]!, 2 ** inputBits - 1);
  const layers = model.layers.map((layer, index) => {
    const isHidden = index < shiftBits.length;
    const sums = sumBounds(layer.weights, layer.biases, inputs);
    const bounded = isHidden
      ? quotientRange(sums, shiftBits[index]!)
      : marginRange(layer.weights, layer.biases, inputs);
    const report = describeLayer(model, index, inputs, sums, bounded);
    if (isHidden) inputs = activationBounds(sums, shiftBits[index]!);
    return report;
  });
  return { layers };
}

/** Bounds 0..upper for each of `count` units. */
export function uniformBounds(count: number, upper: number): UnitBounds {
  return { lower: new Float64Array(count), upper: new Float64Array(count).fill(upper) };
}

/** Bounds of z = sum_j a_j·w_jh + b_h; weights are row-major `[inputs][outputs]`. */
export function sumBounds(weights: Int32Array, biases: Int32Array, inputs: UnitBounds): UnitBounds {
  const lower = Float64Array.from(biases);
  const upper = Float64Array.from(biases);
  const width = biases.length;
  weights.forEach((weight, position) => {
    const [input, neuron] = [Math.floor(position / width), position % width];
    const [least, most] = [inputs.lower[input]!, inputs.upper[input]!];
    lower[neuron]! += weight * (weight > 0 ? least : most);
    upper[neuron]! += weight * (weight > 0 ? most : least);
  });
  return { lower, upper };
}

/** Bounds of a = max(floor(z / 2^shiftBits), 0). */
export function activationBounds(sums: UnitBounds, shiftBits: number): UnitBounds {
  const activate = (sum: number): number => Math.max(Math.floor(sum / 2 ** shiftBits), 0);
  return { lower: sums.lower.map(activate), upper: sums.upper.map(activate) };
}

/** Smallest and largest quotient floor(z / 2^shiftBits) of any neuron. */
export function quotientRange(sums: UnitBounds, shiftBits: number): readonly [number, number] {
  return [
    Math.floor(minimumOf(sums.lower) / 2 ** shiftBits),
    Math.floor(maximumOf(sums.upper) / 2 ** shiftBits),
  ];
}

/** Smallest and largest difference z_y − z_c of any two logits y ≠ c. */
export function marginRange(
  weights: Int32Array,
  biases: Int32Array,
  inputs: UnitBounds,
): readonly [number, number] {
  const width = biases.length;
  let largest = 0;
  for (let label = 0; label < width; label++) {
    for (let other = 0; other < width; other++) {
      if (other === label) continue;
      let difference = biases[label]! - biases[other]!;
      for (let input = 0; input < inputs.upper.length; input++) {
        const weight = weights[input * width + label]! - weights[input * width + other]!;
        difference += weight * (weight > 0 ? inputs.upper[input]! : inputs.lower[input]!);
      }
      largest = Math.max(largest, difference);
    }
  }
  // Every pair is met both ways round, so the range is symmetric.
  return [-largest + 0, largest];
}

function describeLayer(
  model: IntegerModel,
  index: number,
  inputs: UnitBounds,
  sums: UnitBounds,
  [boundedLower, boundedUpper]: readonly [number, number],
): LayerBounds {
  const { architecture } = model;
  const { weights, biases } = model.layers[index]!;
  const isHidden = index < architecture.shiftBits.length;
  const boundedBitsLimit = isHidden ? architecture.quotientBits : architecture.marginBits;
  const limit = 2 ** (boundedBitsLimit - 1);
  // Both kinds must stay within ±(limit − 1).
  const reach = Math.max(boundedUpper, -boundedLower) + 1;
  const [sumLower, sumUpper] = [minimumOf(sums.lower), maximumOf(sums.upper)];
  const worst = worstCaseSum(architecture, index);
  return {
    layer: index + 1,
    kind: isHidden ? "hidden" : "output",
    fanIn: architecture.layerSizes[index]!,
    width: architecture.layerSizes[index + 1]!,
    inputBits: signedBits(0, maximumOf(inputs.upper)) - 1,
    weightBits: signedBits(minimumOf(weights), maximumOf(weights)),
    weightBitsLimit: architecture.weightBits,
    biasBits: signedBits(minimumOf(biases), maximumOf(biases)),
    biasBitsLimit: architecture.biasBits,
    sumLower,
    sumUpper,
    accumulatorBits: signedBits(sumLower, sumUpper),
    accumulatorBitsWorstCase: signedBits(-worst, worst),
    boundedLower,
    boundedUpper,
    boundedBitsLimit,
    headroomBits: Math.floor(1000 * Math.log2(limit / reach)) / 1000,
  };
}

/** Bits of the smallest two's complement that holds every integer from `lower` to `upper`. */
export function signedBits(lower: number, upper: number): number {
  let bits = 1;
  while (-(2 ** (bits - 1)) > lower || 2 ** (bits - 1) <= upper) bits++;
  return bits;
}

function minimumOf(values: Iterable<number>): number {
  let least = Infinity;
  for (const value of values) least = Math.min(least, value);
  return least;
}

function maximumOf(values: Iterable<number>): number {
  let most = -Infinity;
  for (const value of values) most = Math.max(most, value);
  return most;
}
