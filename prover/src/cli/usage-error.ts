import { ProverError } from "../errors.ts";

/** A command line that cannot be understood: exit code 2. */
export class UsageError extends ProverError {}
