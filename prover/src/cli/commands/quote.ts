import type { Command } from "commander";

import { handle, type Invocation } from "../command.ts";
import type { Report } from "../output.ts";
import { openReadSession } from "../session.ts";
import { type NetworkOptions, withNetworkOptions } from "../shared-options.ts";
import { parseAmount, parseInteger, parseNumber, parseTaskId } from "../units.ts";
import { UsageError } from "../usage-error.ts";

interface QuoteOptions extends NetworkOptions {
  readonly batches?: string;
  readonly badShares: string;
  readonly trainingCost: string;
  readonly gasPrice?: string;
  readonly provingSeconds?: string;
  readonly confidence: string;
}

/** `zkpot quote`: what a task with training proof deters, and what it costs, before anybody works. */
export function registerQuote(program: Command): void {
  const command = withNetworkOptions(
    program
      .command("quote")
      .argument("<task id>", "a task with training proof")
      .description(
        "chance to detect a faked run, stake that deters it, gas, price and meaning of the threshold",
      ),
  )
    .option("--batches <count>", "batches of the training data (default: the least that the task asks for)")
    .option(
      "--bad-shares <shares>",
      "shares of faked steps to look at, separated by commas",
      "0.01,0.1,0.5,1",
    )
    .option("--training-cost <amount>", "what an honest run costs its prover, e.g. 0.01ether", "0")
    .option("--gas-price <amount>", "price of one gas, e.g. 2gwei (default: the node's)")
    .option(
      "--proving-seconds <seconds>",
      "time of one step's proof on your machine (default: expected from the size of the key at hand)",
    )
    .option("--confidence <share>", "confidence of the interval around the threshold", "0.95");
  handle<QuoteOptions, [string]>(command, quote);
}

async function quote({ options }: Invocation<QuoteOptions>, id: string): Promise<Report> {
  const taskId = parseTaskId(id);
  const shares = options.badShares.split(",").map((share) => parseNumber(share, "--bad-shares", 0, 1));
  const trainingCostWei = parseAmount(options.trainingCost, "--training-cost");
  const confidence = parseNumber(options.confidence, "--confidence", 0.5, 0.999999);
  const measuredSeconds =
    options.provingSeconds === undefined
      ? undefined
      : parseNumber(options.provingSeconds, "--proving-seconds", 0, 1e6);
  const { contracts, connection } = await openReadSession(options);
  const { openAudit } = await import("../../chain/audits.ts");
  const { readTask } = await import("../../chain/tasks.ts");
  const { auditGas } = await import("../../audit/gas.ts");
  const { hoeffdingInterval } = await import("../../audit/odds.ts");
  const { facts, percent, table } = await import("../text.ts");
  const { formatAmount } = await import("../addresses.ts");
  const task = await readTask(contracts, taskId);
  const { terms } = await openAudit(connection, contracts, taskId);
  const { estimateProvingSeconds } = await import("../proving-estimate.ts");
  const provingSeconds = measuredSeconds ?? (await estimateProvingSeconds(terms.stepKeyId));
  const mostBatches = Math.floor((2 ** 32 - 1) / terms.epochs);
  const batches =
    options.batches === undefined
      ? terms.minBatches
      : parseInteger(options.batches, "--batches", terms.minBatches, mostBatches);
  const steps = terms.epochs * batches;
  if (terms.drawnSteps > steps) {
    throw new UsageError(
      "cli.invalid-value",
      `--batches: ${steps} steps are fewer than the ${terms.drawnSteps} that are drawn`,
      "Name more batches.",
    );
  }
  const odds = await oddsOf(shares, steps, terms.drawnSteps, trainingCostWei, task.rewardWei);
  // First and last step come on top of those drawn.
  const gas = auditGas(terms.drawnSteps + 2);
  const gasPriceWei =
    options.gasPrice === undefined
      ? ((await connection.provider.getFeeData()).gasPrice ?? 0n)
      : parseAmount(options.gasPrice, "--gas-price");
  const priceWei = gas * gasPriceWei;
  const stages = terms.drawnSteps + 3;
  const interval = hoeffdingInterval(task.minCorrect, task.sampleCount, confidence);
  const isSameToken = BigInt(task.rewardToken) === BigInt(task.stakeToken);
  return {
    data: {
      ...{ taskId, steps, drawnSteps: terms.drawnSteps, odds, gas, gasPriceWei, priceWei, interval },
      rewardWei: task.rewardWei,
      stakeWei: task.stakeWei,
      auditSeconds: provingSeconds === undefined ? undefined : provingSeconds * stages,
    },
    text: [
      facts([
        ["task", `${taskId}: ${steps} steps, ${terms.drawnSteps} drawn besides start, first and last step`],
        ["reward", formatAmount(task.rewardWei, task.rewardToken)],
        ["stake", formatAmount(task.stakeWei, task.stakeToken)],
        ["gas", `${gas} at most to commit and answer, ${formatAmount(priceWei, ZERO_ADDRESS)}`],
        ...(provingSeconds === undefined
          ? []
          : [["proving", `${Math.ceil(provingSeconds * stages)} s for ${stages} stages`] as const]),
        [
          "threshold",
          `${percent(interval.score)}; on new data ${percent(interval.low)} to ${percent(interval.high)} with confidence ${confidence}`,
        ],
      ]),
      "",
      table(
        ["faked steps", "detected", "stake that deters"],
        odds.map(({ badShare, badSteps, detection, breakEvenStakeWei }) => [
          `${percent(badShare)} (${badSteps})`,
          percent(detection),
          breakEvenStakeWei === null ? "none" : formatAmount(breakEvenStakeWei, task.stakeToken),
        ]),
      ),
      "A faked start, first or last step is always detected. The interval holds for a model that was not fitted to the",
      "test set, which is public.",
      ...(isSameToken ? [] : ["Reward and stake are in different tokens: their sum is only a number."]),
    ].join("\n"),
  };
}

const ZERO_ADDRESS = "0x0000000000000000000000000000000000000000";

interface Odds {
  readonly badShare: number;
  readonly badSteps: number;
  /** Drawing without replacement, as the contract does. */
  readonly detection: number;
  /** Null when no stake deters, because nothing is detected. */
  readonly breakEvenStakeWei: bigint | null;
}

async function oddsOf(
  shares: readonly number[],
  steps: number,
  drawnSteps: number,
  trainingCostWei: bigint,
  rewardWei: bigint,
): Promise<Odds[]> {
  const { breakEvenStakeWei, exactDetectionProbability } = await import("../../audit/odds.ts");
  return shares.map((badShare) => {
    const badSteps = Math.ceil(badShare * steps);
    const share = badSteps / steps;
    const detection = exactDetectionProbability(steps, badSteps, drawnSteps);
    const deters = badSteps === 0 || detection > 0;
    return {
      ...{ badShare, badSteps, detection },
      breakEvenStakeWei: deters ? breakEvenStakeWei(share, detection, trainingCostWei, rewardWei) : null,
    };
  });
}
