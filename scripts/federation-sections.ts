/** Sections of circuits/README.md about instances of the federation's circuits. */
import { type AggregateInstance, aggregateLayout } from "../prover/src/circuits/aggregate.ts";
import {
  aggregateRowParts,
  maskedUpdateRowParts,
  vectorSumRowParts,
} from "../prover/src/circuits/federation-cost.ts";
import { publicSignalCount } from "../prover/src/circuits/layout.ts";
import { type MaskedUpdateInstance, maskedUpdateLayout } from "../prover/src/circuits/masked-update.ts";
import { type VectorSumInstance, vectorSumLayout } from "../prover/src/circuits/vector-sum.ts";
import { vectorShape } from "../prover/src/federation/parameter-vector.ts";
import { signalTable } from "./readme-tables.ts";
import { rowBudget } from "./training-sections.ts";

/** The section of a masked update's circuit. */
export function maskedUpdateSection(instance: MaskedUpdateInstance): string {
  const layout = maskedUpdateLayout(instance);
  return section(
    instance,
    `rosters of up to ${instance.members} members; table of 2^${instance.tableBits}`,
    rowBudget(maskedUpdateRowParts(instance), publicSignalCount(layout)),
    signalTable(layout),
  );
}

/** The section of an aggregation circuit. */
export function aggregateSection(instance: AggregateInstance): string {
  const layout = aggregateLayout(instance);
  return section(
    instance,
    `up to ${instance.vectors} vectors; table of 2^${instance.tableBits}`,
    rowBudget(aggregateRowParts(instance), publicSignalCount(layout)),
    signalTable(layout),
  );
}

/** The section of a circuit that sums vectors. */
export function vectorSumSection(instance: VectorSumInstance): string {
  const layout = vectorSumLayout(instance);
  return section(
    instance,
    `up to ${instance.vectors} vectors`,
    rowBudget(vectorSumRowParts(instance), publicSignalCount(layout)),
    signalTable(layout),
  );
}

function section(
  { id, architecture, maxFactorSum }: MaskedUpdateInstance | AggregateInstance | VectorSumInstance,
  size: string,
  budget: ReturnType<typeof rowBudget>,
  signals: string,
): string {
  const shape = vectorShape(architecture, maxFactorSum);
  return `
### ${id}

${architecture.layerSizes.join("-")}; ${size}. Factors add up to at most ${maxFactorSum}: vectors of ${shape.words} words, with slots of
${shape.weightSlotBits} bits for weights and ${shape.biasSlotBits} for biases. ${budget.rows} rows, domain 2^${budget.domainPower}.

Rows:

${budget.table}

Public signals, in order; the wire is the offset plus one:

${signals}
`;
}
