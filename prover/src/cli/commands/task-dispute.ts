import type { Command } from "commander";

import type { SealRecord } from "../../chain/seal.ts";
import type { SentTransaction } from "../../chain/send.ts";
import type { TaskDetails } from "../../chain/tasks.ts";
import type { KeySet } from "../../proof/keys/key-set.ts";
import type { OpeningFault } from "../../seal/find-fault.ts";
import type { TaskFiles } from "../../task/task-files.ts";
import { handle, type Invocation } from "../command.ts";
import { note, type Report } from "../output.ts";
import { openSignSession, type SignSession } from "../session.ts";
import { type AccountOptions, type NetworkOptions, withAccountOptions } from "../shared-options.ts";
import { type TaskKeyFlags, withTaskKeyOptions } from "../task-options.ts";
import { transactionFacts } from "../transaction-facts.ts";
import { parseTaskId } from "../units.ts";
import { UsageError } from "../usage-error.ts";

type SealOptions = NetworkOptions & AccountOptions;

interface DemandOptions extends SealOptions {
  readonly chunks?: string;
  readonly all?: boolean;
}

/** `zkpot task dispute`, `demand` and `forfeit`: what others can do about what the poster of a sealed test set reveals. */
export function registerTaskDispute(task: Command): void {
  const add = (name: string, description: string): Command =>
    withAccountOptions(
      task.command(name).argument("<task id>", "a task with a sealed test set").description(description),
    );
  handle<SealOptions & TaskKeyFlags, [string]>(
    withTaskKeyOptions(
      add("dispute", "recompute what was revealed; if it is wrong, prove it and take the poster's bond"),
    ),
    dispute,
  );
  const demands = add(
    "demand",
    "ask the poster for words that it does not publish; costs stake if it answers",
  )
    .option("--chunks <list>", "chunks of 32 words, e.g. 0-3,7")
    .option("--all", "every chunk");
  handle<DemandOptions, [string]>(demands, demand);
  handle<SealOptions, [string]>(
    add("forfeit", "take the bond of a poster that did not reveal, or did not answer, in time"),
    forfeit,
  );
}

/** What became of the comparison of a reveal with the task's data points. */
interface Verdict {
  /** `opens`: right; `wrong`: shown on chain; `withheld`: the published data are not what the poster stated. */
  readonly verdict: "opens" | "wrong" | "withheld";
  readonly fault?: OpeningFault;
  readonly reason?: string;
}

async function dispute({ options }: Invocation<SealOptions & TaskKeyFlags>, id: string): Promise<Report> {
  const session = await openSignSession(options);
  const { disputeOpening } = await import("../../chain/seal.ts");
  const { openKeys } = await import("../artifacts.ts");
  const { checkOpeningTerms } = await import("../../seal/terms.ts");
  const { openingTermsOf } = await import("../../seal/reveal.ts");
  const { openFiles } = await import("../task-session.ts");
  const { task, seal } = await openSeal(session, parseTaskId(id), "revealed");
  const files = await openFiles(session, task);
  const keys = await openKeys(files.document.instance, options.keys);
  checkOpeningTerms(seal, await openingTermsOf(keys));
  const published = await reviewPublished(session, task, seal, keys);
  const found = published.verdict === "withheld" ? await reviewAnswers(session, task, seal, keys) : undefined;
  const verdict = found ?? published;
  const transaction =
    verdict.fault === undefined ? undefined : await disputeOpening(session.sender, seal, verdict.fault);
  return await reportVerdict(seal, verdict, transaction);
}

