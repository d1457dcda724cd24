/** The whole study: every scenario and every attack on privacy, for several seeds, shared out among threads. */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";

import { attackMembership, type MembershipResult, type Overfitting } from "./privacy.ts";
import { allScenarios, keyOf, playScenario, type Scenario, type ScenarioResult } from "./robustness.ts";
import { loadDigits } from "./setting.ts";

export interface StudyOptions {
  readonly seed: string;
  /** How many federations each scenario is played with, each with data, members and chance of its own. */
  readonly seeds: number;
}

export interface Study extends StudyOptions {
  /** By the scenario's key, one a seed. */
  readonly robustness: Readonly<Record<string, readonly ScenarioResult[]>>;
  /** One a seed. */
  readonly membership: readonly (readonly MembershipResult[])[];
  readonly overfitting: readonly Overfitting[];
}

/** What a thread does at a time: some of the scenarios, or all attacks on membership, for one seed. */
export interface Task {
  readonly seed: string;
  readonly part: "membership" | readonly Scenario[];
}

/** What comes out of a task. */
export type TaskResult =
  | { readonly robustness: readonly ScenarioResult[] }
  | { readonly membership: readonly MembershipResult[]; readonly overfitting: Overfitting };

/** Scenarios of a task: some seconds of work. */
const SCENARIOS_PER_TASK = 10;

/** A task's result does not depend on the thread that does it, nor on the others. */
export async function runTask({ seed, part }: Task): Promise<TaskResult> {
  const digits = await loadDigits();
  if (part === "membership") {
    const { results, overfitting } = attackMembership(digits, seed);
    return { membership: results, overfitting };
  }
  return { robustness: part.map((scenario) => playScenario(digits, seed, scenario)) };
}

/** Runs the study; `onTask` is told when a task is done. */
export async function runStudy(
  { seed, seeds }: StudyOptions,
  onTask: (task: Task, done: number, total: number) => void,
): Promise<Study> {
  const scenarios = allScenarios();
  const parts = Array.from({ length: Math.ceil(scenarios.length / SCENARIOS_PER_TASK) }, (_, index) =>
    scenarios.slice(index * SCENARIOS_PER_TASK, (index + 1) * SCENARIOS_PER_TASK),
  );
  const tasks = Array.from({ length: seeds }, (_, index) => `${seed}/${index + 1}`).flatMap((name): Task[] =>
    ["membership" as const, ...parts].map((part) => ({ seed: name, part })),
  );
  let done = 0;
  const results = await runInThreads(tasks, (task) => onTask(task, ++done, tasks.length));
  // Task after task: all scenarios of the first seed, then of the next.
  const played = results.flatMap((result) => ("robustness" in result ? result.robustness : []));
  const attacked = results.flatMap((result) => ("membership" in result ? [result] : []));
  return {
    seed,
    seeds,
    robustness: Object.fromEntries(
      scenarios.map((scenario, index) => [
        keyOf(scenario),
        played.filter((_, position) => position % scenarios.length === index),
      ]),
    ),
    membership: attacked.map(({ membership }) => membership),
    overfitting: attacked.map(({ overfitting }) => overfitting),
  };
}

async function runInThreads(tasks: readonly Task[], onTask: (task: Task) => void): Promise<TaskResult[]> {
  const results: TaskResult[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    const thread = new Worker(new URL("./study-thread.ts", import.meta.url));
    try {
      while (next < tasks.length) {
        const index = next++;
        results[index] = await askThread(thread, tasks[index]!);
        onTask(tasks[index]!);
      }
    } finally {
      await thread.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), tasks.length) }, work));
  return results;
}

async function askThread(thread: Worker, task: Task): Promise<TaskResult> {
  return new Promise((resolve, reject) => {
    thread.removeAllListeners("error");
    thread.once("message", resolve);
    thread.once("error", reject);
    thread.postMessage(task);
  });
}
