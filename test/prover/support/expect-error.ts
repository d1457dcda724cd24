import { expect } from "chai";

import { ProverError } from "../../../prover/src/errors.ts";

/** Runs `action`, which must fail with a ProverError of this code whose message matches; returns the error. */
export async function expectError(
  action: () => unknown,
  code: string,
  message: RegExp,
): Promise<ProverError> {
  let thrown: unknown;
  try {
    await action();
  } catch (error) {
    thrown = error;
  }
  expect(thrown, "an error").to.be.instanceOf(ProverError);
  const error = thrown as ProverError;
  expect(error.code).to.equal(code);
  expect(error.message).to.match(message);
  expect(error.nextStep).to.match(/\w+.*\.$/);
  return error;
}
