import { ProverError } from "../errors.ts";

/** Sealed test sets that cannot be opened as asked; codes start with `seal.`. */
export class SealError extends ProverError {}
