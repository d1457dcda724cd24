import type { Command } from "commander";

import type { TaskRecord } from "../chain/tasks.ts";
import type { WorkCost } from "../task/work-cost.ts";
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

/** What a task costs its prover; `expectedSeconds` is the time of a proof unless the options name another. */
export async function estimateCost(
  session: ReadSession,
  task: TaskRecord,
  inputs: CostInputs,
  expectedSeconds: number,
): Promise<WorkCost> {
  const { assignmentKind } = await import("../chain/rules.ts");
  const { provingGas } = await import("../chain/tasks.ts");
  const { taskGas, workCost } = await import("../task/work-cost.ts");
  const shardCount = task.dataPoints.length;
  const { gasLimit } = (await session.connection.provider.getBlock("latest"))!;
  return workCost({
    shardCount,
    secondsPerProof: inputs.provingSeconds ?? expectedSeconds,
    hourlyCostWei: inputs.hourlyCostWei,
    trainingCostWei: inputs.trainingCostWei,
    gas: taskGas(provingGas(shardCount, gasLimit), assignmentKind(session.contracts, task) === "auction"),
    gasPriceWei: await gasPriceOf(session, inputs),
  });
}
