import { type Audit, type AuditRun, answerInit, answerSteps, readRun } from "../chain/audits.ts";
import { toChainProof } from "../chain/chain-proof.ts";
import type { Sender, SentTransaction } from "../chain/send.ts";
import { circuitLayout } from "../circuits/instance.ts";
import { flattenBlock } from "../circuits/layout.ts";
import type { TrainInitInstance } from "../circuits/train-init.ts";
import type { TrainStepInstance } from "../circuits/train-step.ts";
import type { ProverBackend } from "../proof/backend.ts";
import type { Groth16Proof } from "../proof/challenge.ts";
import { trainingRuleDigest } from "../verifiable/training-rule.ts";
import type { AnswerStore } from "./answer-store.ts";
import { AuditError } from "./audit-error.ts";
import { proveInit, proveStep, type StageProver } from "./prove-stage.ts";
import { type AuditPlace, initStage, initStatement, stepStage, stepStatement } from "./stages.ts";
import type { TrainedRun } from "./trained-run.ts";

/** Circuits and keys of both statements. */
export interface TrainingProvers {
  readonly init: StageProver<TrainInitInstance>;
  readonly step: StageProver<TrainStepInstance>;
}

/** Everything an answer is made from. */
export interface ChallengeInput {
  readonly sender: Sender;
  readonly audit: Audit;
  readonly place: AuditPlace;
  readonly run: TrainedRun;
  readonly provers: TrainingProvers;
  readonly store: AnswerStore;
  readonly backend?: ProverBackend;
  readonly onProgress?: (message: string) => void;
}

/** Steps answered in one transaction at most: about 3.8 million gas. */
const STEPS_PER_TRANSACTION = 32;

/**
 * Proves and sends whatever a drawn challenge still asks for; nothing that was answered is sent again, nothing that was
 * proved is proved again. Returns the transactions that were sent.
 *
 * Throws AuditError `audit.mismatch` when the run is not the one on the chain, `audit.no-challenge` before the draw,
 * `audit.failed` after the deadline, `audit.not-in-trace`, and ProofError.
 */
export async function answerChallenge(input: ChallengeInput): Promise<SentTransaction[]> {
  const { sender, audit, place, onProgress = () => undefined } = input;
  const state = await readRun(audit, place.prover);
  checkRun(input, state);
  const transactions: SentTransaction[] = [];
  if (!state.isInitAnswered) {
    onProgress("proving the initialisation");
    const proof = toChainProof(await initProof(input));
    transactions.push(await answerInit(sender, audit, initStage(input.run), proof));
  }
  for (let start = 0; start < state.pendingSteps.length; start += STEPS_PER_TRANSACTION) {
    const steps = state.pendingSteps.slice(start, start + STEPS_PER_TRANSACTION);
    const proofs: Groth16Proof[] = [];
    for (const [index, step] of steps.entries()) {
      onProgress(`proving step ${step} (${start + index + 1} of ${state.pendingSteps.length})`);
      proofs.push(await stepProof(input, step));
    }
    const stages = steps.map((step) => stepStage(input.run, step));
    transactions.push(await answerSteps(sender, audit, stages, proofs.map(toChainProof)));
  }
  return transactions;
}

async function initProof({ run, place, provers, store, backend }: ChallengeInput): Promise<Groth16Proof> {
  const { circuit, keys } = provers.init;
  const statement = initStatement(place, initStage(run), run.seed);
  const words = flattenBlock(circuitLayout(circuit.instance).statement, statement);
  return await store.proofOf("init", keys, words, () =>
    proveInit(provers.init, run, place, backend === undefined ? {} : { backend }),
  );
}

async function stepProof(
  { run, place, provers, store, backend }: ChallengeInput,
  step: number,
): Promise<Groth16Proof> {
  const { circuit, keys } = provers.step;
  const statement = stepStatement(place, stepStage(run, step), run.rule);
  const words = flattenBlock(circuitLayout(circuit.instance).statement, statement);
  return await store.proofOf(`step-${step}`, keys, words, () =>
    proveStep(provers.step, run, place, step, backend === undefined ? {} : { backend }),
  );
}

function checkRun({ run, audit, provers, place }: ChallengeInput, state: AuditRun): void {
  if (state.state === "failed") {
    throw new AuditError(
      "audit.failed",
      `the answer deadline of task ${audit.taskId} passed with ${state.pendingSteps.length} steps not answered`,
      "Nothing can be answered any more: the stake can be slashed.",
      { taskId: audit.taskId, pendingSteps: state.pendingSteps },
    );
  }
  if (state.state !== "challenged" && state.state !== "passed") {
    throw new AuditError(
      "audit.no-challenge",
      `nothing is asked of ${place.prover} for task ${audit.taskId} yet: its run is ${state.state === "none" ? "not registered" : state.state}`,
      "See what comes next with `zkpot audit status`.",
      { taskId: audit.taskId, prover: place.prover, state: state.state },
    );
  }
  const compare = (what: string, found: unknown, expected: unknown): void => {
    if (found === expected) return;
    throw new AuditError(
      "audit.mismatch",
      `this is not the run that ${place.prover} committed to for task ${audit.taskId}: its ${what} is ${String(found)}, the chain has ${String(expected)}`,
      "Answer from the folder of the run that was committed to, with the keys of the task.",
      { what, found, expected },
    );
  };
  compare("rule", trainingRuleDigest(run.rule), audit.terms.ruleHash);
  compare("initialisation key", provers.init.keys.keyId, audit.terms.initKeyId);
  compare("step key", provers.step.keys.keyId, audit.terms.stepKeyId);
  compare("batch root", run.root, state.batchRoot);
  compare("seed", run.seed, state.seed);
  compare("trace root", run.traceRoot, state.traceRoot);
}
