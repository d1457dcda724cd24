import type { Command } from "commander";

import type { AuditRun } from "../../chain/audits.ts";
import type { SentTransaction } from "../../chain/send.ts";
import { parseAddress } from "../addresses.ts";
import { handle, type Invocation } from "../command.ts";
import { note, type Report } from "../output.ts";
import { openReadSession, openSignSession } from "../session.ts";
import {
  type AccountOptions,
  type NetworkOptions,
  withAccountOptions,
  withNetworkOptions,
} from "../shared-options.ts";
import { openTrainingSession, type TrainingFlags, withTrainingOptions } from "../training-session.ts";
import { transactionFacts } from "../transaction-facts.ts";
import { parseTaskId } from "../units.ts";

type AnswerOptions = NetworkOptions & AccountOptions & TrainingFlags;

/** `zkpot audit`: where a training audit stands, and the answers to its challenge. */
export function registerAudit(program: Command): void {
  const audit = program.command("audit").description("follow and answer the audits of training runs");
  registerStatus(audit);
  registerAnswer(
    audit,
    "answer",
    "draw the challenge if its block has passed, prove and answer what it asks for",
  );
  registerAnswer(audit, "watch", "wait for the challenge and answer it unattended; goes on after a crash");
  registerSlash(audit);
}

function registerSlash(audit: Command): void {
  const command = withAccountOptions(
    audit
      .command("slash")
      .argument("<task id>", "the task")
      .description("slash a prover that did not answer in time; withdraw what that credits to the account"),
  ).requiredOption("--prover <address>", "account that did not answer");
  handle<NetworkOptions & AccountOptions & { readonly prover: string }, [string]>(command, slash);
}

async function slash(
  { options }: Invocation<NetworkOptions & AccountOptions & { readonly prover: string }>,
  id: string,
): Promise<Report> {
  const taskId = parseTaskId(id);
  const prover = await parseAddress(options.prover, "--prover");
  const { connection, contracts, sender, address } = await openSignSession(options);
  const { AuditError } = await import("../../audit/audit-error.ts");
  const { openAudit, readRun, slashStake } = await import("../../chain/audits.ts");
  const { readCredit, withdrawCredit } = await import("../../chain/stake.ts");
  const { readTask } = await import("../../chain/tasks.ts");
  const { facts, utc } = await import("../text.ts");
  const opened = await openAudit(connection, contracts, taskId);
  const { state } = await readRun(opened, prover);
  if (state !== "failed") {
    throw new AuditError(
      "audit.not-failed",
      `the run of ${prover} for task ${taskId} is ${state === "none" ? "not registered" : state}: there is nothing to slash`,
      `Look again with \`zkpot audit status\`, after ${utc(opened.terms.answerDeadline)} if it is not answered.`,
      { taskId, prover, state },
    );
  }
  const transactions = [await slashStake(sender, contracts, taskId, prover)];
  const { stakeToken } = await readTask(contracts, taskId);
  const creditWei = await readCredit(contracts, address, stakeToken);
  if (creditWei > 0n) transactions.push(await withdrawCredit(sender, contracts, stakeToken));
  return {
    data: { taskId, prover, withdrawnWei: creditWei, transactions: transactions.map(transactionFacts) },
    text: facts([
      ["task", String(taskId)],
      ["slashed", prover],
      ["withdrawn", `${creditWei} of the smallest unit of ${stakeToken}`],
      ...transactions.map(({ hash, gasUsed }) => ["transaction", `${hash}, ${gasUsed} gas`] as const),
    ]),
  };
}

function registerStatus(audit: Command): void {
  const command = withNetworkOptions(
    audit
      .command("status")
      .argument("<task id>", "the task")
      .description("what is asked of a prover, and until when"),
  ).requiredOption("--prover <address>", "account whose run it is");
  handle<NetworkOptions & { readonly prover: string }, [string]>(command, async ({ options }, id) => {
    const taskId = parseTaskId(id);
    const prover = await parseAddress(options.prover, "--prover");
    const { connection, contracts } = await openReadSession(options);
    const { openAudit, readRun } = await import("../../chain/audits.ts");
    const opened = await openAudit(connection, contracts, taskId);
    const run = await readRun(opened, prover);
    return await statusReport(taskId, prover, run, opened.terms.answerDeadline, []);
  });
}

