import type { Command } from "commander";

import type { Contracts } from "../../chain/contracts.ts";
import type { Sender, SentTransaction } from "../../chain/send.ts";
import type { SubmissionRecord, TaskRecord } from "../../chain/tasks.ts";
import { handle } from "../command.ts";
import { openSignSession } from "../session.ts";
import { type AccountOptions, type NetworkOptions, withAccountOptions } from "../shared-options.ts";
import { transactionFacts } from "../transaction-facts.ts";
import { parseTaskId } from "../units.ts";

/** `zkpot claim`: everything that is due to the account from one task. */
export function registerClaim(program: Command): void {
  const command = withAccountOptions(
    program
      .command("claim")
      .argument("<task id>", "the task")
      .description(
        "end a task whose time has come, claim the account's share, free its stake, withdraw its reward",
      ),
  );
  handle<NetworkOptions & AccountOptions, [string]>(command, async ({ options }, id) => {
    const taskId = parseTaskId(id);
    const { contracts, sender, address, connection } = await openSignSession(options);
    const { chainTime } = await import("../../chain/connect.ts");
    const { readSubmission, readTask, withdrawReward } = await import("../../chain/tasks.ts");
    const { ChainError } = await import("../../chain/chain-error.ts");
    const { facts } = await import("../text.ts");
    const { formatAmount } = await import("../addresses.ts");
    const now = await chainTime(connection);

    const transactions: SentTransaction[] = [];
    const before = await readTask(contracts, taskId);
    transactions.push(...(await endIfDue(sender, contracts, before, now)));
    const task = await readTask(contracts, taskId);
    const submission = await readSubmission(contracts, taskId, address);
    transactions.push(...(await claimAndRelease(sender, contracts, task, submission)));
    const rewardWei = await contracts.market.creditOf(address, task.rewardToken);
    if (rewardWei > 0n) transactions.push(await withdrawReward(sender, contracts, task.rewardToken));
    if (transactions.length === 0) {
      throw new ChainError(
        "chain.nothing-to-claim",
        `nothing is due to ${address} from task ${taskId}: it is ${task.state}, the account's submission is ${submission.state}`,
        "See its deadlines with `zkpot task show`; a best-score or pro-rata task is paid after its prove deadline.",
        { taskId, account: address, state: task.state, submission: submission.state },
      );
    }
    return {
      data: { taskId, state: task.state, rewardWei, transactions: transactions.map(transactionFacts) },
      text: facts([
        ["task", `${taskId} (${task.state})`],
        ["withdrawn", formatAmount(rewardWei, task.rewardToken)],
        ["transactions", String(transactions.length)],
      ]),
    };
  });
}

/** Settles or expires the task if its time has come. */
async function endIfDue(
  sender: Sender,
  contracts: Contracts,
  task: TaskRecord,
  now: bigint,
): Promise<SentTransaction[]> {
  const { endTask } = await import("../../chain/tasks.ts");
  const { state, taskId } = task;
  const isFull = task.proverCount === task.maxProvers || now > task.commitDeadline;
  const allProved = isFull && task.provenCount === task.proverCount;
  if (state === "proven" && (now > task.proveDeadline || allProved)) {
    return [await endTask(sender, contracts, taskId, "settle")];
  }
  const deadline = state === "posted" ? task.commitDeadline : task.proveDeadline;
  if ((state === "posted" || state === "committed") && now > deadline) {
    return [await endTask(sender, contracts, taskId, "expire")];
  }
  return [];
}

/** Claims the pro-rata share and frees the stake, as far as they are due. */
async function claimAndRelease(
  sender: Sender,
  contracts: Contracts,
  task: TaskRecord,
  submission: SubmissionRecord,
): Promise<SentTransaction[]> {
  const { claimShare, releaseStake } = await import("../../chain/tasks.ts");
  const { taskId, state, split } = task;
  const { prover } = submission;
  const transactions: SentTransaction[] = [];
  if (state === "settled" && split === "pro-rata" && submission.state === "proven") {
    transactions.push(await claimShare(sender, contracts, taskId, prover));
  }
  const hasEnded = state === "settled" || state === "expired";
  const hasProved = submission.state === "proven" || submission.state === "claimed";
  if (submission.lockId !== 0n && (hasEnded || hasProved)) {
    transactions.push(await releaseStake(sender, contracts, taskId, prover));
  }
  return transactions;
}
