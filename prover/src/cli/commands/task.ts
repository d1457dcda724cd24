import type { Command } from "commander";

import type { TaskDetails, TaskRecord } from "../../chain/tasks.ts";
import { handle } from "../command.ts";
import { openReadSession, openSignSession } from "../session.ts";
import {
  type AccountOptions,
  type NetworkOptions,
  withAccountOptions,
  withNetworkOptions,
} from "../shared-options.ts";
import { transactionFacts } from "../transaction-facts.ts";
import { parseTaskId } from "../units.ts";
import { registerTaskDispute } from "./task-dispute.ts";
import { registerTaskPost } from "./task-post.ts";
import { registerTaskShow } from "./task-show.ts";
import { registerTaskUnseal } from "./task-unseal.ts";

interface ListOptions extends NetworkOptions {
  readonly open?: boolean;
}

/** `zkpot task`: post, list, show and cancel tasks; reveal and dispute sealed test sets. */
export function registerTask(program: Command): void {
  const task = program
    .command("task")
    .description("post, list, show and cancel tasks; reveal and dispute sealed test sets");
  registerTaskPost(task);
  registerList(task);
  registerTaskShow(task);
  registerCancel(task);
  registerTaskUnseal(task);
  registerTaskDispute(task);
}

function registerList(task: Command): void {
  const command = withNetworkOptions(task.command("list").description("list the tasks of the market")).option(
    "--open",
    "only tasks that still take commitments",
  );
  handle<ListOptions, []>(command, async ({ options }) => {
    const { contracts, connection } = await openReadSession(options);
    const { chainTime } = await import("../../chain/connect.ts");
    const { listTasks } = await import("../../chain/tasks.ts");
    const { formatAmount } = await import("../addresses.ts");
    const { table, utc } = await import("../text.ts");
    const { assignmentKind } = await import("../../chain/rules.ts");
    const all = await listTasks(contracts);
    const now = await chainTime(connection);
    const tasks = options.open === true ? all.filter((entry) => takesCommitments(entry, now)) : all;
    return {
      data: { tasks },
      text:
        tasks.length === 0
          ? "no tasks"
          : table(
              ["task", "state", "taken by", "reward", "stake", "correct", "provers", "commit until"],
              tasks.map((entry) => [
                String(entry.taskId),
                entry.state,
                assignmentKind(contracts, entry),
                formatAmount(entry.rewardWei, entry.rewardToken),
                formatAmount(entry.stakeWei, entry.stakeToken),
                `${entry.minCorrect} of ${entry.sampleCount}`,
                `${entry.proverCount} of ${entry.maxProvers}`,
                utc(entry.commitDeadline),
              ]),
            ),
    };
  });
}

function registerCancel(task: Command): void {
  const command = withAccountOptions(
    task
      .command("cancel")
      .argument("<task id>", "the task to take back")
      .description("take back a task that nobody has committed to, and withdraw its reward"),
  );
  handle<NetworkOptions & AccountOptions, [string]>(command, async ({ options }, id) => {
    const taskId = parseTaskId(id);
    const { contracts, sender, address } = await openSignSession(options);
    const { cancelTask, readTask, withdrawReward } = await import("../../chain/tasks.ts");
    const { formatAmount } = await import("../addresses.ts");
    const before = await readTask(contracts, taskId);
    const isOurs = BigInt(before.poster) === BigInt(address);
    // An earlier run may have been stopped between the two transactions.
    const cancelled =
      before.state === "cancelled" && isOurs ? undefined : await cancelTask(sender, contracts, taskId);
    const creditWei = await contracts.market.creditOf(address, before.rewardToken);
    const withdrawn =
      creditWei === 0n ? undefined : await withdrawReward(sender, contracts, before.rewardToken);
    const transactions = [cancelled, withdrawn].filter((transaction) => transaction !== undefined);
    return {
      data: { taskId, withdrawnWei: creditWei, transactions: transactions.map(transactionFacts) },
      text: `cancelled task ${taskId}; ${formatAmount(creditWei, before.rewardToken)} withdrawn`,
    };
  });
}

/** Whether another prover could commit at `now` (seconds since 1970). */
function takesCommitments(task: TaskRecord | TaskDetails, now: bigint): boolean {
  const isOpen = task.state === "posted" || task.state === "committed" || task.state === "proven";
  return isOpen && now <= task.commitDeadline && task.proverCount < task.maxProvers;
}
