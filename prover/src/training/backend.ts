import type * as TensorFlow from "@tensorflow/tfjs";

import { TrainingError } from "./training-error.ts";

/** TensorFlow.js with the kernels it runs on. */
export interface TrainingBackend {
  /** `node`: TensorFlow's native library; `wasm`: WebAssembly on one thread. */
  readonly name: "node" | "wasm";
  /** Version of TensorFlow.js. */
  readonly version: string;
  /** One line for people: which backend, and why not the other one. */
  readonly description: string;
  readonly tf: typeof TensorFlow;
}

/** Which backend to use; `auto` takes `node` where it loads and `wasm` elsewhere. */
export type BackendPreference = "auto" | "node" | "wasm";

type ImportModule = (name: string) => Promise<unknown>;

/**
 * The one place that chooses a TensorFlow.js backend; nothing of it is loaded before.
 *
 * The native one, `@tensorflow/tfjs-node`, is an optional dependency: its absence is normal. The WebAssembly one
 * works wherever Node does and gives the same numbers on every run, since it uses a single thread.
 * Throws TrainingError `training.backend-unavailable` when the one asked for, or both, cannot be used.
 */
export async function openBackend(
  preference: BackendPreference = "auto",
  importModule: ImportModule = (name) => import(name),
): Promise<TrainingBackend> {
  let reason = "";
  if (preference !== "wasm") {
    try {
      return await openNative(importModule);
    } catch (cause) {
      if (preference === "node") throw unavailable("@tensorflow/tfjs-node", cause);
      reason = " (@tensorflow/tfjs-node is not usable here)";
    }
  }
  try {
    return await openWasm(importModule, reason);
  } catch (cause) {
    throw unavailable("@tensorflow/tfjs-backend-wasm", cause);
  }
}

async function openNative(importModule: ImportModule): Promise<TrainingBackend> {
  const tf = (await quietly(() => importModule("@tensorflow/tfjs-node"))) as typeof TensorFlow;
  await tf.ready();
  checkArithmetic(tf);
  const version = tf.version.tfjs;
  return { name: "node", version, description: `TensorFlow.js ${version}, native library`, tf };
}

async function openWasm(importModule: ImportModule, reason: string): Promise<TrainingBackend> {
  return quietly(async () => {
    const tf = (await importModule("@tensorflow/tfjs")) as typeof TensorFlow;
    const wasm = (await importModule("@tensorflow/tfjs-backend-wasm")) as {
      setThreadsCount(count: number): void;
    };
    // Threads would share out sums differently from run to run.
    if (tf.getBackend() !== "wasm") wasm.setThreadsCount(1);
    if (!(await tf.setBackend("wasm"))) throw new Error("the WebAssembly backend did not start");
    await tf.ready();
    checkArithmetic(tf);
    const version = tf.version.tfjs;
    return { name: "wasm", version, description: `TensorFlow.js ${version}, WebAssembly${reason}`, tf };
  });
}

/** Loading is not proof that kernels work: the native library can load and then fail on a newer Node. */
function checkArithmetic(tf: typeof TensorFlow): void {
  const product = tf.tidy(() => tf.matMul(tf.tensor2d([[1, 2]]), tf.tensor2d([[3], [4]])).dataSync()[0]);
  if (product !== 11) throw new Error(`a matrix product gave ${product} instead of 11`);
}

/** Runs `action` without the advice TensorFlow.js prints while it loads. */
async function quietly<T>(action: () => Promise<T>): Promise<T> {
  const { warn, info, log } = console;
  const silent = (): void => undefined;
  Object.assign(console, { warn: silent, info: silent, log: silent });
  try {
    return await action();
  } finally {
    Object.assign(console, { warn, info, log });
  }
}

function unavailable(packageName: string, cause: unknown): TrainingError {
  const reason = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
  return new TrainingError(
    "training.backend-unavailable",
    `${packageName} cannot be used: ${reason}`,
    packageName === "@tensorflow/tfjs-node"
      ? "Use the backend `auto` or `wasm`, or install @tensorflow/tfjs-node."
      : "Install the dependencies again.",
    { packageName },
    { cause },
  );
}
