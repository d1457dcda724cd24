import { ACCURACY_PURPOSE, proofContext } from "../chain/context.ts";
import { accuracyLayout } from "../circuits/accuracy.ts";
import type { CompiledCircuit } from "../circuits/build.ts";
import type { IntegerModel } from "../model/integer-model.ts";
import { commandBackend, SNARKJS_BACKEND } from "../proof/backend.ts";
import type { ProofBundle } from "../proof/bundle.ts";
import type { KeySet } from "../proof/keys/key-set.ts";
import { proveCircuit, type ProvingStep } from "../proof/prove.ts";
import { accuracyCommittedBlock, accuracyDatasetBlock } from "../witness/accuracy-witness.ts";
import type { TaskCheck } from "./check-task.ts";
import type { CommitmentOpening } from "./commitment-opening.ts";
import type { TaskFiles } from "./task-files.ts";

/** Everything a proof for a task is made from. */
export interface TaskProvingInput {
  readonly files: TaskFiles;
  readonly keys: KeySet;
  readonly circuit: CompiledCircuit;
  readonly check: TaskCheck;
  readonly opening: CommitmentOpening;
  /** The model behind the opening. */
  readonly model: IntegerModel;
  /** Count to prove: at most what the model achieves. */
  readonly correct: number;
  /** A program called as `command… zkey wtns proof.json public.json`; snarkjs otherwise. */
  readonly proverCommand?: readonly string[];
  readonly onStep?: (step: ProvingStep) => void;
}

/**
 * Proves that the committed model classifies at least `correct` samples of the task's test set correctly, for the
 * account that committed; the proof is verified before it is returned.
 * Throws WitnessError `witness.claim` when the model classifies fewer, and ProofError.
 */
export async function proveTask(input: TaskProvingInput): Promise<ProofBundle> {
  const { files, keys, circuit, check, opening, model, correct } = input;
  const { instance } = files.document;
  const { samples } = files.testSet;
  const place = {
    chainId: opening.chainId,
    market: opening.market,
    taskId: opening.taskId,
    round: 0n,
    prover: opening.prover,
    purpose: ACCURACY_PURPOSE,
  };
  const context = proofContext(place);
  const { committed } = accuracyCommittedBlock(instance, model, samples, correct);
  const proof = await proveCircuit(
    {
      circuit,
      layout: accuracyLayout(instance),
      keys,
      statement: {
        context: [context],
        modelCommitment: [opening.modelCommitment],
        correct: [BigInt(correct)],
      },
      dataset: accuracyDatasetBlock(instance, samples),
      committed,
      private: { salt: [opening.salt] },
      dataPoint: check.dataPoint,
    },
    {
      backend: input.proverCommand === undefined ? SNARKJS_BACKEND : commandBackend(input.proverCommand),
      ...(input.onStep === undefined ? {} : { onStep: input.onStep }),
    },
  );
  return {
    place,
    instanceId: instance.id,
    keyId: keys.keyId,
    verifyingKey: keys.manifest.verifyingKey as `0x${string}`,
    context,
    modelCommitment: opening.modelCommitment,
    correct,
    dataPoint: check.dataPoint,
    proof,
  };
}
