import type { Command } from "commander";

import type { SentTransaction } from "../../chain/send.ts";
import type { SubmissionRecord } from "../../chain/tasks.ts";
import type { IntegerModelFile } from "../../quantization/integer-model-document.ts";
import type { CommitmentOpening } from "../../task/commitment-opening.ts";
import type { TaskScore } from "../../task/scores.ts";
import type { TaskFiles } from "../../task/task-files.ts";
import { handle, type Invocation } from "../command.ts";
import { note, type Report } from "../output.ts";
import { openSignSession, type SignSession } from "../session.ts";
import { type AccountOptions, type NetworkOptions, withAccountOptions } from "../shared-options.ts";
import { type TaskKeyFlags, withTaskKeyOptions } from "../task-options.ts";
import { transactionFacts } from "../transaction-facts.ts";
import { parseTaskId } from "../units.ts";

interface CommitOptions extends NetworkOptions, AccountOptions, TaskKeyFlags {
  readonly model: string;
  readonly evenIfBelow?: boolean;
}

/** `zkpot commit`: binds the account to a model for one task. */
export function registerCommit(program: Command): void {
  const command = withTaskKeyOptions(
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
  const { scoreOnTask } = await import("../../task/scores.ts");
  const { runReference } = await import("../../model/reference.ts");
  const { checkTaskModel, checkThreshold } = await import("../../task/task-model.ts");
  const { commitModel, readSubmission } = await import("../../chain/tasks.ts");

  const { files } = await openCheckedTask(session, taskId, options);
  const file = await loadDocument(options.model, INTEGER_MODEL);
  checkTaskModel(files, file);
  const score = scoreOnTask(files, (samples) => runReference(file.quantized.model, samples).correctCount);
  checkThreshold(files, score, options.evenIfBelow === true);

  const submission = await readSubmission(session.contracts, taskId, session.address);
  const opening = await openOpening(session, submission, taskId, file);
  const isCommitted = submission.state !== "none";
  const transaction = isCommitted
    ? undefined
    : await commitModel(session.sender, session.contracts, taskId, opening.modelCommitment);
  return await report(session, opening, files, score, transaction);
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
  files: TaskFiles,
  score: TaskScore,
  transaction: SentTransaction | undefined,
): Promise<Report> {
  const { facts } = await import("../text.ts");
  const { scoreText } = await import("../task-session.ts");
  const { openingFile } = await import("../../task/commitment-opening.ts");
  const { modelCommitment, taskId } = opening;
  const file = openingFile(session.config.folder, opening);
  return {
    data: {
      taskId,
      prover: session.address,
      modelCommitment,
      openingFile: file,
      ...score,
      minCorrect: files.document.minCorrect,
      transaction: transaction === undefined ? undefined : transactionFacts(transaction),
    },
    text: facts([
      ["task", String(taskId)],
      ["prover", session.address],
      ["model commitment", `0x${modelCommitment.toString(16)}`],
      ["opening", `${file} (secret: keep it until the task has ended)`],
      ["test set", scoreText(files, score)],
      ["next", `zkpot prove ${taskId} --model <file>`],
    ]),
  };
}
