import type { Groth16Proof } from "../proof/challenge.ts";
import type { ChainProof } from "./tasks.ts";

/** A proof in the shape of the contracts' struct: coordinates of G2 imaginary part first. */
export function toChainProof(proof: Groth16Proof): ChainProof {
  const { a, b, c, blockCommitment, blockKnowledge } = proof;
  return {
    a,
    b: { xImag: b.x[1], xReal: b.x[0], yImag: b.y[1], yReal: b.y[0] },
    c,
    blockCommitment,
    blockKnowledge,
  };
}
