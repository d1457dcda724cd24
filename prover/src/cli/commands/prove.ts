import path from "node:path";

import type { Command } from "commander";

import type { SubmissionRecord } from "../../chain/tasks.ts";
import type { CommitmentOpening } from "../../task/commitment-opening.ts";
import { parseAddress } from "../addresses.ts";
import { handle, type Invocation } from "../command.ts";
import { note, type Report } from "../output.ts";
import { openReadSession, type ReadSession } from "../session.ts";
import { type NetworkOptions, withNetworkOptions } from "../shared-options.ts";
import { type TaskFileFlags, withTaskFileOptions } from "../task-options.ts";
import { parseInteger, parseTaskId } from "../units.ts";
import { UsageError } from "../usage-error.ts";

interface ProveOptions extends NetworkOptions, TaskFileFlags {
  readonly model: string;
  readonly prover?: string;
  readonly correct?: string;
  readonly proverCommand?: string;
  readonly out: string;
}

/** `zkpot prove`: one proof for a committed model; needs no account. */
export function registerProve(program: Command): void {
  const command = withTaskFileOptions(
    withNetworkOptions(
      program
        .command("prove")
        .argument("<task id>", "the task")
        .description("prove the score of the committed model, and verify the proof before writing it"),
    ),
  )
    .requiredOption("--model <file>", "integer model that was committed to")
    .option("--prover <address>", "account that committed (default: the only one that did from here)")
    .option("--correct <count>", "count to prove, at most what the model achieves (default: the threshold)")
    .option(
      "--prover-command <command>",
      "program for the Groth16 part, called as: command zkey wtns proof.json public.json",
    )
    .option("--out <file>", "file of the proof bundle", "proof.json");
  handle<ProveOptions, [string]>(command, prove);
}

async function prove({ options }: Invocation<ProveOptions>, id: string): Promise<Report> {
  const taskId = parseTaskId(id);
  const session = await openReadSession(options);
  const { openCheckedTask } = await import("../task-session.ts");
  const { loadDocument, saveDocument } = await import("../../data/document.ts");
  const { INTEGER_MODEL } = await import("../../quantization/integer-model-document.ts");
  const { PROOF_BUNDLE } = await import("../../proof/bundle.ts");
  const { checkModel } = await import("../../task/commitment-opening.ts");
  const { proveTask } = await import("../../task/prove-task.ts");
  const { facts, megabytes } = await import("../text.ts");

  const checked = await openCheckedTask(session, taskId, options);
  const { sampleCount, minCorrect } = checked.task;
  const correct =
    options.correct === undefined ? minCorrect : parseInteger(options.correct, "--correct", 0, sampleCount);
  const file = await loadDocument(options.model, INTEGER_MODEL);
  const opening = await findCommitted(session, taskId, options.prover);
  checkModel(opening, file);

  const started = performance.now();
  const bundle = await proveTask({
    ...checked,
    opening,
    model: file.quantized.model,
    correct,
    ...(options.proverCommand === undefined ? {} : { proverCommand: options.proverCommand.split(/\s+/) }),
    onStep: (step) => note(`task ${taskId}: ${STEP_NAMES[step]}`),
  });
  const seconds = (performance.now() - started) / 1000;
  const out = path.resolve(options.out);
  await saveDocument(out, PROOF_BUNDLE, bundle);
  const peakMemoryBytes = process.resourceUsage().maxRSS * 1024;
  return {
    data: { taskId, prover: opening.prover, correct, bundle: out, seconds, peakMemoryBytes },
    text: facts([
      ["task", String(taskId)],
      ["proved", `at least ${correct} of ${sampleCount} correct`],
      ["bundle", `${out} (public)`],
      ["proving", `${seconds.toFixed(1)} s, ${megabytes(peakMemoryBytes)} at most`],
      ["next", `zkpot submit ${taskId} --bundle ${out}`],
    ]),
  };
}

const STEP_NAMES = {
  commit: "committing to the private values",
  witness: "solving the circuit",
  prove: "proving",
  verify: "verifying the proof",
} as const;

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
  const submission: SubmissionRecord = await readSubmission(contracts, taskId, address);
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
