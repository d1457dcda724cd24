import type { Command } from "commander";

import type { TaskDetails } from "../../chain/tasks.ts";
import { handle } from "../command.ts";
import { printable } from "../printable.ts";
import { openReadSession } from "../session.ts";
import { type NetworkOptions, withNetworkOptions } from "../shared-options.ts";
import type { RuleFacts } from "../task-rules.ts";
import { type TaskKeyFlags, withTaskKeyOptions } from "../task-options.ts";
import { parseTaskId } from "../units.ts";

interface ShowOptions extends NetworkOptions, TaskKeyFlags {
  readonly check?: boolean;
}

/** `zkpot task show`: a task with its submissions; --check compares it with its published files. */
export function registerTaskShow(task: Command): void {
  const command = withTaskKeyOptions(
    withNetworkOptions(
      task.command("show").argument("<task id>", "the task").description("show a task and its submissions"),
    ),
  ).option("--check", "recompute the data points from the published test set and compare everything");
  handle<ShowOptions, [string]>(command, async ({ options }, id) => {
    const taskId = parseTaskId(id);
    const session = await openReadSession(options);
    const { readRules } = await import("../task-rules.ts");
    if (options.check !== true) {
      const { readTaskDetails } = await import("../../chain/tasks.ts");
      const task = await readTaskDetails(session.contracts, taskId);
      const rules = await readRules(session, task);
      return { data: { task, ...rules.data }, text: await describe(task, rules) };
    }
    const { openCheckedTask } = await import("../task-session.ts");
    const { task, check, files } = await openCheckedTask(session, taskId, options);
    const rules = await readRules(session, task);
    const { title, licence, jurisdiction } = files.document;
    return {
      data: { task, ...rules.data, check, document: files.document },
      text: [
        await describe(task, rules),
        "",
        printable(`"${title}", licence ${licence}, jurisdiction ${jurisdiction ?? "not restricted"}`),
        `checked against the published files: ${check.agreed.join(", ")} agree`,
        ...(check.open.length === 0 ? [] : [`sealed, to be checked later: ${check.open.join(", ")}`]),
      ].join("\n"),
    };
  });
}

async function describe(task: TaskDetails, rules: RuleFacts): Promise<string> {
  const { facts, table, utc } = await import("../text.ts");
  const { formatAmount } = await import("../addresses.ts");
  const head = facts([
    ["task", `${task.taskId} (${task.state}, ${task.split})`],
    ["poster", task.poster],
    ["reward", formatAmount(task.rewardWei, task.rewardToken)],
    ["stake", formatAmount(task.stakeWei, task.stakeToken)],
    ["threshold", `${task.minCorrect} of ${task.sampleCount} correct`],
    ["test set", shardText(task)],
    ["commit until", utc(task.commitDeadline)],
    ["prove until", utc(task.proveDeadline)],
    ...rules.text,
    ["key", task.keyId],
    ["document", `${task.documentUri} (${task.documentHash})`],
  ]);
  if (task.submissions.length === 0) return head;
  const rows = task.submissions.map(({ prover, state, correct, provenShards }) => [
    prover,
    state,
    `${provenShards.length} of ${task.dataPoints.length}`,
    provenShards.length === 0 ? "" : String(correct),
  ]);
  return `${head}\n\n${table(["prover", "state", "shards", "correct"], rows)}`;
}

function shardText({ dataPoints, seal }: TaskDetails): string {
  const shards = dataPoints.length === 1 ? "one shard" : `${dataPoints.length} shards`;
  return BigInt(seal) === 0n ? shards : `${shards}, sealed by ${seal}`;
}
