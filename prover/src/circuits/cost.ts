import { type AccuracyShape, accuracyDimensions, accuracyLayout, lookupCount } from "./accuracy.ts";
import { type CircuitLayout, publicSignalCount } from "./layout.ts";
import { commitmentRows } from "./poseidon-rows.ts";

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

/** Constraints that serve one purpose. */
export interface RowPart {
  readonly part: string;
  readonly rows: number;
}

/** snarkjs's field has 2^28 roots of unity, and the quotient needs the doubled domain. */
export const LARGEST_DOMAIN_POWER = 27;

/** Non-linear constraints of circomlib's Poseidon over three inputs: federation, round, digest. */
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
  return circuitCost(accuracyRowParts(instance), accuracyLayout(instance));
}

/** Rows, domain, expected memory and time of a circuit with these constraints and signals. */
export function circuitCost(parts: readonly RowPart[], layout: CircuitLayout): CircuitCost {
  const constraints = parts.reduce((sum, part) => sum + part.rows, 0);
  const publicSignals = publicSignalCount(layout);
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
export function accuracyRowParts(instance: AccuracyShape): RowPart[] {
  const { architecture, tableBits, groups } = instance;
  const { layerSizes } = architecture;
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
  return [
    { part: "range checks: a row per lookup", rows: accuracyLookups(instance) },
    { part: "range checks: a row per table entry", rows: 2 ** tableBits },
    { part: "ReLU and rescale: a row per hidden unit and slot", rows: size.hiddenUnits * size.slotsTotal },
    {
      part: "correct predictions: a row per slot, and per class and group",
      rows: size.slotsTotal + size.classes * groups + LINEAR,
    },
    { part: "matrix products", rows: products },
    { part: "model commitment (Poseidon)", rows: commitmentRows(architecture, 1) },
    ...(instance.template === "round-accuracy" ? [{ part: "nullifier (Poseidon)", rows: POSEIDON_3 }] : []),
    { part: "squares of context, dataBlinding and blockMask", rows: 3 },
  ];
}
