import { ProverError } from "../errors.ts";

/** A circuit that cannot be planned, compiled or loaded; codes start with `circuit.`. */
export class CircuitError extends ProverError {}
