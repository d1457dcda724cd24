import path from "node:path";

import type { Command } from "commander";

import type { CommitmentOpening } from "../../task/commitment-opening.ts";
import { parseAddress } from "../addresses.ts";
import { handle, type Invocation } from "../command.ts";
import { note, type Report } from "../output.ts";
import { STEP_NAMES } from "../proving-steps.ts";
import { openReadSession, type ReadSession } from "../session.ts";
import { type NetworkOptions, withNetworkOptions } from "../shared-options.ts";
import { type TaskKeyFlags, withTaskKeyOptions } from "../task-options.ts";
import { parseInteger, parseTaskId } from "../units.ts";
import { UsageError } from "../usage-error.ts";

interface ProveOptions extends NetworkOptions, TaskKeyFlags {
  readonly model: string;
  readonly prover?: string;
  readonly correct?: string;
  readonly jobs?: string;
  readonly proverCommand?: string;
  readonly out?: string;
}

/** `zkpot prove`: a proof for every shard of a task's test set; needs no account. */
export function registerProve(program: Command): void {
  const command = withTaskKeyOptions(
    withNetworkOptions(
      program
        .command("prove")
        .argument("<task id>", "the task")
        .description("prove the score of the committed model, shard by shard; verified before they are kept"),
    ),
  )
    .requiredOption("--model <file>", "integer model that was committed to")
    .option("--prover <address>", "account that committed (default: the only one that did from here)")
    .option("--correct <count>", "count to prove, at most what the model achieves (default: the threshold)")
    .option("--jobs <count>", "proofs at a time (default: what cores and free memory allow)")
    .option(
      "--prover-command <command>",
      "program for the Groth16 part, called as: command zkey wtns proof.json public.json",
    )
    .option("--out <folder>", "folder of the proofs (default: where `zkpot submit` looks)");
  handle<ProveOptions, [string]>(command, prove);
}

async function prove({ options }: Invocation<ProveOptions>, id: string): Promise<Report> {
  const taskId = parseTaskId(id);
  const session = await openReadSession(options);
  const { openCheckedTask } = await import("../task-session.ts");
  const { accuracyCost } = await import("../../circuits/cost.ts");
  const { loadDocument } = await import("../../data/document.ts");
  const { INTEGER_MODEL } = await import("../../quantization/integer-model-document.ts");
  const { BundleStore } = await import("../../task/bundle-store.ts");
  const { checkModel } = await import("../../task/commitment-opening.ts");
  const { planProofs, provePlan } = await import("../../task/prove-task.ts");
  const { provingJobs } = await import("../../task/proving-jobs.ts");
  const { openShards } = await import("../../task/task-files.ts");
  const { readSubmission } = await import("../../chain/tasks.ts");
  const { availableParallelism } = await import("node:os");

  const { task, files, keys, circuit } = await openCheckedTask(session, taskId, options);
  const correct =
    options.correct === undefined
      ? task.minCorrect
      : parseInteger(options.correct, "--correct", 0, task.sampleCount);
  const file = await loadDocument(options.model, INTEGER_MODEL);
  const opening = await findCommitted(session, taskId, options.prover);
  checkModel(opening, file);
  const claim = {
    destination: {
      chainId: opening.chainId,
      market: opening.market,
      task,
      submission: await readSubmission(session.contracts, taskId, opening.prover),
    },
    shards: openShards(files),
    model: file.quantized.model,
    correct,
  };
  const store =
    options.out === undefined
      ? BundleStore.of(session.config.folder, opening)
      : new BundleStore(path.resolve(options.out));
  const plan = await planProofs(claim, store, note);
  const jobs =
    options.jobs === undefined
      ? provingJobs(plan.work.length, accuracyCost(circuit.instance).memoryBytes, {
          cores: availableParallelism(),
          freeMemoryBytes: process.availableMemory(),
        })
      : parseInteger(options.jobs, "--jobs", 1, claim.shards.length);
  const started = performance.now();
  let doneCount = claim.shards.length - plan.work.length;
  if (doneCount > 0 && claim.shards.length > 1) {
    note(`task ${taskId}: ${doneCount} of ${claim.shards.length} shards were proved before`);
  }
  const { bundles, peakMemoryBytes } = await provePlan({
    ...{ claim, plan, circuit, keys, opening, store, jobs },
    ...(options.proverCommand === undefined ? {} : { proverCommand: options.proverCommand.split(/\s+/) }),
    onStep: (shard, step) => {
      note(`task ${taskId}, shard ${shard}: ${STEP_NAMES[step]}`);
    },
    onProven: ({ shard }) => {
      doneCount++;
      note(`task ${taskId}, shard ${shard}: proved, ${doneCount} of ${claim.shards.length}`);
    },
  });
  const { submission } = claim.destination;
  const kept = [...plan.stored, ...bundles].sort((a, b) => a.shard - b.shard);
  return await report({
    taskId,
    opening,
    correct: kept.reduce((sum, bundle) => sum + bundle.correct, submission.correct),
    sampleCount: task.sampleCount,
    shards: kept.map((bundle) => ({
      shard: bundle.shard,
      correct: bundle.correct,
      bundle: store.fileOf(bundle.shard),
      wasKept: plan.stored.includes(bundle),
    })),
    acceptedShards: submission.provenShards,
    folder: store.folder,
    isDefaultFolder: options.out === undefined,
    jobs: Math.min(jobs, plan.work.length),
    seconds: (performance.now() - started) / 1000,
    peakMemoryBytes,
  });
}

