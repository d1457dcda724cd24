import type { TransactionReceipt, TransactionRequest } from "ethers";

import { contractInterface } from "../../prover/src/chain/abis.ts";
import { toChainProof } from "../../prover/src/chain/chain-proof.ts";
import { type Sender, waitForReceipt } from "../../prover/src/chain/send.ts";
import {
  proveArguments,
  readSubmission,
  readTask,
  type ShardProof,
  simulateProofs,
} from "../../prover/src/chain/tasks.ts";
import { ProverError } from "../../prover/src/errors.ts";
import type { ProofBundle } from "../../prover/src/proof/bundle.ts";
import { checkBundle } from "../../prover/src/task/check-bundle.ts";
import type { DemoAttempt } from "./record.ts";
import type { AccountParty, Stage } from "./stage.ts";

/** Enough for any call of the market; given by hand because an estimate of a reverting call fails. */
const GAS_LIMIT = 1_000_000n;

/** Something that must be refused: returns the refusal, and throws when nothing refuses. */
export async function refusalOf(work: () => unknown): Promise<ProverError> {
  try {
    await work();
  } catch (error) {
    if (error instanceof ProverError) return error;
    throw error;
  }
  throw new Error("what should have been refused was accepted");
}

/** What `zkpot submit` says to a bundle before it would send anything. */
export async function refusalByToolkit(
  stage: Stage,
  party: AccountParty,
  taskId: bigint,
  bundle: ProofBundle,
): Promise<ProverError> {
  const { contracts, connection } = stage;
  const destination = {
    chainId: connection.chainId,
    market: contracts.addresses.taskMarket,
    task: await readTask(contracts, taskId),
    submission: await readSubmission(contracts, taskId, stage.address(party)),
  };
  return await refusalOf(() => checkBundle(bundle, destination));
}

/** What the contract says to proofs, without a transaction. */
export async function refusalByContract(
  stage: Stage,
  party: AccountParty,
  taskId: bigint,
  ...bundles: readonly ProofBundle[]
): Promise<ProverError> {
  return await refusalOf(() =>
    simulateProofs(stage.contracts, stage.address(party), taskId, bundles.map(shardProof)),
  );
}

/** A bundle as the market takes it. */
export function shardProof({ shard, correct, proof }: ProofBundle): ShardProof {
  return { shard, correct, proof: toChainProof(proof) };
}

/** The call that hands proofs in. */
export function proveCall(
  stage: Stage,
  taskId: bigint,
  ...bundles: readonly ProofBundle[]
): TransactionRequest {
  return {
    to: stage.contracts.addresses.taskMarket,
    data: contractInterface("ITaskMarket").encodeFunctionData(
      "prove",
      proveArguments(taskId, bundles.map(shardProof)),
    ),
  };
}

/** Signs and sends a call without asking first whether it would succeed, as a cheater does; returns its hash. */
export async function broadcastAnyway(
  { wallet, connection }: Sender,
  request: TransactionRequest,
  priorityFeeWei?: bigint,
): Promise<string> {
  const prepared = await wallet.populateTransaction({
    ...request,
    chainId: connection.chainId,
    gasLimit: GAS_LIMIT,
    ...(priorityFeeWei === undefined
      ? {}
      : { maxPriorityFeePerGas: priorityFeeWei, maxFeePerGas: 10n * priorityFeeWei }),
  });
  return (await connection.provider.broadcastTransaction(await wallet.signTransaction(prepared))).hash;
}

/** Waits for a transaction that must have reverted. */
export async function revertedReceipt(stage: Stage, hash: string): Promise<TransactionReceipt> {
  const receipt = await waitForReceipt(stage.connection, hash);
  if (receipt.status !== 0) throw new Error(`transaction ${hash} should have been reverted`);
  return receipt;
}

/** The name of a contract's error in a refusal's code. */
export function errorName({ code }: ProverError): string {
  return code.replace(/^contract\./, "");
}

/** An attempt for the record. */
export function attempt(
  party: AccountParty,
  title: string,
  stoppedBy: DemoAttempt["stoppedBy"],
  { code, message }: ProverError,
  gas: bigint | null = null,
): DemoAttempt {
  return { party, title, stoppedBy, code, message, gas: gas === null ? null : Number(gas) };
}
