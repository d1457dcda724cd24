import os from "node:os";
import { Worker } from "node:worker_threads";

import { buildBn128 } from "ffjavascript";

import { G1_BYTES, G2_BYTES } from "../points.ts";
import { SCALAR_BYTES, scalarBytes } from "./scalars.ts";

/** One piece of work for a thread. */
export interface FixedBaseTask {
  readonly id: number;
  readonly group: "G1" | "G2";
  /** 32-byte little-endian numbers below the group order. */
  readonly scalars: Uint8Array;
}

/** What a thread starts with: ffjavascript's module of BN254 and where it keeps the generators. */
export interface FixedBaseWorkerData {
  readonly windowBits: number;
  readonly code: Uint8Array<ArrayBuffer>;
  readonly generator1: number;
  readonly generator2: number;
}

const TASK_SCALARS = 4096;
/** Below this many scalars a small table costs less than it saves. */
const SMALL_JOB = 20_000;

/** Multiples of the generators of G1 and G2, computed on all cores; `close` ends the threads. */
export class FixedBaseMultiplier {
  readonly #workers: Worker[];
  readonly #waiting = new Map<
    number,
    { resolve: (points: Uint8Array) => void; reject: (error: Error) => void }
  >();
  #nextId = 0;
  #failure: Error | undefined;

  private constructor(workerData: FixedBaseWorkerData, threads: number) {
    this.#workers = Array.from({ length: threads }, () => {
      const worker = new Worker(new URL("./fixed-base-worker.ts", import.meta.url), { workerData });
      worker.on("message", ({ id, points }: { id: number; points: Uint8Array }) => {
        this.#waiting.get(id)!.resolve(points);
        this.#waiting.delete(id);
      });
      worker.on("error", (error: Error) => {
        this.#failure = error;
        for (const { reject } of this.#waiting.values()) reject(error);
        this.#waiting.clear();
      });
      return worker;
    });
  }

  /** Starts the threads; `expectedScalars` only chooses the size of their tables. */
  static async start(
    expectedScalars: number,
    threads = os.availableParallelism(),
  ): Promise<FixedBaseMultiplier> {
    const { tm } = await buildBn128(true);
    const windowBits = expectedScalars < SMALL_JOB ? 6 : 13;
    return new FixedBaseMultiplier(
      { windowBits, code: tm.code, generator1: tm.pG1gen, generator2: tm.pG2gen },
      threads,
    );
  }

  /** `scalars[i]·generator` for every i, affine in ffjavascript's Montgomery form. */
  async multiply(group: FixedBaseTask["group"], scalars: readonly bigint[]): Promise<Buffer> {
    const bytes = scalarBytes(scalars);
    const output = Buffer.alloc(scalars.length * (group === "G1" ? G1_BYTES : G2_BYTES));
    const pointBytes = output.length / Math.max(scalars.length, 1);
    const tasks: Promise<void>[] = [];
    for (let start = 0; start < scalars.length; start += TASK_SCALARS) {
      const piece = bytes.subarray(start * SCALAR_BYTES, (start + TASK_SCALARS) * SCALAR_BYTES);
      tasks.push(
        this.#run(group, piece).then((points) => {
          output.set(points, start * pointBytes);
        }),
      );
    }
    await Promise.all(tasks);
    return output;
  }

  /** Ends the threads. */
  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #run(group: FixedBaseTask["group"], scalars: Uint8Array): Promise<Uint8Array> {
    if (this.#failure) return Promise.reject(this.#failure);
    const id = this.#nextId++;
    const task: FixedBaseTask = { id, group, scalars };
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#workers[id % this.#workers.length]!.postMessage(task);
    });
  }
}
