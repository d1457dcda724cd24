import { MAX_FACTOR, MAX_PLACES, MIN_PLACES } from "../federation/federation-limits.ts";
import type { Architecture } from "../model/architecture.ts";
import type { RoundAccuracyInstance } from "./accuracy.ts";
import type { AggregateInstance } from "./aggregate.ts";
import { CircuitError } from "./circuit-error.ts";
import { type CircuitCost, LARGEST_DOMAIN_POWER } from "./cost.ts";
import { aggregateCost, maskedUpdateCost } from "./federation-cost.ts";
import type { MaskedUpdateInstance } from "./masked-update.ts";
import { type AccuracyPlan, planRoundAccuracyInstance } from "./plan-accuracy.ts";

/** What a sponsor asks for: the models and samples of a round's score, and how many members a round takes. */
export interface FederationPlan extends Omit<AccuracyPlan, "id"> {
  readonly ids: Readonly<Record<keyof FederationInstances, string>>;
  /** Places of a roster, from MIN_PLACES to MAX_PLACES. */
  readonly members: number;
}

/** The circuits of a federation's three proofs, for models of one architecture. */
export interface FederationInstances {
  readonly score: RoundAccuracyInstance;
  readonly mask: MaskedUpdateInstance;
  readonly aggregate: AggregateInstance;
}

/** The widest range table that circuits take. */
const MAX_TABLE_BITS = 20;

/**
 * The circuits of a federation, each with the fewest rows: the score's decides about the architecture. Members may have
 * factors as large as the contract and the circuits allow, although averages with smaller ones would take a smaller table.
 *
 * Throws CircuitError `circuit.plan` for a number of members that no contract takes, and when a circuit exceeds the proof
 * system.
 */
export function planFederation(plan: FederationPlan): FederationInstances {
  const { ids, members, ...models } = plan;
  if (!Number.isSafeInteger(members) || members < MIN_PLACES || members > MAX_PLACES) {
    throw new CircuitError(
      "circuit.plan",
      `cannot plan a federation of ${members} members: a round takes from ${MIN_PLACES} to ${MAX_PLACES}`,
      `Plan for ${MIN_PLACES} to ${MAX_PLACES} members.`,
      { members, least: MIN_PLACES, most: MAX_PLACES },
    );
  }
  const score = planRoundAccuracyInstance({ ...models, id: ids.score });
  const { architecture } = score;
  const maxFactorSum = members * largestFactor(architecture, members);
  return {
    score,
    mask: fewestRows(
      tables(1).map((tableBits): MaskedUpdateInstance => ({
        id: ids.mask,
        template: "masked-update",
        ...{ architecture, maxFactorSum, members, tableBits },
      })),
      maskedUpdateCost,
    ),
    aggregate: fewestRows(
      tables(Math.ceil(Math.log2(2 * maxFactorSum))).map((tableBits): AggregateInstance => ({
        id: ids.aggregate,
        template: "aggregate",
        ...{ architecture, maxFactorSum, vectors: members, tableBits },
      })),
      aggregateCost,
    ),
  };
}

/** The largest factor that all members of a full roster may have. */
function largestFactor(architecture: Architecture, members: number): number {
  let factor = MAX_FACTOR;
  // Ends: the members, or three times as many, are at most 7/8 of a power of two, which leaves room for parameters of two
  // bits or more.
  while (!leavesRoom(architecture, members * factor)) factor--;
  return factor;
}

/** Whether a slot of a vector has room for rounding, as `aggregate.circom` asserts of weights and biases. */
function leavesRoom({ weightBits, biasBits }: Architecture, maxFactorSum: number): boolean {
  return [weightBits, biasBits].every(
    (bits) => maxFactorSum * (2 ** (bits + 1) + 1) <= 2 ** (bits + Math.ceil(Math.log2(maxFactorSum)) + 1),
  );
}

function tables(least: number): number[] {
  return Array.from({ length: MAX_TABLE_BITS - least + 1 }, (_, more) => least + more);
}

function fewestRows<Instance extends { readonly id: string }>(
  candidates: readonly Instance[],
  cost: (instance: Instance) => CircuitCost,
): Instance {
  const costs = candidates.map((instance) => ({ instance, rows: cost(instance).rows }));
  const { instance, rows } = costs.reduce((best, next) => (next.rows < best.rows ? next : best));
  if (rows <= 2 ** LARGEST_DOMAIN_POWER) return instance;
  throw new CircuitError(
    "circuit.plan",
    `${instance.id} has ${rows} rows; the proof system ends at 2^${LARGEST_DOMAIN_POWER}`,
    "Use fewer members or narrower layers.",
    { instance: instance.id, rows, limit: 2 ** LARGEST_DOMAIN_POWER },
  );
}
