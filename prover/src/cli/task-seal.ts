import type { Command } from "commander";

import type { SealTerms } from "../chain/seal.ts";
import type { TaskTerms } from "../chain/tasks.ts";
import type { AccuracyInstance } from "../circuits/accuracy.ts";
import type { TestSet } from "../data/test-set.ts";
import type { KeySet } from "../proof/keys/key-set.ts";
import type { PutDocument } from "../task/publish-task.ts";
import type { TaskDocument } from "../task/task-document.ts";
import type { TaskShard } from "../task/task-files.ts";
import { contractAddress, parseToken } from "./addresses.ts";
import type { SignSession } from "./session.ts";
import type { PostTimes } from "./task-training.ts";
import { parseAmount, parseDuration, parseInteger } from "./units.ts";
import { UsageError } from "./usage-error.ts";

/** Options of `zkpot task post` that hide the test set until nobody can commit any more. */
export interface SealFlags {
  readonly sealed?: boolean;
  readonly publicSamples?: string;
  readonly unsealWithin?: string;
  readonly disputeTime?: string;
  readonly bond?: string;
  readonly bondToken?: string;
  readonly demandPrice?: string;
}

/** Adds the options of sealed test sets. */
export function withSealOptions(command: Command): Command {
  return command
    .option("--sealed", "publish the test set only after the last commitment, against a bond")
    .option("--public-samples <count>", "sealed: samples taken out of the test set and shown from the start")
    .option(
      "--unseal-within <duration>",
      "sealed: time to reveal, from now (default: a quarter of the way from commit to prove deadline)",
    )
    .option(
      "--dispute-time <duration>",
      "sealed: time to demand words, again to answer, again to prove (default: a second for every 32 words, at least 30m)",
    )
    .option("--bond <amount>", "sealed: your stake that is lost unless you reveal (default: the reward)")
    .option("--bond-token <address>", "sealed: ERC-20 token of bond and demands (default: the native coin)")
    .option(
      "--demand-price <amount>",
      "sealed: stake that a demand for words costs (default: what pays your gas)",
    );
}

/** What the options say about a sealed test set. */
export interface SealRequest {
  readonly publicSamples: number;
  readonly unsealSeconds: number | undefined;
  readonly disputeSeconds: number | undefined;
  readonly bondToken: string;
  readonly bondWei: bigint | undefined;
  readonly demandWei: bigint | undefined;
}

/** Reads the options; undefined for a public test set. Throws UsageError. */
export async function parseSeal(flags: SealFlags, sampleCount: number): Promise<SealRequest | undefined> {
  const { publicSamples, unsealWithin, disputeTime, bond, demandPrice } = flags;
  if (flags.sealed !== true) {
    const stray = [publicSamples, unsealWithin, disputeTime, bond, flags.bondToken, demandPrice];
    if (stray.every((value) => value === undefined)) return undefined;
    throw new UsageError(
      "cli.stray-option",
      "options of --sealed without it",
      "Add --sealed, or drop them.",
      {
        option: "--sealed",
      },
    );
  }
  const seconds = (text: string | undefined, option: string): number | undefined =>
    text === undefined ? undefined : parseDuration(text, option);
  const amount = (text: string | undefined, option: string): bigint | undefined =>
    text === undefined ? undefined : parseAmount(text, option);
  return {
    publicSamples:
      publicSamples === undefined ? 0 : parseInteger(publicSamples, "--public-samples", 1, sampleCount - 1),
    unsealSeconds: seconds(unsealWithin, "--unseal-within"),
    disputeSeconds: seconds(disputeTime, "--dispute-time"),
    bondToken: await parseToken(flags.bondToken, "--bond-token"),
    bondWei: amount(bond, "--bond"),
    demandWei: amount(demandPrice, "--demand-price"),
  };
}

/** A test set as a task is posted with it. */
export interface PostedTestSet {
  readonly shards: readonly TaskShard[];
  /** What the document says of it; its artifacts are there, those of a sealed test set are not. */
  readonly described: TaskDocument["testSet"];
}

