import type { Command } from "commander";

import { handle, type Invocation } from "../command.ts";
import { note, type Report } from "../output.ts";
import { openSignSession } from "../session.ts";
import { type AccountOptions, type NetworkOptions, withAccountOptions } from "../shared-options.ts";
import { type TaskFileFlags, withTaskFileOptions } from "../task-options.ts";
import { transactionFacts } from "../transaction-facts.ts";
import { parseTaskId } from "../units.ts";

interface SubmitOptions extends NetworkOptions, AccountOptions, TaskFileFlags {
  readonly bundle: string;
}

/** `zkpot submit`: hands a proof in, after checking here that the market will take it. */
export function registerSubmit(program: Command): void {
  const command = withTaskFileOptions(
    withAccountOptions(
      program
        .command("submit")
        .argument("<task id>", "the task")
        .description("verify a proof bundle, try the call, and hand the proof in"),
    ),
  ).option("--bundle <file>", "proof bundle of `zkpot prove`", "proof.json");
  handle<SubmitOptions, [string]>(command, submit);
}

async function submit({ options }: Invocation<SubmitOptions>, id: string): Promise<Report> {
  const taskId = parseTaskId(id);
  const session = await openSignSession(options);
  const { openCheckedTask } = await import("../task-session.ts");
  const { loadDocument } = await import("../../data/document.ts");
  const { PROOF_BUNDLE } = await import("../../proof/bundle.ts");
  const { checkBundle } = await import("../../task/check-bundle.ts");
  const { readSubmission, readTask, simulateProofs, submitProofs } = await import("../../chain/tasks.ts");
  const { toChainProof } = await import("../../chain/chain-proof.ts");
  const { facts } = await import("../text.ts");
  const { contracts, sender, address, connection } = session;

  const bundle = await loadDocument(options.bundle, PROOF_BUNDLE);
  const checked = await openCheckedTask(session, taskId, options);
  const submission = await readSubmission(contracts, taskId, address);
  checkBundle(bundle, {
    chainId: connection.chainId,
    market: contracts.addresses.taskMarket,
    task: checked.task,
    submission,
  });
  const proofs = [{ shard: 0, correct: bundle.correct, proof: toChainProof(bundle.proof) }];
  const isDone = submission.state === "proven" || submission.state === "claimed";
  let transaction;
  if (isDone) {
    note(`a proof of ${address} was accepted before`);
  } else {
    await simulateProofs(contracts, address, taskId, proofs);
    transaction = await submitProofs(sender, contracts, taskId, proofs);
  }
  const after = await readSubmission(contracts, taskId, address);
  const { state } = await readTask(contracts, taskId);
  return {
    data: {
      taskId,
      prover: address,
      correct: after.correct,
      submission: after.state,
      task: state,
      transaction: transaction === undefined ? undefined : transactionFacts(transaction),
    },
    text: facts([
      ["task", `${taskId} (${state})`],
      ["prover", address],
      ["proved", `at least ${after.correct} of ${checked.task.sampleCount} correct`],
      ...(transaction === undefined
        ? []
        : [["transaction", `${transaction.hash}, ${transaction.gasUsed} gas`] as const]),
      ["next", `zkpot claim ${taskId}`],
    ]),
  };
}
