import type { Dataset } from "../data/dataset.ts";
import type { InputQuantization } from "../data/input-quantization.ts";
import { datasetOptions, type DatasetFlags } from "./dataset-options.ts";
import type { OpenedTask } from "./task-session.ts";
import { UsageError } from "./usage-error.ts";

/** Options that name samples to learn from or to measure on. */
export interface SampleFlags extends DatasetFlags {
  readonly split?: string;
  readonly data?: string;
  readonly inputQuantization?: string;
}

/** The private samples to learn from: the training part of a split, or a whole data set. */
export async function openTrainingPart(flags: SampleFlags): Promise<Dataset> {
  if ((flags.split === undefined) === (flags.data === undefined)) {
    throw new UsageError(
      "cli.training-data",
      "name the samples to learn from with either --split or --data",
      "`zkpot data split` makes a split; --data takes a packaged data set, a CSV file or IDX images.",
    );
  }
  if (flags.split !== undefined) {
    const { loadDocument } = await import("../data/document.ts");
    const { DATA_SPLIT } = await import("../data/split.ts");
    return (await loadDocument(flags.split, DATA_SPLIT)).train;
  }
  const { openDataset } = await import("../data/packaged-datasets.ts");
  return await openDataset(flags.data!, datasetOptions(flags));
}

/** The mapping of features to integers: the one of a file or task, else fitted on the training part. */
export async function openInputQuantization(
  flags: SampleFlags,
  task: OpenedTask | undefined,
  train: Dataset,
  inputBits: number,
): Promise<InputQuantization> {
  const { loadDocument } = await import("../data/document.ts");
  const { fitInputQuantization, INPUT_QUANTIZATION } = await import("../data/input-quantization.ts");
  if (flags.inputQuantization !== undefined) {
    return await loadDocument(flags.inputQuantization, INPUT_QUANTIZATION);
  }
  return task?.files.inputQuantization ?? fitInputQuantization(train, inputBits);
}