interface ProveResult {
  readonly taskId: bigint;
  readonly opening: CommitmentOpening;
  /** Over all shards, those the market has accepted included. */
  readonly correct: number;
  readonly sampleCount: number;
  readonly shards: readonly {
    readonly shard: number;
    readonly correct: number;
    readonly bundle: string;
    /** Made by an earlier run. */
    readonly wasKept: boolean;
  }[];
  /** Proofs of these are on the chain already. */
  readonly acceptedShards: readonly number[];
  readonly folder: string;
  readonly isDefaultFolder: boolean;
  readonly jobs: number;
  readonly seconds: number;
  /** Of one process; 0 when nothing was left to prove. */
  readonly peakMemoryBytes: number;
}

async function report({ opening, isDefaultFolder, ...result }: ProveResult): Promise<Report> {
  const { facts, megabytes } = await import("../text.ts");
  const { taskId, correct, sampleCount, shards, acceptedShards, folder, jobs } = result;
  const made = shards.filter(({ wasKept }) => !wasKept).length;
  const before = shards.length - made + acceptedShards.length;
  const processes = jobs === 1 ? "one process" : `${jobs} processes`;
  return {
    data: { ...result, prover: opening.prover },
    text: facts([
      ["task", String(taskId)],
      ["proved", `at least ${correct} of ${sampleCount} correct`],
      ["shards", `${made} proved now, ${before} before`],
      ...(shards.length === 0 ? [] : [["proofs", `${folder} (public)`] as const]),
      ...(made === 0
        ? []
        : [
            [
              "proving",
              `${result.seconds.toFixed(1)} s in ${processes}, each ${megabytes(result.peakMemoryBytes)} at most`,
            ] as const,
          ]),
      ["next", `zkpot submit ${taskId}${isDefaultFolder ? "" : ` --proofs ${folder}`}`],
    ]),
  };
}

/** The opening of the commitment that the chain recorded for the prover. */
async function findCommitted(
  session: ReadSession,
  taskId: bigint,
  prover: string | undefined,
): Promise<CommitmentOpening> {
  const { readSubmission } = await import("../../chain/tasks.ts");
  const { listOpenings, openingOf, openingProvers } = await import("../../task/commitment-opening.ts");
  const { TaskError } = await import("../../task/task-document.ts");
  const { config, connection, contracts } = session;
  const place = { chainId: connection.chainId, market: contracts.addresses.taskMarket, taskId };
  const address =
    prover === undefined
      ? await onlyProver(openingProvers(config.folder, place), taskId)
      : await parseAddress(prover, "--prover");
  const submission = await readSubmission(contracts, taskId, address);
  if (submission.state === "none") {
    throw new TaskError(
      "task.not-committed",
      `${address} has not committed to task ${taskId}`,
      "Commit to the model first with `zkpot commit`.",
      { taskId, prover: address },
    );
  }
  const mine = { ...place, prover: address };
  return openingOf(await listOpenings(config.folder, mine), submission.modelCommitment, mine);
}

async function onlyProver(provers: readonly string[], taskId: bigint): Promise<string> {
  const [only, ...others] = provers;
  if (only !== undefined && others.length === 0) return await parseAddress(only, "--prover");
  throw new UsageError(
    "cli.which-prover",
    only === undefined
      ? `no commitment to task ${taskId} was made from this working folder`
      : `several accounts committed to task ${taskId} from here: ${provers.join(", ")}`,
    only === undefined ? "Commit to the model first with `zkpot commit`." : "Name one with --prover.",
    { taskId, provers },
  );
}