/** Makes the shards of a test set artifacts, or seals them. */
export async function publishOrSeal(
  request: SealRequest | undefined,
  testSet: TestSet,
  instance: AccuracyInstance,
  folder: string,
  put: PutDocument,
): Promise<PostedTestSet> {
  const { describeSealed, publishShards, publishTestSet } = await import("../task/publish-task.ts");
  const { shardTestSet } = await import("../task/test-set-shards.ts");
  if (request === undefined) {
    const parts = shardTestSet(testSet, instance);
    const shards = parts.map((part) => ({ testSet: part, blinding: 0n }));
    return { shards, described: await publishShards(put, parts) };
  }
  const { takePublicSample } = await import("../task/public-sample.ts");
  const { SealedStore } = await import("../task/sealed-store.ts");
  const { hidden, publicSample } = takePublicSample(testSet, request.publicSamples);
  const shards = await new SealedStore(folder).blind(shardTestSet(hidden, instance));
  const sample = request.publicSamples === 0 ? null : await publishTestSet(put, publicSample);
  return { shards, described: describeSealed(shards, sample) };
}

/** What the terms of a seal follow from besides the options. */
export interface SealedTask {
  readonly keys: KeySet;
  readonly terms: TaskTerms;
  readonly times: PostTimes;
}

/** The seal of a task; throws UsageError for times or amounts that the contract would refuse. */
export async function sealTask(
  request: SealRequest,
  { keys, terms, times }: SealedTask,
  { connection, contracts }: SignSession,
): Promise<{ readonly address: string; readonly terms: SealTerms }> {
  const { chunkCount } = await import("../seal/opening.ts");
  const { openingTermsOf } = await import("../seal/reveal.ts");
  const { defaultBondWei, demandWeiFor, disputeSecondsFor, leastBondWei } = await import("../seal/terms.ts");
  const { bondToken } = request;
  const opening = await openingTermsOf(keys);
  const shape = { shardCount: terms.dataPoints.length, wordsPerShard: opening.wordsPerShard };
  const disputeSeconds = request.disputeSeconds ?? disputeSecondsFor(chunkCount(shape));
  const isNative = BigInt(bondToken) === 0n;
  if (!isNative && request.demandWei === undefined) {
    throw new UsageError(
      "cli.missing-option",
      "--bond-token needs --demand-price: what your gas costs in the token is not known here",
      "Add --demand-price <amount>, in the smallest unit of the token.",
      { option: "--demand-price" },
    );
  }
  const gasPriceWei = (await connection.provider.getFeeData()).gasPrice ?? 1n;
  const demandWei = request.demandWei ?? demandWeiFor(gasPriceWei);
  const sameRewardWei = BigInt(bondToken) === BigInt(terms.rewardToken) ? terms.rewardWei : 0n;
  const leastWei = leastBondWei(sameRewardWei, demandWei, terms.maxProvers);
  const bondWei = request.bondWei ?? defaultBondWei(leastWei, sameRewardWei);
  if (bondWei < leastWei) {
    throw new UsageError(
      "cli.bond-too-small",
      `--bond: ${bondWei} is below ${leastWei}, the least for this reward, price of a demand and number of provers`,
      "Name a larger bond, or a lower --demand-price.",
      { bondWei, leastWei },
    );
  }
  return {
    address: contractAddress(contracts, "testSetSeal"),
    terms: { ...opening, bondToken, bondWei, demandWei, ...sealTimes(request, times, disputeSeconds) },
  };
}

function sealTimes(
  { unsealSeconds }: SealRequest,
  { now, commitDeadline, proveDeadline }: PostTimes,
  disputeSeconds: number,
): Pick<SealTerms, "unsealDeadline" | "disputeSeconds"> {
  const unsealDeadline =
    unsealSeconds === undefined
      ? commitDeadline + (proveDeadline - commitDeadline) / 4n
      : now + BigInt(unsealSeconds);
  const latest = proveDeadline - 3n * BigInt(disputeSeconds);
  if (unsealDeadline > commitDeadline && unsealDeadline <= latest) return { unsealDeadline, disputeSeconds };
  throw new UsageError(
    "cli.no-time-to-unseal",
    `the test set would have to be revealed ${unsealDeadline - now} s from now: more than ${commitDeadline - now} s (--commit-within) and at most ${latest - now} s (--prove-within less three times ${disputeSeconds} s) are possible`,
    "Change --unseal-within or --dispute-time, or give more time with --prove-within.",
    { unsealDeadline, commitDeadline, latest, disputeSeconds },
  );
}
