import { ProverError } from "../errors.ts";

/** Work that an interrupt stopped after saving what it had: exit code 130. */
export class InterruptedError extends ProverError {
  constructor(message: string, nextStep: string, details: Readonly<Record<string, unknown>>) {
    super("cli.interrupted", message, nextStep, details);
  }
}
