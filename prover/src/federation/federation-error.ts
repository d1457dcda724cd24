import { ProverError } from "../errors.ts";

/** A key, roster or vector of a federation that cannot be used. */
export class FederationError extends ProverError {}
