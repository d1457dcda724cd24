import path from "node:path";

import type { Command } from "commander";

import type { SentTransaction } from "../../chain/send.ts";
import type { ShardProof, SubmissionRecord, TaskRecord } from "../../chain/tasks.ts";
import type { ProofBundle } from "../../proof/bundle.ts";
import type { BundleStore } from "../../task/bundle-store.ts";
import { handle, type Invocation } from "../command.ts";
import { note, type Report } from "../output.ts";
import { openSignSession, type SignSession } from "../session.ts";
import { type AccountOptions, type NetworkOptions, withAccountOptions } from "../shared-options.ts";
import { type TaskKeyFlags, withTaskKeyOptions } from "../task-options.ts";
import { transactionFacts } from "../transaction-facts.ts";
import { parseTaskId } from "../units.ts";

interface SubmitOptions extends NetworkOptions, AccountOptions, TaskKeyFlags {
  readonly proofs?: string;
}

/** `zkpot submit`: hands in the proofs that the chain does not have, after checking here that it will take them. */
export function registerSubmit(program: Command): void {
  const command = withTaskKeyOptions(
    withAccountOptions(
      program
        .command("submit")
        .argument("<task id>", "the task")
        .description("check the proofs of a task and hand in those that the market does not have yet"),
    ),
  ).option("--proofs <folder>", "folder of the proofs (default: where `zkpot prove` keeps them)");
  handle<SubmitOptions, [string]>(command, submit);
}

async function submit({ options }: Invocation<SubmitOptions>, id: string): Promise<Report> {
  const taskId = parseTaskId(id);
  const session = await openSignSession(options);
  const { openCheckedTask } = await import("../task-session.ts");
  const { BundleStore } = await import("../../task/bundle-store.ts");
  const { checkBundles } = await import("../../task/check-bundle.ts");
  const { toChainProof } = await import("../../chain/chain-proof.ts");
  const { finishEarlierTransactions } = await import("../../chain/send.ts");
  const { proofsPerCall, readSubmission, readTask, submitProofs } = await import("../../chain/tasks.ts");
  const { contracts, sender, address, connection } = session;
  const destination = { chainId: connection.chainId, market: contracts.addresses.taskMarket };

  const { task } = await openCheckedTask(session, taskId, options);
  // What an earlier run sent may prove shards in the next block.
  await finishEarlierTransactions(sender);
  const submission = await readSubmission(contracts, taskId, address);
  const store =
    options.proofs === undefined
      ? BundleStore.of(session.config.folder, { ...destination, taskId, prover: address })
      : new BundleStore(path.resolve(options.proofs));
  const bundles = await loadMissing(store, task, submission);
  checkBundles(bundles, { ...destination, task, submission });
  const artifacts = await publishBundles(session, bundles);
  if (bundles.length === 0) note(`the proofs of ${address} were accepted before`);
  const perCall = proofsPerCall((await connection.provider.getBlock("latest"))!.gasLimit);
  const transactions: SentTransaction[] = [];
  for (let start = 0; start < bundles.length; start += perCall) {
    const proofs = bundles.slice(start, start + perCall).map(({ shard, correct, proof }): ShardProof => {
      return { shard, correct, proof: toChainProof(proof) };
    });
    transactions.push(await submitProofs(sender, contracts, taskId, proofs));
  }
  const after = await readSubmission(contracts, taskId, address);
  return await report(await readTask(contracts, taskId), after, artifacts, transactions);
}

/** A proof that is an artifact now. */
interface BundleArtifact {
  readonly shard: number;
  readonly cid: string;
}

/** Makes proofs artifacts, under whose CIDs anybody can check them. */
async function publishBundles(
  session: SignSession,
  bundles: readonly ProofBundle[],
): Promise<BundleArtifact[]> {
  const { openDocuments } = await import("../artifact-documents.ts");
  const { PROOF_BUNDLE } = await import("../../proof/bundle.ts");
  const { put } = await openDocuments(session);
  const artifacts: BundleArtifact[] = [];
  for (const bundle of bundles) {
    artifacts.push({ shard: bundle.shard, cid: await put(PROOF_BUNDLE, bundle) });
  }
  return artifacts;
}

/** The stored proofs of the shards that the market has none for; there must be one if the market misses any. */
async function loadMissing(
  store: BundleStore,
  task: TaskRecord,
  { provenShards }: SubmissionRecord,
): Promise<ProofBundle[]> {
  const { TaskError } = await import("../../task/task-document.ts");
  const missing = [...task.dataPoints.keys()].filter((shard) => !provenShards.includes(shard));
  const bundles: ProofBundle[] = [];
  for (const shard of missing) {
    const bundle = await store.load(shard);
    if (bundle !== undefined) bundles.push(bundle);
  }
  if (missing.length === 0 || bundles.length > 0) return bundles;
  throw new TaskError(
    "task.no-proofs",
    `there is no proof of task ${task.taskId} to hand in at ${store.folder}; missing: shard ${missing.join(", ")}`,
    "Make them with `zkpot prove`, or name their folder with --proofs.",
    { taskId: task.taskId, folder: store.folder, missing },
  );
}

async function report(
  task: TaskRecord,
  submission: SubmissionRecord,
  bundles: readonly BundleArtifact[],
  transactions: readonly SentTransaction[],
): Promise<Report> {
  const { facts } = await import("../text.ts");
  const { formatArtifactUri } = await import("../../artifacts/artifact-uri.ts");
  const { taskId, state, sampleCount, dataPoints } = task;
  const { prover, correct, provenShards } = submission;
  const missing = dataPoints.length - provenShards.length;
  return {
    data: {
      taskId,
      prover,
      correct,
      provenShards,
      shardCount: dataPoints.length,
      submission: submission.state,
      task: state,
      bundles,
      transactions: transactions.map(transactionFacts),
    },
    text: facts([
      ["task", `${taskId} (${state})`],
      ["prover", prover],
      ["proved", `at least ${correct} of ${sampleCount} correct`],
      ["shards", `${provenShards.length} of ${dataPoints.length} accepted`],
      ...bundles.map(({ shard, cid }) => [`proof of shard ${shard}`, formatArtifactUri(cid)] as const),
      ...transactions.map(({ hash, gasUsed }) => ["transaction", `${hash}, ${gasUsed} gas`] as const),
      ["next", missing === 0 ? `zkpot claim ${taskId}` : `zkpot prove ${taskId}, then submit again`],
    ]),
  };
}
