import type { Command } from "commander";

import { handle, type Invocation } from "../command.ts";
import { type CostFlags, costText, estimateCost, parseCosts, withCostOptions } from "../cost-options.ts";
import type { Report } from "../output.ts";
import { openReadSession } from "../session.ts";
import { type NetworkOptions, withNetworkOptions } from "../shared-options.ts";
import { parseInteger, parseNumber, parseTaskId } from "../units.ts";
import { UsageError } from "../usage-error.ts";

interface QuoteOptions extends NetworkOptions, CostFlags {
  readonly batches?: string;
  readonly badShares: string;
  readonly confidence: string;
}

/** `zkpot quote`: what a task costs, and what its training proof deters, before anybody works. */
export function registerQuote(program: Command): void {
  const command = withCostOptions(
    withNetworkOptions(
      program
        .command("quote")
        .argument("<task id>", "the task")
        .description(
          "what a task costs you, meaning of its threshold; with training proof the chance to detect a faked run, and the stake that deters it",
        ),
    ),
  )
    .option("--batches <count>", "batches of the training data (default: the least that the task asks for)")
    .option(
      "--bad-shares <shares>",
      "shares of faked steps to look at, separated by commas",
      "0.01,0.1,0.5,1",
    )
    .option("--confidence <share>", "confidence of the interval around the threshold", "0.95");
  handle<QuoteOptions, [string]>(command, quote);
}

async function quote({ options }: Invocation<QuoteOptions>, id: string): Promise<Report> {
  const taskId = parseTaskId(id);
  const shares = options.badShares.split(",").map((share) => parseNumber(share, "--bad-shares", 0, 1));
  const inputs = parseCosts(options);
  const confidence = parseNumber(options.confidence, "--confidence", 0.5, 0.999999);
  const session = await openReadSession(options);
  const { contracts, connection } = session;
  const { openAudit } = await import("../../chain/audits.ts");
  const { readTask } = await import("../../chain/tasks.ts");
  const { hoeffdingInterval } = await import("../../audit/odds.ts");
  const { facts, percent, table } = await import("../text.ts");
  const { formatAmount } = await import("../addresses.ts");
  const task = await readTask(contracts, taskId);
  const cost = await estimateCost(session, task, inputs);
  const interval = hoeffdingInterval(task.minCorrect, task.sampleCount, confidence);
  const { rewardWei, stakeWei } = task;
  const common = facts([
    ["task", String(taskId)],
    ["reward", formatAmount(rewardWei, task.rewardToken)],
    ["stake", formatAmount(stakeWei, task.stakeToken)],
    ["cost", costText(cost)],
    [
      "threshold",
      `${percent(interval.score)}; on new data ${percent(interval.low)} to ${percent(interval.high)} with confidence ${confidence}`,
    ],
  ]);
  const caveat = `The interval holds for a model that was not fitted to the test set${BigInt(task.seal) === 0n ? ", which is public" : ""}.`;
  const data = { taskId, rewardWei, stakeWei, cost, interval };
  if (BigInt(task.trainingAudit) === 0n) return { data, text: `${common}\n${caveat}` };
  const { terms } = await openAudit(connection, contracts, taskId);
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
  const odds = await oddsOf(shares, steps, terms.drawnSteps, inputs.trainingCostWei, rewardWei);
  const isSameToken = BigInt(task.rewardToken) === BigInt(task.stakeToken);
  return {
    data: { ...data, steps, drawnSteps: terms.drawnSteps, odds },
    text: [
      common,
      `Training: ${steps} steps, ${terms.drawnSteps} drawn besides start, first and last step.`,
      "",
      table(
        ["faked steps", "detected", "stake that deters"],
        odds.map(({ badShare, badSteps, detection, breakEvenStakeWei }) => [
          `${percent(badShare)} (${badSteps})`,
          percent(detection),
          breakEvenStakeWei === null ? "none" : formatAmount(breakEvenStakeWei, task.stakeToken),
        ]),
      ),
      "A faked start, first or last step is always detected.",
      caveat,
      ...(isSameToken ? [] : ["Reward and stake are in different tokens: their sum is only a number."]),
    ].join("\n"),
  };
}

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
