import { ProverError } from "../errors.ts";

/** A data set, split or input mapping that cannot be used; codes start with `data.`. */
export class DataError extends ProverError {}
