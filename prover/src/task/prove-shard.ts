import { ACCURACY_PURPOSE, proofContext } from "../chain/context.ts";
import type { ChainPoint } from "../chain/tasks.ts";
import { type AccuracyInstance, accuracyLayout } from "../circuits/accuracy.ts";
import type { CompiledCircuit } from "../circuits/build.ts";
import type { IntegerModel } from "../model/integer-model.ts";
import { commandBackend, SNARKJS_BACKEND } from "../proof/backend.ts";
import type { ProofBundle } from "../proof/bundle.ts";
import type { KeySet } from "../proof/keys/key-set.ts";
import { proveCircuit, type ProvingStep } from "../proof/prove.ts";
import { accuracyCommittedBlock, accuracyDatasetBlock } from "../witness/accuracy-witness.ts";
import type { CommitmentOpening } from "./commitment-opening.ts";
import type { TaskShard } from "./task-files.ts";

/** Everything a proof about one shard is made from; plain values, which can be handed to another process. */
export interface ShardProvingInput {
  /** Of the task's test set, from 0. */
  readonly shard: number;
  readonly data: TaskShard;
  /** The shard's point as the market stores it. */
  readonly dataPoint: ChainPoint;
  readonly circuit: CompiledCircuit<AccuracyInstance>;
  readonly keys: KeySet;
  /** Secret. */
  readonly opening: CommitmentOpening;
  /** The model behind the opening; secret. */
  readonly model: IntegerModel;
  /** Count to prove: at most what the model achieves on the shard. */
  readonly correct: number;
  /** A program called as `command… zkey wtns proof.json public.json`; snarkjs otherwise. */
  readonly proverCommand?: readonly string[] | undefined;
}

/**
 * Proves that the committed model classifies at least `correct` samples of a shard correctly, for the account that
 * committed; the proof is verified before it is returned.
 * Throws WitnessError `witness.claim` when the model classifies fewer, and ProofError.
 */
export async function proveShard(
  input: ShardProvingInput,
  onStep?: (step: ProvingStep) => void,
): Promise<ProofBundle> {
  const { shard, data, dataPoint, circuit, keys, opening, model, correct, proverCommand } = input;
  const { instance } = circuit;
  const { samples } = data.testSet;
  const place = {
    chainId: opening.chainId,
    market: opening.market,
    taskId: opening.taskId,
    round: 0n,
    prover: opening.prover,
    purpose: ACCURACY_PURPOSE,
  };
  const context = proofContext(place);
  const { modelCommitment } = opening;
  const { committed } = accuracyCommittedBlock(instance, model, samples, correct);
  const proof = await proveCircuit(
    {
      circuit,
      layout: accuracyLayout(instance),
      keys,
      statement: {
        context: [context],
        modelCommitment: [modelCommitment],
        correct: [BigInt(correct)],
      },
      dataset: accuracyDatasetBlock(instance, samples, data.blinding),
      committed,
      private: { salt: [opening.salt] },
      dataPoint,
    },
    {
      backend: proverCommand === undefined ? SNARKJS_BACKEND : commandBackend(proverCommand),
      ...(onStep === undefined ? {} : { onStep }),
    },
  );
  const verifyingKey = keys.manifest.verifyingKey as `0x${string}`;
  const { keyId } = keys;
  const instanceId = instance.id;
  return {
    place,
    shard,
    instanceId,
    keyId,
    verifyingKey,
    context,
    modelCommitment,
    correct,
    dataPoint,
    proof,
  };
}
