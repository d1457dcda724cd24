import type { Command } from "commander";

import type { SealTerms } from "../../chain/seal.ts";
import type { SentTransaction } from "../../chain/send.ts";
import type { RewardSplit, TaskTerms } from "../../chain/tasks.ts";
import type { TaskFiles } from "../../task/task-files.ts";
import { parseToken } from "../addresses.ts";
import { handle, type Invocation } from "../command.ts";
import { note, type Report } from "../output.ts";
import { openSignSession } from "../session.ts";
import { type AssignmentFlags, parseAssignment, withAssignmentOptions } from "../task-assignment.ts";
import { parseSeal, publishOrSeal, type SealFlags, sealTask, withSealOptions } from "../task-seal.ts";
import { openTrainingPart } from "../task-training.ts";
import { type AccountOptions, type NetworkOptions, withAccountOptions } from "../shared-options.ts";
import { transactionFacts } from "../transaction-facts.ts";
import { parseAmount, parseDuration, parseInteger, parseLabel } from "../units.ts";
import { UsageError } from "../usage-error.ts";

interface PostOptions extends NetworkOptions, AccountOptions, AssignmentFlags, SealFlags {
  readonly testSet: string;
  readonly instance: string;
  readonly keys?: string;
  readonly minCorrect: string;
  readonly reward: string;
  readonly rewardToken?: string;
  readonly stake: string;
  readonly stakeToken?: string;
  readonly split: string;
  readonly winners: string;
  readonly maxProvers: string;
  readonly commitWithin: string;
  readonly proveWithin: string;
  readonly title?: string;
  readonly licence: string;
  readonly jurisdiction?: string;
  readonly trainInit?: string;
  readonly trainStep?: string;
  readonly trainingAudit?: string;
  readonly auditedSteps?: string;
  readonly minBatches: string;
  readonly answerWithin?: string;
}

/** `zkpot task post`: writes the task's document and escrows the reward. */
export function registerTaskPost(task: Command): void {
  const command = withSealOptions(
    withAssignmentOptions(
      withAccountOptions(
        task
          .command("post")
          .description(
            "store test set and task document as artifacts, and post the task with its reward; uploads nothing",
          ),
      ),
    ),
  )
    .requiredOption(
      "--test-set <file>",
      "test set of `zkpot data split`; one that is too large for a proof is cut into shards",
    )
    .requiredOption("--instance <id|file>", "circuit instance: id in circuits.json, or file of a planned one")
    .option("--keys <folder>", "keys of the instance (default: its place below build/keys)")
    .requiredOption("--min-correct <count>", "least count of correct test samples that is paid")
    .requiredOption("--reward <amount>", "reward, e.g. 0.5ether; escrowed until the task ends")
    .option("--reward-token <address>", "ERC-20 token of the reward (default: the native coin)")
    .option("--stake <amount>", "stake each prover locks", "0")
    .option("--stake-token <address>", "ERC-20 token of the stake (default: the native coin)")
    .option("--split <rule>", "first-valid, best-score or pro-rata", "first-valid")
    .option("--winners <count>", "first-valid: provers that share the reward equally", "1")
    .option("--max-provers <count>", "most provers that may commit", "16")
    .option("--commit-within <duration>", "time to commit, from now", "1d")
    .option("--prove-within <duration>", "time to prove, from now", "2d")
    .option("--title <text>", "title of the task (default: the name of the test set)")
    .requiredOption("--licence <text>", "licence of the test set, e.g. CC-BY-4.0")
    .option("--jurisdiction <text>", "where the data may be processed")
    .option("--train-step <id|file>", "ask for training proof: instance of the step circuit")
    .option("--train-init <id|file>", "instance of the initialisation circuit, of the same rule")
    .option("--training-audit <address>", "audit contract (default: the deployed one)")
    .option("--audited-steps <count>", "steps drawn at random (default: log2 of the epochs, at least 3)")
    .option("--min-batches <count>", "least number of batches to train on", "1")
    .option(
      "--answer-within <duration>",
      "time to answer, from now (default: halfway from commit to prove deadline)",
    );
  handle<PostOptions, []>(command, post);
}

