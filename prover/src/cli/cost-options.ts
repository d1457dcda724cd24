import type { Command } from "commander";

import type { TaskRecord } from "../chain/tasks.ts";
import type { WorkCost } from "../task/work-cost.ts";
import { formatAmount, NATIVE_COIN } from "./addresses.ts";
import { warn } from "./output.ts";
import type { ReadSession } from "./session.ts";
import { parseAmount, parseNumber } from "./units.ts";

/** Options of commands that estimate what a task costs its prover. */
export interface CostFlags {
  readonly hourlyCost: string;
  readonly trainingCost: string;
  readonly provingSeconds?: string;
  readonly gasPrice?: string;
}

/** Prices of a prover's work, as far as the options name them. */
export interface CostInputs {
  readonly hourlyCostWei: bigint;
  readonly trainingCostWei: bigint;
  /** Of one proof; undefined: as expected from the circuit. */
  readonly provingSeconds: number | undefined;
  /** Undefined: the node's. */
  readonly gasPriceWei: bigint | undefined;
}

/** Adds what a prover's work costs. */
export function withCostOptions(command: Command): Command {
  return command
    .option("--hourly-cost <amount>", "what an hour of proving costs you, e.g. 0.0001ether", "0")
    .option("--training-cost <amount>", "what an honest run, and all else, costs you, e.g. 0.01ether", "0")
    .option(
      "--proving-seconds <seconds>",
      "time of one proof on your machine (default: expected from the size of its circuit)",
    )
    .option("--gas-price <amount>", "price of one gas, e.g. 2gwei (default: the node's)");
}

/** Reads the options; throws UsageError. */
export function parseCosts({ hourlyCost, trainingCost, provingSeconds, gasPrice }: CostFlags): CostInputs {
  return {
    hourlyCostWei: parseAmount(hourlyCost, "--hourly-cost"),
    trainingCostWei: parseAmount(trainingCost, "--training-cost"),
    provingSeconds:
      provingSeconds === undefined ? undefined : parseNumber(provingSeconds, "--proving-seconds", 0, 1e6),
    gasPriceWei: gasPrice === undefined ? undefined : parseAmount(gasPrice, "--gas-price"),
  };
}

/** The price of one gas: the one named, else the node's. */
export async function gasPriceOf({ connection }: ReadSession, { gasPriceWei }: CostInputs): Promise<bigint> {
  return gasPriceWei ?? (await connection.provider.getFeeData()).gasPrice ?? 0n;
}

/**
 * What a task costs its prover, an audit of its training included. Proofs take what the options say, else what is
 * expected – `accuracySeconds` those of the test set, where the circuit is known – from the size of their keys; those
 * of keys that are not at hand are left out, with a warning.
 */
export async function estimateCost(
  session: ReadSession,
  task: TaskRecord,
  inputs: CostInputs,
  accuracySeconds?: number,
): Promise<WorkCost> {
  const { auditGas } = await import("../audit/gas.ts");
  const { openAudit } = await import("../chain/audits.ts");
  const { assignmentKind } = await import("../chain/rules.ts");
  const { provingGas } = await import("../chain/tasks.ts");
  const { taskGas, workCost } = await import("../task/work-cost.ts");
  const { connection, contracts } = session;
  const shardCount = task.dataPoints.length;
  const { gasLimit } = (await connection.provider.getBlock("latest"))!;
  let gas = taskGas(provingGas(shardCount, gasLimit), assignmentKind(contracts, task) === "auction");
  const secondsOfShard = inputs.provingSeconds ?? accuracySeconds ?? (await expectedSeconds(task.keyId));
  let provingSeconds = shardCount * secondsOfShard;
  if (BigInt(task.trainingAudit) !== 0n) {
    const { terms } = await openAudit(connection, contracts, task.taskId);
    // The start, the first and the last step come on top of those drawn.
    provingSeconds +=
      (terms.drawnSteps + 3) * (inputs.provingSeconds ?? (await expectedSeconds(terms.stepKeyId)));
    gas += auditGas(terms.drawnSteps + 2);
  }
  const { hourlyCostWei, trainingCostWei } = inputs;
  const gasPriceWei = await gasPriceOf(session, inputs);
  return workCost({ provingSeconds, hourlyCostWei, gas, gasPriceWei, trainingCostWei });
}

async function expectedSeconds(keyId: string): Promise<number> {
  const { estimateProvingSeconds } = await import("./proving-estimate.ts");
  const expected = await estimateProvingSeconds(keyId);
  if (expected === undefined) {
    warn(`key ${keyId} is not at hand: its proofs are not counted; state --proving-seconds`);
  }
  return expected ?? 0;
}

/** A cost for people. */
export function costText({ costWei, provingSeconds, gas }: WorkCost): string {
  const cost = formatAmount(costWei, NATIVE_COIN);
  return `${cost}: ${Math.ceil(provingSeconds)} s of proving, ${gas} gas at most, and what training costs`;
}
