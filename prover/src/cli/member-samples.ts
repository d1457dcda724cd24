import type { Command } from "commander";

import type { IntegerSamples } from "../data/samples.ts";
import type { FederationDocument, LocalTrainingAdvice } from "../federation/federation-document.ts";
import type { FederationFiles } from "../federation/federation-files.ts";
import { withDatasetOptions } from "./dataset-options.ts";
import { note } from "./output.ts";
import type { SampleFlags } from "./training-data.ts";
import { parseRows } from "./units.ts";
import { UsageError } from "./usage-error.ts";

/** Options that name a member's own samples. */
export interface MemberSampleFlags extends SampleFlags {
  readonly rows?: string;
}

/** Adds the options that name a member's own samples. */
export function withMemberSampleOptions(command: Command): Command {
  return withDatasetOptions(command)
    .option("--data <dataset>", "own samples: packaged data set, CSV file or IDX images")
    .option("--split <file>", "own samples: the training part of a split of `zkpot data split`")
    .option("--rows <first-last>", "only these samples, counted from 0, e.g. 0-99");
}

/**
 * A member's own samples by the federation's classes and mapping of features.
 * Throws UsageError `cli.rows` for rows that the samples do not have, `cli.too-few-samples` when they do not fill one batch of the
 * federation's training rule, and as the data set's readers.
 */
export async function openMemberSamples(
  flags: MemberSampleFlags,
  {
    document,
    classNames,
    inputQuantization,
  }: {
    readonly document: Pick<FederationDocument, "training">;
  } & Pick<FederationFiles, "classNames" | "inputQuantization">,
): Promise<IntegerSamples> {
  const rows = flags.rows === undefined ? undefined : parseRows(flags.rows, "--rows");
  const { selectSamples } = await import("../data/dataset.ts");
  const { quantizeInputs } = await import("../data/input-quantization.ts");
  const { matchClasses } = await import("../data/match-classes.ts");
  const { openTrainingPart } = await import("./training-data.ts");
  const dataset = await openTrainingPart(flags);
  const own = rows === undefined ? dataset : selectSamples(dataset, rowsOf(rows, dataset.sampleCount));
  requireBatch(own.sampleCount, document.training);
  const { samples, clamped } = quantizeInputs(matchClasses(own, classNames), inputQuantization);
  if (clamped.length > 0) {
    note(`${clamped.length} features have values outside of the federation's mapping; clamped`);
  }
  return samples;
}

/** Integer training learns from full batches only, and would fail once a round has started. */
function requireBatch(sampleCount: number, training: LocalTrainingAdvice): void {
  if (training.kind !== "integer" || sampleCount >= training.rule.batchSize) return;
  const { batchSize } = training.rule;
  throw new UsageError(
    "cli.too-few-samples",
    `there are ${sampleCount} own samples, one batch of the federation's training rule takes ${batchSize}`,
    `Name at least ${batchSize} samples with --data, --split and --rows.`,
    { sampleCount, batchSize },
  );
}

function rowsOf({ first, last }: ReturnType<typeof parseRows>, sampleCount: number): number[] {
  if (last < sampleCount) return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  throw new UsageError(
    "cli.rows",
    `--rows: row ${last} of ${sampleCount} samples, which are counted from 0`,
    `Name rows from 0 to ${sampleCount - 1}.`,
    { first, last, sampleCount },
  );
}
