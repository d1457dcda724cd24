import type { CompiledCircuit } from "../circuits/build.ts";
import { type CircuitLayout, flattenBlock, type SignalValues } from "../circuits/layout.ts";
import { randomFieldElement } from "../random-field.ts";
import { type ProverBackend, SNARKJS_BACKEND } from "./backend.ts";
import { drawChallenges, type Groth16Proof } from "./challenge.ts";
import type { KeySet } from "./keys/key-set.ts";
import { decodeVerifyingKey } from "./keys/verifying-key.ts";
import { multiExponentiate } from "./multi-exponentiation.ts";
import type { G1Point } from "./points.ts";
import { ProofError } from "./proof-error.ts";
import { quietly } from "./quietly.ts";
import { verifyProof } from "./verify.ts";

/** Everything a proof is made from. */
export interface ProvingInput {
  readonly circuit: CompiledCircuit;
  readonly layout: CircuitLayout;
  readonly keys: KeySet;
  readonly statement: SignalValues;
  readonly dataset: SignalValues;
  /** Committed signals but for `blockMask`, which is drawn here. */
  readonly committed: SignalValues;
  readonly private: SignalValues;
  readonly dataPoint: G1Point;
}

/** Steps of a proof, in order, for progress reports. */
export type ProvingStep = "commit" | "witness" | "prove" | "verify";

/** The point Σ X_i·IC_i of a dataset block: what stands for the public data in verification. */
export async function datasetPoint(
  layout: CircuitLayout,
  keys: KeySet,
  dataset: SignalValues,
): Promise<G1Point> {
  return multiExponentiate(keys.commitmentKey.datasetBases, flattenBlock(layout.dataset, dataset));
}

/**
 * Commits to the block, draws the challenges, solves the circuit, proves, and verifies the result before
 * returning it: a damaged key must not reach the chain as an invalid proof.
 *
 * Throws ProofError `proof.unsatisfied` when the values do not satisfy the circuit, `proof.backend`, and
 * `proof.invalid` when the finished proof does not verify.
 */
export async function proveCircuit(
  input: ProvingInput,
  options: { readonly backend?: ProverBackend; readonly onStep?: (step: ProvingStep) => void } = {},
): Promise<Groth16Proof> {
  const { layout, keys, circuit, dataPoint } = input;
  const backend = options.backend ?? SNARKJS_BACKEND;
  const onStep = options.onStep ?? (() => {});

  onStep("commit");
  const committed: SignalValues = { ...input.committed, blockMask: [randomFieldElement()] };
  const block = flattenBlock(layout.committed, committed);
  const blockCommitment = await multiExponentiate(keys.commitmentKey.committedBases, block);
  const blockKnowledge = await multiExponentiate(keys.commitmentKey.knowledgeBases, block);
  const statement = flattenBlock(layout.statement, input.statement);
  const { alpha, rho } = drawChallenges(keys.keyId, statement, dataPoint, blockCommitment);

  onStep("witness");
  const witness = await solveCircuit(circuit, {
    ...input.statement,
    alpha: [alpha],
    rho: [rho],
    ...input.dataset,
    ...committed,
    ...input.private,
  });

  onStep("prove");
  const groth16 = await backend.prove(keys.provingKeyFile, witness);
  const proof: Groth16Proof = { ...groth16, blockCommitment, blockKnowledge };

  onStep("verify");
  const key = decodeVerifyingKey(keys.manifest.verifyingKey);
  if (!verifyProof(key, keys.keyId, statement, dataPoint, proof)) {
    throw new ProofError(
      "proof.invalid",
      `the proof made with ${backend.name} does not verify under key ${keys.keyId}`,
      "The key files or the prover are at fault: make or fetch the keys again, or use snarkjs.",
      { backend: backend.name, keyId: keys.keyId },
    );
  }
  return proof;
}

/**
 * The wires of a circuit for its inputs, in circom's wtns format, in memory only: it holds the private model.
 *
 * Throws ProofError `proof.unsatisfied` when some constraint does not hold; the values are not named.
 */
export async function solveCircuit(circuit: CompiledCircuit, inputs: SignalValues): Promise<Uint8Array> {
  const { wtns } = await import("snarkjs");
  const witness: { type: "mem"; data?: Uint8Array } = { type: "mem" };
  const nonEmpty = Object.fromEntries(Object.entries(inputs).filter(([, values]) => values.length > 0));
  try {
    await quietly(() => wtns.calculate(nonEmpty, circuit.wasmFile, witness));
  } catch (cause) {
    throw new ProofError(
      "proof.unsatisfied",
      `the values do not satisfy circuit ${circuit.instance.id}: ${firstLine(cause)}`,
      "The claim is false, or model, test set and circuit do not belong together.",
      { instance: circuit.instance.id },
      { cause },
    );
  }
  return witness.data!;
}

function firstLine(cause: unknown): string {
  return cause instanceof Error ? cause.message.split("\n")[0]! : String(cause);
}
