import type { CompiledCircuit } from "../circuits/build.ts";
import type { AccuracyInstance } from "../circuits/accuracy.ts";
import type { ProofBundle } from "../proof/bundle.ts";
import type { KeySet } from "../proof/keys/key-set.ts";
import type { ProvingStep } from "../proof/prove.ts";
import type { IntegerModel } from "../model/integer-model.ts";
import { ProverError } from "../errors.ts";
import type { BundleStore } from "./bundle-store.ts";
import { type BundleDestination, checkBundle } from "./check-bundle.ts";
import type { CommitmentOpening } from "./commitment-opening.ts";
import { allocateClaim, shardScores } from "./scores.ts";
import { ShardProver } from "./shard-prover.ts";
import type { TaskShard } from "./task-files.ts";

/** What is to be proved for a task, and by whom. */
export interface TaskClaim {
  /** Where the proofs will be handed in: the market has the prover's commitment already. */
  readonly destination: BundleDestination;
  readonly shards: readonly TaskShard[];
  /** The model behind the commitment; secret. */
  readonly model: IntegerModel;
  /** Samples over all shards to be proved correct, at most what the model achieves. */
  readonly correct: number;
}

/** What is left to be proved. */
export interface ProvingPlan {
  /** Valid proofs from earlier runs, for shards that the market has not accepted yet. */
  readonly stored: readonly ProofBundle[];
  /** Shards to prove, and how many correct samples of each. */
  readonly work: readonly { readonly shard: number; readonly correct: number }[];
}

/**
 * Finds what is left to prove: shards that neither the market nor the store has a proof for, with what is left of the
 * claim shared out over them. What lies in the store and does not fit this claim is told of and proved again.
 *
 * Throws TaskError `task.claim` when the model does not reach the claim.
 */
export async function planProofs(
  { destination, shards, model, correct }: TaskClaim,
  store: BundleStore,
  onProgress: (message: string) => void,
): Promise<ProvingPlan> {
  const { submission } = destination;
  const scores = shardScores(model, shards);
  const sizes = shards.map(({ testSet }) => testSet.samples.sampleCount);
  const missing = [...shards.keys()].filter((shard) => !submission.provenShards.includes(shard));
  const target = Math.max(correct - submission.correct, 0);
  const planFor = (stored: readonly ProofBundle[]): ProvingPlan => {
    const left = missing.filter((shard) => !stored.some((bundle) => bundle.shard === shard));
    const claims = allocateClaim(
      target - total(stored.map((bundle) => bundle.correct)),
      left.map((shard) => scores[shard]!),
      left.map((shard) => sizes[shard]!),
    );
    return { stored, work: left.map((shard, index) => ({ shard, correct: claims[index]! })) };
  };
  if (missing.length === 0) return { stored: [], work: [] };
  const fresh = planFor([]);
  const stored: ProofBundle[] = [];
  for (const shard of missing) {
    const bundle = await usableBundle(shard, store, destination, onProgress);
    if (bundle !== undefined) stored.push(bundle);
  }
  const claimed = total(stored.map((bundle) => bundle.correct));
  const others = missing.filter((shard) => !stored.some((bundle) => bundle.shard === shard));
  const most = total(others.map((shard) => scores[shard]!));
  if (claimed <= target && target <= claimed + most) return planFor(stored);
  onProgress("the proofs of an earlier run make another claim; proving again");
  return fresh;
}

/** Everything the proofs of a plan are made from. */
export interface PlanProvingInput {
  readonly claim: TaskClaim;
  readonly plan: ProvingPlan;
  readonly circuit: CompiledCircuit<AccuracyInstance>;
  readonly keys: KeySet;
  /** Secret. */
  readonly opening: CommitmentOpening;
  readonly store: BundleStore;
  /** Processes at a time. */
  readonly jobs: number;
  /** A program called as `command… zkey wtns proof.json public.json`; snarkjs otherwise. */
  readonly proverCommand?: readonly string[] | undefined;
  readonly onStep?: (shard: number, step: ProvingStep) => void;
  /** A shard was proved and its proof is kept. */
  readonly onProven?: (bundle: ProofBundle) => void;
}

/** What the proofs of a plan took. */
export interface PlanResult {
  /** Those of the plan's work, in its order. */
  readonly bundles: readonly ProofBundle[];
  /** Of the process that used most; 0 when nothing was left to prove. */
  readonly peakMemoryBytes: number;
}

/**
 * Proves what a plan says in processes of their own, several at a time, and keeps each proof as soon as it is made: a
 * run that is killed costs the proofs it was at, no others.
 *
 * Throws as proveShard, and ProofError `proof.process` when a process ends by itself; the other processes are stopped.
 */
export async function provePlan(input: PlanProvingInput): Promise<PlanResult> {
  const { claim, plan, circuit, keys, opening, store, proverCommand } = input;
  const { dataPoints } = claim.destination.task;
  const queue = [...plan.work.entries()];
  const bundles = new Array<ProofBundle>(queue.length);
  let peakMemoryBytes = 0;
  const provers: ShardProver[] = [];
  const workThrough = async (): Promise<void> => {
    const prover = new ShardProver();
    provers.push(prover);
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [index, { shard, correct }] = next;
      const proven = await prover.prove(
        {
          ...{ shard, correct, circuit, keys, opening, proverCommand },
          data: claim.shards[shard]!,
          dataPoint: dataPoints[shard]!,
          model: claim.model,
        },
        (step) => input.onStep?.(shard, step),
      );
      await store.save(proven.bundle);
      input.onProven?.(proven.bundle);
      bundles[index] = proven.bundle;
      peakMemoryBytes = Math.max(peakMemoryBytes, proven.peakMemoryBytes);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(input.jobs, queue.length) }, workThrough));
  } finally {
    for (const prover of provers) prover.stop();
  }
  return { bundles, peakMemoryBytes };
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/** The stored proof of a shard if it would be accepted; why not is told. */
async function usableBundle(
  shard: number,
  store: BundleStore,
  destination: BundleDestination,
  onProgress: (message: string) => void,
): Promise<ProofBundle | undefined> {
  try {
    const bundle = await store.load(shard);
    if (bundle === undefined) return undefined;
    checkBundle(bundle, destination);
    if (bundle.shard === shard) return bundle;
    onProgress(`${store.fileOf(shard)} is about shard ${bundle.shard}; proving shard ${shard} again`);
  } catch (error) {
    if (!(error instanceof ProverError)) throw error;
    onProgress(`${error.message}; proving shard ${shard} again`);
  }
  return undefined;
}
