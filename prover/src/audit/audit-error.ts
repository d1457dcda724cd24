import { ProverError } from "../errors.ts";

/** A run that cannot be audited, or an answer that does not fit it; codes start with `audit.`. */
export class AuditError extends ProverError {}
