import { DataError } from "./data-error.ts";
import type { Dataset } from "./dataset.ts";

/**
 * A data set with the labels of a larger list of classes, matched by name: a part of a data set may lack some of its classes.
 * Throws DataError `data.unknown-class` for one that is not on the list.
 */
export function matchClasses(dataset: Dataset, classNames: readonly string[]): Dataset {
  const labelOf = dataset.classNames.map((name) => classNames.indexOf(name));
  const unknown = labelOf.indexOf(-1);
  if (unknown >= 0) {
    const className = dataset.classNames[unknown]!;
    throw new DataError(
      "data.unknown-class",
      `the samples have the class "${className}"; known are ${classNames.map((name) => `"${name}"`).join(", ")}`,
      "Name the classes as the test set does, or leave out the samples of others.",
      { className, classNames },
    );
  }
  return { ...dataset, classNames: [...classNames], labels: dataset.labels.map((label) => labelOf[label]!) };
}
