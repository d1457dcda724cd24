import { ProverError } from "../errors.ts";

/** A float model that does not fit the integer ranges; codes start with `quantization.`. */
export class QuantizationError extends ProverError {}
