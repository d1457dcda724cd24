import type { Command } from "commander";

import type { SealRecord } from "../../chain/seal.ts";
import type { SentTransaction } from "../../chain/send.ts";
import type { TaskDetails } from "../../chain/tasks.ts";
import type { Opening } from "../../seal/opening.ts";
import type { TaskShard } from "../../task/task-files.ts";
import { handle, type Invocation } from "../command.ts";
import { note, type Report } from "../output.ts";
import { openSignSession, type SignSession } from "../session.ts";
import { type AccountOptions, type NetworkOptions, withAccountOptions } from "../shared-options.ts";
import { type TaskKeyFlags, withTaskKeyOptions } from "../task-options.ts";
import { transactionFacts } from "../transaction-facts.ts";
import { parseTaskId } from "../units.ts";

interface UnsealOptions extends NetworkOptions, AccountOptions, TaskKeyFlags {}

/** `zkpot task unseal` and `answer`: what the poster of a sealed test set owes its provers. */
export function registerTaskUnseal(task: Command): void {
  const add = (name: string, description: string): Command =>
    withTaskKeyOptions(
      withAccountOptions(
        task.command(name).argument("<task id>", "a task whose test set you sealed").description(description),
      ),
    );
  handle<UnsealOptions, [string]>(
    add("unseal", "store the sealed test set as artifacts and reveal it; after the commit deadline"),
    unseal,
  );
  handle<UnsealOptions, [string]>(
    add("answer", "answer the provers' demands for words of the revealed test set"),
    answer,
  );
}

async function unseal({ options }: Invocation<UnsealOptions>, id: string): Promise<Report> {
  const session = await openSignSession(options);
  const { formatArtifactUri } = await import("../../artifacts/artifact-uri.ts");
  const { revealTestSet, simulateReveal } = await import("../../chain/seal.ts");
  const { openingRoot } = await import("../../seal/opening.ts");
  const { publishReveal } = await import("../../task/publish-task.ts");
  const { SealedStore } = await import("../../task/sealed-store.ts");
  const { openDocuments } = await import("../artifact-documents.ts");

  const { task, seal, shards, opening } = await openSealed(session, parseTaskId(id), options);
  const { contracts, sender, address } = session;
  const root = openingRoot(opening);
  const isRevealed = seal.openingRoot === root;
  // Refused before anything is put where it may be published.
  if (!isRevealed) await simulateReveal(contracts, seal, address, root);
  await new SealedStore(session.config.folder).markRevealed(task.dataPoints);
  const { put } = await openDocuments(session);
  const cid = await publishReveal(put, shards);
  if (isRevealed) note(`the test set of task ${seal.taskId} was revealed before`);
  const transaction = isRevealed
    ? undefined
    : await revealTestSet(sender, seal, root, formatArtifactUri(cid));
  return await reportReveal(seal, cid, shards.length, root, transaction);
}

async function reportReveal(
  { taskId, answerDeadline }: SealRecord,
  reveal: string,
  shardCount: number,
  openingRoot: string,
  transaction: SentTransaction | undefined,
): Promise<Report> {
  const { facts, utc } = await import("../text.ts");
  const shards = shardCount === 1 ? "the test set it names" : `the ${shardCount} shards it names`;
  return {
    data: {
      ...{ taskId, reveal, shardCount, openingRoot, answerDeadline },
      transaction: transaction === undefined ? undefined : transactionFacts(transaction),
    },
    text: facts([
      ["task", String(taskId)],
      ["reveal", reveal],
      ["publish", `this artifact and ${shards}`],
      ...(transaction === undefined
        ? []
        : [["transaction", `${transaction.hash}, ${transaction.gasUsed} gas`] as const]),
      [
        "next",
        `zkpot task answer ${taskId}, as often as somebody demands words, until ${utc(answerDeadline)}`,
      ],
    ]),
  };
}

async function answer({ options }: Invocation<UnsealOptions>, id: string): Promise<Report> {
  const session = await openSignSession(options);
  const { answerDemand, listDemands } = await import("../../chain/seal.ts");
  const { chunkAnswer, openingRoot } = await import("../../seal/opening.ts");
  const { TaskError } = await import("../../task/task-document.ts");
  const { facts } = await import("../text.ts");

  const { seal, opening } = await openSealed(session, parseTaskId(id), options);
  const { taskId, state } = seal;
  const root = openingRoot(opening);
  if (state === "revealed" && root !== seal.openingRoot) {
    throw new TaskError(
      "task.other-opening",
      `what was revealed of task ${taskId} has root ${seal.openingRoot}, the sealed test set here has ${root}`,
      "Work in the folder from which it was revealed.",
      { taskId, found: root, expected: seal.openingRoot },
    );
  }
  const demands = state === "revealed" ? await listDemands(session.contracts, seal) : [];
  const open = demands.filter(({ isOpen }) => isOpen).map(({ chunk }) => chunk);
  const transactions: SentTransaction[] = [];
  for (const chunk of open) {
    transactions.push(await answerDemand(session.sender, seal, chunkAnswer(opening, chunk)));
  }
  return {
    data: { taskId, state, answered: open, transactions: transactions.map(transactionFacts) },
    text: facts([
      ["task", `${taskId} (${state})`],
      ["answered", open.length === 0 ? "nothing: no demand is open" : `chunk ${open.join(", ")}`],
      ...transactions.map(({ hash, gasUsed }) => ["transaction", `${hash}, ${gasUsed} gas`] as const),
    ]),
  };
}

interface OpenedSeal {
  readonly task: TaskDetails;
  readonly seal: SealRecord;
  readonly shards: readonly TaskShard[];
  readonly opening: Opening;
}

/** The sealed test set of this folder, found to open the task's data points. */
async function openSealed(session: SignSession, taskId: bigint, flags: TaskKeyFlags): Promise<OpenedSeal> {
  const { readSeal } = await import("../../chain/seal.ts");
  const { readTaskDetails } = await import("../../chain/tasks.ts");
  const { findWrongEnd } = await import("../../seal/find-fault.ts");
  const { openTestSet } = await import("../../seal/reveal.ts");
  const { TaskError } = await import("../../task/task-document.ts");
  const { SealedStore } = await import("../../task/sealed-store.ts");
  const { openKeys } = await import("../artifacts.ts");
  const { openFiles } = await import("../task-session.ts");

  const task = await readTaskDetails(session.contracts, taskId);
  const seal = await readSeal(session.contracts, task);
  const shards = await new SealedStore(session.config.folder).load(task);
  const { instance } = (await openFiles(session, task)).document;
  const keys = await openKeys(instance, flags.keys);
  note(`opening the data points: ${shards.length * seal.wordsPerShard} words`);
  const opening = await openTestSet(instance, keys, shards);
  if (findWrongEnd(opening, task.dataPoints) === undefined) return { task, seal, shards, opening };
  throw new TaskError(
    "task.other-keys",
    `the sealed test set does not open the data points of task ${taskId} under the keys at hand`,
    "Name the keys with which the task was posted with --keys.",
    { taskId, keyId: keys.keyId, expected: task.keyId },
  );
}