async function post({ options }: Invocation<PostOptions>): Promise<Report> {
  const terms = await parseTerms(options);
  const { formatArtifactUri } = await import("../../artifacts/artifact-uri.ts");
  const { loadDocument } = await import("../../data/document.ts");
  const { TEST_SET } = await import("../../data/test-set.ts");
  const { TASK_DOCUMENT } = await import("../../task/task-document.ts");
  const { readTaskFiles } = await import("../../task/task-files.ts");
  const { allowLock } = await import("../../chain/stake.ts");
  const { checkTaskKeys, taskDataPoints } = await import("../../task/check-task.ts");
  const { architectureId } = await import("../../model/architecture.ts");
  const { findInstanceOf, openCircuit, openKeys } = await import("../artifacts.ts");
  const { openDocuments } = await import("../artifact-documents.ts");
  const { chainTime } = await import("../../chain/connect.ts");
  const { postTask } = await import("../../chain/tasks.ts");
  const { findKey } = await import("../../chain/registry.ts");
  const { ChainError } = await import("../../chain/chain-error.ts");
  const { SealedStore } = await import("../../task/sealed-store.ts");

  const testSet = await loadDocument(options.testSet, TEST_SET);
  const title = parseLabel(options.title ?? testSet.name, "--title");
  const licence = parseLabel(options.licence, "--licence");
  const sealing = await parseSeal(options, testSet.samples.sampleCount);
  const assignment = parseAssignment(options);
  const sampleCount = testSet.samples.sampleCount - (sealing?.publicSamples ?? 0);
  const minCorrect = parseInteger(options.minCorrect, "--min-correct", 1, sampleCount);
  const instance = await findInstanceOf("accuracy", options.instance);
  const keys = await openKeys(instance, options.keys);
  const session = await openSignSession(options);
  if ((await findKey(session.contracts, keys.keyId)) === undefined) {
    throw new ChainError(
      "chain.key-not-registered",
      `the registry does not have key ${keys.keyId} of ${instance.id}`,
      "Register it with `zkpot keys register`.",
      { keyId: keys.keyId, instance: instance.id },
    );
  }

  const training = await openTrainingPart(options, session);
  const { read, put } = await openDocuments(session);
  const { folder } = session.config;
  const { shards, described } = await publishOrSeal(sealing, testSet, instance, folder, put);
  const document = await put(TASK_DOCUMENT, {
    title,
    testSet: described,
    instance,
    keyId: keys.keyId,
    sampleCount,
    minCorrect,
    licence,
    jurisdiction: options.jurisdiction ?? null,
    ...(training === undefined ? {} : { training: training.published }),
  });
  // What provers will read is what is checked and posted.
  const files = await readTaskFiles(read, { document });
  checkTaskKeys(files, keys, await openCircuit(instance));
  const points = shards.length === 1 ? "the data point" : `${shards.length} data points`;
  note(`computing ${points} of ${sampleCount} samples`);
  const dataPoints = await taskDataPoints(instance, files.shards ?? shards, keys);
  const now = await chainTime(session.connection);
  const commitDeadline = now + BigInt(terms.commitSeconds);
  const proveDeadline = now + BigInt(terms.proveSeconds);
  const times = { now, commitDeadline, proveDeadline };
  const taskTerms: TaskTerms = {
    ...terms.amounts,
    keyId: keys.keyId,
    dataPoints,
    sampleCount,
    minCorrect,
    commitDeadline,
    proveDeadline,
    architectureId: architectureId(instance.architecture),
    documentHash: files.documentHash,
    documentUri: formatArtifactUri(document),
  };
  const seal = sealing && (await sealTask(sealing, { keys, terms: taskTerms, times }, session));
  const secretFile = seal && (await new SealedStore(folder).save(shards, dataPoints));
  if (seal !== undefined) {
    const { bondToken, bondWei } = seal.terms;
    await allowLock(session.sender, session.contracts, seal.address, bondToken, bondWei);
  }
  const { taskId, transaction } = await postTask(session.sender, session.contracts, taskTerms, {
    assignment: assignment?.(session.contracts, times),
    seal,
    training: training?.terms(times),
  });
  return await report({
    taskId,
    terms: taskTerms,
    files,
    document,
    seal: seal?.terms,
    secretFile,
    transaction,
  });
}