/** Compares the published data, as far as they can be read, with what the poster stated. */
async function reviewPublished(
  session: SignSession,
  task: TaskDetails,
  seal: SealRecord,
  keys: KeySet,
): Promise<Verdict> {
  const { ProverError } = await import("../../errors.ts");
  const { openTestSet, reviewReveal } = await import("../../seal/reveal.ts");
  const { openShards } = await import("../../task/task-files.ts");
  const { openFiles } = await import("../task-session.ts");
  let files: TaskFiles;
  try {
    files = await openFiles(session, task, seal.revealUri);
  } catch (error) {
    // Whatever is wrong with published files, the poster may have stated something right.
    if (!(error instanceof ProverError)) throw error;
    return { verdict: "withheld", reason: error.message };
  }
  note(`opening the data points: ${seal.shardCount * seal.wordsPerShard} words`);
  const opening = await openTestSet(files.document.instance, keys, openShards(files));
  const review = reviewReveal(opening, seal.openingRoot as `0x${string}`, task.dataPoints);
  if (review.kind === "opens") return { verdict: "opens" };
  if (review.kind === "fault") return { verdict: "wrong", fault: review.fault };
  return { verdict: "withheld", reason: "the published test set is not the one whose root was stated" };
}

/** Looks for a fault in what the poster answered to demands; undefined if there is none. */
async function reviewAnswers(
  { contracts }: SignSession,
  task: TaskDetails,
  seal: SealRecord,
  keys: KeySet,
): Promise<Verdict | undefined> {
  const { readAnswers } = await import("../../chain/seal.ts");
  const { findFault } = await import("../../seal/find-fault.ts");
  const { openingFromAnswers } = await import("../../seal/opening.ts");
  const answers = await readAnswers(contracts, seal);
  if (answers.length === 0) return undefined;
  note(`checking ${answers.length} of ${seal.chunkCount} chunks that were answered`);
  const opening = openingFromAnswers(seal, answers);
  const fault = await findFault(opening, keys.commitmentKey.datasetBases, task.dataPoints);
  return fault && { verdict: "wrong", fault };
}

async function reportVerdict(
  { taskId }: SealRecord,
  { verdict, fault, reason }: Verdict,
  transaction: SentTransaction | undefined,
): Promise<Report> {
  const { facts } = await import("../text.ts");
  const place =
    fault === undefined
      ? undefined
      : fault.kind === "step"
        ? { kind: "step", word: fault.claim.index }
        : { kind: "end", shard: fault.claim.shard };
  const texts = {
    opens: ["the published test set opens the data points", `zkpot prove ${taskId} --model model.json`],
    wrong: ["shown to be wrong; the poster's bond is lost", `zkpot claim ${taskId}`],
    withheld: [
      `no fault to show: ${reason}`,
      `zkpot task demand ${taskId} --all, then dispute again when it is answered`,
    ],
  } as const;
  const [result, next] = texts[verdict];
  return {
    data: {
      ...{ taskId, verdict, reason, place },
      transaction: transaction === undefined ? undefined : transactionFacts(transaction),
    },
    text: facts([
      ["task", String(taskId)],
      ["reveal", result],
      ...(transaction === undefined
        ? []
        : [["transaction", `${transaction.hash}, ${transaction.gasUsed} gas`] as const]),
      ["next", next],
    ]),
  };
}

