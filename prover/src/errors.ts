/**
 * The root of every error a user can meet: it names the value, the limit and the next step.
 * Anything else that is thrown is a defect of this package.
 */
export class ProverError extends Error {
  /** Stable identifier for programs, e.g. `data.ragged-row`. */
  readonly code: string;
  /** What the user can do next. */
  readonly nextStep: string;
  /** The offending values, safe to print: never secrets. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: string,
    message: string,
    nextStep: string,
    details: Readonly<Record<string, unknown>> = {},
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
    this.nextStep = nextStep;
    this.details = details;
  }
}
