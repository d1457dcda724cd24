import { AbiCoder, id, keccak256 } from "ethers";

import { toField } from "../field.ts";

/** What an accuracy proof is for; also the name of its statement. */
export const ACCURACY_PURPOSE = id("zkpot.accuracy.v1");

/** What a proof of a run's initialisation is for. */
export const TRAIN_INIT_PURPOSE = id("zkpot.train-init.v1");

/** What a proof of one training step is for; its round is the number of the step. */
export const TRAIN_STEP_PURPOSE = id("zkpot.train-step.v1");

/** The place a proof is made for: it counts nowhere else and for nobody else. */
export interface ProofPlace {
  readonly chainId: bigint;
  /** Address of the contract that checks the proof. */
  readonly market: string;
  readonly taskId: bigint;
  /** The number of a training step; 0 for everything else. */
  readonly round: bigint;
  readonly prover: string;
  /** 32 bytes in hexadecimal. */
  readonly purpose: string;
}

/**
 * The first statement word of a proof: keccak256 of the ABI-encoded place, mod r, as the contract computes it.
 * A copied proof has another prover and therefore another context.
 */
export function proofContext(place: ProofPlace): bigint {
  const { chainId, market, taskId, round, prover, purpose } = place;
  const encoded = AbiCoder.defaultAbiCoder().encode(
    ["uint256", "address", "uint256", "uint256", "address", "bytes32"],
    [chainId, market, taskId, round, prover, purpose],
  );
  return toField(BigInt(keccak256(encoded)));
}

/** What a proof of a local model's count in a round is for; see RoundStatement in the contracts. */
export const ROUND_SCORE_PURPOSE = id("zkpot.round-accuracy.v1");

/** What a proof of a masked vector is for. */
export const ROUND_MASK_PURPOSE = id("zkpot.masked-update.v1");

/** What a proof of an average is for. */
export const ROUND_AGGREGATE_PURPOSE = id("zkpot.aggregate.v1");

/** What a proof of a global model's count is for. */
export const ROUND_GLOBAL_PURPOSE = id("zkpot.global-accuracy.v1");

/** A federation among all of all chains. */
export interface FederationPlace {
  readonly chainId: bigint;
  /** Of the contract that runs the rounds. */
  readonly address: string;
  readonly federationId: bigint;
}

/** A round of a federation. */
export interface RoundPlace extends FederationPlace {
  /** From 1. */
  readonly round: bigint;
}

/** The statement word that names chain, contract and federation in nullifiers and masks, as the contract computes it. */
export function federationWord({ chainId, address, federationId }: FederationPlace): bigint {
  const encoded = AbiCoder.defaultAbiCoder().encode(
    ["uint256", "address", "uint256"],
    [chainId, address, federationId],
  );
  return toField(BigInt(keccak256(encoded)));
}

/**
 * The first statement word of a member's proof in a round, as the contract computes it.
 *
 * @param purpose One of the `ROUND_` purposes.
 */
export function roundContext(place: RoundPlace, member: string, purpose: string): bigint {
  const { chainId, address, federationId, round } = place;
  return proofContext({ chainId, market: address, taskId: federationId, round, prover: member, purpose });
}