async function demand({ options }: Invocation<DemandOptions>, id: string): Promise<Report> {
  const taskId = parseTaskId(id);
  const asked = options.chunks === undefined ? undefined : parseChunks(options.chunks);
  if ((asked === undefined) !== (options.all === true)) {
    throw new UsageError(
      "cli.which-chunks",
      "say which chunks to ask for",
      "Add either --chunks <list> or --all.",
    );
  }
  const session = await openSignSession(options);
  const { demandChunk, listDemands } = await import("../../chain/seal.ts");
  const { allowLock } = await import("../../chain/stake.ts");
  const { facts, utc } = await import("../text.ts");
  const { formatAmount } = await import("../addresses.ts");
  const { contracts, sender } = session;
  const { seal } = await openSeal(session, taskId, "revealed");
  const { demandWei, bondToken, chunkCount, answerDeadline } = seal;
  const wanted = asked ?? [...Array(chunkCount).keys()];
  const outside = wanted.find((chunk) => chunk >= chunkCount);
  if (outside !== undefined) {
    throw new UsageError(
      "cli.invalid-value",
      `--chunks: ${outside} is no chunk of task ${taskId}; it has chunks 0 to ${chunkCount - 1}`,
      "Name chunks that there are.",
      { chunk: outside, chunkCount },
    );
  }
  const before = new Set((await listDemands(contracts, seal)).map(({ chunk }) => chunk));
  const chunks = wanted.filter((chunk) => !before.has(chunk));
  const costWei = demandWei * BigInt(chunks.length);
  await allowLock(sender, contracts, seal.address, bondToken, costWei);
  const transactions: SentTransaction[] = [];
  for (const chunk of chunks) transactions.push(await demandChunk(sender, seal, chunk));
  return {
    data: {
      taskId,
      demanded: chunks,
      costWei,
      answerDeadline,
      transactions: transactions.map(transactionFacts),
    },
    text: facts([
      ["task", String(taskId)],
      ["demanded", chunks.length === 0 ? "nothing new" : `${chunks.length} chunks: ${chunks.join(", ")}`],
      ["cost if answered", formatAmount(costWei, bondToken)],
      [
        "next",
        `zkpot task dispute ${taskId} once they are answered, or zkpot task forfeit ${taskId} after ${utc(answerDeadline)}`,
      ],
    ]),
  };
}

async function forfeit({ options }: Invocation<SealOptions>, id: string): Promise<Report> {
  const session = await openSignSession(options);
  const { forfeitBond, readSeal } = await import("../../chain/seal.ts");
  const { facts } = await import("../text.ts");
  const { task, seal } = await openSeal(session, parseTaskId(id));
  const transaction = await forfeitBond(session.sender, seal);
  const { taskId, forfeitReason } = await readSeal(session.contracts, task);
  return {
    data: { taskId, forfeitReason, transaction: transactionFacts(transaction) },
    text: facts([
      ["task", String(taskId)],
      ["bond", `lost: ${forfeitReason}`],
      ["transaction", `${transaction.hash}, ${transaction.gasUsed} gas`],
      ["next", `zkpot claim ${taskId}, by every prover that committed`],
    ]),
  };
}

/** A sealed task; throws ChainError `chain.wrong-seal-state` unless it is as `wanted`. */
async function openSeal(
  { contracts }: SignSession,
  taskId: bigint,
  wanted?: SealRecord["state"],
): Promise<{ readonly task: TaskDetails; readonly seal: SealRecord }> {
  const { ChainError } = await import("../../chain/chain-error.ts");
  const { readSeal } = await import("../../chain/seal.ts");
  const { readTaskDetails } = await import("../../chain/tasks.ts");
  const task = await readTaskDetails(contracts, taskId);
  const seal = await readSeal(contracts, task);
  if (wanted === undefined || seal.state === wanted) return { task, seal };
  throw new ChainError(
    "chain.wrong-seal-state",
    `the test set of task ${taskId} is ${seal.state}, not ${wanted}`,
    "See where it stands with `zkpot task show`.",
    { taskId, state: seal.state, wanted },
  );
}

/** Chunks from a list of numbers and ranges, each once, in ascending order. */
function parseChunks(text: string): number[] {
  const chunks = new Set<number>();
  for (const part of text.split(",")) {
    const [, from, to] = /^(\d{1,7})(?:-(\d{1,7}))?$/.exec(part) ?? [];
    const [first, last] = [Number(from), Number(to ?? from)];
    if (from === undefined || last < first) {
      throw new UsageError(
        "cli.invalid-value",
        `--chunks: "${text}" is no list of chunks`,
        "Write numbers and ranges separated by commas, e.g. 0-3,7.",
        { option: "--chunks", value: text },
      );
    }
    for (let chunk = first; chunk <= last; chunk++) chunks.add(chunk);
  }
  return [...chunks].sort((one, other) => one - other);
}
