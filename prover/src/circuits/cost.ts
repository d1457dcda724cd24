import { type AccuracyShape, accuracyDimensions, accuracyLayout, lookupCount } from "./accuracy.ts";
import { publicSignalCount } from "./layout.ts";

/** What a circuit costs to prove. */
export interface CircuitCost {
  /** Constraints plus public signals plus one: what fills snarkjs's domain. */
  readonly rows: number;
  readonly constraints: number;
  readonly publicSignals: number;
  /** log2 of the evaluation domain. */
  readonly domainPower: number;
  /** Expected peak memory of proving with snarkjs. */
  readonly memoryBytes: number;
  /** Expected proving time with snarkjs on two cores, commitment included. */
  readonly provingSeconds: number;
}

/** Non-linear constraints of one circomlib Poseidon over 16 inputs, less three per constant input. */
const POSEIDON_16 = 609;
const POSEIDON_CONSTANT = 3;
/** The same over two inputs, digest and salt, and over three: federation, round, digest. */
const POSEIDON_2 = 240;
const POSEIDON_3 = 261;
/** What O2 leaves of linear constraints: `correct` as the sum of committed bits. */
const LINEAR = 1;

/** Measured on two cores at 2^16 and 2^19 (scripts/bench.ts): a fixed part and one per row of the domain. */
const MEMORY_BASE_BYTES = 420e6;
const MEMORY_PER_ROW_BYTES = 3_000;
const SECONDS_BASE = 0.5;
const SECONDS_PER_ROW = 60e-6;

/** Rows, domain, expected memory and time of an instance; the constraint count is exact. */
export function accuracyCost(instance: AccuracyShape): CircuitCost {
  const constraints = accuracyRowParts(instance).reduce((sum, { rows }) => sum + rows, 0);
  const publicSignals = publicSignalCount(accuracyLayout(instance));
  const rows = constraints + publicSignals + 1;
  const domainPower = Math.ceil(Math.log2(rows));
  return {
    rows,
    constraints,
    publicSignals,
    domainPower,
    memoryBytes: MEMORY_BASE_BYTES + MEMORY_PER_ROW_BYTES * 2 ** domainPower,
    provingSeconds: expectedProvingSeconds(2 ** domainPower),
  };
}

/** Expected proving time of any circuit with snarkjs on two cores, commitment included. */
export function expectedProvingSeconds(domainSize: number): number {
  return SECONDS_BASE + SECONDS_PER_ROW * domainSize;
}

/** Lookups of the range table: one row each. */
export function accuracyLookups(instance: AccuracyShape): number {
  const { architecture, tableBits } = instance;
  const { layerSizes, shiftBits, weightBits, biasBits, quotientBits, marginBits } = architecture;
  const size = accuracyDimensions(instance);
  const perSample = layerSizes
    .slice(1, -1)
    .reduce(
      (sum, units, layer) =>
        sum + units * (lookupCount(quotientBits - 1, tableBits) + lookupCount(shiftBits[layer]!, tableBits)),
      size.classes * lookupCount(marginBits, tableBits),
    );
  return (
    size.weights * lookupCount(weightBits, tableBits) +
    size.biases * lookupCount(biasBits, tableBits) +
    size.slotsTotal * perSample
  );
}

/** Constraints of an instance by what they are for; exact. */
export function accuracyRowParts(
  instance: AccuracyShape,
): { readonly part: string; readonly rows: number }[] {
  const { architecture, tableBits, groups } = instance;
  const { layerSizes, weightBits, biasBits } = architecture;
  const size = accuracyDimensions(instance);
  // The powers of rho for the biases start from a constant, which saves the first product; with one group
  // they are that constant, which makes the biases' products linear.
  const biasFactors = groups > 1 ? 1 : 0;
  const products = layerSizes.slice(1).reduce(
    (sum, outputs, layer) => {
      const inputs = layerSizes[layer]!;
      return sum + (groups - 1) * (inputs + outputs) + (inputs + biasFactors) * outputs;
    },
    Math.max(groups - 2, 0),
  );
  const words =
    Math.ceil(size.weights / Math.floor(252 / weightBits)) +
    Math.ceil(size.biases / Math.floor(252 / biasBits));
  return [
    { part: "range checks: a row per lookup", rows: accuracyLookups(instance) },
    { part: "range checks: a row per table entry", rows: 2 ** tableBits },
    { part: "ReLU and rescale: a row per hidden unit and slot", rows: size.hiddenUnits * size.slotsTotal },
    {
      part: "correct predictions: a row per slot, and per class and group",
      rows: size.slotsTotal + size.classes * groups + LINEAR,
    },
    { part: "matrix products", rows: products },
    { part: "model commitment (Poseidon)", rows: poseidonConstraints(words + 1) + POSEIDON_2 },
    ...(instance.template === "round-accuracy" ? [{ part: "nullifier (Poseidon)", rows: POSEIDON_3 }] : []),
    { part: "squares of context, dataBlinding and blockMask", rows: 3 },
  ];
}

/** One constant input is the architecture id, the others are padding of the last call. */
function poseidonConstraints(values: number): number {
  const calls = values <= 16 ? 1 : 1 + Math.ceil((values - 16) / 15);
  const padding = 16 + 15 * (calls - 1) - values;
  return calls * POSEIDON_16 - POSEIDON_CONSTANT * (padding + 1);
}