function registerAnswer(audit: Command, name: "answer" | "watch", description: string): void {
  const command = withTrainingOptions(
    withAccountOptions(audit.command(name).argument("<task id>", "the task").description(description)),
  );
  handle<AnswerOptions, [string]>(command, (invocation, id) => answer(invocation, id, name === "watch"), {
    stopsItself: true,
  });
}

async function answer(
  { options, signal }: Invocation<AnswerOptions>,
  id: string,
  waits: boolean,
): Promise<Report> {
  const taskId = parseTaskId(id);
  const { answerChallenge } = await import("../../audit/answer-challenge.ts");
  const { AuditError } = await import("../../audit/audit-error.ts");
  const { openChallenge, openSeed, trainRun } = await import("../../audit/verifiable-run.ts");
  const { isDrawable, readRun } = await import("../../chain/audits.ts");
  const training = await openTrainingSession(options, taskId, signal);
  const { audit, folder, place, provers, session } = training;
  let state = await readRun(audit, place.prover);
  if (
    state.state === "committed" &&
    (waits || (await isDrawable(session.connection, state.challengeBlock)))
  ) {
    state = await openChallenge(training.run);
  }
  let transactions: SentTransaction[] = [];
  if (state.state !== "passed") {
    if (!folder.exists) {
      throw new AuditError(
        "audit.no-run",
        `there is no run of ${place.prover} for task ${taskId} in this working folder`,
        "Work in the folder in which the run was trained; without it nothing can be answered.",
        { taskId, prover: place.prover, folder: folder.folder },
      );
    }
    const secrets = await folder.load();
    const { run, close } = await trainRun(training.run, secrets, await openSeed(training.run, secrets));
    try {
      transactions = await answerChallenge({
        ...{ audit, place, run, provers, sender: session.sender },
        store: folder.answers,
        onProgress: note,
      });
    } finally {
      await close();
    }
    state = await readRun(audit, place.prover);
  }
  return await statusReport(taskId, place.prover, state, audit.terms.answerDeadline, transactions);
}

async function statusReport(
  taskId: bigint,
  prover: string,
  run: AuditRun,
  answerDeadline: bigint,
  transactions: readonly SentTransaction[],
): Promise<Report> {
  const { facts, utc } = await import("../text.ts");
  const asked = run.challengedSteps.length === 0 ? "not drawn" : run.challengedSteps.join(", ");
  return {
    data: { taskId, prover, ...run, answerDeadline, transactions: transactions.map(transactionFacts) },
    text: facts([
      ["task", String(taskId)],
      ["prover", prover],
      ["run", run.state === "none" ? "not registered" : `${run.state}, ${run.stepCount} steps`],
      ["steps asked for", asked],
      ["not answered", run.pendingSteps.join(", ") || "none"],
      ["initialisation", run.isInitAnswered ? "answered" : "not answered"],
      ["answer until", utc(answerDeadline)],
      ...transactions.map(({ hash, gasUsed }) => ["transaction", `${hash}, ${gasUsed} gas`] as const),
      ["next", nextOf(taskId, run)],
    ]),
  };
}

function nextOf(taskId: bigint, { state, seedBlock, challengeBlock }: AuditRun): string {
  switch (state) {
    case "none":
      return `zkpot train --verifiable ${taskId}`;
    case "registered":
      return `zkpot train --verifiable ${taskId}, after block ${seedBlock}`;
    case "seeded":
      return `zkpot train --verifiable ${taskId}`;
    case "committed":
      return `zkpot audit answer ${taskId}, after block ${challengeBlock}`;
    case "challenged":
      return `zkpot audit answer ${taskId}`;
    case "passed":
      return `zkpot prove ${taskId}`;
    case "failed":
      return "nothing: the stake can be slashed";
  }
}
