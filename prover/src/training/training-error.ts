import { ProverError } from "../errors.ts";

/** Training that cannot start or go on; codes start with `training.`. */
export class TrainingError extends ProverError {}
