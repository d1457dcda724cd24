import { AbiCoder, id, keccak256 } from "ethers";

import { FIELD_ORDER } from "../field.ts";

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
  return BigInt(keccak256(encoded)) % FIELD_ORDER;
}
