import { ProverError } from "../errors.ts";

/** Something about the network, the chain, an account or a contract; codes start with `chain.` or `contract.`. */
export class ChainError extends ProverError {}
