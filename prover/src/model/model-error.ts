import { ProverError } from "../errors.ts";

/** An architecture or model that cannot be used, or a value that leaves its range; codes start with `model.`. */
export class ModelError extends ProverError {}
