import { ProverError } from "../errors.ts";

/** A model, test set or claim that a circuit instance cannot hold; codes start with `witness.`. */
export class WitnessError extends ProverError {}
