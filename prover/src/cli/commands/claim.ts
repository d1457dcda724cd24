import type { Command } from "commander";

import type { Contracts } from "../../chain/contracts.ts";
import type { Sender, SentTransaction } from "../../chain/send.ts";
import type { SubmissionRecord, TaskRecord } from "../../chain/tasks.ts";
import { handle, type Invocation } from "../command.ts";
import type { Report } from "../output.ts";
import { openSignSession, type SignSession } from "../session.ts";
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
        "end a task whose time has come, claim the account's share, free or settle its stake, collateral and bond, and withdraw what it is credited",
      ),
  );
  handle<NetworkOptions & AccountOptions, [string]>(command, claim);
}

async function claim({ options }: Invocation<NetworkOptions & AccountOptions>, id: string): Promise<Report> {
  const taskId = parseTaskId(id);
  const session = await openSignSession(options);
  const { contracts, sender, address, connection } = session;
  const { chainTime } = await import("../../chain/connect.ts");
  const { readSubmission, readTask, withdrawReward } = await import("../../chain/tasks.ts");
  const { claimFromRules, forfeitIfDue } = await import("../claim-rules.ts");
  const { ChainError } = await import("../../chain/chain-error.ts");

  const transactions: SentTransaction[] = [];
  const before = await readTask(contracts, taskId);
  const submission = await readSubmission(contracts, taskId, address);
  transactions.push(...(await forfeitIfDue(session, before, submission)));
  transactions.push(...(await endIfDue(sender, contracts, before, await chainTime(connection))));
  const task = await readTask(contracts, taskId);
  transactions.push(...(await claimAndRelease(sender, contracts, task, submission)));
  transactions.push(...(await claimFromRules(session, task, submission)));
  const rewardWei = await contracts.market.creditOf(address, task.rewardToken);
  if (rewardWei > 0n) transactions.push(await withdrawReward(sender, contracts, task.rewardToken));
  const credits = await withdrawCredits(session, task, transactions);
  if (transactions.length === 0) {
    throw new ChainError(
      "chain.nothing-to-claim",
      `nothing is due to ${address} from task ${taskId}: it is ${task.state}, the account's submission is ${submission.state}`,
      "See its deadlines with `zkpot task show`; a best-score or pro-rata task is paid after its prove deadline.",
      { taskId, account: address, state: task.state, submission: submission.state },
    );
  }
  return await report(task, rewardWei, credits, transactions);
}

/** What the vault paid out of the stake of others, in one token. */
interface PaidCredit {
  readonly token: string;
  readonly creditWei: bigint;
}

/** Withdraws what the slashing of others' stakes credited to the account in the tokens of a task. */
async function withdrawCredits(
  { contracts, sender, address }: SignSession,
  task: TaskRecord,
  transactions: SentTransaction[],
): Promise<PaidCredit[]> {
  const { readCredit, withdrawCredit } = await import("../../chain/stake.ts");
  const { bondTokenOf } = await import("../claim-rules.ts");
  const tokens = new Set([task.stakeToken, await bondTokenOf(contracts, task)]);
  const paid: PaidCredit[] = [];
  for (const token of tokens) {
    const creditWei = await readCredit(contracts, address, token);
    if (creditWei === 0n) continue;
    transactions.push(await withdrawCredit(sender, contracts, token));
    paid.push({ token, creditWei });
  }
  return paid;
}

async function report(
  { taskId, state, rewardToken }: TaskRecord,
  rewardWei: bigint,
  credits: readonly PaidCredit[],
  transactions: readonly SentTransaction[],
): Promise<Report> {
  const { facts } = await import("../text.ts");
  const { formatAmount } = await import("../addresses.ts");
  return {
    data: { taskId, state, rewardWei, credits, transactions: transactions.map(transactionFacts) },
    text: facts([
      ["task", `${taskId} (${state})`],
      ["withdrawn", formatAmount(rewardWei, rewardToken)],
      ...credits.map(
        ({ token, creditWei }) => ["from others' stake", formatAmount(creditWei, token)] as const,
      ),
      ["transactions", String(transactions.length)],
    ]),
  };
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
  const isLate = (state === "posted" || state === "committed") && now > deadline;
  const { isNeverRevealed } = await import("../claim-rules.ts");
  if (isLate || (state === "committed" && (await isNeverRevealed(contracts, task)))) {
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
  const { isBondLost } = await import("../claim-rules.ts");
  const isOver = state === "settled" || state === "expired" || (await isBondLost(contracts, task));
  const hasProved = submission.state === "proven" || submission.state === "claimed";
  if (submission.lockId !== 0n && (isOver || hasProved)) {
    transactions.push(await releaseStake(sender, contracts, taskId, prover));
  }
  return transactions;
}