interface PostedTask {
  readonly taskId: bigint;
  readonly terms: TaskTerms;
  readonly files: TaskFiles;
  /** CID. */
  readonly document: string;
  readonly seal: SealTerms | undefined;
  /** Samples and blindings of a sealed test set. */
  readonly secretFile: string | undefined;
  readonly transaction: SentTransaction;
}

async function report(posted: PostedTask): Promise<Report> {
  const { taskId, terms, files, document, seal, secretFile, transaction } = posted;
  const { facts, utc } = await import("../text.ts");
  const { formatAmount } = await import("../addresses.ts");
  const { keyId, dataPoints, commitDeadline, proveDeadline, minCorrect, sampleCount } = terms;
  const { instance, testSet } = files.document;
  const shards = testSet.kind === "public" ? testSet.shards.map(({ cid }) => cid) : [];
  const sample = testSet.kind === "sealed" ? testSet.publicSample : null;
  return {
    data: {
      ...{ taskId, document, documentHash: files.documentHash, testSet },
      ...{ keyId, dataPoints, commitDeadline, proveDeadline, seal, secretFile },
      transaction: transactionFacts(transaction),
    },
    text: facts([
      ["task", String(taskId)],
      ["reward", formatAmount(terms.rewardWei, terms.rewardToken)],
      ["stake", formatAmount(terms.stakeWei, terms.stakeToken)],
      ["threshold", `${minCorrect} of ${sampleCount} correct`],
      ["commit until", utc(commitDeadline)],
      ["prove until", utc(proveDeadline)],
      ...(seal === undefined
        ? []
        : ([
            ["reveal until", `${utc(seal.unsealDeadline)}, with \`zkpot task unseal ${taskId}\``],
            ["bond", `${formatAmount(seal.bondWei, seal.bondToken)}, lost unless the test set is revealed`],
            ["secret", `${secretFile}: samples and blindings; without it the bond is lost`],
          ] as const)),
      ["publish", `the keys of ${instance.id}, and these artifacts:`],
      ["document", document],
      ...(sample === null ? [] : [["public sample", sample.cid] as const]),
      ...shards.map((cid, shard) => [`shard ${shard}`, cid] as const),
    ]),
  };
}

interface ParsedTerms {
  readonly amounts: Pick<
    TaskTerms,
    "rewardToken" | "rewardWei" | "stakeToken" | "stakeWei" | "split" | "winners" | "maxProvers"
  >;
  readonly commitSeconds: number;
  readonly proveSeconds: number;
}

async function parseTerms(options: PostOptions): Promise<ParsedTerms> {
  const commitSeconds = parseDuration(options.commitWithin, "--commit-within");
  const proveSeconds = parseDuration(options.proveWithin, "--prove-within");
  if (proveSeconds <= commitSeconds) {
    throw new UsageError(
      "cli.invalid-value",
      `--prove-within (${proveSeconds} s) must be longer than --commit-within (${commitSeconds} s)`,
      "Both count from now; leave time to prove after the last commitment.",
      { commitSeconds, proveSeconds },
    );
  }
  return {
    amounts: {
      rewardWei: parseAmount(options.reward, "--reward"),
      rewardToken: await parseToken(options.rewardToken, "--reward-token"),
      stakeWei: parseAmount(options.stake, "--stake"),
      stakeToken: await parseToken(options.stakeToken, "--stake-token"),
      split: parseSplit(options.split),
      winners: parseInteger(options.winners, "--winners", 1, 65_535),
      maxProvers: parseInteger(options.maxProvers, "--max-provers", 1, 65_535),
    },
    commitSeconds,
    proveSeconds,
  };
}

function parseSplit(text: string): RewardSplit {
  const rules = ["first-valid", "best-score", "pro-rata"] as const;
  const found = rules.find((rule) => rule === text);
  if (found !== undefined) return found;
  throw new UsageError("cli.invalid-value", `--split: "${text}" is no rule`, `Write ${rules.join(", ")}.`, {
    option: "--split",
    value: text,
  });
}
