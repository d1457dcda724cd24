import type { Command } from "commander";

import type { SentTransaction } from "../../chain/send.ts";
import type { SubmissionRecord } from "../../chain/tasks.ts";
import type { IntegerModelFile } from "../../quantization/integer-model-document.ts";
import type { CommitmentOpening } from "../../task/commitment-opening.ts";
import { handle, type Invocation } from "../command.ts";
import { note, type Report } from "../output.ts";
import { openSignSession, type SignSession } from "../session.ts";
import { type AccountOptions, type NetworkOptions, withAccountOptions } from "../shared-options.ts";
import { type TaskFileFlags, withTaskFileOptions } from "../task-options.ts";
import { transactionFacts } from "../transaction-facts.ts";
import { parseTaskId } from "../units.ts";

interface CommitOptions extends NetworkOptions, AccountOptions, TaskFileFlags {
  readonly model: string;
  readonly evenIfBelow?: boolean;
}

/** `zkpot commit`: binds the account to a model for one task. */
export function registerCommit(program: Command): void {
  const command = withTaskFileOptions(
    withAccountOptions(
      program
        .command("commit")
        .argument("<task id>", "the task")
        .description("check a task against its published files, commit to a model and lock the stake"),
    ),
  )
    .requiredOption("--model <file>", "integer model of `zkpot quantize`")
    .option("--even-if-below", "commit although the model misses the threshold on the test set");
  handle<CommitOptions, [string]>(command, commit);
}

async function commit({ options }: Invocation<CommitOptions>, id: string): Promise<Report> {
  const taskId = parseTaskId(id);
  const session = await openSignSession(options);
  const { openCheckedTask } = await import("../task-session.ts");
  const { loadDocument } = await import("../../data/document.ts");
  const { INTEGER_MODEL } = await import("../../quantization/integer-model-document.ts");
  const { runReference } = await import("../../model/reference.ts");
  const { checkTaskModel } = await import("../../task/task-model.ts");
  const { commitModel, readSubmission } = await import("../../chain/tasks.ts");

  const { task, files } = await openCheckedTask(session, taskId, options);
  const file = await loadDocument(options.model, INTEGER_MODEL);
  const { samples } = files.testSet;
  const { predictions } = runReference(file.quantized.model, samples);
  const correct = predictions.filter((prediction, sample) => prediction === samples.labels[sample]).length;
  checkTaskModel(files, file, correct, options.evenIfBelow === true);

  const submission = await readSubmission(session.contracts, taskId, session.address);
  const opening = await openOpening(session, submission, taskId, file);
  const isCommitted = submission.state !== "none";
  const transaction = isCommitted
    ? undefined
    : await commitModel(session.sender, session.contracts, taskId, opening.modelCommitment);
  return await report(session, opening, correct, task.minCorrect, transaction);
}

/** The opening of this account's commitment: the saved one for the same model, else a new one, saved before use. */
async function openOpening(
  session: SignSession,
  submission: SubmissionRecord,
  taskId: bigint,
  file: IntegerModelFile,
): Promise<CommitmentOpening> {
  const { checkModel, createOpening, listOpenings, modelDigest, openingOf } =
    await import("../../task/commitment-opening.ts");
  const { config, connection, contracts, address } = session;
  const place = {
    chainId: connection.chainId,
    market: contracts.addresses.taskMarket,
    taskId,
    prover: address,
  };
  const openings = await listOpenings(config.folder, place);
  if (submission.state === "none") {
    // The same model gets the same commitment again: one that is on its way already is found, not repeated.
    const digest = modelDigest(file);
    const saved = openings.find((opening) => opening.modelDigest === digest);
    return saved ?? (await createOpening(config.folder, place, file));
  }
  const saved = openingOf(openings, submission.modelCommitment, place);
  checkModel(saved, file);
  note(`${address} has committed to this model before`);
  return saved;
}

async function report(
  session: SignSession,
  opening: CommitmentOpening,
  correct: number,
  minCorrect: number,
  transaction: SentTransaction | undefined,
): Promise<Report> {
  const { facts } = await import("../text.ts");
  const { openingFile } = await import("../../task/commitment-opening.ts");
  const { modelCommitment, taskId } = opening;
  const file = openingFile(session.config.folder, opening);
  return {
    data: {
      taskId,
      prover: session.address,
      modelCommitment,
      openingFile: file,
      correct,
      minCorrect,
      transaction: transaction === undefined ? undefined : transactionFacts(transaction),
    },
    text: facts([
      ["task", String(taskId)],
      ["prover", session.address],
      ["model commitment", `0x${modelCommitment.toString(16)}`],
      ["opening", `${file} (secret: keep it until the task has ended)`],
      ["test set", `${correct} correct, ${minCorrect} needed`],
      ["next", `zkpot prove ${taskId} --model <file>`],
    ]),
  };
}
