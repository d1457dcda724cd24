/** Sections of circuits/README.md about instances of the training circuits. */
import type { RowPart } from "../prover/src/circuits/cost.ts";
import { publicSignalCount } from "../prover/src/circuits/layout.ts";
import { type TrainInitInstance, trainInitLayout } from "../prover/src/circuits/train-init.ts";
import {
  type TrainStepInstance,
  trainStepDimensions,
  trainStepLayout,
} from "../prover/src/circuits/train-step.ts";
import { sigmoidShiftBits, WEIGHT_FRACTION_BITS } from "../prover/src/verifiable/training-rule.ts";
import { signalTable, table } from "./readme-tables.ts";
import { trainInitRowParts, trainStepErrors, trainStepLookups, trainStepRowParts } from "./training-rows.ts";

/** The section of an initialisation circuit. */
export function trainInitSection(instance: TrainInitInstance): string {
  const { architecture, initialRangeBits } = instance.rule;
  const layout = trainInitLayout(instance);
  const budget = rowBudget(trainInitRowParts(instance), publicSignalCount(layout));
  const ranges = initialRangeBits.map((bits) => `±2^${bits - 1}`).join(", ");
  return `
### ${instance.id}

${architecture.layerSizes.join("-")}; initial weights within ${ranges} by layer. ${budget.rows} rows, domain 2^${budget.domainPower}.
Nothing in it is random: all checks are exact.

Rows:

${budget.table}

Public signals, in order; the wire is the offset plus one:

${signalTable(layout)}
`;
}

/** The section of a step circuit. */
export function trainStepSection(instance: TrainStepInstance): string {
  const { rule, tableBits, fineTableBits, id } = instance;
  const { architecture, batchSize, weightShiftBits, magnitudeBits, excessBits } = rule;
  const { layerSizes, shiftBits, weightBits, biasBits, inputBits } = architecture;
  const { hidden } = trainStepDimensions(instance);
  const layout = trainStepLayout(instance);
  const budget = rowBudget(trainStepRowParts(instance), publicSignalCount(layout));
  const lookups = trainStepLookups(instance);
  const errors = trainStepErrors(instance);
  const total = errors.reduce((sum, { n }) => sum + n, 0);
  const network = hidden === 0 ? "a linear model" : "one hidden layer";
  return `
### ${id}

${layerSizes.join("-")} (${network}), batches of ${batchSize}; features of ${inputBits} bits, weights of ${weightBits}, biases of ${biasBits}.
Range tables of 2^${tableBits} (${lookups.range} lookups) and, for features, 2^${fineTableBits} (${lookups.fine}).
${budget.rows} rows, domain 2^${budget.domainPower}.

Rescales, and what an honest trainer must stay below (\`training.overflow\` otherwise):

${table(
  ["value", "shift", "limit"],
  [
    ...(hidden === 0
      ? []
      : [
          ["quotient of a hidden unit", `${shiftBits[0]}`, `2^${architecture.quotientBits - 1}`],
          ["back-propagated value", `${WEIGHT_FRACTION_BITS}`, `2^${magnitudeBits}`],
        ]),
    ["logit above or below the sigmoid table", `${sigmoidShiftBits(rule)}`, `2^${excessBits}`],
    ["weight, by layer", weightShiftBits.join(", "), `2^${weightBits - 1}`],
    ["bias, by layer", weightShiftBits.join(", "), `2^${biasBits - 1}`],
  ],
)}

Rows:

${budget.table}

Probability that some check errs over \`alpha\` and \`rho\`, at most ${total}/r, below 2^${Math.ceil(Math.log2(total) - 253.5)}:

${table(
  ["check", "bound"],
  errors.map(({ check, n }) => [check, `${n}/r`]),
)}

Public signals, in order; the wire is the offset plus one:

${signalTable(layout)}
`;
}

/** Rows of a circuit: their total, its domain, and a table of what they are for. */
export function rowBudget(
  parts: readonly RowPart[],
  publicSignals: number,
): { readonly rows: number; readonly domainPower: number; readonly table: string } {
  const rows = parts.reduce((sum, part) => sum + part.rows, 0) + publicSignals + 1;
  return {
    rows,
    domainPower: Math.ceil(Math.log2(rows)),
    table: table(
      ["part", "rows"],
      [
        ...parts.map(({ part, rows: count }) => [part, String(count)]),
        ["public signals and the constant one", String(publicSignals + 1)],
        ["**total**", `**${rows}**`],
      ],
    ),
  };
}
