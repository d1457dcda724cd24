import { ProverError } from "../errors.ts";

/** Keys, proofs or bundles that are damaged, foreign or invalid; codes start with `keys.` or `proof.`. */
export class ProofError extends ProverError {}
