import { existsSync, readdirSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";

import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";

import type { ChainPoint, TaskRecord } from "../chain/tasks.ts";
import { loadDocument, saveDocument } from "../data/document.ts";
import { type TestSet, testSetHash } from "../data/test-set.ts";
import { writeFileAtomically } from "../files.ts";
import { pointText } from "./check-task.ts";
import { blindShards } from "./publish-task.ts";
import { SEALED_SHARDS } from "./sealed-shards.ts";
import { TaskError } from "./task-document.ts";
import type { TaskShard } from "./task-files.ts";

/** The sealed test sets of a working folder with their blindings: one secret file for each list of data points. */
export class SealedStore {
  readonly folder: string;

  constructor(workingFolder: string) {
    this.folder = path.join(workingFolder, ".zkpot", "sealed");
  }

  /** The file of the test set behind data points. */
  fileOf(dataPoints: readonly ChainPoint[]): string {
    const name = bytesToHex(keccak_256(utf8ToBytes(dataPoints.map(pointText).join("\n"))));
    return path.join(this.folder, `${name}.json`);
  }

  /**
   * The shards with their blindings: those kept for the same samples, so that a repeated command means the same task,
   * else new ones. Throws TaskError `task.already-revealed` for a test set that was revealed from this folder.
   */
  async blind(shards: readonly TestSet[]): Promise<readonly TaskShard[]> {
    const wanted = hashesOf(shards);
    for (const file of this.#files()) {
      const kept = await loadDocument(file, SEALED_SHARDS);
      if (hashesOf(kept.map(({ testSet }) => testSet)) !== wanted) continue;
      if (!existsSync(revealedMark(file))) return kept;
      throw new TaskError(
        "task.already-revealed",
        "this test set was revealed for another task: provers can have trained on it",
        "Seal samples that nobody has seen, or post the test set without --sealed.",
        { file },
      );
    }
    return blindShards(shards);
  }

  /** Keeps a sealed test set until it is revealed; returns its file. */
  async save(shards: readonly TaskShard[], dataPoints: readonly ChainPoint[]): Promise<string> {
    const file = this.fileOf(dataPoints);
    if (existsSync(file)) return file;
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    await saveDocument(file, SEALED_SHARDS, shards);
    return file;
  }

  /** The sealed test set of a task; throws TaskError `task.sealed-set-lost` when it is not in this folder. */
  async load({ taskId, dataPoints }: TaskRecord): Promise<readonly TaskShard[]> {
    const file = this.fileOf(dataPoints);
    if (existsSync(file)) return await loadDocument(file, SEALED_SHARDS);
    throw new TaskError(
      "task.sealed-set-lost",
      `the sealed test set of task ${taskId} is not in this working folder: there is no ${file}`,
      "Work in the folder in which the task was posted; without blindings nothing can be revealed, and the bond is lost.",
      { taskId, file },
    );
  }

  /** Notes that the test set behind data points is about to become public. */
  async markRevealed(dataPoints: readonly ChainPoint[]): Promise<void> {
    await writeFileAtomically(revealedMark(this.fileOf(dataPoints)), "", 0o600);
  }

  #files(): string[] {
    if (!existsSync(this.folder)) return [];
    const names = readdirSync(this.folder).filter((name) => /^[0-9a-f]{64}\.json$/.test(name));
    return names.sort().map((name) => path.join(this.folder, name));
  }
}

function revealedMark(file: string): string {
  return `${file}.revealed`;
}

function hashesOf(shards: readonly TestSet[]): string {
  return shards.map(testSetHash).join(" ");
}
